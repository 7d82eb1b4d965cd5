//! Pushed authorization requests (RFC 9126).

use crate::schema::{Change, Step};

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "m0015_01_pushed_requests",
        change: Change::Table {
            name: "pushed_requests",
            // No foreign keys: rows live for minutes, and the request is validated anew at each step.
            columns: "realm_id <id> NOT NULL,
                reference <hash> NOT NULL,
                client_id VARCHAR(200) <exact> NOT NULL,
                content <bytes> NOT NULL,
                completed <flag> NOT NULL,
                opens_until BIGINT NOT NULL,
                expires_at BIGINT NOT NULL,
                PRIMARY KEY (realm_id, reference)",
            compact: false,
        },
    },
    Step {
        name: "m0015_02_pushed_requests_client",
        change: Change::Index {
            name: "pushed_requests_client",
            table: "pushed_requests",
            columns: "realm_id, client_id, opens_until",
        },
    },
    Step {
        name: "m0015_03_pushed_requests_expires_at",
        change: Change::Index { name: "pushed_requests_expires_at", table: "pushed_requests", columns: "expires_at" },
    },
];
