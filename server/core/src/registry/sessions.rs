//! Browser sessions: who is signed in, and the end of it.

use signet_protocol::identifiers::{ClientId, SessionId, UserId};

use super::RegistryError;
use super::changes::administered;
use super::users::find_user;
use crate::events::{Action, Event, Fact, Object, Parties, Serving, SessionsEndedBecause};
use crate::logout::offline_access_denied_until;
use crate::model::BrowserSession;
use crate::ports::{Page, PageRequest, SessionEnding, WhichSessions};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// A session with the clients that take part in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedSession {
    /// The session.
    pub session: BrowserSession,
    /// In the order of their identifiers.
    pub clients: Vec<ClientId>,
}

/// The realm's sessions, or one user's, by public name.
///
/// # Errors
/// Faults only.
pub async fn list_sessions(
    provider: &Provider,
    realm: &RealmContext,
    user_id: Option<UserId>,
    page: &PageRequest,
) -> Result<Page<BrowserSession>, RegistryError> {
    Ok(provider.store.list_sessions(realm.id(), (user_id, provider.now()), page).await?)
}

/// The session of a public name.
///
/// # Errors
/// `NotFound`, also where it has run out.
pub async fn find_session(
    provider: &Provider,
    realm: &RealmContext,
    sid: SessionId,
) -> Result<ListedSession, RegistryError> {
    let session = provider.store.session_named(realm.id(), sid).await?;
    let session = session.filter(|session| provider.now() < session.expires_at);
    let session = session.ok_or(RegistryError::NotFound("session"))?;
    Ok(ListedSession { session, clients: provider.store.session_participants(realm.id(), sid).await? })
}

/// Ends a session with everything that is bound to it. Its clients are told by the back channel.
///
/// # Errors
/// `NotFound`.
pub async fn end_session(serving: &Serving<'_>, realm: &RealmContext, sid: SessionId) -> Result<(), RegistryError> {
    let session = serving.store.session_named(realm.id(), sid).await?;
    let session = session.ok_or(RegistryError::NotFound("session"))?;
    let parties = Parties::user(session.user_id).and_session(Some(sid));
    let administered = administered(serving, (Object::Session, sid.to_string()), Action::Ended, Vec::new());
    if end(serving, realm, WhichSessions::Named(sid), administered.concerning(parties)).await? == 0 {
        return Err(RegistryError::NotFound("session"));
    }
    Ok(())
}

/// Ends every session of a user; says how many. Their clients are told by the back channel.
///
/// # Errors
/// `NotFound` if there is no such user.
pub async fn end_sessions_of_user(
    serving: &Serving<'_>,
    realm: &RealmContext,
    user_id: UserId,
) -> Result<usize, RegistryError> {
    find_user(serving, realm, user_id).await?;
    let administered = administered(serving, (Object::Sessions, user_id.to_string()), Action::Ended, Vec::new());
    end(serving, realm, WhichSessions::OfUser(user_id), administered.concerning(Parties::user(user_id))).await
}

async fn end(
    serving: &Serving<'_>,
    realm: &RealmContext,
    which: WhichSessions,
    administered: Event,
) -> Result<usize, RegistryError> {
    let ended = Fact::SessionsEnded { reason: SessionsEndedBecause::AdministratorDecided };
    let ended = ended.concerning(administered.parties.clone());
    let mut events = serving.with_event(realm, administered);
    events.extend(serving.with_event(realm, ended).pop());
    let ending = SessionEnding {
        offline_access_denied_until: offline_access_denied_until(serving, realm),
        ..SessionEnding::of(which)
    };
    let ended = serving.store.end_sessions(realm.id(), &ending, &events).await?;
    if !ended.is_empty() {
        serving.written(&events);
        serving.logouts.notify_one();
    }
    Ok(ended.len())
}
