//! Requests that are answered elsewhere than they were made: device authorization (RFC 8628) and CIBA.

use crate::schema::{Change, Step};

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "m0024_01_deferred_requests",
        change: Change::Table {
            name: "deferred_requests",
            // No foreign keys: rows live for minutes, and whatever they name is checked when tokens are issued.
            columns: "realm_id <id> NOT NULL,
                reference <hash> NOT NULL,
                kind BIGINT NOT NULL,
                user_code <hash>,
                client_id VARCHAR(200) <exact> NOT NULL,
                user_id <id>,
                content <bytes> NOT NULL,
                state BIGINT NOT NULL,
                poll_interval BIGINT NOT NULL,
                answer <bytes>,
                expires_at BIGINT NOT NULL,
                PRIMARY KEY (realm_id, reference),
                UNIQUE (realm_id, user_code)",
            compact: false,
        },
    },
    Step {
        name: "m0024_02_deferred_requests_client",
        change: Change::Index {
            name: "deferred_requests_client",
            table: "deferred_requests",
            columns: "realm_id, client_id, expires_at",
        },
    },
    Step {
        name: "m0024_03_deferred_requests_user",
        change: Change::Index {
            name: "deferred_requests_user",
            table: "deferred_requests",
            columns: "realm_id, user_id, expires_at",
        },
    },
    Step {
        name: "m0024_04_deferred_requests_expires_at",
        change: Change::Index {
            name: "deferred_requests_expires_at",
            table: "deferred_requests",
            columns: "expires_at",
        },
    },
];
