//! The grant management API: what a grant of the client holds, and its end (Grant Management 6).

use serde_json::{Map, Value, json};
use signet_hooks::points::OnGrantManagement;
use signet_hooks::points::on_grant_management::{GrantAction, GrantDecision, GrantFacts, ManagedGrant};
use signet_hooks::points::on_rar_validate::Detail;
use signet_protocol::identifiers::AuthorizationId;

use super::Endpoint;
use crate::details;
use crate::events::{Fact, Parties, RefusedAt, Serving};
use crate::failure::{Failure, Fault};
use crate::hooks::Subject;
use crate::model::{Authorization, DEFAULT_SLOT};
use crate::realm::RealmContext;
use crate::tokens::CheckedAccessToken;

/// The scope value with which a client looks at its grants (section 6.1).
pub const GRANT_QUERY_SCOPE: &str = "grant_management_query";
/// The scope value with which a client revokes them (section 6.1).
pub const GRANT_REVOKE_SCOPE: &str = "grant_management_revoke";

/// What a grant holds (section 6.4); nothing for one that is not there, or not the client's. The token has been checked:
/// it stands, is for this issuer and has [`GRANT_QUERY_SCOPE`].
///
/// # Errors
/// A script refuses; faults. It is recorded.
pub async fn query_grant(
    serving: &Serving<'_>,
    realm: &RealmContext,
    token: &CheckedAccessToken,
    grant_id: &str,
) -> Result<Option<Map<String, Value>>, Failure> {
    let outcome = async {
        let Some(grant) = grant_of(serving, realm, token, grant_id).await? else { return Ok(None) };
        ask(serving, realm, &grant, GrantAction::Query).await?;
        Ok(Some(shown(&grant)))
    };
    serving.conclude(realm, outcome.await, (RefusedAt::Endpoint(Endpoint::GrantManagement), None)).await
}

/// Ends a grant with everything that rests on it (section 6.5); says whether there was one of the client's. The token
/// has been checked: it stands, is for this issuer and has [`GRANT_REVOKE_SCOPE`].
///
/// # Errors
/// A script refuses; faults. It is recorded.
pub async fn revoke_grant(
    serving: &Serving<'_>,
    realm: &RealmContext,
    token: &CheckedAccessToken,
    grant_id: &str,
) -> Result<bool, Failure> {
    let outcome = async {
        let Some(grant) = grant_of(serving, realm, token, grant_id).await? else { return Ok(false) };
        ask(serving, realm, &grant, GrantAction::Revoke).await?;
        let parties = Parties::client(&grant.client_id).and_user(Some(grant.user_id));
        let events =
            serving.with_event(realm, Fact::ConsentRevoked { authorization: Some(grant.id) }.concerning(parties));
        let revoked = serving.store.revoke_authorization(realm.id(), grant.user_id, grant.id, &events).await?;
        if revoked {
            serving.written(&events);
        }
        Ok(revoked)
    };
    serving.conclude(realm, outcome.await, (RefusedAt::Endpoint(Endpoint::GrantManagement), None)).await
}

/// A grant that the client of a token manages. Ordinary consent has no `grant_id` that anybody was told.
async fn grant_of(
    serving: &Serving<'_>,
    realm: &RealmContext,
    token: &CheckedAccessToken,
    grant_id: &str,
) -> Result<Option<Authorization>, Fault> {
    let Ok(id) = grant_id.parse::<AuthorizationId>() else { return Ok(None) };
    let found = serving.store.authorization_by_id(realm.id(), id).await?;
    Ok(found.filter(|grant| {
        grant.slot != DEFAULT_SLOT
            && grant.client_id == token.client_id
            && token.user_id().is_none_or(|user_id| user_id == grant.user_id)
    }))
}

async fn ask(
    serving: &Serving<'_>,
    realm: &RealmContext,
    grant: &Authorization,
    action: GrantAction,
) -> Result<(), Failure> {
    let Some(client) = serving.store.client(realm.id(), &grant.client_id).await? else { return Ok(()) };
    let told = || ManagedGrant {
        id: Some(grant.id.to_string()),
        scope: grant.scope.iter().map(str::to_owned).collect(),
        claims: grant.claims.clone(),
        resources: grant.resources.clone(),
        authorization_details: grant.details.iter().map(|one| Detail(one.members().clone())).collect(),
    };
    let subject = Subject::client(&client);
    for answer in serving.ask::<OnGrantManagement>(realm, subject, || (GrantFacts { action }, told())).await? {
        if let GrantDecision::Deny(denial) = answer.decision {
            return Err(denial.refusal().into());
        }
    }
    Ok(())
}

fn shown(grant: &Authorization) -> Map<String, Value> {
    let mut members = Map::new();
    if !grant.scope.is_empty() {
        let mut scope = json!({ "scope": grant.scope.to_string() });
        if !grant.resources.is_empty() {
            scope["resource"] = json!(grant.resources);
        }
        members.insert("scopes".to_owned(), json!([scope]));
    }
    if !grant.claims.is_empty() {
        members.insert("claims".to_owned(), json!(grant.claims));
    }
    members.extend(details::as_value(&grant.details).map(|details| ("authorization_details".to_owned(), details)));
    members.insert("created_at".to_owned(), grant.created_at.0.into());
    members.insert("last_updated".to_owned(), grant.updated_at.0.into());
    members.insert("updated_by".to_owned(), "client".into());
    members
}
