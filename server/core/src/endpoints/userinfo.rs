//! The userinfo endpoint (OpenID Connect Core 5.3).

use serde_json::{Map, Value};
use signet_jose::{SignatureAlgorithm, sign};
use signet_protocol::error::ErrorCode;
use signet_protocol::spec::rfc6750;

use super::Endpoint;
use crate::events::{RefusedAt, Serving};
use crate::failure::{Failure, Fault};
use crate::model::Client;
use crate::provider::Provider;
use crate::realm::RealmContext;
use crate::tokens::{
    CheckedAccessToken, ClaimsTarget, Content, EncryptedResponse, Gathering, leave_out_other_values, signing_key,
    user_claims,
};

/// An answer of the userinfo endpoint.
#[derive(Debug, Clone, PartialEq)]
pub enum UserInfo {
    /// `application/json`.
    Claims(Map<String, Value>),
    /// `application/jwt`, for clients registered with `userinfo_signed_response_alg`, `userinfo_encrypted_response_alg`
    /// or both.
    Jwt(String),
}

/// The scope value that opens the endpoint (OpenID Connect Core 5.3.1).
pub const USERINFO_SCOPE: &str = "openid";

/// Answers the claims that an access token gives access to. The token has been checked: it stands, is for this issuer
/// and has [`USERINFO_SCOPE`].
///
/// # Errors
/// `invalid_token` for a token that speaks of no user (RFC 6750 section 3.1); `invalid_client_metadata` for a client that
/// wants an encrypted answer and has no key for it; that of a script that failed. It is recorded.
pub async fn userinfo(
    serving: &Serving<'_>,
    realm: &RealmContext,
    token: &CheckedAccessToken,
) -> Result<UserInfo, Failure> {
    serving.passed("access_token");
    let outcome = claims_of(serving, realm, token).await;
    serving.conclude(realm, outcome, (RefusedAt::Endpoint(Endpoint::UserInfo), None)).await
}

async fn claims_of(
    serving: &Serving<'_>,
    realm: &RealmContext,
    token: &CheckedAccessToken,
) -> Result<UserInfo, Failure> {
    let invalid = |detail: &'static str| {
        ErrorCode::InvalidToken.because("the access token is not valid here").per(rfc6750("3.1")).detail(detail)
    };
    let user_id = token.user_id().ok_or_else(|| invalid("a client's own token"))?;
    let user = serving.store.user(realm.id(), user_id).await?.ok_or_else(|| invalid("the user is gone"))?;
    let client =
        serving.store.client(realm.id(), &token.client_id).await?.ok_or_else(|| invalid("the client is gone"))?;
    let (names, locales) = (&token.reference.userinfo_claims, &token.reference.claims_locales);
    let mut claims = user_claims(&user, &token.scope, names, locales);
    leave_out_other_values(&mut claims, &token.reference.userinfo_values);
    let gathering = Gathering {
        target: ClaimsTarget::Userinfo,
        client: &client,
        user: Some(&user),
        scope: &token.scope,
        names,
        locales,
        audience: &[],
        authentication: token.authentication(),
    };
    gathering.add_to(&mut claims, serving, realm).await?;
    // Section 5.3.2: as in the ID token that was issued with the access token.
    claims.insert("sub".to_owned(), token.subject.clone().into());
    answer(serving, realm, &client, claims).await
}

/// OpenID Connect Core 5.3.2: signed, encrypted, or signed and then encrypted.
async fn answer(
    provider: &Provider,
    realm: &RealmContext,
    client: &Client,
    claims: Map<String, Value>,
) -> Result<UserInfo, Failure> {
    if let Some(name) = client.metadata.userinfo_signed_response_alg.as_deref() {
        let signed = signed(realm, client, name, claims)?;
        let encrypting = EncryptedResponse::UserInfo.encrypt((provider, realm), client, Content::Signed(&signed));
        return Ok(UserInfo::Jwt(encrypting.await?.unwrap_or(signed)));
    }
    let text = serde_json::to_vec(&claims).map_err(|error| Fault::internal("claims do not serialise", error))?;
    let encrypting = EncryptedResponse::UserInfo.encrypt((provider, realm), client, Content::Claims(&text));
    Ok(encrypting.await?.map_or(UserInfo::Claims(claims), UserInfo::Jwt))
}

/// OpenID Connect Core 5.3.2: a signed answer names issuer and audience.
fn signed(
    realm: &RealmContext,
    client: &Client,
    algorithm: &str,
    mut claims: Map<String, Value>,
) -> Result<String, Fault> {
    let algorithm: SignatureAlgorithm = algorithm
        .parse()
        .map_err(|error| Fault::internal("the client is registered with an unknown algorithm", error))?;
    claims.insert("iss".to_owned(), realm.issuer().into());
    claims.insert("aud".to_owned(), client.client_id.as_str().into());
    let key = signing_key(realm, client, algorithm)?;
    sign(&key, None, &claims).map_err(|error| Fault::internal("a userinfo response could not be signed", error))
}
