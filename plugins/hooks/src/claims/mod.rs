//! Which claims a script may add, and the check of those it did.
//!
//! A script adds what its manifest declares, with the declared type. It never touches a claim that the server decides; a
//! standard claim about the user it adds only where the client asked for it.

mod claim_type;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use claim_type::{ClaimType, InvalidClaimType};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Claims and members of responses that only the server decides. RFC 7519 section 4.1, RFC 7662 section 2.2, RFC 7800
/// section 3.1, RFC 8417 section 2.2, RFC 8693 section 4, RFC 9068 section 2.2, RFC 9396 section 9, OpenID Connect Core
/// 2, 3.3.2.11, 5.1, 5.6.2 and 7, Front-Channel Logout 3, Signet's own `ref` and `pct_claims`, UMA 2.0 Federated
/// Authorization 9.2.
pub const PROTECTED: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "nbf",
    "jti",
    "cnf",
    "act",
    "may_act",
    "auth_time",
    "acr",
    "amr",
    "nonce",
    "at_hash",
    "c_hash",
    "s_hash",
    "ds_hash",
    "azp",
    "sid",
    "events",
    "txn",
    "toe",
    "scope",
    "client_id",
    "authorization_details",
    "active",
    "token_type",
    "username",
    "sub_jwk",
    "updated_at",
    "_claim_names",
    "_claim_sources",
    "ref",
    "permissions",
    "pct_claims",
];

/// Claims about users that specifications give a type: OpenID Connect Core 5.1. Added only where the client asked for
/// them.
const STANDARD: &[(&str, ClaimType)] = &[
    ("name", ClaimType::Text(1000)),
    ("family_name", ClaimType::Text(1000)),
    ("given_name", ClaimType::Text(1000)),
    ("middle_name", ClaimType::Text(1000)),
    ("nickname", ClaimType::Text(1000)),
    ("preferred_username", ClaimType::Text(1000)),
    ("profile", ClaimType::Text(1000)),
    ("picture", ClaimType::Text(1000)),
    ("website", ClaimType::Text(1000)),
    ("gender", ClaimType::Text(1000)),
    ("birthdate", ClaimType::Text(1000)),
    ("zoneinfo", ClaimType::Text(1000)),
    ("locale", ClaimType::Text(1000)),
    ("email", ClaimType::Text(1000)),
    ("email_verified", ClaimType::Boolean),
    ("address", ClaimType::Object(4096)),
    ("phone_number", ClaimType::Text(1000)),
    ("phone_number_verified", ClaimType::Boolean),
];

/// Claims that RFC 9068 section 2.2.3.1 reserves for what a user may do. The server has no such attributes of its own, so
/// they are for scripts to add, as lists of texts.
const AUTHORIZATION: &[&str] = &["groups", "roles", "entitlements"];

/// Largest of all claims together as JSON, in bytes.
pub const MAXIMUM_BYTES: usize = 4 * 1024;

/// A claim that a package may add.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimDeclaration {
    /// Its type.
    #[serde(rename = "type")]
    pub claim_type: ClaimType,
    /// Whether tokens are good without it, so that a failing script need not fail the request.
    #[serde(default)]
    pub optional: bool,
}

/// Why claims are not what may be added. Names the claim.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("claim {claim}: {problem}")]
pub struct ClaimProblem {
    /// The claim.
    pub claim: String,
    /// What is wrong with it.
    pub problem: String,
}

impl ClaimProblem {
    fn new(claim: &str, problem: impl Into<String>) -> Self {
        let claim = claim.chars().take(64).map(|c| if c.is_control() { '?' } else { c }).collect();
        Self { claim, problem: problem.into() }
    }
}

/// Whether a claim of this name and type may be declared.
///
/// # Errors
/// Says why not.
pub fn check_declaration(name: &str, claim_type: ClaimType) -> Result<(), ClaimProblem> {
    let base = base_name(name);
    let is_name = (1..=128).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'<' | b'>'));
    if !is_name {
        return Err(ClaimProblem::new(name, "a claim name has 1 to 128 printable ASCII characters, none of \" \\ < >"));
    }
    if PROTECTED.contains(&base) {
        return Err(ClaimProblem::new(name, "only the server decides this claim"));
    }
    let demanded = if AUTHORIZATION.contains(&base) { Some(ClaimType::TextList(64)) } else { standard(base) };
    match demanded {
        Some(demanded) if !claim_type.fits_into(demanded) => {
            Err(ClaimProblem::new(name, format!("this registered claim has the type {demanded}")))
        }
        _ => Ok(()),
    }
}

/// Whether the claim is one that is added only where the client asked for it (OpenID Connect Core 5.1).
pub fn is_standard(name: &str) -> bool {
    standard(base_name(name)).is_some()
}

/// Checks the claims a script returned and leaves out standard ones that were not asked for. `requested` are the names of
/// the standard claims that scope and claims request ask for at this place.
///
/// # Errors
/// A claim that is not declared, protected, of the wrong type or too large: then none is added.
pub fn check_claims(
    declared: &BTreeMap<String, ClaimDeclaration>,
    requested: &[String],
    claims: Map<String, Value>,
) -> Result<Map<String, Value>, ClaimProblem> {
    for (name, value) in &claims {
        let declaration =
            declared.get(name).ok_or_else(|| ClaimProblem::new(name, "the manifest does not declare this claim"))?;
        // A manifest cannot declare a protected claim; this holds whoever built the declarations.
        check_declaration(name, declaration.claim_type)?;
        declaration.claim_type.check(value).map_err(|problem| ClaimProblem::new(name, problem))?;
    }
    let bytes = serde_json::to_vec(&claims).map_or(usize::MAX, |json| json.len());
    if bytes > MAXIMUM_BYTES {
        return Err(ClaimProblem::new("(all)", format!("claims have at most {MAXIMUM_BYTES} bytes together")));
    }
    let is_wanted = |name: &String| !is_standard(name) || requested.iter().any(|wanted| wanted == name);
    Ok(claims.into_iter().filter(|(name, _)| is_wanted(name)).collect())
}

/// Adds checked claims to those the server issues. What the server has of its own is never replaced.
pub fn merge(own: &mut Map<String, Value>, added: Map<String, Value>) {
    for (name, value) in added {
        own.entry(name).or_insert(value);
    }
}

fn standard(base: &str) -> Option<ClaimType> {
    STANDARD.iter().find(|(name, _)| *name == base).map(|(_, claim_type)| *claim_type)
}

/// A claim name without its language tag (OpenID Connect Core 5.2).
fn base_name(name: &str) -> &str {
    name.split_once('#').map_or(name, |(base, _)| base)
}
