//! Claims that a client pushes (UMA Grant section 3.3.1): an ID token of this realm for this client, or of an issuer that is
//! trusted for that, says who the requesting party is. Of one of this realm nothing else counts; what another issuer says
//! beside that is told to scripts, as what that issuer says.

use serde_json::{Map, Value};
use signet_jose::VerifiedClaims;
use signet_protocol::error::ErrorCode;
use signet_protocol::spec::uma_grant;
use signet_protocol::time::UnixTime;

use crate::failure::{Failure, Fault};
use crate::grants::GrantRequest;
use crate::grants::trusted::{self, Vouched};
use crate::model::{AssertedClaims, Epochs, TrustedIssuerUse, UmaParty, User};
use crate::tokens::{check_party_token, subject_for};
use crate::uma::{self, Party, Pushed};

/// The one format that is taken (OpenID Connect Core 2).
pub(super) const ID_TOKEN_FORMAT: &str = "http://openid.net/specs/openid-connect-core-1_0.html#IDToken";

/// Longest JSON of the claims of another issuer's ID token, in bytes: they are kept with tickets.
const LONGEST_CLAIMS: usize = 8_192;

/// Claims that say how a token is to be used, and nothing of anybody.
const OF_THE_TOKEN: &[&str] =
    &["iss", "aud", "exp", "iat", "nbf", "jti", "azp", "nonce", "at_hash", "c_hash", "s_hash", "cnf"];

/// Reads what a client pushed.
///
/// # Errors
/// `invalid_request` where token and format do not come together.
pub(super) async fn pushed_claims(request: &GrantRequest<'_>) -> Result<Pushed, Failure> {
    let (token, format) = (request.parameters.get("claim_token"), request.parameters.get("claim_token_format"));
    match (token, format) {
        (None, None) => Ok(Pushed::Nothing),
        (Some(token), Some(ID_TOKEN_FORMAT)) if trusted::is_foreign(request, token) => foreign(request, token).await,
        (Some(token), Some(ID_TOKEN_FORMAT)) => Ok(own(request, token).await?),
        (Some(_), Some(_)) => Ok(Pushed::NotGood),
        _ => {
            let reason = "claim_token and claim_token_format must come together";
            Err(ErrorCode::InvalidRequest.because(reason).per(uma_grant("3.3.1")).into())
        }
    }
}

/// The issuers whose ID tokens this client may push.
pub(super) fn believed_issuers<'a>(request: &'a GrantRequest<'_>) -> Vec<&'a str> {
    let others = uma::believed_issuers(request.realm, request.client.client());
    std::iter::once(request.realm.issuer()).chain(others).collect()
}

/// An ID token of this realm.
async fn own(request: &GrantRequest<'_>, token: &str) -> Result<Pushed, Fault> {
    let (serving, realm, client) = (request.serving, request.realm, request.client.client());
    let Ok(token) = check_party_token(serving, realm, client, token) else { return Ok(Pushed::NotGood) };
    // One without `sid` says too little: nobody would know that its user has logged out, or that everything was revoked.
    let Some(sid) = token.sid else { return Ok(Pushed::NotGood) };
    let Some(session) = serving.store.session_named(realm.id(), sid).await? else { return Ok(Pushed::NotGood) };
    let user = serving.store.user(realm.id(), session.user_id).await?;
    match user.filter(|user| user.enabled && user.epoch == session.user_epoch) {
        Some(user) if subject_for(realm, client, &user)? == token.subject => {
            let found = UmaParty { sid: Some(sid), acr: token.acr, ..found(request, &user, token.authenticated_at) };
            Ok(Pushed::Party(Box::new(Party { user, found })))
        }
        _ => Ok(Pushed::NotGood),
    }
}

/// An ID token of an issuer that the realm trusts for this. Only clients that prove who they are may come with one (section
/// 5.7): the issuer's entry lists those that are trusted, and anybody can say to be a public one.
async fn foreign(request: &GrantRequest<'_>, token: &str) -> Result<Pushed, Failure> {
    if !request.client.client().metadata.is_confidential() {
        return Ok(Pushed::NotGood);
    }
    let vouched = trusted::verified(request, token, TrustedIssuerUse::ClaimToken).await?;
    let Ok(Vouched { trusted, claims }) = vouched else { return Ok(Pushed::NotGood) };
    if !trusted::proves_key(request, &claims) {
        return Ok(Pushed::NotGood);
    }
    let Some(user) = trusted::user_of(request, trusted, &claims).await? else { return Ok(Pushed::NotGood) };
    let Some(said) = said(&claims) else { return Ok(Pushed::NotGood) };
    let authenticated_at = claims.get("auth_time").and_then(Value::as_i64).map(UnixTime).or(claims.issued_at());
    let authenticated_at = authenticated_at.unwrap_or_else(|| request.serving.now());
    // What the other issuer calls a class of authentication is none of this server's.
    let asserted = Some(AssertedClaims { issuer: trusted.issuer.clone(), claims: said });
    let found = UmaParty { asserted, ..found(request, &user, authenticated_at) };
    Ok(Pushed::Party(Box::new(Party { user, found })))
}

fn found(request: &GrantRequest<'_>, user: &User, authenticated_at: UnixTime) -> UmaParty {
    UmaParty {
        user_id: user.id,
        user_epoch: user.epoch,
        epochs: Some(Epochs::of(&request.realm.realm, request.client.client())),
        sid: None,
        authenticated_at,
        acr: None,
        asserted: None,
        answers: Map::new(),
        told: None,
        persists: false,
    }
}

/// What an ID token says of its subject; nothing where that is too much to keep.
fn said(claims: &VerifiedClaims) -> Option<Map<String, Value>> {
    let said = claims.claims().iter().filter(|(name, _)| !OF_THE_TOKEN.contains(&name.as_str()));
    let said: Map<String, Value> = said.map(|(name, value)| (name.clone(), value.clone())).collect();
    let length = serde_json::to_vec(&said).map_or(usize::MAX, |json| json.len());
    (length <= LONGEST_CLAIMS).then_some(said)
}
