//! Tokens of issuers that the realm trusts (RFC 7523 section 3, RFC 7521 section 5.2): whose they are, who signed them,
//! and which user they name.

use signet_jose::{
    AudienceRule, JwkSet, SignatureAlgorithm, UnverifiedToken, VerificationError, VerificationProfile, VerifiedClaims,
    verify,
};
use signet_protocol::identifiers::UserId;
use url::Url;

use super::GrantRequest;
use crate::endpoints::Endpoint;
use crate::failure::Failure;
use crate::model::{Confirmation, SubjectMapping, TrustedIssuer, TrustedIssuerUse, User, normalise_username};
use crate::ports::outbound::{Accept, Freshness};
use crate::profile::AssertionAudience;

/// Longest key set that is read, in bytes.
const LONGEST_KEY_SET: usize = 64 * 1024;

/// A token that a trusted issuer signed, valid now and for this server.
pub(super) struct Vouched<'a> {
    pub(super) trusted: &'a TrustedIssuer,
    pub(super) claims: VerifiedClaims,
}

/// Whether a token says that somebody else made it. One that cannot be read may be one of this server's, encrypted.
pub(super) fn is_foreign(request: &GrantRequest<'_>, text: &str) -> bool {
    let token = UnverifiedToken::parse(text);
    token.is_ok_and(|token| token.unverified_issuer() != Some(request.realm.issuer()))
}

/// Verifies a token for one use. What is wrong with it is for the log.
///
/// # Errors
/// Faults only; within, why the token is not acceptable.
pub(super) async fn verified<'a>(
    request: &GrantRequest<'a>,
    text: &str,
    usage: TrustedIssuerUse,
) -> Result<Result<Vouched<'a>, String>, Failure> {
    let token = match UnverifiedToken::parse(text) {
        Ok(token) => token,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let trusted = match trusted_issuer(request, &token, usage) {
        Ok(trusted) => trusted,
        Err(detail) => return Ok(Err(detail.to_owned())),
    };
    let algorithms = algorithms(request);
    if !algorithms.contains(&token.algorithm()) {
        return Ok(Err(VerificationError::AlgorithmNotAllowed.to_string()));
    }
    let audience = audience(request, trusted, usage);
    let audience: Vec<&str> = audience.iter().map(String::as_str).collect();
    let mut profile = match usage {
        TrustedIssuerUse::AssertionGrant => {
            VerificationProfile::assertion_grant(&trusted.issuer, rule(request, &audience), &algorithms)
        }
        TrustedIssuerUse::TokenExchange => {
            VerificationProfile::foreign_token(&trusted.issuer, AudienceRule::AnyOf(&audience), &algorithms)
        }
        TrustedIssuerUse::ClaimToken => {
            VerificationProfile::claim_token(&trusted.issuer, AudienceRule::AnyOf(&audience), &algorithms)
        }
    };
    profile.clock_skew = request.realm.realm.settings.clock_skew_seconds;
    let claims = verified_by(request, trusted, token, &profile).await;
    let claims = claims.and_then(|claims| match usage {
        TrustedIssuerUse::ClaimToken => is_id_token_for(&claims, &audience).map(|()| claims),
        TrustedIssuerUse::AssertionGrant | TrustedIssuerUse::TokenExchange => Ok(claims),
    });
    Ok(claims.map(|claims| Vouched { trusted, claims }))
}

/// The issuer that a token names, if it is trusted for this, and lets this client come with its tokens.
fn trusted_issuer<'a>(
    request: &GrantRequest<'a>,
    token: &UnverifiedToken<'_>,
    usage: TrustedIssuerUse,
) -> Result<&'a TrustedIssuer, &'static str> {
    let named = token.unverified_issuer();
    let issuers = &request.realm.trusted_issuers;
    let trusted = issuers.iter().find(|trusted| Some(trusted.issuer.as_str()) == named);
    let trusted = trusted.ok_or("its issuer is not trusted")?;
    if !trusted.definition.enabled {
        return Err("its issuer is disabled");
    }
    if !trusted.definition.uses.contains(&usage) {
        return Err("its issuer is not trusted for this");
    }
    if !trusted.definition.clients.contains(&request.client.client().client_id) {
        return Err("its issuer does not list the client");
    }
    Ok(trusted)
}

/// Those of the profile for assertions, as far as nobody shares a secret.
fn algorithms(request: &GrantRequest<'_>) -> Vec<SignatureAlgorithm> {
    let permitted = request.realm.profile_of(request.client.client()).assertion_algorithms;
    permitted.iter().copied().filter(|algorithm| !algorithm.is_symmetric()).collect()
}

/// RFC 7523 section 3, rule 3: this server, by its issuer or by its token endpoint; or what the administrator named. An ID
/// token is for whoever asked for it (OpenID Connect Core section 2): the client, where both servers know it by one name.
fn audience(request: &GrantRequest<'_>, trusted: &TrustedIssuer, usage: TrustedIssuerUse) -> Vec<String> {
    let urls = &request.realm.urls;
    let mut audience = vec![request.realm.issuer().to_owned(), urls.of(Endpoint::Token)];
    audience.extend(urls.mutual_tls_of(Endpoint::Token));
    audience.extend(trusted.definition.audiences.iter().cloned());
    if usage == TrustedIssuerUse::ClaimToken {
        audience.push(request.client.client().client_id.to_string());
    }
    audience
}

