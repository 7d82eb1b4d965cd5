//! Script packages, where they are bound, what they may use, what was recorded of their runs, and how far events were
//! handed to them.

use crate::schema::{Change, Step};

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "m0008_01_script_packages",
        change: Change::Table {
            name: "script_packages",
            columns: "realm_id <id> NOT NULL,
                version <hash> NOT NULL,
                name VARCHAR(64) <exact> NOT NULL,
                declaration <json> NOT NULL,
                files <json> NOT NULL,
                created_at BIGINT NOT NULL,
                PRIMARY KEY (realm_id, version),
                FOREIGN KEY (realm_id) REFERENCES realms (realm_id) ON DELETE CASCADE",
            compact: false,
        },
    },
    Step {
        name: "m0008_02_script_packages_name",
        change: Change::Index { name: "script_packages_name", table: "script_packages", columns: "realm_id, name" },
    },
    Step {
        name: "m0008_03_script_bindings",
        change: Change::Table {
            name: "script_bindings",
            // client_id is empty for the whole realm: no client has an empty identifier, and NULL is not unique.
            columns: "realm_id <id> NOT NULL,
                client_id VARCHAR(200) <exact> NOT NULL,
                package VARCHAR(64) <exact> NOT NULL,
                active <hash> NOT NULL,
                previous <hash>,
                shadow <hash>,
                shadow_percent BIGINT,
                position BIGINT NOT NULL,
                revision BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (realm_id, client_id, package),
                FOREIGN KEY (realm_id) REFERENCES realms (realm_id) ON DELETE CASCADE",
            compact: false,
        },
    },
    Step {
        name: "m0008_04_script_values",
        change: Change::Table {
            name: "script_values",
            // A secret, or a document.
            columns: "realm_id <id> NOT NULL,
                kind VARCHAR(16) <exact> NOT NULL,
                name VARCHAR(64) <exact> NOT NULL,
                secret <bytes>,
                document <json>,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (realm_id, kind, name),
                FOREIGN KEY (realm_id) REFERENCES realms (realm_id) ON DELETE CASCADE",
            compact: false,
        },
    },
    // No foreign keys in what follows: these rows are written with the traffic.
    Step {
        name: "m0008_05_script_recordings",
        change: Change::Table {
            name: "script_recordings",
            // id begins with the time.
            columns: "realm_id <id> NOT NULL,
                id <id> NOT NULL,
                recorded_at BIGINT NOT NULL,
                expires_at BIGINT NOT NULL,
                package VARCHAR(64) <exact> NOT NULL,
                version <hash> NOT NULL,
                hook VARCHAR(64) <exact> NOT NULL,
                client_id VARCHAR(200) <exact>,
                recording <json> NOT NULL,
                PRIMARY KEY (realm_id, id)",
            compact: false,
        },
    },
    Step {
        name: "m0008_06_script_recordings_expires_at",
        change: Change::Index {
            name: "script_recordings_expires_at",
            table: "script_recordings",
            columns: "expires_at",
        },
    },
    Step {
        name: "m0008_07_script_cursors",
        change: Change::Table {
            name: "script_cursors",
            columns: "realm_id <id> NOT NULL,
                client_id VARCHAR(200) <exact> NOT NULL,
                package VARCHAR(64) <exact> NOT NULL,
                sealed BIGINT NOT NULL,
                attempts BIGINT NOT NULL,
                next_at BIGINT NOT NULL,
                PRIMARY KEY (realm_id, client_id, package)",
            compact: true,
        },
    },
];
