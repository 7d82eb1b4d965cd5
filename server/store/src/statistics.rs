//! Counting what the database is asked to do: the figures that tests hold exact and that metrics publish.

use std::sync::atomic::{AtomicU64, Ordering};

/// How often the database was asked for something since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Statements, without those that begin and end transactions.
    pub statements: u64,
    /// Commits that may have written something.
    pub commits: u64,
    /// Transactions begun anew after a deadlock, a serialization failure or a lost connection.
    pub retries: u64,
    /// Times another process or transaction was in the way: busy, deadlock, serialization failure, lock timeout.
    pub busy: u64,
}

/// The counters behind [`Statistics`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    statements: AtomicU64,
    answers: AtomicU64,
    commits: AtomicU64,
    retries: AtomicU64,
    busy: AtomicU64,
}

impl Counters {
    pub(crate) fn count_statement(&self) {
        self.statements.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_answer(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
    }

    /// How many statements were answered without an error.
    pub(crate) fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    pub(crate) fn count_commit(&self) {
        self.commits.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_retry(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_busy(&self) {
        self.busy.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Statistics {
        Statistics {
            statements: self.statements.load(Ordering::Relaxed),
            commits: self.commits.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
            busy: self.busy.load(Ordering::Relaxed),
        }
    }
}
