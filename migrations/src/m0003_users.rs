//! Users, their credentials, and what they allowed clients.

use crate::schema::{Change, Step};

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "m0003_01_users",
        change: Change::Table {
            name: "users",
            columns: "realm_id <id> NOT NULL,
                user_id <id> NOT NULL,
                username VARCHAR(255) <exact> NOT NULL,
                username_normalised VARCHAR(255) <exact> NOT NULL,
                enabled <flag> NOT NULL,
                claims <json> NOT NULL,
                epoch BIGINT NOT NULL,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (realm_id, user_id),
                UNIQUE (realm_id, username_normalised),
                FOREIGN KEY (realm_id) REFERENCES realms (realm_id) ON DELETE CASCADE",
            compact: false,
        },
    },
    Step {
        name: "m0003_02_credentials",
        change: Change::Table {
            name: "credentials",
            columns: "realm_id <id> NOT NULL,
                user_id <id> NOT NULL,
                credential_id <id> NOT NULL,
                kind VARCHAR(16) <exact> NOT NULL,
                secret VARCHAR(512) <exact> NOT NULL,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (realm_id, user_id, credential_id),
                FOREIGN KEY (realm_id, user_id) REFERENCES users (realm_id, user_id) ON DELETE CASCADE",
            compact: false,
        },
    },
    Step {
        name: "m0003_03_authorizations",
        change: Change::Table {
            name: "authorizations",
            columns: "realm_id <id> NOT NULL,
                authorization_id <id> NOT NULL,
                user_id <id> NOT NULL,
                client_id VARCHAR(200) <exact> NOT NULL,
                slot VARCHAR(64) <exact> NOT NULL,
                scope <json> NOT NULL,
                claims <json> NOT NULL,
                resources <json> NOT NULL,
                epoch BIGINT NOT NULL,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (realm_id, authorization_id),
                UNIQUE (realm_id, user_id, client_id, slot),
                FOREIGN KEY (realm_id, user_id) REFERENCES users (realm_id, user_id) ON DELETE CASCADE,
                FOREIGN KEY (realm_id, client_id) REFERENCES clients (realm_id, client_id) ON DELETE CASCADE",
            compact: false,
        },
    },
    Step {
        name: "m0003_04_authorizations_client",
        change: Change::Index {
            name: "authorizations_client",
            table: "authorizations",
            columns: "realm_id, client_id",
        },
    },
];
