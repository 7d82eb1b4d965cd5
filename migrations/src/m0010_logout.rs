//! Back-channel logouts that wait to be sent, and which session a refresh token family began in.

use crate::schema::{Change, Step};

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "m0010_01_logout_deliveries",
        change: Change::Table {
            name: "logout_deliveries",
            // A session tells a client once that it ended. No foreign keys: rows are written where sessions end.
            columns: "sequence <sequence>,
                realm_id <id> NOT NULL,
                sid <id> NOT NULL,
                user_id <id> NOT NULL,
                client_id VARCHAR(200) <exact> NOT NULL,
                created_at BIGINT NOT NULL,
                attempts BIGINT NOT NULL,
                next_at BIGINT NOT NULL,
                dead <flag> NOT NULL,
                problem VARCHAR(255),
                expires_at BIGINT NOT NULL,
                UNIQUE (realm_id, sid, client_id)",
            compact: false,
        },
    },
    Step {
        name: "m0010_02_logout_deliveries_client",
        change: Change::Index {
            name: "logout_deliveries_client",
            table: "logout_deliveries",
            columns: "realm_id, client_id, sequence",
        },
    },
    Step {
        name: "m0010_03_logout_deliveries_next_at",
        change: Change::PartialIndex {
            name: "logout_deliveries_next_at",
            table: "logout_deliveries",
            columns: "next_at",
            condition: "NOT dead",
            whole: "dead, next_at",
        },
    },
    Step {
        name: "m0010_04_logout_deliveries_expires_at",
        change: Change::Index {
            name: "logout_deliveries_expires_at",
            table: "logout_deliveries",
            columns: "expires_at",
        },
    },
    Step {
        name: "m0010_05_refresh_families_sid",
        change: Change::Column { table: "refresh_families", definition: "sid <id>" },
    },
    Step {
        name: "m0010_06_refresh_families_sid_index",
        change: Change::Index { name: "refresh_families_sid", table: "refresh_families", columns: "realm_id, sid" },
    },
];
