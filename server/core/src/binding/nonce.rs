//! Which DPoP proofs need a nonce, and under which key a realm makes them (RFC 9449 sections 8 and 9).

use signet_jose::DpopNonceKey;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::rfc9449;
use signet_protocol::time::UnixTime;
use zeroize::Zeroizing;

use crate::model::Client;
use crate::realm::RealmContext;

/// Who gives a nonce out and takes it back: one of these does not take the other's (section 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// The token endpoint, and others where clients authenticate.
    AuthorizationServer,
    /// The resources of this server.
    Resource,
}

impl Audience {
    /// The number that its nonces are made with.
    const fn purpose(self) -> u8 {
        match self {
            Self::AuthorizationServer => 1,
            Self::Resource => 2,
        }
    }
}

/// The key that the nonces of a realm are made with.
pub(crate) struct NonceKey(DpopNonceKey);

impl NonceKey {
    pub(crate) const fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self(DpopNonceKey::new(key))
    }

    pub(crate) fn fresh(&self, audience: Audience, now: UnixTime) -> String {
        self.0.fresh(audience.purpose(), now)
    }

    /// Until when a nonce is good, if it is now; see [`DpopNonceKey::check`].
    pub(super) fn check(
        &self,
        nonce: Option<&str>,
        audience: Audience,
        (now, clock_skew): (UnixTime, i64),
    ) -> Option<UnixTime> {
        self.0.check(nonce, audience.purpose(), (now, clock_skew))
    }
}

/// Whether proofs of a client need a nonce.
pub(super) const fn is_demanded(realm: &RealmContext, client: &Client, audience: Audience) -> bool {
    client.settings.require_dpop_nonce || is_demanded_of_all(realm, audience)
}

const fn is_demanded_of_all(realm: &RealmContext, audience: Audience) -> bool {
    let settings = &realm.realm.settings;
    match audience {
        Audience::AuthorizationServer => settings.dpop_nonce_at_token_endpoint,
        Audience::Resource => settings.dpop_nonce_at_resources,
    }
}

/// The nonce that a client is given along with an answer (section 8.2), where it needs one. Without a client, where all
/// need one.
pub fn fresh_nonce(realm: &RealmContext, client: Option<&Client>, audience: Audience, now: UnixTime) -> Option<String> {
    let is_needed =
        client.map_or_else(|| is_demanded_of_all(realm, audience), |client| is_demanded(realm, client, audience));
    is_needed.then(|| realm.dpop_nonce(audience, now))
}

/// The refusal of a proof without a nonce, or with one that is not good any more.
pub(super) fn wanted() -> Refusal {
    let reason = "the DPoP proof needs the nonce of the header DPoP-Nonce";
    ErrorCode::UseDpopNonce.because(reason).per(rfc9449("8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9449_9_nonces_of_the_other_kind_of_endpoint_are_not_good() {
        let key = NonceKey::new(Zeroizing::new([1; 32]));
        let now = UnixTime(1_800_000_000);
        let nonce = key.fresh(Audience::AuthorizationServer, now);
        assert!(key.check(Some(&nonce), Audience::AuthorizationServer, (now, 0)).is_some());
        assert!(key.check(Some(&nonce), Audience::Resource, (now, 0)).is_none());
    }
}
