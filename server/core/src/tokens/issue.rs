//! The one place that issues tokens. Whoever calls it has validated a grant, or a request that a user agreed to; the
//! caller answers the client only after the transaction that records the issue has committed.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use signet_protocol::claims_request::{ClaimsRequest, acceptable_values};
use signet_protocol::identifiers::{ClientId, Lineage, SessionId};
use signet_protocol::names::ResponseType;
use signet_protocol::responses::TokenResponse;
use signet_protocol::scope::Scope;
use signet_protocol::standard_claims::{self, is_requested_by};

use super::access_token::{AccessToken, Authentication, Target, target};
use super::id_token::{Beside, IdToken};
use super::{
    ClaimsTarget, Gathering, Lifetimes, SERVER_CLAIMS, TokenReference, leave_out_other_values, subject_for, user_claims,
};
use crate::details;
use crate::events::Serving;
use crate::failure::Failure;
use crate::model::{AuthorizationDetail, Client, Confirmation, Exchanged, TokenBasis, User};
use crate::realm::RealmContext;

/// Tokens that a client gets for a user.
pub(crate) struct UserTokens<'a> {
    pub(crate) client: &'a Client,
    pub(crate) user: &'a User,
    pub(crate) lineage: Lineage,
    pub(crate) basis: &'a TokenBasis,
    /// What the access token is for: the basis's scope and resources, or less.
    pub(crate) scope: &'a Scope,
    pub(crate) resources: &'a [String],
    /// The authorization details that the access token is good for.
    pub(crate) details: &'a [AuthorizationDetail],
    pub(crate) lifetimes: Lifetimes,
    /// What the access token is bound to.
    pub(crate) confirmation: Option<Confirmation>,
    pub(crate) nonce: Option<&'a str>,
    /// Of the request, where the response has it too.
    pub(crate) state: Option<&'a str>,
    pub(crate) sid: Option<SessionId>,
    pub(crate) refresh_token: Option<String>,
    /// Of the request that the tokens are sent for (CIBA Core 10.3.1).
    pub(crate) auth_req_id: Option<&'a str>,
    /// What binds the ID token to a device secret (Native SSO for Mobile Apps 3.4.1).
    pub(crate) ds_hash: Option<String>,
}

/// A token that a client gets for itself.
pub(crate) struct ClientToken<'a> {
    pub(crate) client: &'a Client,
    /// The subject of the token that it was exchanged for, with what it was exchanged from; nothing for the client's own.
    pub(crate) exchanged: Option<(&'a str, &'a Exchanged)>,
    pub(crate) lineage: Lineage,
    pub(crate) scope: &'a Scope,
    pub(crate) resources: &'a [String],
    /// The authorization details that it is good for.
    pub(crate) details: &'a [AuthorizationDetail],
    pub(crate) lifetimes: Lifetimes,
    /// What the token is bound to.
    pub(crate) confirmation: Option<Confirmation>,
}

/// Tokens that travel through the browser, whatever of them the response type has.
#[derive(Debug, Default)]
pub(crate) struct FrontChannelTokens {
    /// With its life in seconds.
    pub(crate) access_token: Option<(String, i64)>,
    pub(crate) id_token: Option<String>,
}

/// Issues access token, ID token if `openid` was granted, and the refresh token that was decided on.
pub(crate) async fn issue_user_tokens(
    serving: &Serving<'_>,
    realm: &RealmContext,
    tokens: UserTokens<'_>,
) -> Result<TokenResponse, Failure> {
    let requested = requested_claims(tokens.basis);
    let (access_token, expires_in) = access_token(serving, realm, &tokens, &requested).await?;
    let id_token = if tokens.scope.contains("openid") {
        let auth_req_id = tokens.auth_req_id;
        let refresh_token = tokens.refresh_token.as_deref().filter(|_| auth_req_id.is_some());
        let beside = Beside { access_token: Some(&access_token), auth_req_id, refresh_token, ..Beside::default() };
        Some(id_token(serving, realm, (&tokens, &requested, named_claims(&requested)), beside).await?)
    } else {
        None
    };
    Ok(TokenResponse {
        access_token,
        token_type: Confirmation::token_type(tokens.confirmation).to_owned(),
        expires_in,
        refresh_token: tokens.refresh_token,
        scope: (!tokens.scope.is_empty()).then(|| tokens.scope.to_string()),
        id_token,
        device_secret: None,
        issued_token_type: None,
        authorization_details: details::as_value(tokens.details),
        grant_id: tokens.basis.authorization_id.filter(|_| tokens.basis.is_managed).map(|id| id.to_string()),
        upgraded: None,
        pct: None,
    })
}

