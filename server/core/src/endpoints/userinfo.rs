//! The userinfo endpoint (OpenID Connect Core 5.3).

use serde_json::{Map, Value};
use signet_jose::{SignatureAlgorithm, sign};
use signet_protocol::error::ErrorCode;
use signet_protocol::spec::rfc6750;

use crate::events::Serving;
use crate::failure::{Failure, Fault};
use crate::model::Client;
use crate::realm::RealmContext;
use crate::tokens::{
    CheckedAccessToken, ClaimsTarget, Gathering, leave_out_other_values, signing_key, subject_for, user_claims,
};

/// An answer of the userinfo endpoint.
#[derive(Debug, Clone, PartialEq)]
pub enum UserInfo {
    /// `application/json`.
    Claims(Map<String, Value>),
    /// `application/jwt`, for clients registered with `userinfo_signed_response_alg`.
    Signed(String),
}

/// The scope value that opens the endpoint (OpenID Connect Core 5.3.1).
pub const USERINFO_SCOPE: &str = "openid";

/// Answers the claims that an access token gives access to. The token has been checked: it stands, is for this issuer
/// and has [`USERINFO_SCOPE`].
///
/// # Errors
/// `invalid_token` for a token that speaks of no user (RFC 6750 section 3.1); that of a script that failed.
pub async fn userinfo(
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
    claims.insert("sub".to_owned(), subject_for(&client, user.id).into());
    match client.metadata.userinfo_signed_response_alg.as_deref() {
        None => Ok(UserInfo::Claims(claims)),
        Some(name) => Ok(UserInfo::Signed(signed(realm, &client, name, claims)?)),
    }
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
