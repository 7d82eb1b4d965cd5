//! Software statements (RFC 7591 section 2.3): metadata that somebody signed whom the realm trusts.

use serde_json::{Map, Value};
use signet_jose::{
    JwkSet, SignatureAlgorithm, UnverifiedToken, VerificationError, VerificationProfile, VerifiedClaims, digest, verify,
};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::rfc7591;
use url::Url;

use crate::events::Serving;
use crate::failure::Failure;
use crate::model::{Purpose, SoftwareStatementIssuer, UsedRecord};
use crate::ports::outbound::{Accept, Freshness};
use crate::realm::RealmContext;

const MEMBER: &str = "software_statement";
/// Longest key set of an issuer in bytes.
const LONGEST_KEY_SET: usize = 64 * 1024;

/// A software statement that was verified.
pub(super) struct Statement {
    /// As it was sent.
    pub(super) text: String,
    pub(super) claims: Map<String, Value>,
    /// The mark it leaves, where it counts once.
    pub(super) record: Option<UsedRecord>,
}

fn invalid(detail: impl Into<String>) -> Refusal {
    let reason = "software_statement: it is not a signed JWT that is valid now";
    ErrorCode::InvalidSoftwareStatement.because(reason).per(rfc7591("3.2.2")).detail(detail)
}

fn unapproved(reason: &'static str) -> Refusal {
    ErrorCode::UnapprovedSoftwareStatement.because(reason).per(rfc7591("3.2.2"))
}

/// Takes the software statement out of a body and verifies it.
///
/// # Errors
/// `invalid_software_statement`, `unapproved_software_statement`.
pub(super) async fn take(
    serving: &Serving<'_>,
    realm: &RealmContext,
    members: &mut Map<String, Value>,
) -> Result<Option<Statement>, Failure> {
    let policy = &realm.realm.settings.registration;
    let text = match members.remove(MEMBER) {
        None | Some(Value::Null) if policy.software_statement_required => {
            return Err(unapproved("software_statement: this realm registers only clients that have one").into());
        }
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text,
        Some(_) => return Err(invalid("not a string").into()),
    };
    let token = UnverifiedToken::parse(&text).map_err(|error| invalid(error.to_string()))?;
    let named = token.unverified_issuer();
    let issuer = policy.software_statement_issuers.iter().find(|trusted| Some(trusted.issuer.as_str()) == named);
    let issuer = issuer.ok_or_else(|| unapproved("software_statement: its issuer is not trusted here"))?;
    let claims = verified(serving, realm, issuer, &token).await?;
    let record = if issuer.single_use { Some(record(issuer, &claims)?) } else { None };
    let claims = claims.claims().clone();
    Ok(Some(Statement { text, claims, record }))
}

async fn verified(
    serving: &Serving<'_>,
    realm: &RealmContext,
    issuer: &SoftwareStatementIssuer,
    token: &UnverifiedToken<'_>,
) -> Result<VerifiedClaims, Failure> {
    let profile = realm.realm.settings.profile.profile();
    let algorithms: Vec<SignatureAlgorithm> =
        profile.assertion_algorithms.iter().copied().filter(|algorithm| !algorithm.is_symmetric()).collect();
    let required: &[&'static str] = if issuer.single_use { &["iss", "exp", "jti"] } else { &["iss"] };
    let mut rules = VerificationProfile::software_statement(&issuer.issuer, &algorithms, required);
    rules.clock_skew = realm.realm.settings.clock_skew_seconds;
    let keys = keys(serving, issuer, Freshness::Cached).await?;
    let outcome = match verify(token.clone(), keys.keys(), &rules, serving.now()) {
        // The issuer may have rotated its keys since its set was fetched.
        Err(VerificationError::UnknownKey | VerificationError::WrongSignature) if issuer.jwks.is_none() => {
            let keys = self::keys(serving, issuer, Freshness::Newer).await?;
            verify(token.clone(), keys.keys(), &rules, serving.now())
        }
        other => other,
    };
    outcome.map_err(|error| invalid(error.to_string()).into())
}

async fn keys(
    serving: &Serving<'_>,
    issuer: &SoftwareStatementIssuer,
    freshness: Freshness,
) -> Result<JwkSet, Refusal> {
    let unavailable =
        |detail: String| unapproved("software_statement: the keys of its issuer are not available").detail(detail);
    if let Some(jwks) = &issuer.jwks {
        return JwkSet::parse(jwks.to_string().as_bytes()).map_err(|error| unavailable(error.to_string()));
    }
    let uri = issuer.jwks_uri.as_deref().unwrap_or_default();
    let url = Url::parse(uri).map_err(|error| unavailable(error.to_string()))?;
    let media_types = &["application/jwk-set+json", "application/json"];
    let accept = Accept { media_types, max_bytes: LONGEST_KEY_SET, freshness };
    let response = serving.outbound.get(&url, accept).await.map_err(|error| unavailable(error.to_string()))?;
    JwkSet::parse(&response.body).map_err(|error| unavailable(error.to_string()))
}

fn record(issuer: &SoftwareStatementIssuer, claims: &VerifiedClaims) -> Result<UsedRecord, Refusal> {
    let (jwt_id, expires_at) = claims.jwt_id().zip(claims.expires_at()).ok_or_else(|| invalid("without jti or exp"))?;
    let mut message = issuer.issuer.as_bytes().to_vec();
    message.push(0);
    message.extend_from_slice(jwt_id.as_bytes());
    // Somewhat longer than clocks may differ: the mark must outlive the statement.
    Ok(UsedRecord {
        purpose: Purpose::SoftwareStatement,
        key: digest::sha256(&message),
        expires_at: expires_at.plus(60),
    })
}
