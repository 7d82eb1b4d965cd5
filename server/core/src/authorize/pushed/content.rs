//! What is kept of a pushed request. It may name persons: it is encrypted like every secret that the server must know
//! again.

use serde::{Deserialize, Serialize};
use signet_jose::ColumnPlace;
use signet_protocol::parameters::Parameters;

use crate::authorize::decisions::Narrowing;
use crate::authorize::request_object::Proof;
use crate::failure::Fault;
use crate::model::{Epochs, PushedReference, PushedRequest};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// What is kept of a pushed request.
#[derive(Serialize, Deserialize)]
pub(super) struct Content {
    /// What counts of it.
    pub(super) parameters: Parameters,
    /// What its request object proved, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) proof: Option<Proof>,
    /// What scripts took from it.
    #[serde(default, skip_serializing_if = "Narrowing::is_empty")]
    pub(super) narrowing: Narrowing,
    /// The history of the database it was pushed into: what was answered after a backup is not answered once more.
    pub(super) timeline: i64,
    /// The epochs it was pushed under; nothing of a node of the version before, while nodes are replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) epochs: Option<Epochs>,
}

impl Content {
    /// The stored form.
    pub(super) fn encrypt(
        &self,
        provider: &Provider,
        realm: &RealmContext,
        reference: PushedReference,
    ) -> Result<Vec<u8>, Fault> {
        let json =
            serde_json::to_vec(self).map_err(|error| Fault::internal("a pushed request does not serialise", error))?;
        let encrypted = realm.columns().encrypt(place(&realm.id().to_string(), &reference), &json, &*provider.random);
        encrypted.map_err(|error| Fault::internal("a pushed request could not be encrypted", error))
    }

    /// What was stored.
    pub(super) fn decrypt(realm: &RealmContext, stored: &PushedRequest) -> Result<Self, Fault> {
        let decrypted = realm.columns().decrypt(place(&realm.id().to_string(), &stored.reference), &stored.content);
        let json = decrypted.map_err(|error| Fault::internal("a pushed request does not decrypt", error))?;
        serde_json::from_slice(&json).map_err(|error| Fault::internal("a pushed request does not read back", error))
    }
}

fn place<'a>(realm: &'a str, reference: &'a PushedReference) -> ColumnPlace<'a> {
    ColumnPlace { realm, table: "pushed_requests", column: "content", row: &reference.0 }
}
