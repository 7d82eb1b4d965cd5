//! What makes tokens single-use and revocable: refresh families, used-records, the deny list; and the throttles.

use crate::schema::{Change, Step};

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "m0005_01_refresh_families",
        change: Change::Table {
            name: "refresh_families",
            columns: "realm_id <id> NOT NULL,
                lineage <id> NOT NULL,
                client_id VARCHAR(200) <exact> NOT NULL,
                user_id <id> NOT NULL,
                generation BIGINT NOT NULL,
                rotated_at BIGINT NOT NULL,
                active <flag> NOT NULL,
                content <json> NOT NULL,
                key_version BIGINT NOT NULL,
                idle_expires_at BIGINT NOT NULL,
                expires_at BIGINT NOT NULL,
                PRIMARY KEY (realm_id, lineage)",
            compact: false,
        },
    },
    Step {
        name: "m0005_02_refresh_families_user",
        change: Change::Index {
            name: "refresh_families_user",
            table: "refresh_families",
            columns: "realm_id, user_id, client_id",
        },
    },
    Step {
        name: "m0005_03_refresh_families_client",
        change: Change::Index {
            name: "refresh_families_client",
            table: "refresh_families",
            columns: "realm_id, client_id",
        },
    },
    Step {
        name: "m0005_04_refresh_families_expires_at",
        change: Change::Index { name: "refresh_families_expires_at", table: "refresh_families", columns: "expires_at" },
    },
    Step {
        name: "m0005_05_used_records",
        change: Change::Table {
            name: "used_records",
            columns: "realm_id <id> NOT NULL,
                purpose BIGINT NOT NULL,
                used <hash> NOT NULL,
                expires_at BIGINT NOT NULL,
                PRIMARY KEY (realm_id, purpose, used)",
            compact: true,
        },
    },
    Step {
        name: "m0005_06_used_records_expires_at",
        change: Change::Index { name: "used_records_expires_at", table: "used_records", columns: "expires_at" },
    },
    Step {
        name: "m0005_07_denials",
        change: Change::Table {
            name: "denials",
            // Kind 1: a lineage. Kind 2: the hash of a token's jti.
            columns: "realm_id <id> NOT NULL,
                kind BIGINT NOT NULL,
                denied <hash> NOT NULL,
                expires_at BIGINT NOT NULL,
                PRIMARY KEY (realm_id, kind, denied)",
            compact: true,
        },
    },
    Step {
        name: "m0005_08_denials_expires_at",
        change: Change::Index { name: "denials_expires_at", table: "denials", columns: "expires_at" },
    },
    Step {
        name: "m0005_09_throttles",
        change: Change::Table {
            name: "throttles",
            // expires_at is the end of the window.
            columns: "realm_id <id> NOT NULL,
                throttled <hash> NOT NULL,
                attempts BIGINT NOT NULL,
                expires_at BIGINT NOT NULL,
                PRIMARY KEY (realm_id, throttled)",
            compact: true,
        },
    },
    Step {
        name: "m0005_10_throttles_expires_at",
        change: Change::Index { name: "throttles_expires_at", table: "throttles", columns: "expires_at" },
    },
];
