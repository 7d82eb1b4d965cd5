//! Token introspection (RFC 7662).

use serde_json::{Map, Value, json};
use signet_jose::RefreshToken;
use signet_protocol::error::ErrorCode;
use signet_protocol::identifiers::Lineage;
use signet_protocol::responses::IntrospectionResponse;
use signet_protocol::spec::rfc7662;

use super::Endpoint;
use crate::failure::Failure;
use crate::grants::ClientRequest;
use crate::model::Client;
use crate::ports::{Standing, StandingQuery};
use crate::provider::Provider;
use crate::realm::RealmContext;
use crate::tokens::{CheckedAccessToken, check_access_token};

/// Says whether a token is good, to those who may know.
///
/// # Errors
/// `invalid_client` for public clients as well: section 2.1 wants the caller authenticated.
pub async fn introspect(
    provider: &Provider,
    realm: &RealmContext,
    request: ClientRequest<'_>,
) -> Result<IntrospectionResponse, Failure> {
    let client = request.authenticate(provider, realm, Endpoint::Introspection).await?;
    if !client.client().metadata.is_confidential() {
        return Err(ErrorCode::InvalidClient
            .because("introspection is for clients that authenticate themselves")
            .per(rfc7662("2.1"))
            .into());
    }
    client.consume_assertion(provider, realm).await?;
    let token = request.parameters.get("token");
    let token = token.ok_or_else(|| ErrorCode::InvalidRequest.because("token is missing").per(rfc7662("2.1")))?;
    // The hint is only a hint (section 2.1): a token says by its form what it is.
    let members = match RefreshToken::parse(token) {
        Ok(token) => refresh_token(provider, realm, client.client(), &token).await?,
        Err(_) => access_token(provider, realm, client.client(), token).await?,
    };
    Ok(members.map_or_else(IntrospectionResponse::default, |members| IntrospectionResponse { active: true, members }))
}

/// Section 4: a resource server learns of tokens that are for it, a client of those it was issued.
fn may_know(caller: &Client, token: &CheckedAccessToken) -> bool {
    caller.settings.may_introspect || caller.client_id == token.client_id || token.is_for(caller.client_id.as_str())
}

async fn access_token(
    provider: &Provider,
    realm: &RealmContext,
    caller: &Client,
    token: &str,
) -> Result<Option<Map<String, Value>>, Failure> {
    let token = check_access_token(provider, realm, token).await?.filter(|token| may_know(caller, token));
    let Some(token) = token else { return Ok(None) };
    let mut members = Map::new();
    members.insert("iss".to_owned(), realm.issuer().into());
    members.insert("sub".to_owned(), token.subject.clone().into());
    members.insert(
        "aud".to_owned(),
        if let [one] = token.audience.as_slice() { json!(one) } else { json!(token.audience) },
    );
    members.insert("client_id".to_owned(), token.client_id.as_str().into());
    members.insert("token_type".to_owned(), "Bearer".into());
    members.insert("iat".to_owned(), token.issued_at.0.into());
    members.insert("exp".to_owned(), token.expires_at.0.into());
    members.insert("jti".to_owned(), token.jti.clone().into());
    if !token.scope.is_empty() {
        members.insert("scope".to_owned(), token.scope.to_string().into());
    }
    if let Some(authenticated_at) = token.authenticated_at {
        members.insert("auth_time".to_owned(), authenticated_at.0.into());
    }
    if let Some(acr) = &token.acr {
        members.insert("acr".to_owned(), acr.as_str().into());
    }
    if let Some(user_id) = token.user_id()
        && let Some(user) = provider.store.user(realm.id(), user_id).await?
    {
        members.insert("username".to_owned(), user.username.into());
    }
    Ok(Some(members))
}

/// A refresh token is nobody's business but that of the client it was issued to.
async fn refresh_token(
    provider: &Provider,
    realm: &RealmContext,
    caller: &Client,
    token: &RefreshToken,
) -> Result<Option<Map<String, Value>>, Failure> {
    if !token.is_genuine(&realm.refresh_token_key) {
        return Ok(None);
    }
    let family = provider.store.refresh_family(realm.id(), Lineage(token.family())).await?;
    let now = provider.now();
    let is_good = |family: &crate::model::RefreshFamily| {
        let is_current = i64::try_from(token.generation()) == Ok(family.generation);
        family.active
            && is_current
            && family.client_id == caller.client_id
            && now < family.idle_expires_at
            && now < family.expires_at
    };
    let Some(family) = family.filter(is_good) else { return Ok(None) };
    let content = &family.content;
    let query = StandingQuery::of_family(&family);
    if provider.store.standing(realm.id(), &query).await? != Standing::Stands {
        return Ok(None);
    }
    let mut members = Map::new();
    members.insert("iss".to_owned(), realm.issuer().into());
    members.insert("client_id".to_owned(), family.client_id.as_str().into());
    members.insert("sub".to_owned(), crate::tokens::subject_for(caller, family.user_id).into());
    members.insert("scope".to_owned(), content.scope.to_string().into());
    members.insert("exp".to_owned(), family.expires_at.0.min(family.idle_expires_at.0).into());
    Ok(Some(members))
}
