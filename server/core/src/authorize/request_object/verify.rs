//! Who made a request object, and whether it is for this server and for now (OpenID Connect Core 6.3.2, RFC 9101
//! section 6.2).

use signet_jose::{
    AudienceRule, SignatureAlgorithm, UnsecuredToken, UnverifiedToken, VerificationError, VerificationProfile,
    VerifiedClaims, VerifyingKey, accept_unsecured,
};
use signet_protocol::error::Refusal;
use signet_protocol::parameters::Parameters;
use signet_protocol::spec::rfc9101;

use super::content;
use super::decrypt::Opened;
use super::{Proof, invalid_object, must_be_signed};
use crate::client_auth::{recover_secret, verified_by_client_keys};
use crate::failure::Failure;
use crate::model::Client;
use crate::provider::Provider;
use crate::realm::RealmContext;

/// The algorithm of objects that nobody signed, as clients are registered for it.
pub(super) const UNSECURED: &str = "none";

/// The claims of an object that is what the client is registered for.
pub(super) async fn verified(
    provider: &Provider,
    realm: &RealmContext,
    client: &Client,
    object: &Opened,
) -> Result<(VerifiedClaims, Proof), Failure> {
    let issuer = [realm.issuer()];
    let algorithms = algorithms(realm, client);
    let profile = profile(realm, client, &issuer, &algorithms);
    let (claims, proof) = if is_unsecured(realm, client) {
        (unsecured(provider, object, &profile, client, realm).map_err(refused)?, Proof::None)
    } else {
        (signed(provider, realm, client, &object.text, &profile).await?, Proof::Signed)
    };
    // RFC 9101 section 10.8: such an object would be good as a client assertion, and the reverse.
    if claims.subject() == Some(client.client_id.as_str()) {
        return Err(invalid_object("a request object is not about the application", rfc9101("10.8")).into());
    }
    Ok((claims, proof))
}

fn profile<'a>(
    realm: &RealmContext,
    client: &'a Client,
    issuer: &'a [&'a str],
    algorithms: &'a [SignatureAlgorithm],
) -> VerificationProfile<'a> {
    let rules = &realm.profile_of(client).request_objects;
    let audience = AudienceRule::AnyOf(issuer);
    let base = VerificationProfile::request_object(client.client_id.as_str(), audience, algorithms);
    VerificationProfile {
        typ: rules.typ,
        required: rules.required_claims,
        clock_skew: realm.realm.settings.clock_skew_seconds,
        oldest_beginning: rules.oldest_beginning,
        longest_validity: rules.longest_validity,
        ..base
    }
}

/// Claims that a signed authentication request has (CIBA Core 7.1.1).
const BACKCHANNEL_CLAIMS: &[&str] = &["iss", "aud", "exp", "iat", "nbf", "jti"];
/// Seconds that such a request is good for at most (FAPI-CIBA 5.2.2-8), and that it may be old.
const BACKCHANNEL_SECONDS: i64 = 3_600;

/// The parameters of a signed authentication request (CIBA Core 7.1.1): signed with a key pair of the client, and not
/// encrypted.
pub(in crate::authorize) async fn backchannel_parameters(
    provider: &Provider,
    realm: &RealmContext,
    client: &Client,
    object: &str,
) -> Result<Parameters, Failure> {
    let issuer = [realm.issuer()];
    let registered = client.metadata.backchannel_authentication_request_signing_alg.as_deref();
    let allowed = realm.profile_of(client).request_objects.algorithms.iter().copied();
    let is_open = |algorithm: &SignatureAlgorithm| {
        !algorithm.is_symmetric() && registered.is_none_or(|registered| registered == algorithm.as_str())
    };
    let algorithms: Vec<SignatureAlgorithm> = allowed.filter(is_open).collect();
    let profile = VerificationProfile {
        required: BACKCHANNEL_CLAIMS,
        oldest_beginning: Some(BACKCHANNEL_SECONDS),
        longest_validity: Some(BACKCHANNEL_SECONDS),
        ..profile(realm, client, &issuer, &algorithms)
    };
    let claims = signed(provider, realm, client, object, &profile).await?;
    if claims.subject() == Some(client.client_id.as_str()) {
        return Err(invalid_object("a request object is not about the application", rfc9101("10.8")).into());
    }
    Ok(content::parameters(claims.claims())?)
}

/// The registered algorithm, or all that the profile allows.
fn algorithms(realm: &RealmContext, client: &Client) -> Vec<SignatureAlgorithm> {
    let registered = client.metadata.request_object_signing_alg.as_deref();
    let allowed = realm.profile_of(client).request_objects.algorithms.iter().copied();
    allowed.filter(|algorithm| registered.is_none_or(|registered| registered == algorithm.as_str())).collect()
}

/// Whether realm and client agree that nobody signs. Such a client can make the same request with parameters alone.
fn is_unsecured(realm: &RealmContext, client: &Client) -> bool {
    realm.realm.settings.allow_unsigned_request_objects
        && client.metadata.request_object_signing_alg.as_deref() == Some(UNSECURED)
        && !must_be_signed(realm, client)
}

async fn signed(
    provider: &Provider,
    realm: &RealmContext,
    client: &Client,
    object: &str,
    profile: &VerificationProfile<'_>,
) -> Result<VerifiedClaims, Failure> {
    let token = UnverifiedToken::parse(object).map_err(|error| refused(error.into()))?;
    if !profile.algorithms.contains(&token.algorithm()) {
        return Err(refused(VerificationError::AlgorithmNotAllowed).into());
    }
    if token.algorithm().is_symmetric() {
        let secret = recover_secret(realm, client)?.ok_or_else(|| refused(VerificationError::UnknownKey))?;
        let key = [VerifyingKey::symmetric(&secret)];
        return Ok(signet_jose::verify(token, &key, profile, provider.now()).map_err(refused)?);
    }
    match verified_by_client_keys(provider, client, object, profile).await {
        Ok(verified) => Ok(verified.map_err(refused)?),
        Err(Failure::Refusal(refusal)) => {
            let reason = "the application's public keys are not available";
            Err(invalid_object(reason, rfc9101("6.2")).detail(refusal.detail.unwrap_or_default()).into())
        }
        Err(fault) => Err(fault),
    }
}

/// Nothing is demanded of an object that nobody signed, but what it says must be true.
fn unsecured(
    provider: &Provider,
    object: &Opened,
    profile: &VerificationProfile<'_>,
    client: &Client,
    realm: &RealmContext,
) -> Result<VerifiedClaims, VerificationError> {
    // OpenID Connect Core 6.1: encrypted without also being signed, the claims may stand there themselves.
    let token = if object.was_encrypted && object.text.starts_with('{') {
        UnsecuredToken::of_encrypted_claims(&object.text)?
    } else {
        UnsecuredToken::parse(&object.text)?
    };
    let lenient =
        VerificationProfile { issuer: None, audience: AudienceRule::Unchecked, required: &[], ..profile.clone() };
    let claims = accept_unsecured(token, &lenient, provider.now())?;
    if claims.issuer().is_some_and(|issuer| issuer != client.client_id.as_str()) {
        return Err(VerificationError::WrongIssuer);
    }
    let audience = claims.audience();
    if !audience.is_empty() && !audience.contains(&realm.issuer()) {
        return Err(VerificationError::WrongAudience);
    }
    Ok(claims)
}

fn refused(error: VerificationError) -> Refusal {
    invalid_object("the request object is not acceptable", rfc9101("6.2")).detail(error.to_string())
}
