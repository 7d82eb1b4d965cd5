//! The authorization endpoint (RFC 6749 section 3.1, OpenID Connect Core 3.1.2).
//!
//! A request passes these stages, each a type made only from the one before: parameters, a
//! [`MergedRequest`](request_object::MergedRequest) (what a request object made of them), a [`VerifiedRedirect`] (until it
//! exists an error is a page, afterwards a redirect), an [`AuthorizationRequest`] that every rule of the [`matrix`] has
//! agreed to, an interaction with the user, and a response.

mod agreement;
mod answer;
mod challenge;
mod decisions;
mod deferred;
mod error;
mod gathering;
mod interaction;
mod issue;
mod jarm;
mod matrix;
mod observed;
mod pushed;
mod request;
mod request_object;
mod response;
mod rules;
mod sender;
mod sign_up;
mod step;
mod verified_redirect;

pub use answer::{Answered, ConsentAnswer, LoggedIn, LoginAction, LoginAnswer, answer_consent, answer_login};
pub use challenge::{Challenged, challenge};
pub(crate) use decisions::{consent_terms, is_asked_again, session_taken};
pub(crate) use deferred::DeferredAnswer;
pub use deferred::{
    APPROVAL_TOKEN_PREFIX, Approver, AskedFrom, BackchannelSender, DeviceAnswer, DeviceForm, Entered, UserCode,
    Verified, WaitingRequest, answer_device, answer_request, answer_with_token, authenticate_backchannel,
    authorize_device, block_client_of, blocked_clients, enter_user_code, unblock_client, waiting_requests,
};
pub use error::AuthorizeError;
pub use gathering::{ClaimsAnswer, ClaimsForm, ClaimsInteraction, Question, QuestionKind, answer_claims, begin_claims};
pub use interaction::BrowserBinding;
pub use pushed::push;
pub use request::AuthorizationRequest;
pub use response::AuthorizationResponse;
pub(crate) use rules::presentation::tags as language_tags;
pub use sign_up::{Account, SignUpAction, SignUpAnswer, SignUpProblem, SignedUp, answer_sign_up};
pub use step::{ConsentForm, LoginForm, Step};
pub use verified_redirect::VerifiedRedirect;

use std::sync::Arc;

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::parameters::Parameters;

use crate::authn::SessionCookie;
use crate::endpoints::Endpoint;
use crate::events::{RefusedAt, Serving};
use crate::failure::Failure;
use crate::logout::session_state;
use crate::model::Client;
use crate::provider::Provider;
use crate::realm::RealmContext;
use answer::answered_before;
use decisions::narrow;
use deferred::{recalled_for, reference_of};
use interaction::{Interaction, Stage};
use matrix::Entry::{Authorization, Claims, Device};
use matrix::{Accepted, Context, Entry, accept};
use pushed::{Reference, recalled, recalled_again};

/// The parameter in which this server's own redirects carry the progress of an interaction.
pub const INTERACTION_PARAMETER: &str = "interaction";

/// What the browser brings along.
#[derive(Clone)]
pub struct Browser {
    /// The sign-on cookie.
    pub session: Option<SessionCookie>,
    /// What interactions are bound to.
    pub binding: BrowserBinding,
}

/// Serves a request of the authorization endpoint.
///
/// # Errors
/// See [`AuthorizeError`].
pub async fn authorize(
    serving: &Serving<'_>,
    realm: &RealmContext,
    parameters: &Parameters,
    browser: &Browser,
) -> Result<Step, AuthorizeError> {
    let outcome = proceed(serving, realm, parameters, browser).await;
    conclude(serving, realm, outcome).await
}

async fn proceed(
    serving: &Serving<'_>,
    realm: &RealmContext,
    parameters: &Parameters,
    browser: &Browser,
) -> Result<Step, AuthorizeError> {
    let progress = parameters.get(INTERACTION_PARAMETER).map(str::to_owned);
    let parameters = parameters.without(INTERACTION_PARAMETER);
    let (mut accepted, mut interaction) = if let Some(text) = progress {
        let interaction = Interaction::open(serving, realm, &text, (&parameters, &browser.binding))
            .map_err(AuthorizeError::Expired)?;
        if interaction.stage == Stage::UserCode {
            return Err(AuthorizeError::Expired(unconfirmed()));
        }
        (resume(serving, realm, &parameters, &interaction).await?, interaction)
    } else {
        let accepted = begin(serving, realm, &parameters).await?;
        let interaction = Interaction::begin(serving, &accepted.merged, &browser.binding);
        (accepted, interaction)
    };
    narrow(serving, realm, &mut accepted, &mut interaction.narrowing).await?;
    let step = step::next(serving, realm, &accepted, &interaction, browser).await?;
    Ok(match step {
        Step::Respond(response) => Step::Respond(watchable(serving, realm, (&accepted, browser), response)),
        form => form,
    })
}

/// Who has found the request of a device has not confirmed it yet.
fn unconfirmed() -> Refusal {
    ErrorCode::InvalidRequest.because("confirm first that you began at the device")
}

/// Session Management 2: a successful response of OpenID Connect says what the client may watch the session by.
fn watchable(
    provider: &Provider,
    realm: &RealmContext,
    (accepted, browser): (&Accepted, &Browser),
    response: AuthorizationResponse,
) -> AuthorizationResponse {
    let is_watched = realm.realm.settings.session_management
        && accepted.merged.deferred().is_none()
        && accepted.request.scope().contains("openid");
    let cookie = browser.session.as_ref().filter(|_| is_watched);
    let watched = (accepted.client.client_id.as_str(), accepted.redirect.uri());
    response.with("session_state", cookie.and_then(|cookie| session_state(provider, watched, cookie)))
}

