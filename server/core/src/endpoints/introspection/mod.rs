//! Token introspection (RFC 7662).

mod answer;
mod permissions;

use std::sync::Arc;

pub use answer::{Introspection, IntrospectionForm};
use serde_json::{Map, Value, json};
use signet_hooks::Hook;
use signet_hooks::points::on_introspection::{IntrospectedToken, TokenKind};
use signet_jose::RefreshToken;
use signet_protocol::error::ErrorCode;
use signet_protocol::identifiers::Lineage;
use signet_protocol::names::GrantType;
use signet_protocol::responses::IntrospectionResponse;
use signet_protocol::spec::rfc7662;

use super::Endpoint;
use super::decision::shown;
use crate::details;
use crate::events::{RefusedAt, Serving};
use crate::failure::Failure;
use crate::grants::{ClientRequest, scope_at};
use crate::hooks::Subject;
use crate::model::{Client, Confirmation, RefreshFamily, User};
use crate::ports::{Standing, StandingQuery};
use crate::realm::RealmContext;
use crate::tokens::{CheckedAccessToken, ClaimsTarget, Gathering, check_access_token, party, subject_for};

/// Says whether a token is good, to those who may know, in the form that they ask for.
///
/// # Errors
/// `invalid_client` for public clients as well: section 2.1 wants the caller authenticated. `invalid_client_metadata`
/// for a caller that wants an encrypted JWT and has no key for it.
pub async fn introspect(
    serving: &Serving<'_>,
    realm: &RealmContext,
    request: ClientRequest<'_>,
    form: IntrospectionForm,
) -> Result<Introspection, Failure> {
    let outcome = describe(serving, realm, request, form).await;
    serving.conclude(realm, outcome, (RefusedAt::Endpoint(Endpoint::Introspection), None)).await
}

async fn describe(
    serving: &Serving<'_>,
    realm: &RealmContext,
    request: ClientRequest<'_>,
    form: IntrospectionForm,
) -> Result<Introspection, Failure> {
    let client = caller(serving, realm, &request).await?;
    let token = request.parameters.get("token");
    let token = token.ok_or_else(|| ErrorCode::InvalidRequest.because("token is missing").per(rfc7662("2.1")))?;
    // The hint is only a hint (section 2.1): a token says by its form what it is.
    let members = match RefreshToken::parse(token) {
        Ok(token) => refresh_token(serving, realm, &client, &token).await?,
        Err(_) => access_token(serving, realm, &client, token).await?,
    };
    let response = members.map(|members| IntrospectionResponse { active: true, members }).unwrap_or_default();
    form.answer((serving, realm), &client, response).await
}

/// Who asks: a client that authenticates itself, or a resource server by its protection API token.
async fn caller(
    serving: &Serving<'_>,
    realm: &RealmContext,
    request: &ClientRequest<'_>,
) -> Result<Arc<Client>, Failure> {
    if let Some(token) = permissions::protection_token(realm, request.authorization) {
        return permissions::resource_server(serving, realm, token).await;
    }
    let client = request.authenticate(serving, realm, Endpoint::Introspection).await?;
    if !client.client().metadata.is_confidential() {
        return Err(ErrorCode::InvalidClient
            .because("introspection is for clients that authenticate themselves")
            .per(rfc7662("2.1"))
            .into());
    }
    client.consume_assertion(serving, realm).await?;
    Ok(Arc::clone(client.client()))
}

/// Section 4: a resource server learns of tokens that are for it, a client of those it was issued.
fn may_know(caller: &Client, token: &CheckedAccessToken) -> bool {
    caller.settings.may_introspect || caller.client_id == token.client_id || token.is_for(caller.client_id.as_str())
}

/// What a caller sees of a token that it may know: a resource server what is for it (RFC 9701 section 5, RFC 9396 section
/// 9.2), the client of the token and who may know of every token all of it.
fn shown_to(realm: &RealmContext, caller: &Client, token: CheckedAccessToken) -> CheckedAccessToken {
    if caller.settings.may_introspect || caller.client_id == token.client_id {
        return token;
    }
    let resource = [caller.client_id.to_string()];
    CheckedAccessToken {
        scope: scope_at(realm, &resource, &token.scope),
        authorization_details: details::for_audience(&token.authorization_details, &resource),
        ..token
    }
}

async fn access_token(
    serving: &Serving<'_>,
    realm: &RealmContext,
    caller: &Client,
    token: &str,
) -> Result<Option<Map<String, Value>>, Failure> {
    let token = check_access_token(serving, realm, token).await?.filter(|token| may_know(caller, token));
    let Some(token) = token.map(|token| shown_to(realm, caller, token)) else { return Ok(None) };
    let user = match token.user_id() {
        Some(user_id) => serving.store.user(realm.id(), user_id).await?,
        None => None,
    };
    let mut members = members_of(realm, &token, user.as_ref());
    if !token.reference.permissions.is_empty() {
        let Some(permissions) = permissions::standing(serving, realm, &token).await? else { return Ok(None) };
        members.insert("permissions".to_owned(), permissions);
        members.extend(permissions::claims_for(caller, &token).map(|claims| ("pct_claims".to_owned(), claims)));
    }
    add_claims(serving, realm, (&token, user.as_ref()), &mut members).await?;
    let subject = Subject::client(caller).and_user(user.as_ref());
    let facts = |members| IntrospectedToken {
        kind: TokenKind::AccessToken,
        client_id: token.client_id.to_string(),
        subject: token.subject.clone(),
        scope: token.scope.iter().map(str::to_owned).collect(),
        audience: token.audience.clone(),
        issued_at: Some(token.issued_at.0),
        expires_at: token.expires_at.0,
        members,
    };
    Ok(shown(serving, realm, subject, (members, facts)).await?)
}

