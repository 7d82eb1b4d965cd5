//! Checking an access token of this server: its own validity, and whether what it rests on still stands.

use signet_jose::{AudienceRule, Purpose, SignatureAlgorithm, UnverifiedToken, VerificationProfile, digest, verify};
use signet_protocol::identifiers::{ClientId, SessionId, UserId};
use signet_protocol::scope::Scope;
use signet_protocol::time::UnixTime;

use super::TokenReference;
use super::access_token::{Authentication, OpaqueContent};
use crate::failure::Fault;
use crate::model::{AuthorizationDetail, Confirmation, Epoch};
use crate::ports::Standing;
use crate::provider::Provider;
use crate::realm::RealmContext;

/// A good access token.
#[derive(Debug, Clone)]
pub struct CheckedAccessToken {
    /// The client it was issued to.
    pub client_id: ClientId,
    /// `sub`.
    pub subject: String,
    /// What it may be used for.
    pub scope: Scope,
    /// Whom it is for.
    pub audience: Vec<String>,
    /// When it was issued.
    pub issued_at: UnixTime,
    /// When it ends.
    pub expires_at: UnixTime,
    /// Its identifier.
    pub jti: String,
    /// When the user was authenticated.
    pub authenticated_at: Option<UnixTime>,
    /// How well.
    pub acr: Option<String>,
    /// What it is bound to; nothing for a bearer token. Whoever serves the token demands the proof.
    pub confirmation: Option<Confirmation>,
    /// What it may be used for in detail (RFC 9396).
    pub authorization_details: Vec<AuthorizationDetail>,
    pub(crate) reference: TokenReference,
}

impl CheckedAccessToken {
    /// The user it was issued for; nobody for a client's own token.
    pub fn user_id(&self) -> Option<UserId> {
        self.reference.user.map(|(id, _)| id)
    }

    /// The user it was issued for, with the epoch at that time; nobody for a client's own token.
    pub fn user(&self) -> Option<(UserId, Epoch)> {
        self.reference.user
    }

    /// The session that it ends with.
    pub const fn sid(&self) -> Option<SessionId> {
        self.reference.sid
    }

    /// Whether it is for `audience`.
    pub fn is_for(&self, audience: &str) -> bool {
        self.audience.iter().any(|value| value == audience)
    }

    /// How the user was authenticated, as far as the token says.
    pub(crate) fn authentication(&self) -> Option<Authentication<'_>> {
        let authenticated_at = self.authenticated_at?;
        Some(Authentication { authenticated_at, acr: self.acr.as_deref(), amr: "" })
    }

    pub(crate) fn jti_hash(&self) -> [u8; 32] {
        digest::sha256(self.jti.as_bytes())
    }
}

/// Checks an access token of this realm. Nothing means it is not good, for whatever reason.
pub async fn check_access_token(
    provider: &Provider,
    realm: &RealmContext,
    token: &str,
) -> Result<Option<CheckedAccessToken>, Fault> {
    let Some(token) = read(provider, realm, token).await? else { return Ok(None) };
    let query = token.reference.standing(&token.client_id, Some(token.jti_hash()));
    let standing = provider.store.standing(realm.id(), &query).await?;
    Ok((standing == Standing::Stands).then_some(token))
}

async fn read(provider: &Provider, realm: &RealmContext, token: &str) -> Result<Option<CheckedAccessToken>, Fault> {
    match Purpose::of(token) {
        Some(Purpose::AccessToken) => read_opaque(provider, realm, token).await,
        Some(_) => Ok(None),
        None => Ok(read_jwt(provider, realm, token)),
    }
}

async fn read_opaque(
    provider: &Provider,
    realm: &RealmContext,
    token: &str,
) -> Result<Option<CheckedAccessToken>, Fault> {
    let Ok(opened) = realm.open_even_expired::<OpaqueContent>(Purpose::AccessToken, token) else { return Ok(None) };
    if provider.now() >= opened.expires_at {
        return Ok(None);
    }
    let content = opened.payload;
    // What a token is good for is known, or it is good for nothing.
    let Some(authorization_details) = content.details.unpack(provider, realm).await? else { return Ok(None) };
    Ok(Some(CheckedAccessToken {
        client_id: content.client_id,
        subject: content.subject,
        scope: content.scope,
        audience: content.audience,
        issued_at: content.issued_at,
        expires_at: opened.expires_at,
        jti: content.jti,
        authenticated_at: content.authenticated_at,
        acr: content.acr,
        confirmation: content.confirmation,
        authorization_details,
        reference: content.reference,
    }))
}

/// RFC 9068 section 4, except for the audience, which is for whoever is asked to serve the token.
fn read_jwt(provider: &Provider, realm: &RealmContext, token: &str) -> Option<CheckedAccessToken> {
    let algorithms: Vec<_> =
        SignatureAlgorithm::ALL.into_iter().filter(|algorithm| !algorithm.is_symmetric()).collect();
    let mut profile = VerificationProfile::access_token(realm.issuer(), &[], &algorithms);
    profile.audience = AudienceRule::Unchecked;
    let claims =
        verify(UnverifiedToken::parse(token).ok()?, realm.signing_keys.verifying(), &profile, provider.now()).ok()?;
    let confirmation = claims.get("cnf").map(|cnf| serde_json::from_value(cnf.clone())).transpose().ok()?;
    let details = claims.get("authorization_details").map(|details| serde_json::from_value(details.clone()));
    Some(CheckedAccessToken {
        client_id: claims.text("client_id")?.parse().ok()?,
        subject: claims.subject()?.to_owned(),
        scope: claims.text("scope").unwrap_or_default().parse().ok()?,
        audience: claims.audience().into_iter().map(str::to_owned).collect(),
        issued_at: claims.issued_at()?,
        expires_at: claims.expires_at()?,
        jti: claims.jwt_id()?.to_owned(),
        authenticated_at: claims.get("auth_time").and_then(serde_json::Value::as_i64).map(UnixTime),
        acr: claims.text("acr").map(str::to_owned),
        confirmation,
        authorization_details: details.transpose().ok()?.unwrap_or_default(),
        reference: realm.open(Purpose::TokenReference, claims.text("ref")?, provider.now()).ok()?,
    })
}
