//! Whom a request is about (CIBA Core 7.1 and 7.2-4). Users that are not there, and those that may not log in, are one
//! answer.

use std::sync::Arc;

use serde_json::Value;
use signet_jose::{AudienceRule, SignatureAlgorithm, VerificationError, VerificationProfile};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::identifiers::UserId;
use signet_protocol::names::SubjectType;
use signet_protocol::spec::ciba;

use super::request::Hint;
use crate::client_auth::verified_by_client_keys;
use crate::events::Serving;
use crate::failure::Failure;
use crate::model::{Client, User, normalise_username};
use crate::realm::RealmContext;
use crate::tokens::check_hint;

/// The user of a hint, or of the name that a script gives instead.
pub(super) async fn user(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Arc<Client>,
    (hint, named): (&Hint, Option<&str>),
) -> Result<User, Failure> {
    let found = match (named, hint) {
        (Some(username), _) => by_username(serving, realm, username).await?,
        (None, Hint::Login(text)) => by_username(serving, realm, text).await?,
        (None, Hint::IdToken(text)) => {
            let hint = check_hint(serving, realm, client, text).map_err(|error| {
                let reason = "id_token_hint is not an ID token of this server for this client";
                ErrorCode::InvalidRequest.because(reason).per(ciba("7.1")).detail(error.to_string())
            })?;
            by_subject(serving, realm, client, &hint.subject).await?
        }
        (None, Hint::Token(text)) => by_token(serving, realm, client, text).await?,
    };
    Ok(found.filter(|user| user.enabled).ok_or_else(unknown)?)
}

fn unknown() -> Refusal {
    ErrorCode::UnknownUserId.because("nobody is known by this hint who could be asked").per(ciba("13"))
}

async fn by_username(serving: &Serving<'_>, realm: &RealmContext, name: &str) -> Result<Option<User>, Failure> {
    let found = serving.store.user_by_username(realm.id(), &normalise_username(name)).await?;
    Ok(found.map(|(user, _)| user))
}

/// By the subject that the client knows the user by. From a pairwise one nobody gets back to the user.
async fn by_subject(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Client,
    subject: &str,
) -> Result<Option<User>, Failure> {
    let id = subject.parse::<UserId>().ok().filter(|_| client.metadata.subject_type() == SubjectType::Public);
    match id {
        Some(id) => Ok(serving.store.user(realm.id(), id).await?),
        None => Ok(None),
    }
}

/// By a token that the client has signed with its registered keys. It is for this server, expires, and names the subject
/// in `sub_id` (RFC 9493 sections 3.2.3 and 3.2.4).
async fn by_token(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Arc<Client>,
    text: &str,
) -> Result<Option<User>, Failure> {
    let issuer = [realm.issuer()];
    let algorithms: Vec<SignatureAlgorithm> = realm.profile_of(client).request_objects.algorithms.to_vec();
    let algorithms: Vec<_> = algorithms.into_iter().filter(|algorithm| !algorithm.is_symmetric()).collect();
    let base =
        VerificationProfile::request_object(client.client_id.as_str(), AudienceRule::AnyOf(&issuer), &algorithms);
    let profile = VerificationProfile {
        required: &["iss", "aud", "exp"],
        clock_skew: realm.realm.settings.clock_skew_seconds,
        ..base
    };
    let claims = match verified_by_client_keys(serving, client, text, &profile).await? {
        Ok(claims) => claims,
        Err(VerificationError::Expired) => {
            let reason = "login_hint_token has expired";
            return Err(ErrorCode::ExpiredLoginHintToken.because(reason).per(ciba("13")).into());
        }
        Err(error) => return Err(unreadable().detail(error.to_string()).into()),
    };
    let named = claims.get("sub_id").and_then(Value::as_object);
    let member = |name: &str| named.and_then(|named| named.get(name)).and_then(Value::as_str);
    let subject = match member("format") {
        Some("opaque") => member("id"),
        Some("iss_sub") if member("iss") == Some(realm.issuer()) => member("sub"),
        _ => None,
    };
    match subject {
        Some(subject) => by_subject(serving, realm, client, subject).await,
        None => Err(unreadable().into()),
    }
}

fn unreadable() -> Refusal {
    let reason =
        "login_hint_token must be a JWT that the client has signed, with a sub_id of the format opaque or iss_sub";
    ErrorCode::InvalidRequest.because(reason).per(ciba("7.1"))
}
