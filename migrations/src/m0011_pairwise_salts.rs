//! Salts of pairwise subjects.

use crate::schema::{Change, Step};

pub(crate) const STEPS: &[Step] = &[Step {
    name: "m0011_01_pairwise_salts",
    change: Change::Table {
        name: "pairwise_salts",
        columns: "realm_id <id> NOT NULL,
            id BIGINT NOT NULL,
            encrypted_salt <bytes> NOT NULL,
            since BIGINT NOT NULL,
            PRIMARY KEY (realm_id, id),
            FOREIGN KEY (realm_id) REFERENCES realms (realm_id) ON DELETE CASCADE",
        compact: false,
    },
}];
