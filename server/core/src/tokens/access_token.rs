//! Access tokens: JWTs (RFC 9068) or sealed values.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use signet_hooks::points::on_token_request::AuthenticationFacts;
use signet_jose::claim_set::{ClaimsSet, RegisteredClaims, audience, numeric_date};
use signet_jose::{Purpose, SignatureAlgorithm, SigningKey, sign};
use signet_protocol::error::ErrorCode;
use signet_protocol::identifiers::ClientId;
use signet_protocol::names::AccessTokenFormat;
use signet_protocol::scope::Scope;
use signet_protocol::spec::{fapi2_security, rfc8707};
use signet_protocol::time::UnixTime;

use super::TokenReference;
use crate::details::{self, Carried};
use crate::failure::{Failure, Fault};
use crate::model::{AuthorizationDetail, Client, Confirmation, ResourceServer, TokenBasis};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// The algorithm of JWT access tokens where nobody chose another: small, fast to sign and to check.
const DEFAULT_ALGORITHM: SignatureAlgorithm = SignatureAlgorithm::ES256;

/// What an access token is for, and therefore its form.
pub(super) struct Target {
    pub(super) audience: Vec<String>,
    format: AccessTokenFormat,
    algorithm: SignatureAlgorithm,
    pub(super) lifetime_seconds: i64,
}

/// What an access token says.
pub(super) struct AccessToken<'a> {
    pub(super) client_id: &'a ClientId,
    pub(super) subject: String,
    pub(super) scope: &'a Scope,
    /// What it is good for in detail (RFC 9396).
    pub(super) details: &'a [AuthorizationDetail],
    pub(super) authentication: Option<Authentication<'a>>,
    pub(super) reference: TokenReference,
    /// What it is bound to; nothing for a bearer token.
    pub(super) confirmation: Option<Confirmation>,
    /// What scripts add to a JWT.
    pub(super) claims: Map<String, Value>,
}

/// How the user was authenticated (RFC 9068 section 2.2.1).
#[derive(Clone, Copy)]
pub(crate) struct Authentication<'a> {
    pub(crate) authenticated_at: UnixTime,
    pub(crate) acr: Option<&'a str>,
    pub(crate) amr: &'a str,
}

impl<'a> Authentication<'a> {
    pub(crate) fn of_basis(basis: &'a TokenBasis) -> Self {
        Self { authenticated_at: basis.authenticated_at, acr: basis.acr.as_deref(), amr: &basis.amr }
    }

    /// As scripts are told.
    pub(crate) fn facts(self) -> AuthenticationFacts {
        AuthenticationFacts {
            time: self.authenticated_at.0,
            acr: self.acr.map(str::to_owned),
            amr: self.amr.split(' ').filter(|method| !method.is_empty()).map(str::to_owned).collect(),
        }
    }
}

/// The claims of RFC 9068 section 2.2 beyond those of RFC 7519.
#[derive(Serialize)]
struct Private<'a> {
    client_id: &'a ClientId,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a Scope>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amr: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation>,
    /// RFC 9396 section 9.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_details: Option<Value>,
    /// Sealed: what the token rests on.
    #[serde(rename = "ref")]
    reference: String,
    #[serde(flatten)]
    claims: Map<String, Value>,
}

/// What a sealed access token holds.
#[derive(Serialize, Deserialize)]
pub(super) struct OpaqueContent {
    #[serde(rename = "c")]
    pub(super) client_id: ClientId,
    #[serde(rename = "s")]
    pub(super) subject: String,
    #[serde(rename = "o")]
    pub(super) scope: Scope,
    #[serde(rename = "d")]
    pub(super) audience: Vec<String>,
    #[serde(rename = "j")]
    pub(super) jti: String,
    #[serde(rename = "i")]
    pub(super) issued_at: UnixTime,
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub(super) authenticated_at: Option<UnixTime>,
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub(super) acr: Option<String>,
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub(super) confirmation: Option<Confirmation>,
    #[serde(rename = "x", default, skip_serializing_if = "Carried::is_empty")]
    pub(super) details: Carried,
    #[serde(rename = "f")]
    pub(super) reference: TokenReference,
}

/// Works out what a token for `resources` looks like. Without any the audience is the issuer itself.
pub(super) fn target(
    realm: &RealmContext,
    client: &Client,
    resources: &[String],
    scope: &Scope,
) -> Result<Target, Failure> {
    let servers: Vec<&ResourceServer> = resources
        .iter()
        .filter_map(|resource| match realm.resource_server(resource) {
            // One of the server's own need not be registered.
            None if realm.is_own_resource(resource) => None,
            registered => Some(registered.ok_or_else(|| {
                ErrorCode::InvalidTarget.because("the resource is not registered any more").per(rfc8707("2"))
            })),
        })
        .collect::<Result<_, _>>()?;
    let own_format = client.settings.access_token_format.unwrap_or(AccessTokenFormat::Jwt);
    let format = servers.first().map_or(own_format, |server| server.token_format);
    let named = servers
        .first()
        .map_or(client.settings.access_token_signed_response_alg.as_ref(), |server| server.algorithm.as_ref());
    if servers.iter().any(|server| server.token_format != format || server.algorithm.as_ref() != named) {
        let reason = "these resources take different kinds of tokens; ask for one resource at a time";
        return Err(ErrorCode::InvalidTarget.because(reason).per(rfc8707("2.2")).into());
    }
    let algorithm = named.map_or(Ok(DEFAULT_ALGORITHM), |name| name.parse());
    let algorithm =
        algorithm.map_err(|error| Fault::internal("an unknown algorithm is stored for access tokens", error))?;
    if format == AccessTokenFormat::Jwt && !realm.profile_of(client).signing_algorithms.contains(&algorithm) {
        let reason = "the resource takes tokens whose algorithm the security profile does not allow";
        return Err(ErrorCode::InvalidTarget.because(reason).per(fapi2_security("5.4.1-1")).into());
    }
    let own_lifetime = client.settings.access_token_seconds.unwrap_or(realm.realm.settings.access_token_seconds);
    let lifetimes = servers.iter().map(|server| server.access_token_seconds.unwrap_or(own_lifetime));
    let lifetime_seconds = lifetimes.min().unwrap_or(own_lifetime);
    Ok(Target { audience: audience_of(realm, resources, scope), format, algorithm, lifetime_seconds })
}

