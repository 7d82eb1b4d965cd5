//! The page that asks a requesting party whether to go on, with the questions of scripts. It is shown in any case: no client
//! obtains anything without the requesting party being aware of it (UMA Grant section 5.1).

use std::sync::Arc;

use signet_hooks::LocalizedText;
use signet_hooks::points::on_uma_claims_gathering::Question;
use signet_protocol::error::ErrorCode;
use signet_protocol::parameters::Parameters;

use super::decision::{Asked, asked};
use super::{Gathered, ticket};
use crate::authorize::interaction::{Interaction, Stage};
use crate::authorize::{Accepted, AuthorizationRequest, AuthorizeError};
use crate::events::Serving;
use crate::model::{BrowserSession, Client, TicketReference};
use crate::realm::RealmContext;
use crate::uma;

/// What the page needs.
pub struct ClaimsForm {
    /// Goes along with the answer.
    pub interaction: String,
    /// The parameters of the form's address.
    pub address: Parameters,
    /// The application that asks.
    pub client: Arc<Client>,
    /// The resource server that the application wants to get at; nobody where it is gone.
    pub server: Option<Arc<Client>>,
    /// The request.
    pub request: AuthorizationRequest,
    /// Who is asked.
    pub username: String,
    /// What scripts want said.
    pub notice: Option<LocalizedText>,
    /// What they want to know.
    pub questions: Vec<Question>,
    /// The names of the questions that were answered with something else than they ask for.
    pub unanswered: Vec<String>,
    /// The names of the questions of which the resource server learns the answer.
    pub learnt: Vec<String>,
    /// The claims that the resource server learns of, where the application brings along what another issuer says.
    pub asserted: Vec<String>,
    /// Whether the requesting party may let claims persist.
    pub persistable: bool,
}

/// The next page for whoever is logged in. The first page is the one that asks whether to go on, with the first questions.
pub(in crate::authorize) async fn next(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (accepted, interaction, reference): (&Accepted, &Interaction, TicketReference),
    session: &BrowserSession,
) -> Result<ClaimsForm, AuthorizeError> {
    let ticket = ticket(serving, realm, (&accepted.client, reference)).await?;
    let user = serving.store.user(realm.id(), session.user_id).await?;
    let user =
        user.ok_or_else(|| accepted.redirect.refuse(ErrorCode::LoginRequired.because("the user has to log in")))?;
    let gathered = Gathered::default();
    let asked = asked(serving, realm, (accepted, &ticket, &gathered), (session, &user)).await?;
    let page = Page { asked, gathered, unanswered: Vec::new() };
    form(serving, realm, (accepted, interaction, page), (session, user.username)).await
}

/// A page that is to be shown.
pub(super) struct Page {
    pub(super) asked: Asked,
    pub(super) gathered: Gathered,
    pub(super) unanswered: Vec<String>,
}

pub(super) async fn form(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (accepted, interaction, page): (&Accepted, &Interaction, Page),
    (session, username): (&BrowserSession, String),
) -> Result<ClaimsForm, AuthorizeError> {
    let Page { asked: Asked { notice, questions }, mut gathered, unanswered } = page;
    let reference = accepted.merged.gathering();
    let server = match reference {
        Some(reference) => ticket(serving, realm, (&accepted.client, reference)).await?.keeper.server,
        None => accepted.client.client_id.clone(),
    };
    let server = serving.store.client(realm.id(), &server).await?;
    let permitted: &[String] = server.as_ref().map_or(&[], |server| &server.settings.pct_claims);
    let names = questions.iter().map(|question| question.name.as_str());
    let learnt: Vec<String> =
        names.filter(|name| permitted.iter().any(|known| known == name)).map(str::to_owned).collect();
    let may_assert = uma::believed_issuers(realm, &accepted.client).next().is_some();
    let asserted = if may_assert { permitted.to_vec() } else { Vec::new() };
    gathered.told.extend(learnt.iter().cloned());
    let interaction = interaction.gathering(session.sid, gathered);
    Ok(ClaimsForm {
        interaction: interaction.seal(serving, realm)?,
        address: accepted.merged.address().clone(),
        client: Arc::clone(&accepted.client),
        server,
        request: accepted.request.clone(),
        username,
        notice,
        questions,
        unanswered,
        learnt,
        asserted,
        persistable: realm.realm.settings.uma_claims_seconds > 0,
    })
}

impl Stage {
    /// Whether a page is open that asks the user of this session.
    pub(super) fn asks(self, session: &BrowserSession) -> bool {
        self == Self::ClaimsForm(session.sid)
    }
}
