//! What an organization knows of its users beyond the standard claims.

use crate::schema::{Change, Step};

pub(crate) const STEPS: &[Step] = &[Step {
    name: "m0013_01_users_attributes",
    change: Change::Column { table: "users", definition: "attributes <json>" },
}];
