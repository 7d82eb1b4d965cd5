//! Identity assertion grants (Identity Assertion JWT Authorization Grant section 3): JWTs for an authorization server of
//! another trust domain, which makes access tokens of them.

use serde::Serialize;
use serde_json::{Map, Value};
use signet_jose::claim_set::{ClaimsSet, RegisteredClaims, audience, numeric_date};
use signet_jose::{random_token, sign};
use signet_protocol::identifiers::ClientId;
use signet_protocol::scope::Scope;

use super::access_token::Authentication;
use super::transaction_token::server_key;
use crate::failure::Fault;
use crate::model::{Client, Confirmation};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// The `typ` of identity assertion grants (section 3.1).
const TYPE: &str = "oauth-id-jag+jwt";

/// What an identity assertion grant says.
pub(crate) struct IdentityAssertion<'a> {
    /// The client that asks for it.
    pub(crate) client: &'a Client,
    /// What that client is called at the other server.
    pub(crate) client_id: &'a ClientId,
    /// The issuer identifier of the other server.
    pub(crate) audience: &'a str,
    pub(crate) subject: String,
    pub(crate) scope: &'a Scope,
    pub(crate) resources: &'a [String],
    pub(crate) authentication: Authentication<'a>,
    /// Who acts, as far as the subject token says.
    pub(crate) act: Option<&'a Value>,
    /// The key that the request proved, if it proved one (section 8.6.1.1).
    pub(crate) confirmation: Option<Confirmation>,
    /// Claims of the user.
    pub(crate) claims: Map<String, Value>,
    pub(crate) lifetime_seconds: i64,
}

/// The claims of section 3.1 beyond those of RFC 7519.
#[derive(Serialize)]
struct Private<'a> {
    client_id: &'a ClientId,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<Value>,
    #[serde(skip_serializing_if = "Scope::is_empty")]
    scope: &'a Scope,
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    amr: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation>,
    #[serde(flatten)]
    claims: Map<String, Value>,
}

impl IdentityAssertion<'_> {
    /// Signs the grant.
    pub(crate) fn issue(self, provider: &Provider, realm: &RealmContext) -> Result<String, Fault> {
        let now = provider.now();
        let claims = ClaimsSet {
            registered: RegisteredClaims {
                issuer: Some(realm.issuer().to_owned()),
                subject: Some(self.subject),
                audience: audience(vec![self.audience.to_owned()]),
                expiry: Some(numeric_date(now.plus(self.lifetime_seconds))),
                issued_at: Some(numeric_date(now)),
                id: Some(random_token(&*provider.random, 16)),
                ..RegisteredClaims::default()
            },
            private: Private {
                client_id: self.client_id,
                resource: resource(self.resources),
                scope: self.scope,
                auth_time: self.authentication.authenticated_at.0,
                acr: self.authentication.acr,
                amr: self.authentication.amr.split(' ').filter(|method| !method.is_empty()).collect(),
                act: self.act,
                cnf: self.confirmation,
                claims: self.claims,
            },
        };
        let key = server_key(realm, self.client)?;
        sign(&key, Some(TYPE), &claims)
            .map_err(|error| Fault::internal("an identity assertion grant could not be signed", error))
    }
}

/// A single URI, or an array of URIs.
fn resource(resources: &[String]) -> Option<Value> {
    match resources {
        [] => None,
        [one] => Some(one.as_str().into()),
        several => Some(several.into()),
    }
}
