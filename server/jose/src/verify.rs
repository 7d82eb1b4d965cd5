//! The one verifier of signed tokens (RFC 7515 section 5.2, RFC 7519 section 7.2, RFC 8725). Every use goes through
//! [`verify`] with its [`VerificationProfile`]; nothing else in the server reads a JWT.

use serde_json::Value;
use signet_protocol::time::UnixTime;

use crate::jws::{TokenError, UnsecuredToken, UnverifiedToken};
use crate::profile::{AudienceRule, VerificationProfile};
use crate::verified_claims::{VerifiedClaims, WrongClaim};
use crate::verifying_key::VerifyingKey;

/// Most keys that are tried for a token without `kid`: each try is a signature verification.
pub const MOST_TRIED_KEYS: usize = 8;

/// Why a token is refused. Names of claims, never their content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerificationError {
    /// The text is no token at all.
    #[error(transparent)]
    Unreadable(#[from] TokenError),
    /// `alg` is not one that this use allows.
    #[error("the token's alg is not allowed here")]
    AlgorithmNotAllowed,
    /// `typ` is that of another kind of token.
    #[error("the token's typ is not the one expected here")]
    WrongType,
    /// No key has the token's `kid` and permits its `alg`. The caller may fetch the keys again.
    #[error("no key fits the token's kid and alg")]
    UnknownKey,
    /// Several keys have the token's `kid`, or it has none and too many keys could be meant.
    #[error("several keys fit the token; it needs a kid that names one")]
    AmbiguousKey,
    /// The signature is not one of the key.
    #[error("the token's signature is not valid")]
    WrongSignature,
    /// A required claim is missing or empty.
    #[error("the token lacks the claim {0}")]
    MissingClaim(&'static str),
    /// A registered claim has the wrong type or an impossible value.
    #[error("the token's claim {0} has a wrong type or an impossible value")]
    InvalidClaim(&'static str),
    /// `iss` is someone else.
    #[error("the token's iss is not the expected one")]
    WrongIssuer,
    /// `sub` is someone else.
    #[error("the token's sub is not the expected one")]
    WrongSubject,
    /// `aud` does not fit.
    #[error("the token's aud does not name this server as the profile demands")]
    WrongAudience,
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `exp` is too far ahead.
    #[error("the token expires too far in the future")]
    ExpiresTooLate,
    /// `nbf` has not come.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `iat` has not come.
    #[error("the token was issued in the future")]
    IssuedInFuture,
    /// `iat` or `nbf` is too long ago.
    #[error("the token was issued too long ago")]
    TooOld,
    /// `nbf` and `exp` are too far apart.
    #[error("the token is valid for too long")]
    ValidTooLong,
}

impl From<WrongClaim> for VerificationError {
    fn from(WrongClaim(name): WrongClaim) -> Self {
        Self::InvalidClaim(name)
    }
}

/// Checks algorithm, type, signature and claims, in this order, and returns the claims.
///
/// `keys` are the keys of whoever must have signed; the caller finds them, never the token's own header (`jwk`, `jku`,
/// `x5u` and `x5c` there are ignored; [`crate::dpop`] alone takes the `jwk`, where the key itself is what is proved).
pub fn verify(
    token: UnverifiedToken<'_>,
    keys: &[VerifyingKey],
    profile: &VerificationProfile<'_>,
    now: UnixTime,
) -> Result<VerifiedClaims, VerificationError> {
    if !profile.algorithms.contains(&token.algorithm()) {
        return Err(VerificationError::AlgorithmNotAllowed);
    }
    if !profile.typ.accepts(token.typ()) {
        return Err(VerificationError::WrongType);
    }
    check_signature(&token, keys)?;
    checked(VerifiedClaims::read(Some(token.algorithm()), token.claims)?, profile, now)
}

/// Checks type and claims of a token that nobody signed (RFC 7519 section 6). Nothing proves who made it: the caller has
/// policy that asks for no proof.
pub fn accept_unsecured(
    token: UnsecuredToken,
    profile: &VerificationProfile<'_>,
    now: UnixTime,
) -> Result<VerifiedClaims, VerificationError> {
    if !profile.typ.accepts(token.typ.as_deref()) {
        return Err(VerificationError::WrongType);
    }
    checked(VerifiedClaims::read(None, token.claims)?, profile, now)
}

fn checked(
    claims: VerifiedClaims,
    profile: &VerificationProfile<'_>,
    now: UnixTime,
) -> Result<VerifiedClaims, VerificationError> {
    check_presence(&claims, profile)?;
    check_parties(&claims, profile)?;
    check_times(&claims, profile, now)?;
    Ok(claims)
}

fn check_signature(token: &UnverifiedToken<'_>, keys: &[VerifyingKey]) -> Result<(), VerificationError> {
    let candidates = candidates(token, keys)?;
    let message = token.signing_input.as_bytes();
    if candidates.iter().any(|key| key.verifies(token.algorithm(), message, &token.signature)) {
        Ok(())
    } else {
        Err(VerificationError::WrongSignature)
    }
}

/// The keys worth trying: `kid` selects one; keys without a `kid` (secrets among them) are tried for any token; a token
/// without `kid` tries all that permit its algorithm.
fn candidates<'k>(
    token: &UnverifiedToken<'_>,
    keys: &'k [VerifyingKey],
) -> Result<Vec<&'k VerifyingKey>, VerificationError> {
    let permitting = keys.iter().filter(|key| key.permits(token.algorithm()));
    let mut found: Vec<&VerifyingKey> = match token.key_id() {
        Some(key_id) => permitting.clone().filter(|key| key.key_id() == Some(key_id)).take(2).collect(),
        None => permitting.clone().take(MOST_TRIED_KEYS + 1).collect(),
    };
    if token.key_id().is_some() && found.len() > 1 {
        return Err(VerificationError::AmbiguousKey);
    }
    if found.is_empty() {
        found = permitting.filter(|key| key.key_id().is_none()).take(MOST_TRIED_KEYS + 1).collect();
    }
    match found.len() {
        0 => Err(VerificationError::UnknownKey),
        1..=MOST_TRIED_KEYS => Ok(found),
        _ => Err(VerificationError::AmbiguousKey),
    }
}

