//! What clients do, counted by day against security profiles.

use crate::schema::{Change, Step};

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "m0022_01_client_traffic",
        change: Change::Table {
            name: "client_traffic",
            // No foreign keys: counts are written in batches, and one of a client that is gone must not fail the others.
            columns: "realm_id <id> NOT NULL,
                client_id VARCHAR(200) <exact> NOT NULL,
                on_day BIGINT NOT NULL,
                profile VARCHAR(40) <exact> NOT NULL,
                subject VARCHAR(60) <exact> NOT NULL,
                requests BIGINT NOT NULL,
                expires_at BIGINT NOT NULL,
                PRIMARY KEY (realm_id, client_id, on_day, profile, subject)",
            compact: false,
        },
    },
    Step {
        name: "m0022_02_client_traffic_expires_at",
        change: Change::Index { name: "client_traffic_expires_at", table: "client_traffic", columns: "expires_at" },
    },
];
