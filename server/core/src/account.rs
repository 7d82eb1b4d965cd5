//! What a signed-in person may see and change about themselves.

use std::sync::Arc;

use signet_jose::{base64url, digest};
use signet_protocol::identifiers::{AuthorizationId, SessionId};

use crate::authn::{SessionCookie, current_session};
use crate::events::{Fact, Parties, RefusedAt, Serving};
use crate::failure::Failure;
use crate::logout::{self, LoggedOut};
use crate::model::{Authorization, BrowserSession, Client, SessionIdHash, User};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// A person who is signed in.
pub struct Account {
    /// Who.
    pub user: User,
    session: BrowserSession,
    cookie: SessionCookie,
}

impl Account {
    /// The session.
    pub(crate) const fn session(&self) -> &BrowserSession {
        &self.session
    }

    pub(crate) const fn sid(&self) -> SessionId {
        self.session.sid
    }

    pub(crate) const fn cookie_hash(&self) -> SessionIdHash {
        self.session.cookie_hash
    }

    pub(crate) fn parties(&self) -> Parties {
        Parties::user(self.user.id).and_session(Some(self.sid()))
    }

    /// What a form of this session carries, so that no other site can send it: only this browser and this server know
    /// the cookie it is derived from.
    pub fn form_token(&self) -> String {
        base64url::encode(digest::hmac_sha256(self.cookie.value().as_bytes(), b"form"))
    }

    /// Whether a form carried the right token.
    pub fn is_form_token(&self, token: &str) -> bool {
        digest::equal_in_constant_time(self.form_token().as_bytes(), token.as_bytes())
    }
}

/// Who is signed in with this cookie.
///
/// # Errors
/// Faults only.
pub async fn current(
    provider: &Provider,
    realm: &RealmContext,
    cookie: Option<&SessionCookie>,
) -> Result<Option<Account>, Failure> {
    let Some(session) = current_session(provider, realm, cookie).await? else { return Ok(None) };
    let user = provider.store.user(realm.id(), session.user_id).await?;
    Ok(user.zip(cookie.cloned()).map(|(user, cookie)| Account { user, session, cookie }))
}

/// What the person allowed, with the clients, newest first.
///
/// # Errors
/// Faults only.
pub async fn authorizations(
    provider: &Provider,
    realm: &RealmContext,
    account: &Account,
) -> Result<Vec<(Authorization, Arc<Client>)>, Failure> {
    let mut listed = Vec::new();
    for authorization in provider.store.authorizations_of_user(realm.id(), account.user.id).await? {
        if let Some(client) = provider.store.client(realm.id(), &authorization.client_id).await? {
            listed.push((authorization, client));
        }
    }
    Ok(listed)
}

/// Takes back what the person allowed; answers the client that lost it. Tokens that rest on it are dead at once.
///
/// # Errors
/// Faults only; a foreign or unknown identifier changes nothing.
pub async fn revoke_authorization(
    serving: &Serving<'_>,
    realm: &RealmContext,
    account: &Account,
    id: AuthorizationId,
) -> Result<Option<Arc<Client>>, Failure> {
    let listed = authorizations(serving, realm, account).await?;
    let client = listed.into_iter().find(|(authorization, _)| authorization.id == id).map(|(_, client)| client);
    let client_id = client.as_ref().map(|client| client.client_id.clone());
    let parties = Parties { client: client_id, ..account.parties() };
    let events = serving.with_event(realm, Fact::ConsentRevoked { authorization: id }.concerning(parties));
    let revoked = serving.store.revoke_authorization(realm.id(), account.user.id, id, &events).await?;
    if revoked {
        serving.written(&events);
    }
    Ok(client.filter(|_| revoked))
}

/// Ends the session of this browser, or every session of the person. Tokens that live with them are dead at once.
///
/// # Errors
/// A script forbids it; faults.
pub async fn sign_out(
    serving: &Serving<'_>,
    realm: &RealmContext,
    account: &Account,
    everywhere: bool,
) -> Result<LoggedOut, Failure> {
    let outcome = if everywhere {
        logout::end_everywhere(serving, realm, account).await
    } else {
        logout::end(serving, realm, account, None).await
    };
    serving.conclude(realm, outcome, (RefusedAt::Account, None)).await
}
