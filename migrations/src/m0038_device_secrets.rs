//! Device secrets (OpenID Connect Native SSO for Mobile Apps).

use crate::schema::{Change, Step};

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "m0038_01_device_secrets",
        change: Change::Table {
            name: "device_secrets",
            // No foreign keys: what a row names is looked at again whenever it is used.
            columns: "realm_id <id> NOT NULL,
                lineage <id> NOT NULL,
                secret <hash> NOT NULL,
                sid <id> NOT NULL,
                user_id <id> NOT NULL,
                sso_group VARCHAR(100) <exact> NOT NULL,
                expires_at BIGINT NOT NULL,
                PRIMARY KEY (realm_id, lineage),
                UNIQUE (realm_id, secret)",
            compact: true,
        },
    },
    Step {
        name: "m0038_02_device_secrets_sid",
        change: Change::Index { name: "device_secrets_sid", table: "device_secrets", columns: "realm_id, sid" },
    },
    Step {
        name: "m0038_03_device_secrets_expires_at",
        change: Change::Index { name: "device_secrets_expires_at", table: "device_secrets", columns: "expires_at" },
    },
];
