//! ID tokens (OpenID Connect Core 2 and 3.1.3.6), and their return as a hint (3.1.2.1).

use serde::Serialize;
use serde_json::{Map, Value};
use signet_jose::algorithm::left_half_hash;
use signet_jose::claim_set::{ClaimsSet, RegisteredClaims, audience, numeric_date};
use signet_jose::{
    EncryptedToken, SignatureAlgorithm, SigningKey, TokenError, UnverifiedToken, VerificationError,
    VerificationProfile, VerifiedClaims, VerifyingKey, sign, verify,
};
use signet_protocol::identifiers::{ClientId, SessionId};
use signet_protocol::time::UnixTime;

use super::{Content, EncryptedResponse};
use crate::client_auth::recover_secret;
use crate::failure::{Failure, Fault};
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
    #[serde(skip_serializing_if = "Option::is_none")]
    at_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    c_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    s_hash: Option<String>,
    #[serde(rename = "urn:openid:params:jwt:claim:auth_req_id", skip_serializing_if = "Option::is_none")]
    auth_req_id: Option<&'a str>,
    #[serde(rename = "urn:openid:params:jwt:claim:rt_hash", skip_serializing_if = "Option::is_none")]
    rt_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<SessionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ds_hash: Option<&'a str>,
    #[serde(flatten)]
    claims: Map<String, Value>,
}

/// What an ID token comes with, and is bound to by a hash (sections 3.1.3.6, 3.2.2.10 and 3.3.2.11; FAPI 1.0 Part 2 section
/// 5.1.1 for the state).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Beside<'a> {
    pub(super) access_token: Option<&'a str>,
    pub(super) code: Option<&'a str>,
    pub(super) state: Option<&'a str>,
    /// Of the request that it is sent for (CIBA Core 10.3.1).
    pub(super) auth_req_id: Option<&'a str>,
    /// Where the tokens are sent (CIBA Core 10.3.1).
    pub(super) refresh_token: Option<&'a str>,
}

/// What goes into an ID token.
pub(super) struct IdToken<'a> {
    pub(super) subject: String,
    pub(super) authenticated_at: UnixTime,
    pub(super) nonce: Option<&'a str>,
    pub(super) acr: Option<&'a str>,
    pub(super) amr: Option<&'a str>,
    pub(super) beside: Beside<'a>,
    pub(super) sid: Option<SessionId>,
    /// What binds it to a device secret (Native SSO for Mobile Apps 3.4.1).
    pub(super) ds_hash: Option<&'a str>,
    pub(super) lifetime_seconds: i64,
    pub(super) claims: Map<String, Value>,
}

impl IdToken<'_> {
    /// Signs the token, and encrypts it to a client that is registered for that (OpenID Connect Core 2).
    pub(super) async fn issue(
        self,
        provider: &Provider,
        realm: &RealmContext,
        client: &Client,
    ) -> Result<String, Failure> {
        let signed = self.sign(realm, client, provider.now())?;
        let encrypting = EncryptedResponse::IdToken.encrypt((provider, realm), client, Content::Signed(&signed));
        Ok(encrypting.await?.unwrap_or(signed))
    }

    /// Signs the token with the algorithm the client is registered for.
    fn sign(self, realm: &RealmContext, client: &Client, now: UnixTime) -> Result<String, Fault> {
        let key = signing_key(realm, client, id_token_algorithm(realm, client)?)?;
        let claims = ClaimsSet {
            registered: RegisteredClaims {
                issuer: Some(realm.issuer().to_owned()),
                subject: Some(self.subject),
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
                at_hash: self.beside.access_token.map(|token| left_half_hash(key.algorithm(), token)),
                c_hash: self.beside.code.map(|code| left_half_hash(key.algorithm(), code)),
                s_hash: self.beside.state.map(|state| left_half_hash(key.algorithm(), state)),
                auth_req_id: self.beside.auth_req_id,
                rt_hash: self.beside.refresh_token.map(|token| left_half_hash(key.algorithm(), token)),
                sid: self.sid,
                ds_hash: self.ds_hash,
                claims: self.claims,
            },
        };
        sign(&key, None, &claims).map_err(|error| Fault::internal("an ID token could not be signed", error))
    }
}

