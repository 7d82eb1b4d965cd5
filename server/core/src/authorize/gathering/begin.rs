//! A client sends a requesting party to the claims interaction endpoint (UMA Grant section 3.3.2).

use std::sync::Arc;

use signet_jose::{base64url, random};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::GrantType;
use signet_protocol::parameters::Parameters;
use signet_protocol::spec::uma_grant;

use super::REFERENCE_PARAMETER;
use crate::authorize::interaction::Interaction;
use crate::authorize::request_object::MergedRequest;
use crate::authorize::{
    Accepted, Answer, AuthorizationResponse, AuthorizeError, Browser, Entry, INTERACTION_PARAMETER, accept, conclude,
    on_a_page, verified_redirect,
};
use crate::endpoints::Endpoint;
use crate::events::Serving;
use crate::model::{Client, TicketReference, UmaTicket};
use crate::ports::{StandingQuery, TicketOutcome, TicketUse};
use crate::realm::RealmContext;
use crate::uma::{self, NewTicket};

/// The browser goes on at this address.
pub struct ClaimsInteraction(pub String);

impl Answer for ClaimsInteraction {
    fn response(&mut self) -> Option<&mut AuthorizationResponse> {
        None
    }
}

/// Takes a request of the claims interaction endpoint. The ticket is of no use to anybody from here on (section 5.4); the
/// interaction goes on with one that nobody has the text of.
///
/// # Errors
/// See [`AuthorizeError`].
pub async fn begin_claims(
    serving: &Serving<'_>,
    realm: &RealmContext,
    parameters: &Parameters,
    browser: &Browser,
) -> Result<ClaimsInteraction, AuthorizeError> {
    let outcome = begin(serving, realm, parameters, browser).await;
    conclude(serving, realm, outcome).await
}

async fn begin(
    serving: &Serving<'_>,
    realm: &RealmContext,
    parameters: &Parameters,
    browser: &Browser,
) -> Result<ClaimsInteraction, AuthorizeError> {
    let client = verified_redirect::find_client(serving, realm, parameters).await.map_err(on_a_page)?;
    if !client.metadata.grant_types().contains(&GrantType::UmaTicket) {
        let reason = "the application is not registered for the grant of UMA";
        return Err(AuthorizeError::Page(ErrorCode::UnauthorizedClient.because(reason).per(uma_grant("3.3.2"))));
    }
    let reference = TicketReference(random::random_bytes(&*serving.random));
    let address = address(parameters, (&client, reference));
    let merged = MergedRequest::of_gathering(&address, reference);
    let Accepted { redirect, merged, .. } = accept(serving, realm, (Arc::clone(&client), merged), Entry::Claims)?;
    let Some(text) = parameters.get("ticket") else {
        let reason = "ticket is missing or appears twice";
        return Err(redirect.refuse(ErrorCode::InvalidRequest.because(reason).per(uma_grant("3.3.2"))));
    };
    let rotated = rotate(serving, realm, (&client, text, reference)).await?;
    if !rotated {
        return Err(redirect.refuse(not_good()));
    }
    let interaction = Interaction::begin(serving, &merged, &browser.binding).seal(serving, realm)?;
    let query = address.with(INTERACTION_PARAMETER, &interaction).encode();
    Ok(ClaimsInteraction(format!("{}?{query}", realm.urls.of(Endpoint::Authorization))))
}

/// What the addresses of the interaction carry of the request. The ticket is not among it.
fn address(parameters: &Parameters, (client, reference): (&Client, TicketReference)) -> Parameters {
    let mut address = Parameters::default().with("client_id", client.client_id.as_str());
    for name in ["claims_redirect_uri", "state", "ui_locales"] {
        for value in parameters.all(name) {
            address = address.with(name, value);
        }
    }
    address.with(REFERENCE_PARAMETER, &base64url::encode(reference.0))
}

/// Puts the ticket of the interaction in the place of the client's; says whether that was good.
async fn rotate(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (client, text, reference): (&Client, &str, TicketReference),
) -> Result<bool, AuthorizeError> {
    let found = uma::find_ticket(serving, realm, uma::reference_of(text)).await?;
    let is_the_clients = |ticket: &UmaTicket| ticket.client_id.as_ref().is_none_or(|of| *of == client.client_id);
    let Some(ticket) = found.filter(is_the_clients) else { return Ok(false) };
    let next = NewTicket::after((serving, realm), (&ticket, &client.client_id)).kept;
    // The person has as long for it as for any other interaction.
    let expires_at = serving.now().plus(realm.realm.settings.interaction_seconds);
    let usage = TicketUse {
        ticket: ticket.reference,
        now: serving.now(),
        standing: StandingQuery {
            realm_epoch: realm.realm.epoch,
            client: (client.client_id.clone(), client.epoch),
            user: None,
            authorization: None,
            session: None,
            session_limits: None,
            lineage: None,
            token: None,
            origins: Vec::new(),
        },
        proofs: Vec::new(),
        next: Some(UmaTicket { reference, expires_at, ..next }),
        ended_token: None,
        spent_claims: None,
        kept_claims: None,
        request: None,
        refresh_family: None,
    };
    Ok(serving.store.use_uma_ticket(realm.id(), &usage, &[]).await? == TicketOutcome::Used)
}

/// The only error for a ticket that is not good (section 3.3.3 has those of RFC 6749 section 4.1.2.1).
fn not_good() -> Refusal {
    let reason = "the permission ticket is unknown, used, expired or another client's";
    ErrorCode::InvalidRequest.because(reason).per(uma_grant("3.3.3"))
}