fn members_of(realm: &RealmContext, token: &CheckedAccessToken, user: Option<&User>) -> Map<String, Value> {
    let mut members = Map::new();
    members.insert("iss".to_owned(), realm.issuer().into());
    members.insert("sub".to_owned(), token.subject.clone().into());
    members.insert(
        "aud".to_owned(),
        if let [one] = token.audience.as_slice() { json!(one) } else { json!(token.audience) },
    );
    members.insert("client_id".to_owned(), token.client_id.as_str().into());
    members.insert("token_type".to_owned(), Confirmation::token_type(token.confirmation).into());
    members.insert("iat".to_owned(), token.issued_at.0.into());
    members.insert("exp".to_owned(), token.expires_at.0.into());
    members.insert("jti".to_owned(), token.jti.clone().into());
    if !token.scope.is_empty() {
        members.insert("scope".to_owned(), token.scope.to_string().into());
    }
    if let Some(authenticated_at) = token.authenticated_at {
        members.insert("auth_time".to_owned(), authenticated_at.0.into());
    }
    // RFC 8705 section 3.2, RFC 9449 section 6.2.
    if let Some(confirmation) = token.confirmation {
        members.insert("cnf".to_owned(), json!(confirmation));
    }
    // RFC 8693 sections 4.1 and 4.4.
    if let Some(act) = token.reference.exchanged.as_ref().and_then(|exchanged| exchanged.act.clone()) {
        members.insert("act".to_owned(), act);
    }
    if let Some(may_act) = &token.reference.may_act {
        members.insert("may_act".to_owned(), party(may_act));
    }
    // RFC 9396 section 9.2.
    if let Some(details) = details::as_value(&token.authorization_details) {
        members.insert("authorization_details".to_owned(), details);
    }
    if let Some(acr) = &token.acr {
        members.insert("acr".to_owned(), acr.as_str().into());
    }
    // A pairwise subject says nothing to those who know the user by another one; the user name would say it all.
    if let Some(user) = user.filter(|user| token.subject == user.id.to_string()) {
        members.insert("username".to_owned(), user.username.as_str().into());
    }
    members
}

/// What the scripts of the client that the token was issued to add to its description.
async fn add_claims(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (token, user): (&CheckedAccessToken, Option<&User>),
    members: &mut Map<String, Value>,
) -> Result<(), Failure> {
    if realm.hooks.at(Hook::OnClaims, Some(&token.client_id)).is_empty() {
        return Ok(());
    }
    let Some(client) = serving.store.client(realm.id(), &token.client_id).await? else { return Ok(()) };
    let gathering = Gathering {
        target: ClaimsTarget::Introspection,
        client: &client,
        user,
        scope: &token.scope,
        names: &[],
        locales: &token.reference.claims_locales,
        audience: &[],
        authentication: token.authentication(),
    };
    gathering.add_to(members, serving, realm).await
}

/// A refresh token is nobody's business but that of the client it was issued to.
async fn refresh_token(
    serving: &Serving<'_>,
    realm: &RealmContext,
    caller: &Client,
    token: &RefreshToken,
) -> Result<Option<Map<String, Value>>, Failure> {
    if !token.is_genuine(&realm.refresh_token_key) {
        return Ok(None);
    }
    // Section 2.2: a token is active where it could be used.
    if !caller.metadata.grant_types().contains(&GrantType::RefreshToken) {
        return Ok(None);
    }
    let family = serving.store.refresh_family(realm.id(), Lineage(token.family())).await?;
    let now = serving.now();
    let is_good = |family: &RefreshFamily| {
        let is_current = i64::try_from(token.generation()) == Ok(family.generation);
        family.active
            && is_current
            && family.client_id == caller.client_id
            && now < family.idle_expires_at
            && now < family.expires_at
    };
    let Some(family) = family.filter(is_good) else { return Ok(None) };
    let content = &family.content;
    let query = StandingQuery::of_refresh(&family, now, realm.realm.settings.session_idle_seconds);
    if serving.store.standing(realm.id(), &query).await? != Standing::Stands {
        return Ok(None);
    }
    let Some(user) = serving.store.user(realm.id(), family.user_id).await? else { return Ok(None) };
    let subject = subject_for(realm, caller, &user)?;
    let mut members = Map::new();
    members.insert("iss".to_owned(), realm.issuer().into());
    members.insert("client_id".to_owned(), family.client_id.as_str().into());
    members.insert("sub".to_owned(), subject.clone().into());
    members.insert("scope".to_owned(), content.scope.to_string().into());
    members.insert("exp".to_owned(), family.expires_at.0.min(family.idle_expires_at.0).into());
    let facts = |members| IntrospectedToken {
        kind: TokenKind::RefreshToken,
        client_id: family.client_id.to_string(),
        subject,
        scope: content.scope.iter().map(str::to_owned).collect(),
        audience: Vec::new(),
        issued_at: None,
        expires_at: family.expires_at.0.min(family.idle_expires_at.0),
        members,
    };
    Ok(shown(serving, realm, Subject::client(caller).and_user(Some(&user)), (members, facts)).await?)
}
