//! The end of a session at its user's wish, and what the browser has to do then.

use signet_protocol::identifiers::{ClientId, SessionId};
use signet_protocol::time::UnixTime;
use url::Url;

use super::decision::{self, LogoutPlan};
use super::request::LogoutRequest;
use crate::account::Account;
use crate::events::{Fact, Parties, Serving, SessionsEndedBecause};
use crate::failure::Failure;
use crate::grants::LONGEST_ACCESS_TOKEN_SECONDS;
use crate::model::{Client, EndedSession};
use crate::ports::{SessionEnding, StoreResult, WhichSessions};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// Most frames that a browser loads; whoever comes later is told by the back channel, or finds out.
const MOST_FRAMES: usize = 50;

/// A browser whose session is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedOut {
    /// What the browser loads in frames, so that clients forget it (Front-Channel Logout 2).
    pub frames: Vec<String>,
    /// Where it goes then; nothing for a page of ours.
    pub redirect: Option<String>,
    /// The client that asked.
    pub client: Option<String>,
    /// The languages of the page.
    pub ui_locales: Vec<String>,
}

impl LoggedOut {
    /// It was logged out before.
    pub(super) fn before(request: LogoutRequest) -> Self {
        let redirect = request.location();
        Self { frames: Vec::new(), redirect, client: None, ui_locales: request.ui_locales }
    }
}

/// Until when tokens of offline access that a logout ends are denied; nothing where they live on.
pub(crate) fn offline_access_denied_until(provider: &Provider, realm: &RealmContext) -> Option<UnixTime> {
    let ends = realm.realm.settings.logout_ends_offline_access;
    ends.then(|| provider.now().plus(LONGEST_ACCESS_TOKEN_SECONDS))
}

/// Ends the session of this browser. Tokens that live with it are dead at once.
///
/// # Errors
/// A script forbids it, or a fault; nothing has changed then.
pub async fn end(
    serving: &Serving<'_>,
    realm: &RealmContext,
    account: &Account,
    request: Option<&LogoutRequest>,
) -> Result<LoggedOut, Failure> {
    let plan = decision::plan(serving, realm, account, request).await?;
    let client = request.and_then(|request| request.client.as_ref());
    let parties = Parties { client: client.map(|client| client.client_id.clone()), ..account.parties() };
    let events = serving.with_event(realm, Fact::Logout {}.concerning(parties));
    let ending = SessionEnding {
        which: WhichSessions::OfCookie(account.cookie_hash()),
        also_notify: plan.also_notify.clone(),
        offline_access_denied_until: offline_access_denied_until(serving, realm),
    };
    let ended = serving.store.end_sessions(realm.id(), &ending, &events).await?;
    if !ended.is_empty() {
        serving.written(&events);
        serving.logouts.notify_one();
    }
    logged_out(serving, realm, (&ended, plan), request).await
}

/// Ends every session of the user, in whatever browser.
///
/// # Errors
/// As for [`end`].
pub async fn end_everywhere(
    serving: &Serving<'_>,
    realm: &RealmContext,
    account: &Account,
) -> Result<LoggedOut, Failure> {
    let plan = decision::plan(serving, realm, account, None).await?;
    let fact = Fact::SessionsEnded { reason: SessionsEndedBecause::SignedOutEverywhere };
    let events = serving.with_event(realm, fact.concerning(account.parties()));
    let ending = SessionEnding {
        which: WhichSessions::OfUser(account.user.id),
        also_notify: plan.also_notify.clone(),
        offline_access_denied_until: offline_access_denied_until(serving, realm),
    };
    let mut ended = serving.store.end_sessions(realm.id(), &ending, &events).await?;
    if !ended.is_empty() {
        serving.written(&events);
        serving.logouts.notify_one();
    }
    // Only what this browser knows is forgotten by this browser.
    ended.retain(|session| session.sid == account.sid());
    logged_out(serving, realm, (&ended, plan), None).await
}

async fn logged_out(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (ended, plan): (&[EndedSession], LogoutPlan),
    request: Option<&LogoutRequest>,
) -> Result<LoggedOut, Failure> {
    let mut frames = Vec::new();
    for session in ended {
        let others = plan.also_notify.iter().filter(|client_id| !session.participants.contains(client_id));
        let told: Vec<&ClientId> = session.participants.iter().chain(others).collect();
        frames.extend(frames_of(serving, realm, (session.sid, &told)).await?);
    }
    frames.truncate(MOST_FRAMES);
    let client = request.and_then(|request| request.client.as_ref()).map(|client| name_of(client));
    let redirect = request.and_then(|request| match &plan.redirect_uri {
        Some(uri) => Some(request.location_at(uri)),
        None => request.location(),
    });
    let ui_locales = request.map(|request| request.ui_locales.clone()).unwrap_or_default();
    Ok(LoggedOut { frames, redirect, client, ui_locales })
}

fn name_of(client: &Client) -> String {
    client.metadata.client_name.clone().unwrap_or_else(|| client.client_id.to_string())
}

async fn frames_of(
    provider: &Provider,
    realm: &RealmContext,
    (sid, told): (SessionId, &[&ClientId]),
) -> StoreResult<Vec<String>> {
    let mut frames = Vec::new();
    if !realm.realm.settings.frontchannel_logout {
        return Ok(frames);
    }
    for client_id in told {
        let client = provider.store.client(realm.id(), client_id).await?;
        frames.extend(client.and_then(|client| frame_of(realm.issuer(), &client, sid)));
    }
    Ok(frames)
}

/// Front-Channel Logout 2: the registered URI, with `iss` and `sid` where the client wants them.
fn frame_of(issuer: &str, client: &Client, sid: SessionId) -> Option<String> {
    let uri = client.metadata.frontchannel_logout_uri.as_deref()?;
    let mut url = Url::parse(uri).ok()?;
    if client.metadata.frontchannel_logout_session_required == Some(true) {
        url.query_pairs_mut().append_pair("iss", issuer).append_pair("sid", &sid.to_string());
    }
    Some(url.into())
}