/// The default of the profile unless registered otherwise: RS256 (OpenID Connect Registration 2), which FAPI forbids.
pub(crate) fn id_token_algorithm(realm: &RealmContext, client: &Client) -> Result<SignatureAlgorithm, Fault> {
    let default = realm.profile_of(client).default_signing_algorithm;
    client.metadata.id_token_signed_response_alg.as_deref().map_or(Ok(default), |name| {
        name.parse().map_err(|error| Fault::internal("the client is registered with an unknown algorithm", error))
    })
}

/// The algorithm of a response that is a JWT: the registered one; RS256 where there is none (JARM 3, RFC 9701 section 6),
/// or what the profile permits and the realm signs with instead.
pub(crate) fn response_algorithm(
    realm: &RealmContext,
    client: &Client,
    registered: Option<&str>,
) -> Result<SignatureAlgorithm, Fault> {
    if let Some(name) = registered {
        let unknown = |error| Fault::internal("the client is registered with an unknown algorithm", error);
        return name.parse().map_err(unknown);
    }
    let permitted = realm.profile_of(client).signing_algorithms;
    let rs256 = permitted.iter().filter(|algorithm| **algorithm == SignatureAlgorithm::RS256);
    let has_key = |algorithm: &SignatureAlgorithm| realm.signing_keys.active(*algorithm).is_some();
    let mut usable = rs256.chain(permitted).copied().filter(has_key);
    usable.next().ok_or(Fault::Internal("the realm has no key to sign responses with", None))
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IdTokenHint {
    /// The user it was issued for, by the name that the client knows.
    pub(crate) subject: String,
}

/// Checks an `id_token_hint`: an ID token of this realm for this client, expired or not. A client may encrypt it to this
/// server again (OpenID Connect Core 3.1.2.1).
pub(crate) fn check_hint(
    provider: &Provider,
    realm: &RealmContext,
    client: &Client,
    token: &str,
) -> Result<IdTokenHint, VerificationError> {
    let claims = verified_hint(provider, realm, client, token)?;
    let subject = claims.subject().ok_or(VerificationError::InvalidClaim("sub"))?.to_owned();
    Ok(IdTokenHint { subject })
}

/// What an `id_token_hint` of a logout request says (RP-Initiated Logout 2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogoutHint {
    /// The user, as the client was told.
    pub(crate) subject: String,
    /// The session.
    pub(crate) sid: Option<SessionId>,
}

/// Checks an `id_token_hint` of a logout request. It may be old: keys that are retired but kept verify it, too.
pub(crate) fn check_logout_hint(
    provider: &Provider,
    realm: &RealmContext,
    client: &Client,
    token: &str,
) -> Result<LogoutHint, VerificationError> {
    let claims = verified_hint(provider, realm, client, token)?;
    let subject = claims.subject().ok_or(VerificationError::InvalidClaim("sub"))?.to_owned();
    Ok(LogoutHint { subject, sid: claims.text("sid").and_then(|sid| sid.parse().ok()) })
}

/// How old an ID token may be that comes as a subject token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Age {
    /// It has not expired (RFC 8693 section 2.1).
    Fresh,
    /// It says who signed in, and something else says that this still counts (Native SSO for Mobile Apps 6.3).
    Any,
}

/// Checks an ID token of this realm for this client that comes as a subject or actor token.
pub(crate) fn check_subject_token(
    provider: &Provider,
    realm: &RealmContext,
    client: &Client,
    (token, age): (&str, Age),
) -> Result<VerifiedClaims, VerificationError> {
    let claims = verified_hint(provider, realm, client, token)?;
    let is_fresh = claims.expires_at().is_some_and(|end| provider.now() < end);
    if is_fresh || age == Age::Any { Ok(claims) } else { Err(VerificationError::Expired) }
}

