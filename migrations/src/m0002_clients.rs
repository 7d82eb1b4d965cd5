//! Clients.

use crate::schema::{Change, Step};

pub(crate) const STEPS: &[Step] = &[Step {
    name: "m0002_01_clients",
    change: Change::Table {
        name: "clients",
        columns: "realm_id <id> NOT NULL,
            client_id VARCHAR(200) <exact> NOT NULL,
            enabled <flag> NOT NULL,
            metadata <json> NOT NULL,
            settings <json> NOT NULL,
            secret_kind VARCHAR(16) <exact>,
            secret <bytes>,
            epoch BIGINT NOT NULL,
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL,
            PRIMARY KEY (realm_id, client_id),
            FOREIGN KEY (realm_id) REFERENCES realms (realm_id) ON DELETE CASCADE",
        compact: false,
    },
}];
