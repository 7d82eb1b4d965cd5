//! Rich authorization requests: the types of a realm, what users agreed to, and what is too long for a sealed value.

use crate::schema::{Change, Step};

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "m0019_01_authorization_details_types",
        change: Change::Table {
            name: "authorization_details_types",
            columns: "realm_id <id> NOT NULL,
                id <id> NOT NULL,
                name VARCHAR(200) <exact> NOT NULL,
                definition <json> NOT NULL,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                revision BIGINT NOT NULL,
                PRIMARY KEY (realm_id, id),
                UNIQUE (realm_id, name),
                FOREIGN KEY (realm_id) REFERENCES realms (realm_id) ON DELETE CASCADE",
            compact: false,
        },
    },
    Step {
        name: "m0019_02_authorizations_details",
        change: Change::Column { table: "authorizations", definition: "details <json>" },
    },
    Step {
        name: "m0019_03_kept_details",
        change: Change::Table {
            name: "kept_details",
            columns: "realm_id <id> NOT NULL,
                kept <hash> NOT NULL,
                content <json> NOT NULL,
                expires_at BIGINT NOT NULL,
                PRIMARY KEY (realm_id, kept)",
            compact: false,
        },
    },
    Step {
        name: "m0019_04_kept_details_expires_at",
        change: Change::Index { name: "kept_details_expires_at", table: "kept_details", columns: "expires_at" },
    },
];
