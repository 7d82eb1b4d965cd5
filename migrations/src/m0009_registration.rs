//! Dynamic registration: initial access tokens, what is kept of a registration, and how long client secrets are good.

use crate::schema::{Change, Step};

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "m0009_01_initial_access_tokens",
        change: Change::Table {
            name: "initial_access_tokens",
            columns: "realm_id <id> NOT NULL,
                id <id> NOT NULL,
                token_hash <hash> NOT NULL,
                description VARCHAR(200) NOT NULL,
                uses_left BIGINT NOT NULL,
                expires_at BIGINT NOT NULL,
                created_at BIGINT NOT NULL,
                PRIMARY KEY (realm_id, id),
                UNIQUE (realm_id, token_hash),
                FOREIGN KEY (realm_id) REFERENCES realms (realm_id) ON DELETE CASCADE",
            compact: false,
        },
    },
    Step {
        name: "m0009_02_initial_access_tokens_expires_at",
        change: Change::Index {
            name: "initial_access_tokens_expires_at",
            table: "initial_access_tokens",
            columns: "expires_at",
        },
    },
    Step {
        name: "m0009_03_client_registrations",
        change: Change::Table {
            name: "client_registrations",
            columns: "realm_id <id> NOT NULL,
                client_id VARCHAR(200) <exact> NOT NULL,
                token_hash <hash> NOT NULL,
                software_statement <json>,
                initial_access_token <id>,
                unused_at BIGINT,
                PRIMARY KEY (realm_id, client_id),
                FOREIGN KEY (realm_id, client_id) REFERENCES clients (realm_id, client_id) ON DELETE CASCADE",
            compact: false,
        },
    },
    Step {
        name: "m0009_04_client_registrations_unused_at",
        change: Change::Index {
            name: "client_registrations_unused_at",
            table: "client_registrations",
            columns: "unused_at",
        },
    },
    Step {
        name: "m0009_05_clients_secret_expires_at",
        change: Change::Column { table: "clients", definition: "secret_expires_at BIGINT" },
    },
    Step {
        name: "m0009_06_clients_previous_secret_kind",
        change: Change::Column { table: "clients", definition: "previous_secret_kind VARCHAR(16) <exact>" },
    },
    Step {
        name: "m0009_07_clients_previous_secret",
        change: Change::Column { table: "clients", definition: "previous_secret <bytes>" },
    },
    Step {
        name: "m0009_08_clients_previous_secret_expires_at",
        change: Change::Column { table: "clients", definition: "previous_secret_expires_at BIGINT" },
    },
];
