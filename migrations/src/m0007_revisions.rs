//! What administrators change counts its changes, so that none of two at the same time is lost; and a signing key may
//! know when its time comes.

use crate::schema::{Change, Step};

const REVISION: &str = "revision BIGINT NOT NULL DEFAULT 0";

pub(crate) const STEPS: &[Step] = &[
    Step { name: "m0007_01_realms_revision", change: Change::Column { table: "realms", definition: REVISION } },
    Step { name: "m0007_02_clients_revision", change: Change::Column { table: "clients", definition: REVISION } },
    Step { name: "m0007_03_users_revision", change: Change::Column { table: "users", definition: REVISION } },
    Step {
        name: "m0007_04_resource_servers_revision",
        change: Change::Column { table: "resource_servers", definition: REVISION },
    },
    Step {
        name: "m0007_05_signing_keys_activates_at",
        change: Change::Column { table: "signing_keys", definition: "activates_at BIGINT" },
    },
];
