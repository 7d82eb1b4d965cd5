//! What a signed-in person may see and change about themselves.

use std::sync::Arc;

use signet_jose::{base64url, digest};
use signet_protocol::identifiers::{AuthorizationId, ClientId, SessionId};
use signet_protocol::scope::Scope;
use signet_protocol::time::UnixTime;

use crate::authn::{ACR_PASSWORD, SessionCookie, current_session};
use crate::authorize::Approver;
use crate::events::{Fact, Parties, RefusedAt, Serving};
use crate::failure::Failure;
use crate::grants::LONGEST_ACCESS_TOKEN_SECONDS;
use crate::logout::{self, LoggedOut};
use crate::model::{Authorization, AuthorizationDetail, BrowserSession, Client, ClientAccess, SessionIdHash, User};
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

    /// The person as one who answers what applications ask at another device (CIBA Core 8).
    pub fn approver(&self) -> Approver {
        Approver {
            user_id: self.user.id,
            user_epoch: Some(self.session.user_epoch),
            sid: Some(self.session.sid),
            authenticated_at: self.session.authenticated_at,
            acr: Some(ACR_PASSWORD.to_owned()),
            amr: self.session.amr.clone(),
        }
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

/// A client with access to the person's data.
pub struct AccountApp {
    /// The client.
    pub client: Arc<Client>,
    /// The consent; nothing where none is asked for.
    pub authorization: Option<AuthorizationId>,
    /// What it may do.
    pub scope: Scope,
    /// Which single claims it was allowed.
    pub claims: Vec<String>,
    /// Where.
    pub resources: Vec<String>,
    /// What it was allowed in detail (RFC 9396).
    pub details: Vec<AuthorizationDetail>,
    /// When it was allowed, or first logged the person in.
    pub since: UnixTime,
}

/// The clients that the person allowed something, newest first; then those that have refresh tokens or take part in a
/// session without having asked.
///
/// # Errors
/// Faults only.
pub async fn apps(provider: &Provider, realm: &RealmContext, account: &Account) -> Result<Vec<AccountApp>, Failure> {
    let (mut listed, user_id) = (Vec::new(), account.user.id);
    for authorization in provider.store.authorizations_of_user(realm.id(), user_id).await? {
        let Some(client) = provider.store.client(realm.id(), &authorization.client_id).await? else { continue };
        let Authorization { id, scope, claims, resources, details, created_at: since, .. } = authorization;
        listed.push(AccountApp { client, authorization: Some(id), scope, claims, resources, details, since });
    }
    for access in provider.store.client_access_of_user(realm.id(), user_id, provider.now()).await? {
        if listed.iter().any(|app: &AccountApp| app.client.client_id == access.client_id) {
            continue;
        }
        let Some(client) = provider.store.client(realm.id(), &access.client_id).await? else { continue };
        let ClientAccess { scope, resources, since, .. } = access;
        let (claims, details) = (Vec::new(), Vec::new());
        listed.push(AccountApp { client, authorization: None, scope, claims, resources, details, since });
    }
    Ok(listed)
}

/// Takes back what the person allowed; answers the client that lost it. Tokens that rest on it are dead at once, and the
/// client has no part in the person's sessions any more, of which it is told.
///
/// # Errors
/// Faults only; a foreign or unknown identifier changes nothing.
pub async fn revoke_authorization(
    serving: &Serving<'_>,
    realm: &RealmContext,
    account: &Account,
    id: AuthorizationId,
) -> Result<Option<Arc<Client>>, Failure> {
    let listed = apps(serving, realm, account).await?;
    let client = listed.into_iter().find(|app| app.authorization == Some(id)).map(|app| app.client);
    let client_id = client.as_ref().map(|client| client.client_id.clone());
    let parties = Parties { client: client_id, ..account.parties() };
    let events = serving.with_event(realm, Fact::ConsentRevoked { authorization: Some(id) }.concerning(parties));
    let revoked = serving.store.revoke_authorization(realm.id(), account.user.id, id, &events).await?;
    if revoked {
        serving.written(&events);
        serving.logouts.notify_one();
    }
    Ok(client.filter(|_| revoked))
}

/// Takes from a client what it has of the person without consent: its refresh tokens with what was issued under them, and
/// its part in sessions, of whose end it is told. Answers the client that lost it. An access token that came without a
/// refresh token lives on until it expires or the session ends.
///
/// # Errors
/// Faults only; a client that has nothing loses nothing.
pub async fn end_client_access(
    serving: &Serving<'_>,
    realm: &RealmContext,
    account: &Account,
    client_id: &ClientId,
) -> Result<Option<Arc<Client>>, Failure> {
    let Some(client) = serving.store.client(realm.id(), client_id).await? else { return Ok(None) };
    let parties = Parties { client: Some(client_id.clone()), ..account.parties() };
    let events = serving.with_event(realm, Fact::ConsentRevoked { authorization: None }.concerning(parties));
    let denied_until = serving.now().plus(LONGEST_ACCESS_TOKEN_SECONDS);
    let whose = (account.user.id, client_id);
    let ended = serving.store.end_client_access(realm.id(), whose, denied_until, &events).await?;
    if ended {
        serving.written(&events);
        serving.logouts.notify_one();
    }
    Ok(Some(client).filter(|_| ended))
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
