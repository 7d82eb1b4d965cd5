//! Logout tokens (Back-Channel Logout 2.4): signed, and encrypted, with the keys of ID tokens.

use serde::Serialize;
use serde_json::{Value, json};
use signet_jose::claim_set::{ClaimsSet, RegisteredClaims, audience, numeric_date};
use signet_jose::sign;
use signet_protocol::identifiers::SessionId;
use signet_protocol::names::SubjectType;

use crate::failure::{Failure, Fault};
use crate::model::{Client, LogoutDelivery};
use crate::provider::Provider;
use crate::realm::RealmContext;
use crate::tokens::{Content, EncryptedResponse, id_token_algorithm, signing_key, subject_for};

/// Explicit typing (Back-Channel Logout 2.4).
const TYPE: &str = "logout+jwt";
/// The member of `events` that says what it is about.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// Lifetime in seconds: two minutes at most (Back-Channel Logout 4).
const LIFETIME_SECONDS: i64 = 120;

/// What a logout token says beyond the registered claims. There is no `nonce` (Back-Channel Logout 2.4).
#[derive(Serialize)]
struct Private {
    events: Value,
    sid: SessionId,
}

/// The token for one attempt, signed as ID tokens for this client are, and encrypted where they are.
///
/// # Errors
/// As for ID tokens: a client without a key to encrypt to is sent nothing.
pub(super) async fn logout_token(
    provider: &Provider,
    realm: &RealmContext,
    client: &Client,
    delivery: &LogoutDelivery,
) -> Result<String, Failure> {
    let signed = signed(provider, realm, client, delivery).await?;
    let content = Content::SignedBy(realm.issuer(), &signed);
    Ok(EncryptedResponse::IdToken.encrypt((provider, realm), client, content).await?.unwrap_or(signed))
}

async fn signed(
    provider: &Provider,
    realm: &RealmContext,
    client: &Client,
    delivery: &LogoutDelivery,
) -> Result<String, Fault> {
    let subject = match provider.store.user(realm.id(), delivery.user_id).await? {
        Some(user) => Some(subject_for(realm, client, &user)?),
        // Of a user who was deleted meanwhile, `sid` says enough where the name cannot be made any more (Back-Channel
        // Logout 2.4).
        None => (client.metadata.subject_type() == SubjectType::Public).then(|| delivery.user_id.to_string()),
    };
    let now = provider.now();
    let key = signing_key(realm, client, id_token_algorithm(realm, client)?)?;
    let claims = ClaimsSet {
        registered: RegisteredClaims {
            issuer: Some(realm.issuer().to_owned()),
            subject,
            audience: audience(vec![client.client_id.as_str().to_owned()]),
            issued_at: Some(numeric_date(now)),
            expiry: Some(numeric_date(now.plus(LIFETIME_SECONDS))),
            id: Some(signet_jose::random_token(&*provider.random, 16)),
            ..RegisteredClaims::default()
        },
        private: Private { events: json!({ EVENT: {} }), sid: delivery.sid },
    };
    sign(&key, Some(TYPE), &claims).map_err(|error| Fault::internal("a logout token could not be signed", error))
}
