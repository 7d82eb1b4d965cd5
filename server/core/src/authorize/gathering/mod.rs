//! Claims that are gathered interactively (UMA Grant sections 3.3.2 and 3.3.3).
//!
//! A client sends the requesting party here with a permission ticket, which is used up by that. The person logs in, sees
//! who asks, answers what scripts want to know, and goes back with a new ticket, in an interaction like any other: it ends
//! at a claims redirection URI of the client, and nowhere else. Whoever began with another ticket has nothing of it.

mod answer;
mod begin;
mod decision;
mod form;

pub use answer::{ClaimsAnswer, answer_claims};
pub use begin::{ClaimsInteraction, begin_claims};
pub use form::ClaimsForm;
pub(super) use form::next;
pub use signet_hooks::points::on_uma_claims_gathering::{Question, QuestionKind};

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use signet_jose::base64url;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::parameters::Parameters;

use super::AuthorizeError;
use super::answer::answered_before;
use super::request_object::MergedRequest;
use crate::events::Serving;
use crate::model::{Client, TicketReference, UmaTicket};
use crate::realm::RealmContext;
use crate::uma::find_ticket;

/// The parameter in which this server's own addresses name the ticket that a client came with. It is no ticket, and without
/// the interaction of the browser it says nothing.
const REFERENCE_PARAMETER: &str = "claims_request";

/// Most pages of questions.
const MOST_PAGES: u8 = 5;

/// How far a requesting party has come with the questions.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Gathered {
    /// How many pages were answered.
    #[serde(rename = "p")]
    page: u8,
    /// The answers of all of them. What was asked is not kept: scripts say it again.
    #[serde(rename = "a", default, skip_serializing_if = "Map::is_empty")]
    answers: Map<String, Value>,
    /// The names of the questions of which a page said that the resource server learns the answer.
    #[serde(rename = "t", default, skip_serializing_if = "BTreeSet::is_empty")]
    told: BTreeSet<String>,
}

/// The ticket that an address of ours names.
pub(super) fn reference_of(address: &Parameters) -> Option<TicketReference> {
    let bytes = base64url::decode(address.get(REFERENCE_PARAMETER)?).ok()?;
    bytes.try_into().ok().map(TicketReference)
}

/// The request of an interaction that goes on, if its ticket waits still.
pub(super) async fn recalled(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Arc<Client>,
    (reference, address): (TicketReference, &Parameters),
) -> Result<MergedRequest, AuthorizeError> {
    ticket(serving, realm, (client, reference)).await?;
    Ok(MergedRequest::of_gathering(address, reference))
}

/// The ticket of an interaction.
async fn ticket(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (client, reference): (&Client, TicketReference),
) -> Result<UmaTicket, AuthorizeError> {
    let found = find_ticket(serving, realm, reference).await?;
    let ticket = found.filter(|ticket| ticket.client_id.as_ref() == Some(&client.client_id));
    let ticket = ticket.ok_or_else(|| AuthorizeError::Expired(expired()))?;
    if ticket.used {
        return Err(AuthorizeError::Expired(answered_before()));
    }
    if serving.now() >= ticket.expires_at {
        return Err(AuthorizeError::Expired(expired()));
    }
    Ok(ticket)
}

fn expired() -> Refusal {
    ErrorCode::InvalidRequest.because("the time to answer is over; start again at the application")
}
