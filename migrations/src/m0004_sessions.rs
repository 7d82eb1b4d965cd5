//! Browser sessions and the clients that take part in them.
//!
//! No foreign keys here and in what follows: these rows are written on every login and every token request, they end
//! by themselves, and a key would lock the parent's row each time.

use crate::schema::{Change, Step};

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "m0004_01_sessions",
        change: Change::Table {
            name: "sessions",
            columns: "realm_id <id> NOT NULL,
                cookie_hash <hash> NOT NULL,
                sid <id> NOT NULL,
                user_id <id> NOT NULL,
                user_epoch BIGINT NOT NULL,
                authenticated_at BIGINT NOT NULL,
                amr VARCHAR(255) <exact> NOT NULL,
                last_seen_at BIGINT NOT NULL,
                expires_at BIGINT NOT NULL,
                PRIMARY KEY (realm_id, cookie_hash),
                UNIQUE (realm_id, sid)",
            compact: true,
        },
    },
    Step {
        name: "m0004_02_sessions_user",
        change: Change::Index { name: "sessions_user", table: "sessions", columns: "realm_id, user_id" },
    },
    Step {
        name: "m0004_03_sessions_expires_at",
        change: Change::Index { name: "sessions_expires_at", table: "sessions", columns: "expires_at" },
    },
    Step {
        name: "m0004_04_session_participants",
        change: Change::Table {
            name: "session_participants",
            columns: "realm_id <id> NOT NULL,
                sid <id> NOT NULL,
                client_id VARCHAR(200) <exact> NOT NULL,
                expires_at BIGINT NOT NULL,
                PRIMARY KEY (realm_id, sid, client_id)",
            compact: true,
        },
    },
    Step {
        name: "m0004_05_session_participants_client",
        change: Change::Index {
            name: "session_participants_client",
            table: "session_participants",
            columns: "realm_id, client_id",
        },
    },
    Step {
        name: "m0004_06_session_participants_expires_at",
        change: Change::Index {
            name: "session_participants_expires_at",
            table: "session_participants",
            columns: "expires_at",
        },
    },
];
