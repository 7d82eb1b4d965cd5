//! What the outboxes have in common: a delivery is leased before each attempt, and afterwards done, put off, or given up.

use sea_orm::Value;

/// Longest problem that is kept, in characters.
const LONGEST_PROBLEM: usize = 255;

/// What becomes of a delivery.
pub(crate) enum Change {
    /// Somebody attempts it; nobody else does for so long.
    Lease {
        /// How long.
        seconds: i64,
    },
    /// It has arrived.
    Complete,
    /// It is attempted again later.
    Postpone {
        /// How much later.
        seconds: i64,
        /// Why.
        problem: String,
    },
    /// It is attempted no more.
    Bury {
        /// Why.
        problem: String,
    },
}

impl Change {
    /// It is attempted again later.
    pub(crate) fn postpone(seconds: i64, problem: &str) -> Self {
        Self::Postpone { seconds, problem: kept(problem) }
    }

    /// It is attempted no more.
    pub(crate) fn bury(problem: &str) -> Self {
        Self::Bury { problem: kept(problem) }
    }

    /// The statement that makes it, without its condition, and its values. `now` is the database's.
    pub(crate) fn statement(&self, table: &str, now: &str) -> (String, Vec<Value>) {
        let update = |set: &str| format!("UPDATE {table} SET {set}");
        match self {
            Self::Lease { seconds } => {
                (update(&format!("attempts = attempts + 1, next_at = {now} + ?")), vec![(*seconds).into()])
            }
            Self::Complete => (format!("DELETE FROM {table}"), Vec::new()),
            Self::Postpone { seconds, problem } => {
                (update(&format!("next_at = {now} + ?, problem = ?")), vec![(*seconds).into(), problem.as_str().into()])
            }
            Self::Bury { problem } => (update("dead = TRUE, problem = ?"), vec![problem.as_str().into()]),
        }
    }
}

fn kept(problem: &str) -> String {
    problem.chars().filter(|character| *character != '\0').take(LONGEST_PROBLEM).collect()
}
