//! ID tokens (OpenID Connect Core 2 and 3.1.3.6), and their return as a hint (3.1.2.1).

use serde::Serialize;
use serde_json::{Map, Value};
use signet_jose::algorithm::left_half_hash;
use signet_jose::claim_set::{ClaimsSet, RegisteredClaims, audience, numeric_date};
use signet_jose::{
    SignatureAlgorithm, SigningKey, UnverifiedToken, VerificationError, VerificationProfile, VerifyingKey, sign, verify,
};
use signet_protocol::identifiers::{SessionId, UserId};
use signet_protocol::time::UnixTime;

use super::subject_for;
use crate::client_auth::recover_secret;
use crate::failure::Fault;
use crate::model::Client;
use crate::provider::Provider;
use crate::realm::RealmContext;

/// What an ID token says beyond the registered claims of RFC 7519.
#[derive(Serialize)]
struct Private<'a> {
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amr: Option<Vec<&'a str>>,
    at_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<SessionId>,
    #[serde(flatten)]
    claims: Map<String, Value>,
}

/// What goes into an ID token.
pub(super) struct IdToken<'a> {
    pub(super) user_id: UserId,
    pub(super) authenticated_at: UnixTime,
    pub(super) nonce: Option<&'a str>,
    pub(super) acr: Option<&'a str>,
    pub(super) amr: Option<&'a str>,
    pub(super) access_token: &'a str,
    pub(super) sid: Option<SessionId>,
    pub(super) lifetime_seconds: i64,
    pub(super) claims: Map<String, Value>,
}

impl IdToken<'_> {
    /// Signs the token with the algorithm the client is registered for.
    pub(super) fn sign(self, realm: &RealmContext, client: &Client, now: UnixTime) -> Result<String, Fault> {
        let key = signing_key(realm, client, algorithm(client)?)?;
        let claims = ClaimsSet {
            registered: RegisteredClaims {
                issuer: Some(realm.issuer().to_owned()),
                subject: Some(subject_for(client, self.user_id)),
                audience: audience(vec![client.client_id.as_str().to_owned()]),
                expiry: Some(numeric_date(now.plus(self.lifetime_seconds))),
                issued_at: Some(numeric_date(now)),
                ..RegisteredClaims::default()
            },
            private: Private {
                auth_time: self.authenticated_at.0,
                nonce: self.nonce,
                acr: self.acr,
                amr: self.amr.map(|amr| amr.split(' ').collect()),
                at_hash: left_half_hash(key.algorithm(), self.access_token),
                sid: self.sid,
                claims: self.claims,
            },
        };
        sign(&key, None, &claims).map_err(|error| Fault::internal("an ID token could not be signed", error))
    }
}

/// RS256 unless registered otherwise (OpenID Connect Registration 2).
fn algorithm(client: &Client) -> Result<SignatureAlgorithm, Fault> {
    client.metadata.id_token_signed_response_alg.as_deref().map_or(Ok(SignatureAlgorithm::RS256), |name| {
        name.parse().map_err(|error| Fault::internal("the client is registered with an unknown algorithm", error))
    })
}

/// The key for what is signed to a client: the realm's, or the client's secret for HS algorithms.
pub(crate) fn signing_key(
    realm: &RealmContext,
    client: &Client,
    algorithm: SignatureAlgorithm,
) -> Result<SigningKey, Fault> {
    if algorithm.is_symmetric() {
        let secret =
            recover_secret(realm, client)?.ok_or(Fault::Internal("the client has no secret to sign with", None))?;
        return SigningKey::symmetric(algorithm, &secret)
            .map_err(|error| Fault::internal("the client's secret cannot sign", error));
    }
    realm
        .signing_keys
        .active(algorithm)
        .cloned()
        .ok_or(Fault::Internal("the realm has no active key of the registered algorithm", None))
}

/// What an `id_token_hint` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IdTokenHint {
    /// The user it was issued for.
    pub(crate) user_id: UserId,
}

/// Checks an `id_token_hint`: an ID token of this realm for this client, expired or not.
pub(crate) fn check_hint(
    provider: &Provider,
    realm: &RealmContext,
    client: &Client,
    token: &str,
) -> Result<IdTokenHint, VerificationError> {
    let algorithm = algorithm(client).map_err(|_| VerificationError::AlgorithmNotAllowed)?;
    let secret = if algorithm.is_symmetric() { recover_secret(realm, client).ok().flatten() } else { None };
    let symmetric = secret.as_ref().map(|secret| [VerifyingKey::symmetric(secret)]);
    let keys = symmetric.as_ref().map_or(realm.signing_keys.verifying(), |key| key.as_slice());
    // A client may have changed its algorithm since; any asymmetric one of this realm will do, a symmetric one only now.
    let algorithms: Vec<_> =
        SignatureAlgorithm::ALL.into_iter().filter(|candidate| candidate.is_symmetric() == secret.is_some()).collect();
    let profile = VerificationProfile::id_token_hint(realm.issuer(), &algorithms);
    let claims = verify(UnverifiedToken::parse(token)?, keys, &profile, provider.now())?;
    if !claims.audience().contains(&client.client_id.as_str()) {
        return Err(VerificationError::InvalidClaim("aud"));
    }
    let user_id =
        claims.subject().and_then(|subject| subject.parse().ok()).ok_or(VerificationError::InvalidClaim("sub"))?;
    Ok(IdTokenHint { user_id })
}
