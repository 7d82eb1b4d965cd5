//! What an organization knows of its users beyond the standard claims; and by which rules recordings of scripts are
//! without names and secrets, so that those from before there were such rules are told apart.

use crate::schema::{Change, Step};

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "m0013_01_users_attributes",
        change: Change::Column { table: "users", definition: "attributes <json>" },
    },
    Step {
        name: "m0013_02_script_recordings_redaction",
        change: Change::Column { table: "script_recordings", definition: "redaction BIGINT" },
    },
    Step {
        name: "m0013_03_script_recordings_redaction_index",
        change: Change::Index { name: "script_recordings_redaction", table: "script_recordings", columns: "redaction" },
    },
];