/// Issues what a response type has of tokens at the authorization endpoint (OpenID Connect Core 3.2.2.5 and 3.3.2.5).
/// There is no refresh token among them (RFC 6749 section 4.2.2).
pub(crate) async fn issue_front_channel_tokens(
    serving: &Serving<'_>,
    realm: &RealmContext,
    tokens: &UserTokens<'_>,
    (response_type, code): (ResponseType, Option<&str>),
) -> Result<FrontChannelTokens, Failure> {
    let requested = requested_claims(tokens.basis);
    let mut issued = FrontChannelTokens::default();
    if response_type.returns_access_token() {
        issued.access_token = Some(access_token(serving, realm, tokens, &requested).await?);
    }
    if response_type.returns_id_token() {
        let mut names = named_claims(&requested);
        if response_type == ResponseType::IdToken {
            // Section 5.4: without any access token there is no other place for what scopes ask for.
            let scoped = standard_claims::supported().filter(|claim| is_requested_by(tokens.scope, claim));
            names.extend(scoped.map(str::to_owned));
        }
        let access_token = issued.access_token.as_ref().map(|(token, _)| token.as_str());
        let state = tokens.state.filter(|_| realm.profile_of(tokens.client).state_hash);
        let beside = Beside { access_token, code, state, ..Beside::default() };
        issued.id_token = Some(id_token(serving, realm, (tokens, &requested, names), beside).await?);
    }
    Ok(issued)
}

/// Issues an ID token alone, for one that was exchanged (RFC 8693 section 2.2.1); nothing comes with it.
pub(crate) async fn issue_id_token_alone(
    serving: &Serving<'_>,
    realm: &RealmContext,
    tokens: &UserTokens<'_>,
) -> Result<String, Failure> {
    id_token(serving, realm, (tokens, &ClaimsRequest::default(), Vec::new()), Beside::default()).await
}

/// The `claims` parameter of the request; it was read when the request was.
fn requested_claims(basis: &TokenBasis) -> ClaimsRequest {
    basis.claims_request.as_deref().and_then(|text| ClaimsRequest::parse(text).ok()).unwrap_or_default()
}

/// An access token, and its life in seconds.
async fn access_token(
    serving: &Serving<'_>,
    realm: &RealmContext,
    tokens: &UserTokens<'_>,
    requested: &ClaimsRequest,
) -> Result<(String, i64), Failure> {
    let UserTokens { client, user, basis, scope, .. } = *tokens;
    let target = target(realm, client, tokens.resources, scope)?.living_at_most(tokens.lifetimes.access_token);
    let authentication = Authentication::of_basis(basis);
    let gathering = Gathering {
        target: ClaimsTarget::AccessToken,
        client,
        user: Some(user),
        scope,
        names: &[],
        locales: &basis.claims_locales,
        audience: &target.audience,
        authentication: Some(authentication),
    };
    let mut claims = access_token_claims(serving, realm, &target, &gathering).await?;
    add_actors(&mut claims, basis.exchanged.as_ref());
    if let Some(may_act) = &client.settings.may_act {
        claims.insert("may_act".to_owned(), party(may_act));
    }
    let access_token = AccessToken {
        client_id: &client.client_id,
        subject: subject_for(realm, client, user)?,
        scope,
        details: tokens.details,
        authentication: Some(authentication),
        reference: reference(tokens, requested),
        confirmation: tokens.confirmation,
        claims,
    };
    Ok((access_token.issue(serving, realm, &target).await?, target.lifetime_seconds))
}

/// Who acts for the subject (RFC 8693 section 4.1).
fn add_actors(claims: &mut Map<String, Value>, exchanged: Option<&Exchanged>) {
    if let Some(act) = exchanged.and_then(|exchanged| exchanged.act.clone()) {
        claims.insert("act".to_owned(), act);
    }
}

/// A client as a party that acts or may act (RFC 8693 sections 4.3 and 4.4).
pub(crate) fn party(client_id: &ClientId) -> Value {
    json!({ "sub": client_id, "client_id": client_id })
}

/// What the tokens of a user rest on.
fn reference(tokens: &UserTokens<'_>, requested: &ClaimsRequest) -> TokenReference {
    let UserTokens { user, basis, .. } = tokens;
    TokenReference {
        lineage: tokens.lineage,
        realm_epoch: basis.realm_epoch,
        client_epoch: basis.client_epoch,
        user: Some((user.id, basis.user_epoch)),
        authorization: basis.authorization_id.map(|id| (id, basis.authorization_epoch)),
        sid: basis.sid,
        userinfo_claims: requested.userinfo.keys().cloned().collect(),
        userinfo_values: acceptable_values(&requested.userinfo),
        claims_locales: basis.claims_locales.clone(),
        exchanged: basis.exchanged.clone(),
        may_act: tokens.client.settings.may_act.clone(),
        permissions: Vec::new(),
        pct_claims: Map::new(),
    }
}

