//! A person finds the request of a device (RFC 8628 section 3.3): types its code, or comes by a link that has it, sees
//! which application asks from where, and confirms. Only then an interaction begins; a link alone approves nothing
//! (section 5.4).

use std::net::IpAddr;
use std::sync::Arc;

use signet_hooks::LocalizedText;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::parameters::Parameters;
use signet_protocol::spec::rfc8628;

use super::content::AskedFrom;
use super::decision::found;
use super::guesses::{Guess, GuessCounters};
use super::recall::{expired, read};
use super::user_code::UserCode;
use crate::authn::current_session;
use crate::authorize::decisions::narrow;
use crate::authorize::interaction::{Interaction, Stage};
use crate::authorize::{
    Accepted, Answer, AuthorizationRequest, AuthorizationResponse, AuthorizeError, Browser, Entry,
    INTERACTION_PARAMETER, accept, answered_before, conclude, on_a_page, reopen, verified_redirect,
};
use crate::endpoints::Endpoint;
use crate::events::Serving;
use crate::model::{Client, DeferredKind, DeferredRequest, DeferredState};
use crate::realm::RealmContext;

/// What a page needs that asks whether it was this person who began at a device.
pub struct DeviceForm {
    /// Goes along with the answer.
    pub interaction: String,
    /// The parameters of the form's address.
    pub address: Parameters,
    /// The application that asks.
    pub client: Arc<Client>,
    /// The request.
    pub request: AuthorizationRequest,
    /// The code, to be compared with what the device shows.
    pub user_code: UserCode,
    /// Where the request was made.
    pub asked_from: AskedFrom,
    /// What scripts want said.
    pub notice: Option<LocalizedText>,
}

/// What becomes of a code.
pub enum Entered {
    /// It is one that waits; the person has to confirm.
    Found(Box<DeviceForm>),
    /// Nothing waits under it, or it is no code.
    Unknown,
    /// Too many wrong ones came from here, or from everywhere.
    Throttled,
}

/// An answered confirmation.
pub struct DeviceAnswer<'a> {
    /// The parameters of the form's address.
    pub parameters: &'a Parameters,
    /// The form's hidden field.
    pub interaction: &'a str,
    /// Whether the person goes on.
    pub confirmed: bool,
}

/// The browser goes on at this address.
pub struct Verified(pub String);

impl Answer for Entered {
    fn response(&mut self) -> Option<&mut AuthorizationResponse> {
        None
    }
}

impl Answer for Verified {
    fn response(&mut self) -> Option<&mut AuthorizationResponse> {
        None
    }
}

/// Looks up a code that somebody typed, or that a link had.
///
/// # Errors
/// See [`AuthorizeError`].
pub async fn enter_user_code(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (typed, by_link): (&str, bool),
    (browser, address): (&Browser, IpAddr),
) -> Result<Entered, AuthorizeError> {
    let outcome = enter(serving, realm, (typed, by_link), (browser, address)).await;
    conclude(serving, realm, outcome).await
}

async fn enter(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (typed, by_link): (&str, bool),
    (browser, address): (&Browser, IpAddr),
) -> Result<Entered, AuthorizeError> {
    let Some(user_code) = UserCode::typed(typed) else { return Ok(Entered::Unknown) };
    let counters = GuessCounters::new(realm, address);
    let admitted = match counters.count(serving, realm).await? {
        Guess::Open => true,
        Guess::SignedInOnly => current_session(serving, realm, browser.session.as_ref()).await?.is_some(),
        Guess::Closed => false,
    };
    if !admitted {
        return Ok(Entered::Throttled);
    }
    let mac = realm.user_code_mac(user_code.letters());
    let stored = serving.store.deferred_request_of_code(realm.id(), &mac).await?;
    let Some(stored) = stored.filter(|stored| waits(serving, stored)) else { return Ok(Entered::Unknown) };
    counters.forgive(serving, realm).await?;
    let form = confirmation(serving, realm, (&stored, user_code, by_link), browser).await?;
    Ok(form.map_or(Entered::Unknown, |form| Entered::Found(Box::new(form))))
}

fn waits(serving: &Serving<'_>, stored: &DeferredRequest) -> bool {
    let is_pending = stored.kind == DeferredKind::Device && stored.state == DeferredState::Pending;
    is_pending && serving.now() < stored.expires_at
}

async fn confirmation(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (stored, user_code, by_link): (&DeferredRequest, UserCode, bool),
    browser: &Browser,
) -> Result<Option<DeviceForm>, AuthorizeError> {
    let Some((merged, asked_from)) = read(serving, realm, stored).await? else { return Ok(None) };
    let client = verified_redirect::find_client(serving, realm, merged.address()).await.map_err(on_a_page)?;
    let mut interaction = Interaction::begin(serving, &merged, &browser.binding).at(Stage::UserCode);
    let mut accepted = accept(serving, realm, (client, merged), Entry::Device)?;
    let notice = found(serving, realm, &accepted, (&asked_from, by_link), &mut interaction.narrowing).await?;
    narrow(serving, realm, &mut accepted, &mut interaction.narrowing).await?;
    let Accepted { client, request, merged, .. } = accepted;
    let sealed = interaction.seal(serving, realm)?;
    let address = merged.address().clone();
    Ok(Some(DeviceForm { interaction: sealed, address, client, request, user_code, asked_from, notice }))
}

/// Takes an answered confirmation. It is good in the browser that entered the code, and as long as nobody has answered.
///
/// # Errors
/// See [`AuthorizeError`].
pub async fn answer_device(
    serving: &Serving<'_>,
    realm: &RealmContext,
    answer: DeviceAnswer<'_>,
    browser: &Browser,
) -> Result<Verified, AuthorizeError> {
    let outcome = take(serving, realm, answer, browser).await;
    conclude(serving, realm, outcome).await
}

async fn take(
    serving: &Serving<'_>,
    realm: &RealmContext,
    answer: DeviceAnswer<'_>,
    browser: &Browser,
) -> Result<Verified, AuthorizeError> {
    let (parameters, interaction, accepted) =
        reopen(serving, realm, (answer.parameters, answer.interaction), browser).await?;
    if accepted.merged.deferred().is_none() {
        return Err(AuthorizeError::Expired(expired()));
    }
    if interaction.stage != Stage::UserCode {
        return Err(AuthorizeError::Expired(answered_before()));
    }
    if !answer.confirmed {
        return Err(accepted.redirect.refuse(declined()));
    }
    let progress = interaction.at(Stage::Begun).seal(serving, realm)?;
    let query = parameters.with(INTERACTION_PARAMETER, &progress).encode();
    Ok(Verified(format!("{}?{query}", realm.urls.of(Endpoint::Authorization))))
}

fn declined() -> Refusal {
    ErrorCode::AccessDenied.because("the user did not begin this at a device").per(rfc8628("3.5"))
}
