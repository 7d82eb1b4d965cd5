//! What CIBA has to tell clients and the services that reach users' devices, and whom users do not want to be asked by.

use crate::schema::{Change, Step};

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "m0025_01_backchannel_notifications",
        change: Change::Table {
            name: "backchannel_notifications",
            // No foreign keys: rows are written where requests are made and answered, and live for minutes.
            columns: "sequence <sequence>,
                realm_id <id> NOT NULL,
                reference <hash> NOT NULL,
                kind BIGINT NOT NULL,
                client_id VARCHAR(200) <exact> NOT NULL,
                attempts BIGINT NOT NULL,
                next_at BIGINT NOT NULL,
                dead <flag> NOT NULL,
                problem VARCHAR(255),
                expires_at BIGINT NOT NULL,
                UNIQUE (realm_id, reference, kind)",
            compact: false,
        },
    },
    Step {
        name: "m0025_02_backchannel_notifications_next_at",
        change: Change::PartialIndex {
            name: "backchannel_notifications_next_at",
            table: "backchannel_notifications",
            columns: "next_at",
            condition: "NOT dead",
            whole: "dead, next_at",
        },
    },
    Step {
        name: "m0025_03_backchannel_notifications_expires_at",
        change: Change::Index {
            name: "backchannel_notifications_expires_at",
            table: "backchannel_notifications",
            columns: "expires_at",
        },
    },
    Step {
        name: "m0025_04_backchannel_blocks",
        change: Change::Table {
            name: "backchannel_blocks",
            columns: "realm_id <id> NOT NULL,
                user_id <id> NOT NULL,
                client_id VARCHAR(200) <exact> NOT NULL,
                created_at BIGINT NOT NULL,
                PRIMARY KEY (realm_id, user_id, client_id),
                FOREIGN KEY (realm_id, user_id) REFERENCES users (realm_id, user_id) ON DELETE CASCADE",
            compact: true,
        },
    },
];