/// Whom a token for `resources` names. Those of the server itself are served to whoever has a token for its issuer
/// (RFC 8707 section 2: the audience may be a more general one).
pub(crate) fn audience_of(realm: &RealmContext, resources: &[String], scope: &Scope) -> Vec<String> {
    let mut audience: Vec<String> =
        resources.iter().filter(|resource| !realm.is_own_resource(resource)).cloned().collect();
    let is_for_issuer = audience.len() < resources.len() && !audience.iter().any(|one| one == realm.issuer());
    // The userinfo endpoint is a resource of the issuer: a token that may be used there says so.
    if audience.is_empty() || is_for_issuer || scope.contains("openid") {
        audience.push(realm.issuer().to_owned());
    }
    audience
}

impl Target {
    /// The same with a shorter life, if it would live longer.
    pub(super) fn living_at_most(self, seconds: Option<i64>) -> Self {
        let lifetime_seconds = seconds.map_or(self.lifetime_seconds, |most| most.min(self.lifetime_seconds));
        Self { lifetime_seconds, ..self }
    }

    /// Whether everybody can read the token; an opaque one is described at introspection.
    pub(super) fn is_jwt(&self) -> bool {
        self.format == AccessTokenFormat::Jwt
    }
}

impl AccessToken<'_> {
    /// Makes the token.
    pub(super) async fn issue(
        self,
        provider: &Provider,
        realm: &RealmContext,
        target: &Target,
    ) -> Result<String, Fault> {
        let now = provider.now();
        let expires_at = now.plus(target.lifetime_seconds);
        let jti = signet_jose::random_token(&*provider.random, 16);
        match target.format {
            AccessTokenFormat::Opaque => {
                let details = (self.reference.lineage, self.details);
                let content = OpaqueContent {
                    details: Carried::pack(provider, realm, details, expires_at).await?,
                    client_id: self.client_id.clone(),
                    subject: self.subject,
                    scope: self.scope.clone(),
                    audience: target.audience.clone(),
                    jti,
                    issued_at: now,
                    authenticated_at: self.authentication.as_ref().map(|how| how.authenticated_at),
                    acr: self.authentication.as_ref().and_then(|how| how.acr).map(str::to_owned),
                    confirmation: self.confirmation,
                    reference: self.reference,
                };
                realm.seal(Purpose::AccessToken, expires_at, &content, &*provider.random)
            }
            AccessTokenFormat::Jwt => self.sign(provider, realm, target, (jti, now, expires_at)),
        }
    }

    fn sign(
        self,
        provider: &Provider,
        realm: &RealmContext,
        target: &Target,
        (jti, now, expires_at): (String, UnixTime, UnixTime),
    ) -> Result<String, Fault> {
        let key = key(realm, target.algorithm)?;
        let claims = ClaimsSet {
            registered: RegisteredClaims {
                issuer: Some(realm.issuer().to_owned()),
                subject: Some(self.subject),
                audience: audience(target.audience.clone()),
                expiry: Some(numeric_date(expires_at)),
                issued_at: Some(numeric_date(now)),
                id: Some(jti),
                ..RegisteredClaims::default()
            },
            private: Private {
                client_id: self.client_id,
                scope: (!self.scope.is_empty()).then_some(self.scope),
                auth_time: self.authentication.as_ref().map(|how| how.authenticated_at.0),
                acr: self.authentication.as_ref().and_then(|how| how.acr),
                amr: self
                    .authentication
                    .as_ref()
                    .filter(|how| how.acr.is_some() && !how.amr.is_empty())
                    .map(|how| how.amr.split(' ').collect()),
                cnf: self.confirmation,
                authorization_details: details::as_value(self.details),
                reference: realm.seal(Purpose::TokenReference, expires_at, &self.reference, &*provider.random)?,
                claims: self.claims,
            },
        };
        sign(key, Some("at+jwt"), &claims)
            .map_err(|error| Fault::internal("an access token could not be signed", error))
    }
}

fn key(realm: &RealmContext, algorithm: SignatureAlgorithm) -> Result<&SigningKey, Fault> {
    realm
        .signing_keys
        .active(algorithm)
        .ok_or(Fault::Internal("the realm has no active key of the access token's algorithm", None))
}
