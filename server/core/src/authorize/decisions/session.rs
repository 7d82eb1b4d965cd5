//! `on_session`: a browser session begins, or would be used for a request. The shortest limit counts; whoever ends or
//! does not take a session is heard, whatever others say.

use signet_hooks::NoFacts;
use signet_hooks::points::OnSession;
use signet_hooks::points::on_session::{SessionDecision, SessionEvent, SessionEventKind};
use signet_protocol::error::{ErrorCode, Refusal};

use super::user_of;
use crate::authn::{SessionCookie, current_session};
use crate::authorize::interaction::Interaction;
use crate::authorize::{Accepted, AuthorizeError};
use crate::events::{Fact, Parties, Serving, SessionsEndedBecause};
use crate::failure::Failure;
use crate::hooks::Subject;
use crate::logout::offline_access_denied_until;
use crate::model::{BrowserSession, Client, User};
use crate::ports::{SessionEnding, WhichSessions};
use crate::realm::RealmContext;

/// The session of a browser as a request may use it.
#[derive(Default)]
pub(in crate::authorize) struct UsedSession {
    /// The session.
    pub(in crate::authorize) session: Option<BrowserSession>,
    /// Its user, where a script wants to know.
    pub(in crate::authorize) user: Option<User>,
    /// Whether a script does not take it for this request.
    pub(in crate::authorize) steps_up: bool,
}

/// What was said about a session, by all scripts together.
#[derive(Debug, Default, PartialEq, Eq)]
struct Said {
    end: bool,
    step_up: bool,
    /// Seconds after the login.
    limit: Option<i64>,
}

impl Said {
    fn merge(mut self, decision: SessionDecision) -> Self {
        match decision {
            SessionDecision::None {} | SessionDecision::Allow {} => {}
            SessionDecision::End {} => self.end = true,
            SessionDecision::StepUp {} => self.step_up = true,
            SessionDecision::Limit(limit) => {
                self.limit = self.limit.into_iter().chain([limit.seconds.get()]).min();
            }
        }
        self
    }

    /// Lowers the end of a session to the limit.
    fn shorten(&self, session: &mut BrowserSession) {
        if let Some(limit) = self.limit {
            session.expires_at = session.expires_at.min(session.authenticated_at.plus(limit));
        }
    }
}

async fn ask(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Client,
    (user, session, kind): (Option<&User>, &BrowserSession, SessionEventKind),
) -> Result<Said, Refusal> {
    let subject = Subject::client(client).and_user(user).and_session(Some(session));
    let answers = serving.ask::<OnSession>(realm, subject, || (NoFacts {}, SessionEvent { kind })).await?;
    Ok(answers.into_iter().fold(Said::default(), |said, answer| said.merge(answer.decision)))
}

/// The session of the browser, if it may be used. One that began for this very request was asked about then.
pub(in crate::authorize) async fn used(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (accepted, interaction): (&Accepted, &Interaction),
    cookie: Option<&SessionCookie>,
) -> Result<UsedSession, AuthorizeError> {
    let Some(session) = current_session(serving, realm, cookie).await? else { return Ok(UsedSession::default()) };
    let user = user_of(serving, realm, accepted, &session).await?;
    if interaction.began(session.sid) {
        return Ok(UsedSession { session: Some(session), user, steps_up: false });
    }
    let taken = taken(serving, realm, &accepted.client, (user.as_ref(), session)).await;
    let taken = taken.map_err(|failure| match failure {
        Failure::Refusal(refusal) => accepted.refuse(refusal),
        Failure::Fault(fault) => AuthorizeError::Fault(fault),
    })?;
    Ok(match taken {
        Some((session, steps_up)) => UsedSession { session: Some(session), user, steps_up },
        None => UsedSession::default(),
    })
}

/// A session that would be used, if it may be; and whether a script does not take it for this request. What scripts end
/// or shorten is ended or shortened.
///
/// # Errors
/// A script failed.
pub(crate) async fn taken(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Client,
    (user, mut session): (Option<&User>, BrowserSession),
) -> Result<Option<(BrowserSession, bool)>, Failure> {
    let said = ask(serving, realm, client, (user, &session, SessionEventKind::Used)).await?;
    let before = session.expires_at;
    said.shorten(&mut session);
    if said.end || serving.now() >= session.expires_at {
        let ended = Fact::SessionsEnded { reason: SessionsEndedBecause::ScriptDecided };
        let parties = Parties::user(session.user_id).and_session(Some(session.sid));
        let events = serving.with_event(realm, ended.concerning(parties));
        let ending = SessionEnding {
            offline_access_denied_until: offline_access_denied_until(serving, realm),
            ..SessionEnding::of(WhichSessions::OfCookie(session.cookie_hash))
        };
        if !serving.store.end_sessions(realm.id(), &ending, &events).await?.is_empty() {
            serving.written(&events);
            serving.logouts.notify_one();
        }
        return Ok(None);
    }
    if session.expires_at < before {
        serving.store.limit_session(realm.id(), &session.cookie_hash, session.expires_at).await?;
    }
    Ok(Some((session, said.step_up)))
}

/// Asks about a session that is about to begin, and lowers its end to the limit.
///
/// # Errors
/// A script does not want it to begin, or failed.
pub(in crate::authorize) async fn begun(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (accepted, user): (&Accepted, &User),
    session: &mut BrowserSession,
) -> Result<(), Refusal> {
    let said = ask(serving, realm, &accepted.client, (Some(user), session, SessionEventKind::Created)).await?;
    if said.end {
        return Err(ErrorCode::AccessDenied.because("the session was not permitted to begin"));
    }
    said.shorten(session);
    Ok(())
}

#[cfg(test)]
mod tests {
    use signet_hooks::points::on_session::SessionLimit;
    use signet_protocol::identifiers::{RealmId, SessionId, UserId};
    use signet_protocol::time::UnixTime;

    use super::*;
    use crate::model::SessionIdHash;

    #[test]
    fn the_shortest_limit_counts_and_nothing_lengthens() {
        let limit = |seconds: i64| SessionDecision::Limit(SessionLimit { seconds: seconds.try_into().unwrap() });
        let said = [limit(900), SessionDecision::StepUp {}, limit(600), SessionDecision::Allow {}, limit(9000)];
        let said = said.into_iter().fold(Said::default(), Said::merge);
        assert_eq!(said, Said { end: false, step_up: true, limit: Some(600) });
        let mut session = BrowserSession {
            realm_id: RealmId([1; 16]),
            cookie_hash: SessionIdHash([1; 32]),
            sid: SessionId([1; 16]),
            user_id: UserId([1; 16]),
            user_epoch: 0,
            realm_epoch: 0,
            authenticated_at: UnixTime(1000),
            amr: "pwd".to_owned(),
            last_seen_at: UnixTime(1000),
            expires_at: UnixTime(5000),
        };
        said.shorten(&mut session);
        assert_eq!(session.expires_at, UnixTime(1600));
        Said { limit: Some(9000), ..Said::default() }.shorten(&mut session);
        assert_eq!(session.expires_at, UnixTime(1600));
    }
}
