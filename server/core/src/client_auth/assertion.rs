//! `private_key_jwt` and `client_secret_jwt` (RFC 7523 sections 2.2 and 3, OpenID Connect Core 9).

use signet_jose::{
    AudienceRule, SignatureAlgorithm, UnverifiedToken, VerificationError, VerificationProfile, VerifiedClaims,
    VerifyingKey, digest, verify,
};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::ClientAuthenticationMethod;
use signet_protocol::spec::rfc7523;

use super::keys::verified_by_client_keys;
use super::{failed, secret};
use crate::endpoints::Endpoint;
use crate::failure::Failure;
use crate::model::{Client, Purpose, UsedRecord};
use crate::profile::AssertionAudience;
use crate::profile::conformity::ObservedAssertion;
use crate::provider::Provider;
use crate::realm::RealmContext;

/// Checks an assertion and answers the mark it leaves when it is used, and what demands of profiles are about.
pub(super) async fn check(
    provider: &Provider,
    realm: &RealmContext,
    client: &Client,
    token: &str,
    endpoint: Endpoint,
) -> Result<(UsedRecord, ObservedAssertion), Failure> {
    let algorithms = algorithms(realm, client);
    let audience = audience(realm, endpoint);
    let audience: Vec<&str> = audience.iter().map(String::as_str).collect();
    let rule = match realm.profile_of(client).assertion_audience {
        AssertionAudience::IssuerOrEndpoint => AudienceRule::AnyOf(&audience),
        AssertionAudience::Issuer => AudienceRule::ExactString(realm.issuer()),
    };
    let mut profile = VerificationProfile::client_assertion(client.client_id.as_str(), rule, &algorithms);
    profile.clock_skew = realm.realm.settings.clock_skew_seconds;
    let claims = if client.metadata.authentication_method() == ClientAuthenticationMethod::ClientSecretJwt {
        let secrets = secret::recover_good(realm, client, provider.now())?;
        if secrets.is_empty() {
            return Err(failed("no recoverable secret that is still good").into());
        }
        let keys: Vec<VerifyingKey> = secrets.iter().map(|secret| VerifyingKey::symmetric(secret)).collect();
        verified(provider, token, &keys, &profile)
    } else {
        verified_by_client_keys(provider, client, token, &profile).await?
    };
    let claims = claims.map_err(refused)?;
    let observed = ObservedAssertion {
        algorithm: claims.algorithm(),
        is_for_the_issuer: claims.text("aud") == Some(realm.issuer()),
    };
    let record = record(client, &claims, profile.clock_skew);
    Ok((record.ok_or_else(|| failed("assertion without jti or exp"))?, observed))
}

fn verified(
    provider: &Provider,
    token: &str,
    keys: &[VerifyingKey],
    profile: &VerificationProfile<'_>,
) -> Result<VerifiedClaims, VerificationError> {
    verify(UnverifiedToken::parse(token)?, keys, profile, provider.now())
}

/// Symmetric algorithms for `client_secret_jwt`, the others for `private_key_jwt`, narrowed to the registered one.
fn algorithms(realm: &RealmContext, client: &Client) -> Vec<SignatureAlgorithm> {
    let symmetric = client.metadata.authentication_method() == ClientAuthenticationMethod::ClientSecretJwt;
    let registered = client.metadata.token_endpoint_auth_signing_alg.as_deref();
    let allowed = realm.profile_of(client).assertion_algorithms.iter().copied();
    allowed
        .filter(|algorithm| algorithm.is_symmetric() == symmetric)
        .filter(|algorithm| registered.is_none_or(|registered| registered == algorithm.as_str()))
        .collect()
}

/// RFC 7523 section 3, rule 3: this server, by its issuer or by the endpoint that is asked, on either host.
fn audience(realm: &RealmContext, endpoint: Endpoint) -> Vec<String> {
    let mut audience = vec![realm.issuer().to_owned(), realm.urls.of(Endpoint::Token), realm.urls.of(endpoint)];
    audience.extend(realm.urls.mutual_tls_of(Endpoint::Token));
    audience.extend(realm.urls.mutual_tls_of(endpoint));
    audience
}

fn refused(error: VerificationError) -> Refusal {
    ErrorCode::InvalidClient
        .because("the client assertion is not acceptable")
        .per(rfc7523("3"))
        .detail(error.to_string())
}

pub(super) fn replayed() -> Refusal {
    ErrorCode::InvalidClient.because("the client assertion was used before").per(rfc7523("3"))
}

/// RFC 7523 section 3, rule 7: a `jti` counts once for as long as the assertion would be accepted.
fn record(client: &Client, claims: &VerifiedClaims, clock_skew: i64) -> Option<UsedRecord> {
    let mut message = client.client_id.as_str().as_bytes().to_vec();
    message.push(0);
    message.extend_from_slice(claims.jwt_id()?.as_bytes());
    Some(UsedRecord {
        purpose: Purpose::ClientAssertion,
        key: digest::sha256(&message),
        expires_at: claims.expires_at()?.plus(clock_skew),
    })
}
