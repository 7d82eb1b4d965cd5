//! Connections that are kept for the next request to the same host, bounded in number and time.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::exchange::Connection;
use crate::fetch::Target;
use crate::moment;

/// How long a connection is kept. Most servers end it after about a minute.
const KEPT: Duration = Duration::from_mins(1);
/// Connections that are kept to one host.
const PER_HOST: usize = 4;
/// Connections that are kept altogether.
const ALTOGETHER: usize = 64;

/// Scheme, host and port: what TLS has proved of one connection holds for the others.
type Origin = (bool, String);

/// The connections on which nothing is under way.
#[derive(Default)]
pub(crate) struct IdleConnections(Mutex<HashMap<Origin, Vec<(Instant, Connection)>>>);

impl IdleConnections {
    /// An open connection to the target that leads to one of these addresses: the one that was used last.
    pub(crate) fn take(&self, target: &Target, permitted: &[IpAddr]) -> Option<Connection> {
        let mut kept = self.kept();
        forget_the_old(&mut kept, moment::now());
        let connections = kept.get_mut(&origin(target))?;
        let is_usable = |connection: &Connection| permitted.contains(&connection.address());
        let found = connections.iter().rposition(|(_, connection)| is_usable(connection))?;
        Some(connections.remove(found).1)
    }

    /// Keeps a connection whose last answer was read to its end.
    pub(crate) fn keep(&self, target: &Target, connection: Connection) {
        let (mut kept, now) = (self.kept(), moment::now());
        forget_the_old(&mut kept, now);
        let number: usize = kept.values().map(Vec::len).sum();
        let connections = kept.entry(origin(target)).or_default();
        if connection.is_open() && connections.len() < PER_HOST && number < ALTOGETHER {
            connections.push((now, connection));
        }
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<Origin, Vec<(Instant, Connection)>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn origin(target: &Target) -> Origin {
    (target.is_plain(), target.authority())
}

fn forget_the_old(kept: &mut HashMap<Origin, Vec<(Instant, Connection)>>, now: Instant) {
    kept.retain(|_, connections| {
        connections.retain(|(since, connection)| connection.is_open() && now.duration_since(*since) < KEPT);
        !connections.is_empty()
    });
}
