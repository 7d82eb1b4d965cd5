//! Transaction tokens (Transaction Tokens section 9): short-lived JWTs that say within one trust domain what a transaction
//! is about. They are no access tokens: nothing of this server takes them but the exchange that replaces one.

use serde::Serialize;
use serde_json::{Map, Value};
use signet_jose::claim_set::{ClaimsSet, RegisteredClaims, audience, numeric_date};
use signet_jose::{
    AudienceRule, Purpose, SignatureAlgorithm, SigningKey, UnverifiedToken, VerificationProfile, VerifiedClaims, sign,
    verify,
};
use signet_protocol::identifiers::ClientId;
use signet_protocol::scope::Scope;
use signet_protocol::time::UnixTime;

use super::TokenReference;
use crate::failure::Fault;
use crate::model::Client;
use crate::ports::Standing;
use crate::provider::Provider;
use crate::realm::RealmContext;

/// The `typ` of transaction tokens (section 9.1).
const TYPE: &str = "txntoken+jwt";

/// What a transaction token says.
pub(crate) struct TransactionToken<'a> {
    /// The client that asked for it: `req_wl`.
    pub(crate) client: &'a Client,
    pub(crate) subject: &'a str,
    /// `txn`.
    pub(crate) transaction: &'a str,
    pub(crate) scope: &'a Scope,
    /// `tctx`.
    pub(crate) details: &'a Map<String, Value>,
    /// `rctx`.
    pub(crate) context: &'a Map<String, Value>,
    /// Who acted, and who asked for the tokens that this one replaces (section 13.15).
    pub(crate) act: Option<&'a Value>,
    pub(crate) reference: TokenReference,
    pub(crate) lifetime_seconds: i64,
}

/// The claims of section 9.2 beyond those of RFC 7519.
#[derive(Serialize)]
struct Private<'a> {
    txn: &'a str,
    scope: &'a Scope,
    req_wl: &'a ClientId,
    #[serde(skip_serializing_if = "Map::is_empty")]
    tctx: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    rctx: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<&'a Value>,
    /// Sealed: what the token rests on.
    #[serde(rename = "ref")]
    reference: String,
}

impl TransactionToken<'_> {
    /// Signs the token for the realm's trust domain.
    pub(crate) fn issue(self, provider: &Provider, realm: &RealmContext) -> Result<String, Fault> {
        let now = provider.now();
        let expires_at = now.plus(self.lifetime_seconds);
        let reference = realm.seal(Purpose::TokenReference, expires_at, &self.reference, &*provider.random)?;
        let claims = ClaimsSet {
            registered: RegisteredClaims {
                issuer: Some(realm.issuer().to_owned()),
                subject: Some(self.subject.to_owned()),
                audience: audience(vec![realm.realm.settings.transaction_trust_domain.clone()]),
                expiry: Some(numeric_date(expires_at)),
                issued_at: Some(numeric_date(now)),
                ..RegisteredClaims::default()
            },
            private: Private {
                txn: self.transaction,
                scope: self.scope,
                req_wl: &self.client.client_id,
                tctx: self.details,
                rctx: self.context,
                act: self.act,
                reference,
            },
        };
        let key = server_key(realm, self.client)?;
        sign(&key, Some(TYPE), &claims)
            .map_err(|error| Fault::internal("a transaction token could not be signed", error))
    }
}

/// The key for what this server signs to others than the client: ES256 as for access tokens, or what the profile permits
/// and the realm has.
pub(super) fn server_key(realm: &RealmContext, client: &Client) -> Result<SigningKey, Fault> {
    let permitted = realm.profile_of(client).signing_algorithms;
    let preferred = permitted.iter().filter(|algorithm| **algorithm == SignatureAlgorithm::ES256);
    let asymmetric = preferred.chain(permitted).filter(|algorithm| !algorithm.is_symmetric());
    let mut keys = asymmetric.filter_map(|algorithm| realm.signing_keys.active(*algorithm));
    keys.next().cloned().ok_or(Fault::Internal("the realm has no key to sign tokens with", None))
}

/// A transaction token that is good.
pub(crate) struct CheckedTransactionToken {
    /// The client that asked for it.
    pub(crate) client_id: ClientId,
    pub(crate) subject: String,
    pub(crate) transaction: String,
    pub(crate) scope: Scope,
    pub(crate) details: Map<String, Value>,
    pub(crate) context: Map<String, Value>,
    pub(crate) expires_at: UnixTime,
    pub(crate) issued_at: UnixTime,
    pub(crate) reference: TokenReference,
}

/// Checks a transaction token of this realm's trust domain. Nothing means it is not good, for whatever reason.
pub(crate) async fn check_transaction_token(
    provider: &Provider,
    realm: &RealmContext,
    token: &str,
) -> Result<Option<CheckedTransactionToken>, Fault> {
    let Some(token) = read(provider, realm, token) else { return Ok(None) };
    let query = token.reference.standing(&token.client_id, None);
    let standing = provider.store.standing(realm.id(), &query).await?;
    Ok((standing == Standing::Stands).then_some(token))
}

fn read(provider: &Provider, realm: &RealmContext, token: &str) -> Option<CheckedTransactionToken> {
    let trust_domain = realm.realm.settings.transaction_trust_domain.as_str();
    if trust_domain.is_empty() {
        return None;
    }
    let algorithms: Vec<_> =
        SignatureAlgorithm::ALL.into_iter().filter(|algorithm| !algorithm.is_symmetric()).collect();
    let profile =
        VerificationProfile::transaction_token(realm.issuer(), AudienceRule::ExactString(trust_domain), &algorithms);
    let claims =
        verify(UnverifiedToken::parse(token).ok()?, realm.signing_keys.verifying(), &profile, provider.now()).ok()?;
    Some(CheckedTransactionToken {
        client_id: claims.text("req_wl")?.parse().ok()?,
        subject: claims.subject()?.to_owned(),
        transaction: claims.text("txn")?.to_owned(),
        scope: claims.text("scope")?.parse().ok()?,
        details: object(&claims, "tctx")?,
        context: object(&claims, "rctx")?,
        expires_at: claims.expires_at()?,
        issued_at: claims.issued_at()?,
        reference: realm.open(Purpose::TokenReference, claims.text("ref")?, provider.now()).ok()?,
    })
}

/// A member that is an object; an empty one where it is absent.
fn object(claims: &VerifiedClaims, name: &str) -> Option<Map<String, Value>> {
    claims.get(name).map_or_else(|| Some(Map::new()), |value| value.as_object().cloned())
}
