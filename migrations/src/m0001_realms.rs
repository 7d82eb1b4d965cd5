//! The installation, realms, their keys and resource servers, and the log of configuration changes.

use crate::schema::{Change, Step};

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "m0001_01_installation",
        change: Change::Table {
            name: "installation",
            // One row, with id 1.
            columns: "id BIGINT NOT NULL PRIMARY KEY, canary <bytes> NOT NULL",
            compact: false,
        },
    },
    Step {
        name: "m0001_02_realms",
        change: Change::Table {
            name: "realms",
            columns: "realm_id <id> NOT NULL PRIMARY KEY,
                name VARCHAR(64) <exact> NOT NULL UNIQUE,
                display_name VARCHAR(512) <exact> NOT NULL,
                enabled <flag> NOT NULL,
                settings <json> NOT NULL,
                epoch BIGINT NOT NULL,
                timeline BIGINT NOT NULL,
                wrapped_data_key <bytes> NOT NULL,
                root_key_id VARCHAR(128) <exact> NOT NULL,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL",
            compact: false,
        },
    },
    Step {
        name: "m0001_03_signing_keys",
        change: Change::Table {
            name: "signing_keys",
            columns: "realm_id <id> NOT NULL,
                kid VARCHAR(128) <exact> NOT NULL,
                algorithm VARCHAR(32) <exact> NOT NULL,
                state VARCHAR(16) <exact> NOT NULL,
                encrypted_private_key <bytes> NOT NULL,
                created_at BIGINT NOT NULL,
                state_since BIGINT NOT NULL,
                PRIMARY KEY (realm_id, kid),
                FOREIGN KEY (realm_id) REFERENCES realms (realm_id) ON DELETE CASCADE",
            compact: false,
        },
    },
    Step {
        name: "m0001_04_sealing_keys",
        change: Change::Table {
            name: "sealing_keys",
            columns: "realm_id <id> NOT NULL,
                id BIGINT NOT NULL,
                encrypted_key <bytes> NOT NULL,
                created_at BIGINT NOT NULL,
                PRIMARY KEY (realm_id, id),
                FOREIGN KEY (realm_id) REFERENCES realms (realm_id) ON DELETE CASCADE",
            compact: false,
        },
    },
    Step {
        name: "m0001_05_resource_servers",
        change: Change::Table {
            name: "resource_servers",
            columns: "realm_id <id> NOT NULL,
                id <id> NOT NULL,
                identifier VARCHAR(700) <exact> NOT NULL,
                display_name VARCHAR(512) <exact> NOT NULL,
                scopes <json> NOT NULL,
                token_format VARCHAR(16) <exact> NOT NULL,
                algorithm VARCHAR(32) <exact>,
                access_token_seconds BIGINT,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (realm_id, id),
                UNIQUE (realm_id, identifier),
                FOREIGN KEY (realm_id) REFERENCES realms (realm_id) ON DELETE CASCADE",
            compact: false,
        },
    },
    // Every change of configuration leaves a row for as long as another node may need to notice it.
    Step {
        name: "m0001_06_changes",
        change: Change::Table {
            name: "changes",
            columns: "sequence <sequence>,
                realm_id <id> NOT NULL,
                expires_at BIGINT NOT NULL",
            compact: false,
        },
    },
    Step {
        name: "m0001_07_changes_expires_at",
        change: Change::Index { name: "changes_expires_at", table: "changes", columns: "expires_at" },
    },
];
