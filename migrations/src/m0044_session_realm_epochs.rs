//! Browser sessions know under which epoch of their realm they began: all of them end with one write to the realm.
//!
//! No realm had left its first epoch, zero, before there was this column.

use crate::schema::{Change, Step};

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "m0044_01_sessions_realm_epoch",
        change: Change::Column { table: "sessions", definition: "realm_epoch BIGINT NOT NULL DEFAULT 0" },
    },
    Step {
        name: "m0044_02_sessions_realm_epoch",
        change: Change::Index {
            name: "sessions_realm_epoch",
            table: "sessions",
            columns: "realm_id, realm_epoch, sid",
        },
    },
];
