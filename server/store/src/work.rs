//! A unit of work: done as a whole or not at all.

use std::time::Duration;

use async_trait::async_trait;

use crate::failure::Failure;
use crate::session::Session;

/// How long work may take, waiting and repetitions included, before the store is called unavailable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Someone waits for an answer: what the options say.
    Ordinary,
    /// An administrator deletes much at once: a minute at least.
    Long,
}

impl Patience {
    pub(crate) fn limit(self, ordinary: Duration) -> Duration {
        match self {
            Self::Ordinary => ordinary,
            Self::Long => ordinary.max(Duration::from_mins(1)),
        }
    }
}

/// How a transaction ends.
#[derive(Debug)]
pub(crate) enum Ending<T> {
    /// What was written stays.
    Commit(T),
    /// What was written goes: the work lost, and a loser changes nothing.
    RollBack(T),
}

/// A unit of work. It may be run several times, each time in a transaction of its own, until one commits.
#[async_trait]
pub(crate) trait Work: Send + Sync + 'static {
    /// What the caller gets.
    type Outcome: Send + 'static;

    /// How long it may take.
    const PATIENCE: Patience = Patience::Ordinary;

    /// Whether the work is one statement, which is atomic by itself: a server needs no `BEGIN` for it, a file no
    /// savepoint. Such work must never end with [`Ending::RollBack`] after it wrote something.
    fn is_one_statement(&self) -> bool {
        false
    }

    /// Sends the statements.
    async fn run(&self, session: &Session<'_>) -> Result<Ending<Self::Outcome>, Failure>;
}