/// Profiles that take only the issuer as the audience of client assertions do so here as well.
fn rule<'a>(request: &'a GrantRequest<'_>, audience: &'a [&'a str]) -> AudienceRule<'a> {
    match request.realm.profile_of(request.client.client()).assertion_audience {
        AssertionAudience::IssuerOrEndpoint => AudienceRule::AnyOf(audience),
        AssertionAudience::Issuer => AudienceRule::ExactString(request.realm.issuer()),
    }
}

/// OpenID Connect Core section 3.1.3.7, rules 3 to 5: of several audiences one asked for it, and that one is named in
/// `azp`. Another token of the issuer that has no `typ` is none: a logout token (Back-Channel Logout section 2.4), or one
/// that somebody acts with (RFC 8693 section 4.1).
fn is_id_token_for(claims: &VerifiedClaims, audience: &[&str]) -> Result<(), String> {
    let is_asked_for = match claims.get("azp") {
        Some(azp) => azp.as_str().is_some_and(|azp| audience.contains(&azp)),
        None => claims.audience().len() == 1,
    };
    if !is_asked_for {
        return Err("another party asked for it".to_owned());
    }
    if claims.get("events").is_some() || claims.get("act").is_some() {
        return Err("it is no ID token of a person who logged in".to_owned());
    }
    Ok(())
}

/// A token that is bound to a key is good only with a proof of that key (RFC 7800 section 3).
pub(super) fn proves_key(request: &GrantRequest<'_>, claims: &VerifiedClaims) -> bool {
    let Some(cnf) = claims.get("cnf") else { return true };
    let bound: Option<Confirmation> = serde_json::from_value(cnf.clone()).ok();
    bound.is_some() && bound == request.binding.confirmation()
}

async fn verified_by(
    request: &GrantRequest<'_>,
    trusted: &TrustedIssuer,
    token: UnverifiedToken<'_>,
    profile: &VerificationProfile<'_>,
) -> Result<VerifiedClaims, String> {
    let now = request.serving.now();
    let known = keys(request, trusted, Freshness::Cached).await?;
    let outcome = match verify(token.clone(), known.keys(), profile, now) {
        // The issuer may have rotated its keys since its set was fetched.
        Err(VerificationError::UnknownKey | VerificationError::WrongSignature) if trusted.definition.jwks.is_none() => {
            let newer = keys(request, trusted, Freshness::Newer).await?;
            verify(token, newer.keys(), profile, now)
        }
        other => other,
    };
    outcome.map_err(|error| error.to_string())
}

async fn keys(request: &GrantRequest<'_>, trusted: &TrustedIssuer, freshness: Freshness) -> Result<JwkSet, String> {
    if let Some(jwks) = &trusted.definition.jwks {
        return JwkSet::parse(jwks.to_string().as_bytes()).map_err(|error| error.to_string());
    }
    let url = Url::parse(trusted.definition.jwks_uri.as_deref().unwrap_or_default());
    let url = url.map_err(|error| error.to_string())?;
    let media_types = &["application/jwk-set+json", "application/json"];
    let accept = Accept { media_types, max_bytes: LONGEST_KEY_SET, freshness };
    let response = request.serving.outbound.get(&url, accept).await.map_err(|error| error.to_string())?;
    JwkSet::parse(&response.body).map_err(|error| error.to_string())
}

/// The user of the realm whom the claims name, if that user may do anything; nobody where a script has to say it.
///
/// # Errors
/// Faults only.
pub(super) async fn user_of(
    request: &GrantRequest<'_>,
    trusted: &TrustedIssuer,
    claims: &VerifiedClaims,
) -> Result<Option<User>, Failure> {
    let Some(name) = claims.text(&trusted.definition.subject_claim) else { return Ok(None) };
    match trusted.definition.subject_mapping {
        SubjectMapping::Script => Ok(None),
        SubjectMapping::UserId => {
            let Ok(id) = name.parse::<UserId>() else { return Ok(None) };
            let user = request.serving.store.user(request.realm.id(), id).await?;
            Ok(user.filter(|user| user.enabled))
        }
        SubjectMapping::Username => {
            let is_address = trusted.definition.subject_claim == "email";
            if is_address && claims.get("email_verified") != Some(&true.into()) {
                return Ok(None);
            }
            user_named(request, name).await
        }
    }
}

/// The user of a login name, if that user may do anything.
///
/// # Errors
/// Faults only.
pub(super) async fn user_named(request: &GrantRequest<'_>, username: &str) -> Result<Option<User>, Failure> {
    let normalised = normalise_username(username);
    if normalised.is_empty() {
        return Ok(None);
    }
    let found = request.serving.store.user_by_username(request.realm.id(), &normalised).await?;
    Ok(found.map(|(user, _)| user).filter(|user| user.enabled))
}
