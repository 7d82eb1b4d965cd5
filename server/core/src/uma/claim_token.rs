//! Claims that a client pushes (UMA Grant section 3.3.1): an ID token of this realm for this client says who the
//! requesting party is. Nothing else of it counts.

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::identifiers::SessionId;
use signet_protocol::parameters::Parameters;
use signet_protocol::spec::uma_grant;

use crate::events::Serving;
use crate::failure::Fault;
use crate::model::{Client, User};
use crate::realm::RealmContext;
use crate::tokens::{PartyToken, check_party_token, subject_for};

/// The one format that is taken (OpenID Connect Core 2).
pub(crate) const ID_TOKEN_FORMAT: &str = "http://openid.net/specs/openid-connect-core-1_0.html#IDToken";

/// What a client pushed.
pub(crate) enum Pushed {
    /// Nothing.
    Nothing,
    /// Something that says nothing here: of another format, not of this realm or not for this client, expired, or of a
    /// session that is over.
    NotGood,
    /// Who the requesting party is, and the session in which that was found out.
    Party(Box<User>, SessionId, PartyToken),
}

/// Reads what a client pushed.
///
/// # Errors
/// `invalid_request` where token and format do not come together.
pub(crate) async fn pushed_claims(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (client, parameters): (&Client, &Parameters),
) -> Result<Result<Pushed, Refusal>, Fault> {
    let (token, format) = (parameters.get("claim_token"), parameters.get("claim_token_format"));
    match (token, format) {
        (None, None) => Ok(Ok(Pushed::Nothing)),
        (Some(token), Some(ID_TOKEN_FORMAT)) => of_id_token(serving, realm, (client, token)).await.map(Ok),
        (Some(_), Some(_)) => Ok(Ok(Pushed::NotGood)),
        _ => {
            let reason = "claim_token and claim_token_format must come together";
            Ok(Err(ErrorCode::InvalidRequest.because(reason).per(uma_grant("3.3.1"))))
        }
    }
}

async fn of_id_token(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (client, token): (&Client, &str),
) -> Result<Pushed, Fault> {
    let Ok(token) = check_party_token(serving, realm, client, token) else { return Ok(Pushed::NotGood) };
    // One without `sid` says too little: nobody would know that its user has logged out, or that everything was revoked.
    let Some(sid) = token.sid else { return Ok(Pushed::NotGood) };
    let Some(session) = serving.store.session_named(realm.id(), sid).await? else { return Ok(Pushed::NotGood) };
    let user = serving.store.user(realm.id(), session.user_id).await?;
    match user.filter(|user| user.enabled && user.epoch == session.user_epoch) {
        Some(user) if subject_for(realm, client, &user)? == token.subject => {
            Ok(Pushed::Party(Box::new(user), sid, token))
        }
        _ => Ok(Pushed::NotGood),
    }
}