async fn id_token(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (tokens, requested, names): (&UserTokens<'_>, &ClaimsRequest, Vec<String>),
    beside: Beside<'_>,
) -> Result<String, Failure> {
    let UserTokens { client, user, basis, .. } = *tokens;
    let locales = &basis.claims_locales;
    let mut claims = user_claims(user, &Scope::empty(), &names, locales);
    leave_out_other_values(&mut claims, &acceptable_values(&requested.id_token));
    let gathering = Gathering {
        target: ClaimsTarget::IdToken,
        client,
        user: Some(user),
        scope: tokens.scope,
        names: &names,
        locales,
        audience: &[],
        authentication: Some(Authentication::of_basis(basis)),
    };
    gathering.add_to(&mut claims, serving, realm).await?;
    add_actors(&mut claims, basis.exchanged.as_ref());
    let own_lifetime = realm.realm.settings.id_token_seconds;
    let id_token = IdToken {
        subject: subject_for(realm, client, user)?,
        authenticated_at: basis.authenticated_at,
        nonce: tokens.nonce,
        acr: basis.acr.as_deref(),
        amr: (basis.acr.is_some() || requested.id_token.contains_key("amr"))
            .then_some(basis.amr.as_str())
            .filter(|amr| !amr.is_empty()),
        beside,
        sid: tokens.sid.filter(|_| realm.realm.settings.names_sessions() || tokens.ds_hash.is_some()),
        ds_hash: tokens.ds_hash.as_deref(),
        lifetime_seconds: tokens.lifetimes.id_token.map_or(own_lifetime, |most| most.min(own_lifetime)),
        claims,
    };
    id_token.issue(serving, realm, client).await
}

/// What scripts add to an access token that everybody can read.
async fn access_token_claims(
    serving: &Serving<'_>,
    realm: &RealmContext,
    target: &Target,
    gathering: &Gathering<'_>,
) -> Result<Map<String, Value>, Failure> {
    let mut claims = Map::new();
    if target.is_jwt() {
        gathering.add_to(&mut claims, serving, realm).await?;
    }
    Ok(claims)
}

/// Issues an access token for the client itself (RFC 6749 section 4.4.3: no refresh token, and nobody to identify), or for
/// another client that it got a token of.
pub(crate) async fn issue_client_token(
    serving: &Serving<'_>,
    realm: &RealmContext,
    token: &ClientToken<'_>,
) -> Result<TokenResponse, Failure> {
    let target =
        target(realm, token.client, token.resources, token.scope)?.living_at_most(token.lifetimes.access_token);
    let gathering = Gathering {
        target: ClaimsTarget::AccessToken,
        client: token.client,
        user: None,
        scope: token.scope,
        names: &[],
        locales: &[],
        audience: &target.audience,
        authentication: None,
    };
    let mut claims = access_token_claims(serving, realm, &target, &gathering).await?;
    let (subject, exchanged) = token.exchanged.unzip();
    add_actors(&mut claims, exchanged);
    let access_token = AccessToken {
        client_id: &token.client.client_id,
        subject: subject.unwrap_or(token.client.client_id.as_str()).to_owned(),
        scope: token.scope,
        details: token.details,
        authentication: None,
        confirmation: token.confirmation,
        claims,
        reference: TokenReference {
            lineage: token.lineage,
            realm_epoch: realm.realm.epoch,
            client_epoch: token.client.epoch,
            user: None,
            authorization: None,
            sid: None,
            userinfo_claims: Vec::new(),
            userinfo_values: BTreeMap::new(),
            claims_locales: Vec::new(),
            exchanged: exchanged.cloned(),
            may_act: None,
            permissions: Vec::new(),
            pct_claims: Map::new(),
        },
    }
    .issue(serving, realm, &target)
    .await?;
    Ok(TokenResponse {
        access_token,
        token_type: Confirmation::token_type(token.confirmation).to_owned(),
        expires_in: target.lifetime_seconds,
        refresh_token: None,
        scope: (!token.scope.is_empty()).then(|| token.scope.to_string()),
        id_token: None,
        device_secret: None,
        issued_token_type: None,
        authorization_details: details::as_value(token.details),
        grant_id: None,
        upgraded: None,
        pct: None,
    })
}

/// Only single claims asked for by name: what scopes ask for is at the userinfo endpoint where there is an access token
/// for it (OpenID Connect Core 5.4).
fn named_claims(requested: &ClaimsRequest) -> Vec<String> {
    requested.id_token.keys().filter(|name| !SERVER_CLAIMS.contains(&name.as_str())).cloned().collect()
}
