//! Requests for access that wait for a resource owner's answer (UMA 2.0 Grant section 3.3.6).

use crate::schema::{Change, Step};

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "m0035_01_uma_requests",
        change: Change::Table {
            name: "uma_requests",
            columns: "realm_id <id> NOT NULL,
                id <id> NOT NULL,
                owner_id <id> NOT NULL,
                resource_server VARCHAR(200) <exact> NOT NULL,
                user_id <id> NOT NULL,
                client_id VARCHAR(200) <exact> NOT NULL,
                permissions <json> NOT NULL,
                state BIGINT NOT NULL,
                created_at BIGINT NOT NULL,
                expires_at BIGINT NOT NULL,
                PRIMARY KEY (realm_id, id),
                FOREIGN KEY (realm_id, owner_id) REFERENCES users (realm_id, user_id) ON DELETE CASCADE,
                FOREIGN KEY (realm_id, resource_server) REFERENCES clients (realm_id, client_id) ON DELETE CASCADE,
                FOREIGN KEY (realm_id, user_id) REFERENCES users (realm_id, user_id) ON DELETE CASCADE,
                FOREIGN KEY (realm_id, client_id) REFERENCES clients (realm_id, client_id) ON DELETE CASCADE",
            compact: false,
        },
    },
    Step {
        name: "m0035_02_uma_requests_owner",
        change: Change::Index {
            name: "uma_requests_owner",
            table: "uma_requests",
            columns: "realm_id, owner_id, state, expires_at",
        },
    },
    Step {
        name: "m0035_03_uma_requests_user",
        change: Change::Index { name: "uma_requests_user", table: "uma_requests", columns: "realm_id, user_id" },
    },
    Step {
        name: "m0035_04_uma_requests_client",
        change: Change::Index { name: "uma_requests_client", table: "uma_requests", columns: "realm_id, client_id" },
    },
    Step {
        name: "m0035_05_uma_requests_server",
        change: Change::Index {
            name: "uma_requests_server",
            table: "uma_requests",
            columns: "realm_id, resource_server",
        },
    },
    Step {
        name: "m0035_06_uma_requests_expires_at",
        change: Change::Index { name: "uma_requests_expires_at", table: "uma_requests", columns: "expires_at" },
    },
];
