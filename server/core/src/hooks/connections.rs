//! What is remembered of the connections of scripts: replies that may be used again, and who failed too often.
//!
//! Times are those of the monotonic clock. Everything is kept by realm: no realm's failures or replies are another's, even where both ask the same server.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use signet_hooks::{HttpProblem, HttpReply};
use signet_protocol::identifiers::RealmId;

use crate::model::ScriptConnection;

/// Connections that are remembered; beyond that the one that was asked longest ago is forgotten.
const MOST_CONNECTIONS: usize = 512;
/// Replies that are kept of one connection.
const MOST_REPLIES: usize = 32;
/// Bytes that are kept of one connection.
const MOST_BYTES: usize = 256 * 1024;
/// How long a reply that is too old may still stand in where the other side does not answer.
const STALE: Duration = Duration::from_hours(24);
/// Failures in a row after which a connection is left alone.
const MOST_FAILURES: u32 = 5;
/// For how long. Then one run may try.
const PAUSE: Duration = Duration::from_secs(30);

/// A connection of a realm, by name.
type Key = (RealmId, String);

/// What is remembered of connections.
#[derive(Default)]
pub(crate) struct Connections {
    states: Mutex<HashMap<Key, State>>,
}

struct State {
    /// What the rest is about: a connection that was changed begins anew.
    connection: ScriptConnection,
    asked: Duration,
    failures: u32,
    /// When one run may try again.
    left_alone_until: Option<Duration>,
    replies: HashMap<String, (Duration, HttpReply)>,
}

/// What to do for a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// Use this.
    Reply(HttpReply),
    /// Ask the other side.
    Ask,
    /// Do without.
    LeaveAlone,
}

/// A request, as far as it matters here.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) realm_id: RealmId,
    pub(super) name: &'a str,
    pub(super) connection: &'a ScriptConnection,
    /// The path of a request whose reply may be used again.
    pub(super) path: Option<&'a str>,
}

impl Asking<'_> {
    /// The path, where the connection keeps replies.
    fn kept(&self) -> Option<&str> {
        self.path.filter(|_| self.connection.cache_seconds > 0)
    }

    fn fresh_for(&self) -> Duration {
        Duration::from_secs(self.connection.cache_seconds.unsigned_abs())
    }
}

impl Connections {
    fn locked(&self) -> MutexGuard<'_, HashMap<Key, State>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What to do for a request.
    pub(super) fn before(&self, asking: Asking<'_>, now: Duration) -> Before {
        let mut states = self.locked();
        let state = state(&mut states, asking, now);
        let kept = asking.kept().and_then(|path| state.replies.get(path));
        if let Some((fetched, reply)) = kept
            && now.saturating_sub(*fetched) < asking.fresh_for()
        {
            return Before::Reply(reply.clone());
        }
        match state.left_alone_until {
            Some(until) if now < until => stale(state, asking, now).map_or(Before::LeaveAlone, Before::Reply),
            // This run tries; the others wait for what comes of it.
            Some(_) => {
                state.left_alone_until = Some(now + PAUSE);
                Before::Ask
            }
            None => Before::Ask,
        }
    }

    /// Notes what came of asking; says what the script gets.
    pub(super) fn after(
        &self,
        asking: Asking<'_>,
        asked: Result<HttpReply, HttpProblem>,
        now: Duration,
    ) -> Result<HttpReply, HttpProblem> {
        let mut states = self.locked();
        let state = state(&mut states, asking, now);
        let failed = match &asked {
            Ok(reply) => reply.status >= 500,
            Err(HttpProblem::Timeout | HttpProblem::Unavailable | HttpProblem::BadReply) => true,
            // Nobody was asked.
            Err(HttpProblem::Refused | HttpProblem::BadPath | HttpProblem::UnknownConnection) => return asked,
        };
        if failed {
            state.failures = state.failures.saturating_add(1);
            if state.failures >= MOST_FAILURES {
                state.left_alone_until = Some(now + PAUSE);
            }
            return stale(state, asking, now).map_or(asked, Ok);
        }
        (state.failures, state.left_alone_until) = (0, None);
        if let (Some(path), Ok(reply)) = (asking.kept(), &asked)
            && reply.status == 200
        {
            keep(&mut state.replies, path, reply, now);
        }
        asked
    }
}

fn state<'a>(states: &'a mut HashMap<Key, State>, asking: Asking<'_>, now: Duration) -> &'a mut State {
    let key = (asking.realm_id, asking.name.to_owned());
    if !states.contains_key(&key) && states.len() >= MOST_CONNECTIONS {
        let longest_ago = states.iter().min_by_key(|(_, state)| state.asked).map(|(key, _)| key.clone());
        longest_ago.map(|key| states.remove(&key));
    }
    let new = || State {
        connection: asking.connection.clone(),
        asked: now,
        failures: 0,
        left_alone_until: None,
        replies: HashMap::new(),
    };
    let state = states.entry(key).or_insert_with(new);
    if state.connection != *asking.connection {
        *state = new();
    }
    state.asked = now;
    state
}

/// A reply that is older than it should be, but not too old to stand in.
fn stale(state: &State, asking: Asking<'_>, now: Duration) -> Option<HttpReply> {
    let (fetched, reply) = state.replies.get(asking.kept()?)?;
    let usable = now.saturating_sub(*fetched) < asking.fresh_for() + STALE;
    usable.then(|| HttpReply { stale: true, ..reply.clone() })
}

