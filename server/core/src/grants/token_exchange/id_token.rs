//! ID tokens of this server that are brought to be exchanged.

use std::sync::Arc;

use serde_json::Value;
use signet_jose::{UnverifiedToken, VerifiedClaims};
use signet_protocol::identifiers::{ClientId, Lineage, SessionId};
use signet_protocol::names::TokenType;
use signet_protocol::time::UnixTime;

use super::super::GrantRequest;
use super::presented::{Presented, live_user, with_origin};
use crate::failure::Failure;
use crate::model::{Client, DEFAULT_SLOT, ExchangeOrigin, Exchanged, TokenBasis, User};
use crate::ports::{SessionLimits, Standing, StandingQuery};
use crate::tokens::{Age, check_subject_token, subject_for};

/// An ID token says of its client, session and user what must still stand. One without `sid` says too little: nobody would
/// know that its user has logged out.
pub(super) async fn read(request: &GrantRequest<'_>, text: &str) -> Result<Option<Presented>, Failure> {
    let Some((client, claims)) = verified_id_token(request, (text, Age::Fresh)).await? else { return Ok(None) };
    let Some(sid) = claims.text("sid").and_then(|sid| sid.parse::<SessionId>().ok()) else { return Ok(None) };
    let session = request.serving.store.session_named(request.realm.id(), sid).await?;
    let Some(session) = session else { return Ok(None) };
    let Some(user) = live_user(request, session.user_id, session.user_epoch).await? else { return Ok(None) };
    if claims.subject() != Some(subject_for(request.realm, &client, &user)?.as_str()) {
        return Ok(None);
    }
    let (realm_id, client_id) = (request.realm.id(), &client.client_id);
    let consent = request.serving.store.authorization(realm_id, user.id, client_id, DEFAULT_SLOT).await?;
    if consent.is_none() && !client.settings.skip_consent {
        return Ok(None);
    }
    let origin = ExchangeOrigin { client: Some((client_id.clone(), client.epoch)), lineage: None, token: None };
    let act = claims.get("act").cloned();
    let before = act.map(|act| Exchanged { act: Some(act), ..Exchanged::default() });
    let authenticated_at = claims.get("auth_time").and_then(Value::as_i64).map_or(session.authenticated_at, UnixTime);
    let basis = TokenBasis {
        acr: claims.text("acr").map(str::to_owned),
        amr: session.amr.clone(),
        authorization_id: consent.as_ref().map(|consent| consent.id),
        authorization_epoch: consent.as_ref().map_or(0, |consent| consent.epoch),
        sid: Some(sid),
        user_epoch: session.user_epoch,
        exchanged: Some(with_origin(before.as_ref(), origin)),
        ..request.basis(authenticated_at)
    };
    if !id_token_stands(request, &client, (&basis, &user), None).await? {
        return Ok(None);
    }
    let Some((subject, expires_at)) = claims.subject().zip(claims.expires_at()) else { return Ok(None) };
    Ok(Some(Presented {
        token_type: TokenType::IdToken,
        issuer: None,
        subject: subject.to_owned(),
        user: Some(user),
        scope: None,
        expires_at,
        may_act: None,
        confirmation: None,
        audience: Vec::new(),
        replaces: None,
        issued_to: Some(client.client_id.clone()),
        basis,
    }))
}

/// Whether session, consent, user and client of an ID token stand, and the session has not run out. An ID token itself has
/// no lineage; what comes with it may have one.
pub(super) async fn id_token_stands(
    request: &GrantRequest<'_>,
    client: &Client,
    (basis, user): (&TokenBasis, &User),
    lineage: Option<Lineage>,
) -> Result<bool, Failure> {
    let now = request.serving.now();
    let unused_since = now.plus(-request.realm.realm.settings.session_idle_seconds);
    let basis = TokenBasis { client_epoch: client.epoch, ..basis.clone() };
    let query = StandingQuery {
        session_limits: Some(SessionLimits { now, unused_since }),
        lineage,
        ..StandingQuery::of_basis(&basis, (Lineage([0; 16]), &client.client_id, Some(user.id)))
    };
    Ok(request.serving.store.standing(request.realm.id(), &query).await? == Standing::Stands)
}

/// Verifies an ID token as that of its audience, or of the requesting client where it is encrypted and says nothing.
pub(super) async fn verified_id_token(
    request: &GrantRequest<'_>,
    (text, age): (&str, Age),
) -> Result<Option<(Arc<Client>, VerifiedClaims)>, Failure> {
    let named = match UnverifiedToken::parse(text) {
        Ok(token) => match token.unverified_audience().as_slice() {
            [one] => one.parse().ok(),
            _ => None,
        },
        Err(_) => Some(request.client.client().client_id.clone()),
    };
    let Some(client_id): Option<ClientId> = named else { return Ok(None) };
    let client = request.serving.store.client(request.realm.id(), &client_id).await?;
    let Some(client) = client.filter(|client| client.enabled) else { return Ok(None) };
    let claims = check_subject_token(request.serving, request.realm, &client, (text, age));
    Ok(claims.ok().map(|claims| (client, claims)))
}
