//! Details in a sealed value. Codes and opaque tokens stay short: what is longer than 600 characters is stored, and the
//! value carries its key (design section 6).

use serde::{Deserialize, Serialize};
use signet_jose::{base64url, digest};
use signet_protocol::identifiers::Lineage;
use signet_protocol::time::UnixTime;

use crate::failure::Fault;
use crate::model::AuthorizationDetail;
use crate::provider::Provider;
use crate::realm::RealmContext;

/// Longest JSON that travels in the value itself, in bytes.
const LONGEST_INLINE: usize = 600;

/// Details as a sealed value carries them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Carried {
    /// In the value itself.
    #[serde(rename = "i")]
    Inline(Vec<AuthorizationDetail>),
    /// Under a key.
    #[serde(rename = "k")]
    Kept(String),
}

impl Default for Carried {
    fn default() -> Self {
        Self::Inline(Vec::new())
    }
}

impl Carried {
    /// Whether there is nothing to carry.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Packs details of a lineage for a value that lives until `expires_at`.
    pub(crate) async fn pack(
        provider: &Provider,
        realm: &RealmContext,
        (lineage, details): (Lineage, &[AuthorizationDetail]),
        expires_at: UnixTime,
    ) -> Result<Self, Fault> {
        let text = serde_json::to_string(details)
            .map_err(|error| Fault::internal("authorization details do not serialise", error))?;
        if text.len() <= LONGEST_INLINE {
            return Ok(Self::Inline(details.to_vec()));
        }
        let key = digest::sha256(&[lineage.0.as_slice(), text.as_bytes()].concat());
        provider.store.keep_details(realm.id(), (&key, &text), expires_at).await?;
        Ok(Self::Kept(base64url::encode(key)))
    }

    /// The details; nothing if they are kept no longer.
    pub(crate) async fn unpack(
        self,
        provider: &Provider,
        realm: &RealmContext,
    ) -> Result<Option<Vec<AuthorizationDetail>>, Fault> {
        let key = match self {
            Self::Inline(details) => return Ok(Some(details)),
            Self::Kept(key) => key,
        };
        let key = base64url::decode(&key).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let Some(key) = key else { return Ok(None) };
        let Some(text) = provider.store.kept_details(realm.id(), &key).await? else { return Ok(None) };
        let details = serde_json::from_str(&text);
        details.map(Some).map_err(|error| Fault::internal("stored authorization details do not read", error))
    }
}
