//! Browser sessions: what a cookie stands for, and for how long.

use signet_jose::{base64url, digest, random};
use signet_protocol::identifiers::SessionId;
use zeroize::Zeroizing;

use super::AMR_PASSWORD;
use crate::failure::Fault;
use crate::model::{BrowserSession, SessionIdHash, User};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// Seconds between two notes of a session's last use: a write per request would cost more than it tells.
const TOUCH_SECONDS: i64 = 60;

/// The value of a session cookie: 256 random bits. Stored only as its hash.
#[derive(Clone)]
pub struct SessionCookie(Zeroizing<String>);

impl SessionCookie {
    /// The text of the cookie.
    pub fn value(&self) -> &str {
        &self.0
    }

    /// Reads a cookie. Anything but the canonical text of 256 bits is no cookie of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let is_ours = base64url::decode(text).is_ok_and(|bytes| bytes.len() == 32);
        is_ours.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The stored form.
    pub fn hash(&self) -> SessionIdHash {
        SessionIdHash(digest::sha256(self.0.as_bytes()))
    }
}

/// A new session for a user who has just proved who they are, and the cookie that goes with it. Where the same user was
/// signed in in this browser before, the session keeps its public name: what other clients were given under it lives on.
pub fn new_session(
    provider: &Provider,
    realm: &RealmContext,
    user: &User,
    before: Option<&BrowserSession>,
) -> (SessionCookie, BrowserSession) {
    let cookie = SessionCookie(Zeroizing::new(signet_jose::random_token(&*provider.random, 32)));
    let now = provider.now();
    let same_user = before.filter(|before| before.user_id == user.id);
    let session = BrowserSession {
        realm_id: realm.id(),
        cookie_hash: cookie.hash(),
        sid: same_user.map_or_else(|| SessionId(random::random_bytes(&*provider.random)), |before| before.sid),
        user_id: user.id,
        user_epoch: user.epoch,
        realm_epoch: realm.realm.epoch,
        authenticated_at: now,
        amr: AMR_PASSWORD.to_owned(),
        last_seen_at: now,
        expires_at: now.plus(realm.realm.settings.session_absolute_seconds),
    };
    (cookie, session)
}

/// The live session of a cookie, its last use noted.
pub async fn current_session(
    provider: &Provider,
    realm: &RealmContext,
    cookie: Option<&SessionCookie>,
) -> Result<Option<BrowserSession>, Fault> {
    let Some(cookie) = cookie else { return Ok(None) };
    let session = provider.store.session(realm.id(), &cookie.hash()).await?;
    let session = session.filter(|session| is_live(provider, realm, session));
    if let Some(session) = &session {
        note_use(provider, realm, session).await?;
    }
    Ok(session)
}

/// The live session of a public name. Whoever uses it says so with [`note_use`].
pub(crate) async fn session_of_apps(
    provider: &Provider,
    realm: &RealmContext,
    sid: SessionId,
) -> Result<Option<BrowserSession>, Fault> {
    let session = provider.store.session_named(realm.id(), sid).await?;
    Ok(session.filter(|session| is_live(provider, realm, session)))
}

fn is_live(provider: &Provider, realm: &RealmContext, session: &BrowserSession) -> bool {
    let now = provider.now();
    now < session.expires_at && now.since(session.last_seen_at) < realm.realm.settings.session_idle_seconds
}

/// Notes the use of a session, if the last note is old enough.
pub(crate) async fn note_use(provider: &Provider, realm: &RealmContext, session: &BrowserSession) -> Result<(), Fault> {
    let now = provider.now();
    if now.since(session.last_seen_at) >= TOUCH_SECONDS {
        provider.store.touch_session(realm.id(), &session.cookie_hash, now).await?;
    }
    Ok(())
}
