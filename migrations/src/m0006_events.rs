//! Events and the chains that link them. Neither refers to a realm's row: they outlive their realm.

use crate::schema::{Change, Step};

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "m0006_01_audit_events",
        change: Change::Table {
            name: "audit_events",
            // recorded_at is in milliseconds. The lengths are those of what the server writes; on SQLite and PostgreSQL
            // nothing longer can come either.
            columns: "realm_id <id> NOT NULL,
                id <id> NOT NULL,
                recorded_at BIGINT NOT NULL,
                request_id VARCHAR(64) <exact> NOT NULL,
                kind VARCHAR(40) <exact> NOT NULL,
                user_id <id>,
                client_id VARCHAR(200) <exact>,
                session_id <id>,
                address VARCHAR(45) <exact>,
                details <json> NOT NULL,
                mac <hash> NOT NULL,
                sequence BIGINT,
                link <hash>,
                PRIMARY KEY (realm_id, id),
                UNIQUE (realm_id, sequence)",
            compact: false,
        },
    },
    Step {
        name: "m0006_02_audit_events_request",
        change: Change::Index { name: "audit_events_request", table: "audit_events", columns: "realm_id, request_id" },
    },
    Step {
        name: "m0006_03_audit_events_waiting",
        change: Change::PartialIndex {
            name: "audit_events_waiting",
            table: "audit_events",
            columns: "realm_id, id",
            condition: "sequence IS NULL",
            whole: "sequence, realm_id",
        },
    },
    Step {
        name: "m0006_04_audit_chains",
        change: Change::Table {
            name: "audit_chains",
            columns: "realm_id <id> NOT NULL PRIMARY KEY,
                wrapped_key <bytes> NOT NULL,
                sealed BIGINT NOT NULL,
                head <hash> NOT NULL,
                first_kept BIGINT NOT NULL,
                previous <hash> NOT NULL,
                kept_mac <hash> NOT NULL,
                lease_holder <id>,
                lease_until BIGINT NOT NULL",
            compact: false,
        },
    },
];
