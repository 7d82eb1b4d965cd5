//! What resource servers demand of the authentication of users (RFC 9470).

use crate::schema::{Change, Step};

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "m0020_01_resource_servers_required_acr_values",
        change: Change::Column { table: "resource_servers", definition: "required_acr_values <json>" },
    },
    Step {
        name: "m0020_02_resource_servers_max_authentication_age_seconds",
        change: Change::Column { table: "resource_servers", definition: "max_authentication_age_seconds BIGINT" },
    },
];
