//! Issuers outside a realm whose tokens are believed.

use crate::schema::{Change, Step};

pub(crate) const STEPS: &[Step] = &[Step {
    name: "m0028_01_trusted_issuers",
    change: Change::Table {
        name: "trusted_issuers",
        columns: "realm_id <id> NOT NULL,
            id <id> NOT NULL,
            issuer VARCHAR(500) <exact> NOT NULL,
            definition <json> NOT NULL,
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL,
            revision BIGINT NOT NULL,
            PRIMARY KEY (realm_id, id),
            UNIQUE (realm_id, issuer),
            FOREIGN KEY (realm_id) REFERENCES realms (realm_id) ON DELETE CASCADE",
        compact: false,
    },
}];
