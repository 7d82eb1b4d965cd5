//! A request of the logout endpoint (RP-Initiated Logout 2 and 3): who asks, about whom, and where the browser goes.

use std::sync::Arc;

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::parameters::Parameters;
use signet_protocol::spec::rp_initiated_logout;

use super::end::{LoggedOut, end};
use crate::account::{self, Account};
use crate::authn::SessionCookie;
use crate::authorize::language_tags;
use crate::endpoints::Endpoint;
use crate::events::{Parties, RefusedAt, Serving};
use crate::failure::Failure;
use crate::model::Client;
use crate::realm::RealmContext;
use crate::tokens::{LogoutHint, check_logout_hint, subject_for, unverified_hint_audience};

/// Longest `state` in bytes. It comes back in an address.
const LONGEST_STATE: usize = 2_000;

/// A request of the logout endpoint of which everything that is there is good.
pub struct LogoutRequest {
    /// The client, proven by a hint or merely named.
    pub client: Option<Arc<Client>>,
    /// The languages of the pages.
    pub ui_locales: Vec<String>,
    hint: Option<LogoutHint>,
    /// Where the browser goes: registered for the client.
    redirect_uri: Option<String>,
    state: Option<String>,
}

/// What comes next.
pub enum LogoutStep {
    /// The user has to decide.
    Ask(Box<Account>, LogoutRequest),
    /// The session is over, or there was none.
    Done(LoggedOut),
}

impl LogoutRequest {
    /// Whether the client of this very session asks: its hint names the session and its user. Everybody else may only
    /// ask the user (RP-Initiated Logout 2).
    fn is_of_session(&self, realm: &RealmContext, account: &Account) -> bool {
        let (Some(client), Some(hint)) = (&self.client, &self.hint) else { return false };
        hint.sid == Some(account.sid())
            && subject_for(realm, client, &account.user).is_ok_and(|subject| hint.subject == subject)
    }

    /// Where the browser goes once everybody was told (RP-Initiated Logout 3): exactly as registered, with `state` if
    /// there was one.
    pub(super) fn location(&self) -> Option<String> {
        self.redirect_uri.as_deref().map(|uri| located(uri, self.state.as_deref()))
    }

    /// The same, at another registered URI.
    pub(super) fn location_at(&self, uri: &str) -> String {
        located(uri, self.state.as_deref())
    }
}

fn located(uri: &str, state: Option<&str>) -> String {
    let Some(state) = state else { return uri.to_owned() };
    let encoded = url::form_urlencoded::Serializer::new(String::new()).append_pair("state", state).finish();
    let separator = if uri.contains('?') { '&' } else { '?' };
    format!("{uri}{separator}{encoded}")
}

/// Serves a request of the logout endpoint. Only the client of the session is obeyed at once.
///
/// # Errors
/// A refusal is for a page, never for a redirect (RP-Initiated Logout 4).
pub async fn requested(
    serving: &Serving<'_>,
    realm: &RealmContext,
    parameters: &Parameters,
    cookie: Option<&SessionCookie>,
) -> Result<LogoutStep, Failure> {
    let outcome = decide(serving, realm, parameters, cookie).await;
    serving.conclude(realm, outcome, (RefusedAt::Endpoint(Endpoint::EndSession), None)).await
}

async fn decide(
    serving: &Serving<'_>,
    realm: &RealmContext,
    parameters: &Parameters,
    cookie: Option<&SessionCookie>,
) -> Result<LogoutStep, Failure> {
    let request = read(serving, realm, parameters).await?;
    let Some(account) = account::current(serving, realm, cookie).await? else {
        // RP-Initiated Logout 4: no error where nobody is logged in.
        return Ok(LogoutStep::Done(LoggedOut::before(request)));
    };
    if request.is_of_session(realm, &account) {
        return end(serving, realm, &account, Some(&request)).await.map(LogoutStep::Done);
    }
    Ok(LogoutStep::Ask(Box::new(account), request))
}

