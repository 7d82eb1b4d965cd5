//! What the UMA extension adds to introspection (UMA 2.0 Federated Authorization section 5): the permissions of RPTs, and
//! protection API tokens as what callers prove themselves with.

use std::sync::Arc;

use serde_json::{Value, json};
use signet_protocol::error::ErrorCode;
use signet_protocol::spec::uma_federated;

use crate::events::Serving;
use crate::failure::{Failure, Fault};
use crate::model::Client;
use crate::realm::RealmContext;
use crate::tokens::{CheckedAccessToken, check_access_token};
use crate::uma::{Asking, PROTECTION_SCOPE, StillAllowed, still_allowed, still_permitted};

/// The bearer token of a request, where the realm has the protection API.
pub(super) fn protection_token<'a>(realm: &RealmContext, authorization: Option<&'a str>) -> Option<&'a str> {
    let (scheme, token) = authorization?.split_once(' ')?;
    (realm.realm.settings.uma && scheme.eq_ignore_ascii_case("bearer")).then(|| token.trim_start())
}

/// The resource server whose protection API token it is (section 5.1). A token that is bound to a key or a certificate is
/// none: nothing here asks for the proof.
pub(super) async fn resource_server(
    serving: &Serving<'_>,
    realm: &RealmContext,
    token: &str,
) -> Result<Arc<Client>, Failure> {
    let good = check_access_token(serving, realm, token).await?.filter(|token| {
        token.is_for(realm.issuer()) && token.scope.contains(PROTECTION_SCOPE) && token.confirmation.is_none()
    });
    let client = match good {
        Some(token) => serving.store.client(realm.id(), &token.client_id).await?,
        None => None,
    };
    client.ok_or_else(|| {
        let reason = "the bearer token is no protection API token that stands";
        ErrorCode::InvalidClient.because(reason).per(uma_federated("5.1")).into()
    })
}

/// What the resource server of an RPT learns of the requesting party; nothing for anybody else, and where there is nothing.
pub(super) fn claims_for(caller: &Client, token: &CheckedAccessToken) -> Option<Value> {
    if !token.is_for(caller.client_id.as_str()) {
        return None;
    }
    let claims = still_permitted(caller, token.reference.pct_claims.clone());
    (!claims.is_empty()).then(|| claims.into())
}

/// The permissions of an RPT that its owners still allow; nothing where none is left.
pub(super) async fn standing(
    serving: &Serving<'_>,
    realm: &RealmContext,
    token: &CheckedAccessToken,
) -> Result<Option<Value>, Fault> {
    let asking = Asking { client: &token.client_id, user: token.user_id(), party: None, now: serving.now() };
    let granted = (token.reference.permissions.as_slice(), asking);
    let allowed = still_allowed(serving, realm, granted).await?;
    let shown = allowed.into_iter().map(|StillAllowed { permission, ends_at, .. }| {
        let ends_at = ends_at.map_or(token.expires_at, |end| end.min(token.expires_at));
        json!({
            "resource_id": permission.resource_id,
            "resource_scopes": permission.resource_scopes,
            "iat": token.issued_at.0,
            "exp": ends_at.0,
        })
    });
    let shown: Vec<Value> = shown.collect();
    Ok((!shown.is_empty()).then(|| shown.into()))
}