/// Keeps a reply, and lets go of the oldest ones where there is no room.
fn keep(replies: &mut HashMap<String, (Duration, HttpReply)>, path: &str, reply: &HttpReply, now: Duration) {
    replies.remove(path);
    let bytes = |replies: &HashMap<String, (Duration, HttpReply)>| -> usize {
        replies.iter().map(|(path, (_, reply))| path.len() + reply.body.len()).sum()
    };
    let needed = path.len() + reply.body.len();
    while replies.len() >= MOST_REPLIES || bytes(replies) + needed > MOST_BYTES {
        let oldest = replies.iter().min_by_key(|(_, (fetched, _))| *fetched).map(|(path, _)| path.clone());
        let Some(oldest) = oldest else { return };
        replies.remove(&oldest);
    }
    replies.insert(path.to_owned(), (now, reply.clone()));
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const BEGUN: Duration = Duration::from_secs(1_000);

    fn connection(cache_seconds: i64) -> ScriptConnection {
        ScriptConnection { base_url: "https://api.test".to_owned(), bearer: None, cache_seconds }
    }

    fn asking<'a>(realm: u8, connection: &'a ScriptConnection, path: &'a str) -> Asking<'a> {
        Asking { realm_id: RealmId([realm; 16]), name: "api", connection, path: Some(path) }
    }

    fn reply(status: u16, body: &str) -> HttpReply {
        HttpReply { status, body: body.to_owned(), stale: false }
    }

    #[test]
    fn replies_are_used_again_as_long_as_the_connection_says() {
        let (connections, now, kept) = (Connections::default(), BEGUN, connection(60));
        let asking = asking(1, &kept, "/a");
        assert_eq!(connections.before(asking, now), Before::Ask);
        connections.after(asking, Ok(reply(200, "one")), now).unwrap();
        assert_eq!(connections.before(asking, now + 59 * SECOND), Before::Reply(reply(200, "one")));
        assert_eq!(connections.before(asking, now + 60 * SECOND), Before::Ask);
        assert_eq!(connections.before(Asking { path: None, ..asking }, now), Before::Ask, "a POST is always sent");
        let other = connection(61);
        assert_eq!(connections.before(Asking { connection: &other, ..asking }, now), Before::Ask, "it was changed");
    }

    #[test]
    fn an_old_reply_stands_in_for_a_failing_server_and_says_so() {
        let (connections, now, kept) = (Connections::default(), BEGUN, connection(60));
        let asking = asking(1, &kept, "/a");
        connections.after(asking, Ok(reply(200, "one")), now).unwrap();
        let later = now + 100 * SECOND;
        for failure in [Err(HttpProblem::Timeout), Ok(reply(503, "down"))] {
            let given = connections.after(asking, failure, later).unwrap();
            assert_eq!(given, HttpReply { stale: true, ..reply(200, "one") });
        }
        let too_late = now + STALE + 60 * SECOND;
        assert_eq!(connections.after(asking, Err(HttpProblem::Timeout), too_late), Err(HttpProblem::Timeout));
        assert_eq!(connections.after(asking, Ok(reply(404, "")), later), Ok(reply(404, "")), "an answer is an answer");
    }

    #[test]
    fn a_connection_that_fails_is_left_alone_in_its_own_realm_only() {
        let (connections, now, plain) = (Connections::default(), BEGUN, connection(0));
        let asking = asking(1, &plain, "/a");
        for _ in 0..MOST_FAILURES {
            assert_eq!(connections.before(asking, now), Before::Ask);
            assert!(connections.after(asking, Err(HttpProblem::Unavailable), now).is_err());
        }
        assert_eq!(connections.before(asking, now), Before::LeaveAlone);
        assert_eq!(connections.before(Asking { realm_id: RealmId([2; 16]), ..asking }, now), Before::Ask);
        assert_eq!(connections.before(asking, now + PAUSE), Before::Ask);
        assert_eq!(connections.before(asking, now + PAUSE), Before::LeaveAlone, "one run tries");
        connections.after(asking, Ok(reply(200, "")), now + PAUSE).unwrap();
        assert_eq!(connections.before(asking, now + PAUSE), Before::Ask);
    }

    #[test]
    fn sc_014_nobody_asked_is_no_failure_of_the_other_side() {
        let (connections, now, plain) = (Connections::default(), BEGUN, connection(0));
        for _ in 0..2 * MOST_FAILURES {
            let refused = connections.after(asking(1, &plain, "/a"), Err(HttpProblem::Refused), now);
            assert_eq!(refused, Err(HttpProblem::Refused));
        }
        assert_eq!(connections.before(asking(1, &plain, "/a"), now), Before::Ask);
    }

    #[test]
    fn number_and_bytes_of_replies_are_bounded() {
        let mut replies = HashMap::new();
        let now = BEGUN;
        for number in 0..100 {
            keep(&mut replies, &format!("/{number}"), &reply(200, &"x".repeat(20_000)), now + number * SECOND);
        }
        assert!(replies.len() * 20_000 <= MOST_BYTES && replies.contains_key("/99") && !replies.contains_key("/0"));
        for number in 0..100 {
            keep(&mut replies, &format!("/{number}"), &reply(200, "x"), now + number * SECOND);
        }
        assert_eq!(replies.len(), MOST_REPLIES);
        let connections = Connections::default();
        let plain = connection(0);
        for realm in 0..=255 {
            for name in ["a", "b", "c"] {
                connections.before(Asking { name, ..asking(realm, &plain, "/") }, now);
            }
        }
        assert_eq!(connections.locked().len(), MOST_CONNECTIONS);
    }
}
