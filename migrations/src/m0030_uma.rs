//! Resources that owners protect here, and permission tickets (User-Managed Access 2.0).

use crate::schema::{Change, Step};

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "m0030_01_uma_resources",
        change: Change::Table {
            name: "uma_resources",
            // A resource without an owner is the resource server's own.
            columns: "realm_id <id> NOT NULL,
                id <id> NOT NULL,
                resource_server VARCHAR(200) <exact> NOT NULL,
                owner_id <id>,
                description <json> NOT NULL,
                policies <json> NOT NULL,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (realm_id, id),
                FOREIGN KEY (realm_id, resource_server) REFERENCES clients (realm_id, client_id) ON DELETE CASCADE,
                FOREIGN KEY (realm_id, owner_id) REFERENCES users (realm_id, user_id) ON DELETE CASCADE",
            compact: false,
        },
    },
    Step {
        name: "m0030_02_uma_resources_server",
        change: Change::Index {
            name: "uma_resources_server",
            table: "uma_resources",
            columns: "realm_id, resource_server, owner_id",
        },
    },
    Step {
        name: "m0030_03_uma_resources_owner",
        change: Change::Index { name: "uma_resources_owner", table: "uma_resources", columns: "realm_id, owner_id" },
    },
    Step {
        name: "m0030_04_uma_tickets",
        change: Change::Table {
            name: "uma_tickets",
            // No foreign keys: rows live for minutes, and what they name is read anew when they are used.
            columns: "realm_id <id> NOT NULL,
                reference <hash> NOT NULL,
                content <json> NOT NULL,
                used <flag> NOT NULL,
                expires_at BIGINT NOT NULL,
                PRIMARY KEY (realm_id, reference)",
            compact: false,
        },
    },
    Step {
        name: "m0030_05_uma_tickets_expires_at",
        change: Change::Index { name: "uma_tickets_expires_at", table: "uma_tickets", columns: "expires_at" },
    },
];
