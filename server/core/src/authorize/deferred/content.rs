//! What is kept of a deferred request and of the answer to it. Both may name persons: they are encrypted like every secret
//! that the server must know again.

use std::net::IpAddr;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use signet_jose::ColumnPlace;
use signet_protocol::identifiers::{Lineage, SessionId, UserId};
use signet_protocol::parameters::Parameters;
use signet_protocol::time::UnixTime;

use crate::authorize::decisions::Narrowing;
use crate::failure::Fault;
use crate::model::{DeferredReference, DeferredRequest, Thumbprint, TokenBasis};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// What is kept of a deferred request.
#[derive(Serialize, Deserialize)]
pub(super) struct Content {
    /// What counts of it.
    pub(super) parameters: Parameters,
    /// What scripts took from it.
    #[serde(default, skip_serializing_if = "Narrowing::is_empty")]
    pub(super) narrowing: Narrowing,
    /// Where it was made.
    pub(super) asked_from: AskedFrom,
    /// What only a backchannel authentication request has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) backchannel: Option<Backchannel>,
    /// The history of the database it was made in: what was answered after a backup is not answered once more.
    pub(super) timeline: i64,
}

/// What only a backchannel authentication request has.
#[derive(Serialize, Deserialize)]
pub(super) struct Backchannel {
    /// What the client polls with, to be told to it again (CIBA Core 10.2).
    pub(super) auth_req_id: String,
    /// What authenticates this server to the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) notification_token: Option<String>,
    /// What the user compares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) binding_message: Option<String>,
}

/// Where a deferred request was made, as far as the server saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedFrom {
    /// The network address of the device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// What the device calls itself (`User-Agent`), cut to 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// When.
    pub at: UnixTime,
}

/// What a person agreed to.
#[derive(Serialize, Deserialize)]
pub(crate) struct DeferredAnswer {
    pub(crate) lineage: Lineage,
    pub(crate) user_id: UserId,
    /// The session that the person agreed in; nothing where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sid: Option<SessionId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) nonce: Option<String>,
    /// The key that the client proved, or named, when it asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<Thumbprint>,
    pub(crate) basis: TokenBasis,
}

impl Content {
    pub(super) fn encrypt(
        &self,
        provider: &Provider,
        realm: &RealmContext,
        reference: DeferredReference,
    ) -> Result<Vec<u8>, Fault> {
        encrypt(provider, realm, (reference, "content"), self)
    }

    pub(super) fn decrypt(realm: &RealmContext, stored: &DeferredRequest) -> Result<Self, Fault> {
        decrypt(realm, (stored.reference, "content"), &stored.content)
    }
}

impl DeferredAnswer {
    pub(super) fn encrypt(
        &self,
        provider: &Provider,
        realm: &RealmContext,
        reference: DeferredReference,
    ) -> Result<Vec<u8>, Fault> {
        encrypt(provider, realm, (reference, "answer"), self)
    }

    /// What was stored with an approved request.
    pub(crate) fn decrypt(realm: &RealmContext, stored: &DeferredRequest) -> Result<Self, Fault> {
        let answer = stored.answer.as_deref().ok_or(Fault::Internal("an approved request has no answer", None))?;
        decrypt(realm, (stored.reference, "answer"), answer)
    }
}

fn encrypt(
    provider: &Provider,
    realm: &RealmContext,
    (reference, column): (DeferredReference, &'static str),
    value: &impl Serialize,
) -> Result<Vec<u8>, Fault> {
    let json =
        serde_json::to_vec(value).map_err(|error| Fault::internal("a deferred request does not serialise", error))?;
    let id = realm.id().to_string();
    let encrypted = realm.columns().encrypt(place(&id, &reference, column), &json, &*provider.random);
    encrypted.map_err(|error| Fault::internal("a deferred request could not be encrypted", error))
}

fn decrypt<T: DeserializeOwned>(
    realm: &RealmContext,
    (reference, column): (DeferredReference, &'static str),
    stored: &[u8],
) -> Result<T, Fault> {
    let id = realm.id().to_string();
    let decrypted = realm.columns().decrypt(place(&id, &reference, column), stored);
    let json = decrypted.map_err(|error| Fault::internal("a deferred request does not decrypt", error))?;
    serde_json::from_slice(&json).map_err(|error| Fault::internal("a deferred request does not read back", error))
}

fn place<'a>(realm: &'a str, reference: &'a DeferredReference, column: &'static str) -> ColumnPlace<'a> {
    ColumnPlace { realm, table: "deferred_requests", column, row: &reference.0 }
}