/// What may be the answer to the client.
trait Answer {
    /// The answer to the client, if that is what it is.
    fn response(&mut self) -> Option<&mut AuthorizationResponse>;
}

impl Answer for Step {
    fn response(&mut self) -> Option<&mut AuthorizationResponse> {
        if let Self::Respond(response) = self { Some(response) } else { None }
    }
}

/// Ends a request of the endpoint or of one of its forms: what goes to the client becomes a JWT where it must be one, and
/// whatever was refused is recorded.
async fn conclude<T: Answer>(
    serving: &Serving<'_>,
    realm: &RealmContext,
    outcome: Result<T, AuthorizeError>,
) -> Result<T, AuthorizeError> {
    let outcome = secured(serving, realm, outcome).await;
    // Whoever waits elsewhere learns of the refusal there.
    if let Err(AuthorizeError::Redirect(response, _)) = &outcome
        && let Some(reference) = response.deferred()
    {
        deferred::deny(serving, realm, reference).await?;
    }
    match &outcome {
        Ok(_) => {}
        Err(AuthorizeError::Fault(fault)) => serving.note_fault(realm, fault),
        Err(
            AuthorizeError::Page(refusal) | AuthorizeError::Expired(refusal) | AuthorizeError::Redirect(_, refusal),
        ) => serving.note_refusal(realm, (RefusedAt::Endpoint(Endpoint::Authorization), None), refusal),
    }
    serving.hand_over().await?;
    outcome
}

/// A response that cannot be made a JWT is no response: the client has no key for it, and people see that.
async fn secured<T: Answer>(
    serving: &Serving<'_>,
    realm: &RealmContext,
    mut outcome: Result<T, AuthorizeError>,
) -> Result<T, AuthorizeError> {
    let response = match &mut outcome {
        Ok(answer) => answer.response(),
        Err(AuthorizeError::Redirect(response, _)) => Some(&mut **response),
        Err(_) => None,
    };
    if let Some(response) = response {
        jarm::secure(serving, realm, response).await.map_err(on_a_page)?;
    }
    outcome
}

/// Takes a request as it came from the client. What is wrong with its request object is told to the redirect URI that
/// stands outside, if that one is registered.
async fn begin(
    serving: &Serving<'_>,
    realm: &RealmContext,
    parameters: &Parameters,
) -> Result<Accepted, AuthorizeError> {
    let client = verified_redirect::find_client(serving, realm, parameters).await.map_err(on_a_page)?;
    let accepted = begin_as(serving, realm, parameters, client).await?;
    let accepted = match decisions::tightened(serving, realm, &accepted).await? {
        Some(client) => begin_as(serving, realm, parameters, client).await?,
        None => accepted,
    };
    // What was pushed was counted when it was.
    if accepted.merged.pushed().is_none() {
        serving.observe(realm, &accepted.client, &[accepted.observed(false)]);
    }
    Ok(accepted)
}

async fn begin_as(
    serving: &Serving<'_>,
    realm: &RealmContext,
    parameters: &Parameters,
    client: Arc<Client>,
) -> Result<Accepted, AuthorizeError> {
    if let Some(reference) = Reference::of_request(parameters) {
        let merged = recalled(serving, realm, &client, (&reference, parameters)).await?;
        return accept(serving, realm, (client, merged), Authorization);
    }
    let merging = request_object::merge(serving, realm, &client, (parameters, Authorization));
    let merged = merging.await.map_err(|failure| match failure {
        Failure::Refusal(refusal) => match verified_redirect::verify_beside_object(realm, &client, parameters) {
            Ok(redirect) => redirect.refuse(refusal),
            Err(_) => AuthorizeError::Page(refusal),
        },
        Failure::Fault(fault) => AuthorizeError::Fault(fault),
    })?;
    accept(serving, realm, (client, merged), Authorization)
}

/// Opens what a form carries: the parameters of its address, the interaction, and the request that it is about. It is good
/// in the browser that was shown the form.
async fn reopen(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (address, sealed): (&Parameters, &str),
    browser: &Browser,
) -> Result<(Parameters, Interaction, Accepted), AuthorizeError> {
    let parameters = address.without(INTERACTION_PARAMETER);
    let interaction =
        Interaction::open(serving, realm, sealed, (&parameters, &browser.binding)).map_err(AuthorizeError::Expired)?;
    let accepted = resume(serving, realm, &parameters, &interaction).await?;
    Ok((parameters, interaction, accepted))
}

/// Takes the request of an interaction that goes on.
async fn resume(
    serving: &Serving<'_>,
    realm: &RealmContext,
    address: &Parameters,
    interaction: &Interaction,
) -> Result<Accepted, AuthorizeError> {
    let client = verified_redirect::find_client(serving, realm, address).await.map_err(on_a_page)?;
    let merged = match (reference_of(address), gathering::reference_of(address), Reference::of_request(address)) {
        (Some(reference), ..) => recalled_for(serving, realm, &client, reference).await?,
        (None, Some(reference), _) => gathering::recalled(serving, realm, &client, (reference, address)).await?,
        (None, None, Some(reference)) => recalled_again(serving, realm, &client, &reference).await?,
        (None, None, None) => interaction.request(address),
    };
    let entry = match () {
        () if merged.deferred().is_some() => Device,
        () if merged.gathering().is_some() => Claims,
        () => Authorization,
    };
    let accepted = accept(serving, realm, (client, merged), entry)?;
    match decisions::tightened(serving, realm, &accepted).await? {
        Some(client) => accept(serving, realm, (client, accepted.merged), entry),
        None => Ok(accepted),
    }
}

fn on_a_page(failure: Failure) -> AuthorizeError {
    match failure {
        Failure::Refusal(refusal) => AuthorizeError::Page(refusal),
        Failure::Fault(fault) => AuthorizeError::Fault(fault),
    }
}
