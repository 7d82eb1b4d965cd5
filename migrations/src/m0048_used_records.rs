//! Marks of what was used have no index of when they expire: each request that sets some would pay for it, and only those
//! who remove them would read it. They walk along the key instead.

use crate::schema::{Change, Step};

pub(crate) const STEPS: &[Step] = &[Step {
    name: "m0048_01_used_records_expires_at",
    change: Change::DropIndex { name: "used_records_expires_at", table: "used_records" },
}];
