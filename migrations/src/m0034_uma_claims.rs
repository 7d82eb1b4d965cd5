//! Claims of requesting parties that persist (UMA 2.0 Grant section 3.3.5).

use crate::schema::{Change, Step};

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "m0034_01_uma_claims",
        change: Change::Table {
            name: "uma_claims",
            // One row for each token; those that came from each other are of one family.
            columns: "realm_id <id> NOT NULL,
                reference <hash> NOT NULL,
                family <id> NOT NULL,
                client_id VARCHAR(200) <exact> NOT NULL,
                user_id <id> NOT NULL,
                content <bytes> NOT NULL,
                used <flag> NOT NULL,
                created_at BIGINT NOT NULL,
                expires_at BIGINT NOT NULL,
                PRIMARY KEY (realm_id, reference),
                FOREIGN KEY (realm_id, client_id) REFERENCES clients (realm_id, client_id) ON DELETE CASCADE,
                FOREIGN KEY (realm_id, user_id) REFERENCES users (realm_id, user_id) ON DELETE CASCADE",
            compact: false,
        },
    },
    Step {
        name: "m0034_02_uma_claims_family",
        change: Change::Index { name: "uma_claims_family", table: "uma_claims", columns: "realm_id, family" },
    },
    Step {
        name: "m0034_03_uma_claims_user",
        change: Change::Index { name: "uma_claims_user", table: "uma_claims", columns: "realm_id, user_id, client_id" },
    },
    Step {
        name: "m0034_04_uma_claims_expires_at",
        change: Change::Index { name: "uma_claims_expires_at", table: "uma_claims", columns: "expires_at" },
    },
];