/// What an ID token says that a client pushes as the claims of a requesting party (UMA Grant 3.3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartyToken {
    /// The user, as the client was told.
    pub(crate) subject: String,
    /// The session.
    pub(crate) sid: Option<SessionId>,
    /// When the user was authenticated.
    pub(crate) authenticated_at: UnixTime,
    /// How well.
    pub(crate) acr: Option<String>,
}

/// Checks an ID token that a client pushes: of this realm for this client, and not expired. One that was exchanged for
/// another token does not do: nobody logged in for it, and an RPT would outlive what it was exchanged from.
pub(crate) fn check_party_token(
    provider: &Provider,
    realm: &RealmContext,
    client: &Client,
    token: &str,
) -> Result<PartyToken, VerificationError> {
    let claims = verified_hint(provider, realm, client, token)?;
    let invalid = VerificationError::InvalidClaim;
    if claims.expires_at().is_none_or(|end| end <= provider.now()) {
        return Err(invalid("exp"));
    }
    if claims.get("act").is_some() {
        return Err(invalid("act"));
    }
    let sid = claims.text("sid").map(str::parse).transpose().map_err(|_| invalid("sid"))?;
    let authenticated_at = claims.get("auth_time").and_then(Value::as_i64).ok_or(invalid("auth_time"))?;
    Ok(PartyToken {
        subject: claims.subject().ok_or(invalid("sub"))?.to_owned(),
        sid,
        authenticated_at: UnixTime(authenticated_at),
        acr: claims.text("acr").map(str::to_owned),
    })
}

/// The clients that an ID token names as its audience, before anything of it is verified; of one that is encrypted,
/// nothing can be read before it is known whose it is.
pub(crate) fn unverified_hint_audience(token: &str) -> Result<Vec<ClientId>, VerificationError> {
    let token = UnverifiedToken::parse(token)?;
    Ok(token.unverified_audience().into_iter().filter_map(|audience| audience.parse().ok()).collect())
}

/// Decrypts a hint that is encrypted, and verifies it.
fn verified_hint(
    provider: &Provider,
    realm: &RealmContext,
    client: &Client,
    token: &str,
) -> Result<VerifiedClaims, VerificationError> {
    let decrypted = EncryptedToken::is_meant(token)
        .then(|| realm.decrypt_from_client(client, token, &*provider.random))
        .transpose()
        .map_err(|_| VerificationError::Unreadable(TokenError::NotCompact))?;
    let token = match &decrypted {
        None => token,
        Some(decrypted) => std::str::from_utf8(decrypted.plaintext())
            .map_err(|_| VerificationError::Unreadable(TokenError::NotCompact))?,
    };
    let algorithm = id_token_algorithm(realm, client).map_err(|_| VerificationError::AlgorithmNotAllowed)?;
    let secret = if algorithm.is_symmetric() { recover_secret(realm, client).ok().flatten() } else { None };
    let symmetric = secret.as_ref().map(|secret| [VerifyingKey::symmetric(secret)]);
    let keys = symmetric.as_ref().map_or(realm.signing_keys.kept(), |key| key.as_slice());
    // A client may have changed its algorithm since; any asymmetric one of this realm will do, a symmetric one only now.
    let algorithms: Vec<_> =
        SignatureAlgorithm::ALL.into_iter().filter(|candidate| candidate.is_symmetric() == secret.is_some()).collect();
    let profile = VerificationProfile::id_token_hint(realm.issuer(), &algorithms);
    let claims = verify(UnverifiedToken::parse(token)?, keys, &profile, provider.now())?;
    if !claims.audience().contains(&client.client_id.as_str()) {
        return Err(VerificationError::InvalidClaim("aud"));
    }
    Ok(claims)
}
