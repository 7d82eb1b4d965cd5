//! Requests that are answered elsewhere know under which epochs of realm and client they were made: a poll sees that
//! everything was revoked, and decrypts nothing for it.
//!
//! Rows that are there have none: they end by themselves within the hour.

use crate::schema::{Change, Step};

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "m0045_01_deferred_requests_realm_epoch",
        change: Change::Column { table: "deferred_requests", definition: "realm_epoch BIGINT" },
    },
    Step {
        name: "m0045_02_deferred_requests_client_epoch",
        change: Change::Column { table: "deferred_requests", definition: "client_epoch BIGINT" },
    },
];