fn check_presence(claims: &VerifiedClaims, profile: &VerificationProfile<'_>) -> Result<(), VerificationError> {
    let is_missing = |name: &&&'static str| match claims.get(name) {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Array(elements)) => elements.is_empty(),
        Some(_) => false,
    };
    profile.required.iter().find(is_missing).map_or(Ok(()), |name| Err(VerificationError::MissingClaim(name)))
}

fn check_parties(claims: &VerifiedClaims, profile: &VerificationProfile<'_>) -> Result<(), VerificationError> {
    if profile.issuer.is_some_and(|issuer| claims.issuer() != Some(issuer)) {
        return Err(VerificationError::WrongIssuer);
    }
    if profile.subject.is_some_and(|subject| claims.subject() != Some(subject)) {
        return Err(VerificationError::WrongSubject);
    }
    let audience_fits = match profile.audience {
        AudienceRule::AnyOf(accepted) => claims.audience().iter().any(|value| accepted.contains(value)),
        AudienceRule::ExactString(expected) => claims.text("aud") == Some(expected),
        AudienceRule::Unchecked => true,
    };
    if audience_fits { Ok(()) } else { Err(VerificationError::WrongAudience) }
}

fn check_times(
    claims: &VerifiedClaims,
    profile: &VerificationProfile<'_>,
    now: UnixTime,
) -> Result<(), VerificationError> {
    let (earliest_now, latest_now) = (now.minus(profile.clock_skew), now.plus(profile.clock_skew));
    if let Some(expires_at) = claims.expires_at() {
        // RFC 7519 section 4.1.4: now must be before exp.
        let moment = if profile.expiry_is_exact { now } else { earliest_now };
        if moment >= expires_at && !profile.expired_is_accepted {
            return Err(VerificationError::Expired);
        }
        if profile.furthest_expiry.is_some_and(|furthest| expires_at > latest_now.plus(furthest)) {
            return Err(VerificationError::ExpiresTooLate);
        }
    }
    if let Some(not_before) = claims.not_before() {
        if not_before > latest_now {
            return Err(VerificationError::NotYetValid);
        }
        if profile.oldest_beginning.is_some_and(|oldest| not_before < earliest_now.minus(oldest)) {
            return Err(VerificationError::TooOld);
        }
        let is_longer = |longest| claims.expires_at().is_some_and(|end| end.since(not_before) > longest);
        if profile.longest_validity.is_some_and(is_longer) {
            return Err(VerificationError::ValidTooLong);
        }
    }
    if let Some(issued_at) = claims.issued_at().filter(|_| !profile.issue_is_undated) {
        if issued_at > latest_now {
            return Err(VerificationError::IssuedInFuture);
        }
        if profile.oldest_issue.is_some_and(|oldest| issued_at < earliest_now.minus(oldest)) {
            return Err(VerificationError::TooOld);
        }
    }
    Ok(())
}
