//! Pushed requests that wait for their answer are counted by themselves: a client that is busy, and whose requests are
//! answered, does not pay for those that were.

use crate::schema::{Change, Step};

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "m0046_01_pushed_requests_open",
        change: Change::PartialIndex {
            name: "pushed_requests_open",
            table: "pushed_requests",
            columns: "realm_id, client_id, opens_until",
            condition: "NOT completed",
            whole: "realm_id, client_id, completed, opens_until",
        },
    },
    Step {
        name: "m0046_02_pushed_requests_client",
        change: Change::DropIndex { name: "pushed_requests_client", table: "pushed_requests" },
    },
];
