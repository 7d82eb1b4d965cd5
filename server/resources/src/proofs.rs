//! DPoP proofs at the resources of this server: what is demanded of them depends on the client, and replays are remembered
//! as the realm decides.

use http::HeaderValue;
use signet_core::binding::{Audience, DpopHeader, ResourceRequest, check_possession, fresh_nonce};
use signet_core::failure::Fault;
use signet_core::model::Thumbprint;
use signet_core::protocol::time::UnixTime;
use signet_core::provider::Provider;
use signet_core::realm::RealmContext;
use signet_guard::jose::SignatureAlgorithm;
use signet_guard::{Possession, ProofCheck};

use crate::{Denial, OwnToken, denied};

/// Checks proofs by the rules of a realm.
pub struct OwnProofs<'a> {
    provider: &'a Provider,
    realm: &'a RealmContext,
}

impl<'a> OwnProofs<'a> {
    /// Those of `realm`.
    pub const fn new(provider: &'a Provider, realm: &'a RealmContext) -> Self {
        Self { provider, realm }
    }
}

impl ProofCheck<OwnToken, Fault> for OwnProofs<'_> {
    fn algorithms(&self) -> &[SignatureAlgorithm] {
        self.realm.realm.settings.profile.profile().proof_algorithms
    }

    async fn check(&self, possession: Possession<'_, OwnToken>) -> Result<(), Denial> {
        let Possession { token: OwnToken(token), text, key, request, .. } = possession;
        let dpop = DpopHeader::of(request.headers.get_all("dpop").iter().map(HeaderValue::as_bytes));
        let asked = ResourceRequest { dpop, method: request.method, uris: request.uris };
        let checked = check_possession(self.provider, self.realm, (token, text, Thumbprint(key)), &asked).await;
        checked.map_err(denied)
    }

    fn nonce(&self, is_demanded: bool, now: UnixTime) -> Option<String> {
        if is_demanded {
            return Some(self.realm.dpop_nonce(Audience::Resource, now));
        }
        fresh_nonce(self.realm, None, Audience::Resource, now)
    }
}
