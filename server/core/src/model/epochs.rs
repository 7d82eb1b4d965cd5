//! Under which epochs something was made that is no token yet.

use serde::{Deserialize, Serialize};

use super::{Client, Epoch, Realm};

/// The epochs of realm and client at the time when something was made for the client: a request that waits, or what was
/// found out about a requesting party. Where it travels inside of what is kept, its member names are
/// short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Epochs {
    /// That of the realm.
    #[serde(rename = "r")]
    pub realm: Epoch,
    /// That of the client.
    #[serde(rename = "c")]
    pub client: Epoch,
}

impl Epochs {
    /// Those of this moment.
    pub const fn of(realm: &Realm, client: &Client) -> Self {
        Self { realm: realm.epoch, client: client.epoch }
    }

    /// Whether neither realm nor client has left them.
    pub const fn stand(self, realm: &Realm, client: &Client) -> bool {
        self.realm == realm.epoch && self.client == client.epoch
    }
}
