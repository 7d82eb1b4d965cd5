//! Scopes that resource servers made up within patterns that they registered (an extension of User-Managed Access 2.0).

use crate::schema::{Change, Step};

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "m0047_01_uma_spontaneous_scopes",
        change: Change::Table {
            name: "uma_spontaneous_scopes",
            columns: "realm_id <id> NOT NULL,
                resource_id <id> NOT NULL,
                scope VARCHAR(200) <exact> NOT NULL,
                pattern VARCHAR(200) <exact> NOT NULL,
                expires_at BIGINT NOT NULL,
                PRIMARY KEY (realm_id, resource_id, scope),
                FOREIGN KEY (realm_id, resource_id) REFERENCES uma_resources (realm_id, id) ON DELETE CASCADE",
            compact: false,
        },
    },
    Step {
        name: "m0047_02_uma_spontaneous_scopes_expires_at",
        change: Change::Index {
            name: "uma_spontaneous_scopes_expires_at",
            table: "uma_spontaneous_scopes",
            columns: "expires_at",
        },
    },
];