/// Ends the session of a user who said yes to a request, which is read anew.
///
/// # Errors
/// As for [`requested`].
pub async fn confirmed(
    serving: &Serving<'_>,
    realm: &RealmContext,
    parameters: &Parameters,
    account: &Account,
) -> Result<LoggedOut, Failure> {
    let outcome = async {
        let request = read(serving, realm, parameters).await?;
        end(serving, realm, account, Some(&request)).await
    };
    let outcome = outcome.await;
    serving.conclude(realm, outcome, (RefusedAt::Endpoint(Endpoint::EndSession), None)).await
}

async fn read(serving: &Serving<'_>, realm: &RealmContext, parameters: &Parameters) -> Result<LogoutRequest, Failure> {
    if parameters.repeated().is_some() {
        return Err(refused("a parameter appears twice").into());
    }
    let state = parameters.get("state").map(str::to_owned);
    if state.as_ref().is_some_and(|state| state.len() > LONGEST_STATE) {
        return Err(refused("state has more than 2000 bytes").into());
    }
    let (client, hint) = identified(serving, realm, parameters).await?;
    if let Some(client) = &client {
        serving.concerns(Parties::client(&client.client_id));
    }
    let redirect_uri = match (&client, parameters.get("post_logout_redirect_uri")) {
        (Some(client), Some(requested)) => Some(registered(client, requested)?),
        // RP-Initiated Logout 3: without a client nothing says that the address is legitimate.
        _ => None,
    };
    let ui_locales = language_tags(parameters.get("ui_locales"));
    Ok(LogoutRequest { client, ui_locales, hint, redirect_uri, state })
}

/// The client of the request: the one that the hint was issued to, else the one that is named.
async fn identified(
    serving: &Serving<'_>,
    realm: &RealmContext,
    parameters: &Parameters,
) -> Result<(Option<Arc<Client>>, Option<LogoutHint>), Failure> {
    let named = match parameters.get("client_id") {
        Some(text) => Some(known_client(serving, realm, text).await?),
        None => None,
    };
    let Some(token) = parameters.get("id_token_hint") else { return Ok((named, None)) };
    let wrong = |detail: String| refused("id_token_hint is not an ID token of this server").detail(detail);
    let audience = unverified_hint_audience(token).map_err(|error| wrong(error.to_string()))?;
    if let Some(named) = &named {
        // RP-Initiated Logout 2: the named client is the one that the token was issued to.
        if !audience.contains(&named.client_id) {
            return Err(refused("client_id is not the client that id_token_hint was issued to").into());
        }
    }
    let candidate = match (&named, audience.as_slice()) {
        (Some(named), _) => Some(Arc::clone(named)),
        (None, [only]) => serving.store.client(realm.id(), only).await?,
        // An ID token of this server has one audience.
        (None, _) => None,
    };
    let client =
        candidate.filter(|client| client.enabled).ok_or_else(|| wrong("its audience is no client".to_owned()))?;
    let hint = check_logout_hint(serving, realm, &client, token).map_err(|error| wrong(error.to_string()))?;
    Ok((Some(client), Some(hint)))
}

async fn known_client(serving: &Serving<'_>, realm: &RealmContext, text: &str) -> Result<Arc<Client>, Failure> {
    let unknown = || refused("the application is not known here");
    let client_id = text.parse().map_err(|_| unknown())?;
    let client = serving.store.client(realm.id(), &client_id).await?;
    Ok(client.filter(|client| client.enabled).ok_or_else(unknown)?)
}

/// RP-Initiated Logout 3: byte for byte one of those that were registered.
fn registered(client: &Client, requested: &str) -> Result<String, Refusal> {
    if client.metadata.post_logout_redirect_uris.iter().any(|uri| uri == requested) {
        return Ok(requested.to_owned());
    }
    Err(refused("post_logout_redirect_uri is not registered for this application"))
}

fn refused(reason: &'static str) -> Refusal {
    ErrorCode::InvalidRequest.because(reason).per(rp_initiated_logout("2"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rp_initiated_logout_3_state_comes_back_and_the_registered_query_stays() {
        assert_eq!(located("https://rp.test/out", None), "https://rp.test/out");
        assert_eq!(located("https://rp.test/out", Some("a b&c")), "https://rp.test/out?state=a+b%26c");
        assert_eq!(located("https://rp.test/out?x=y", Some("z")), "https://rp.test/out?x=y&state=z");
    }
}
