//! Requesting party tokens (UMA Grant section 3.3.5): access tokens that are good for permissions, at one resource server.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use signet_protocol::identifiers::{ClientId, Lineage};
use signet_protocol::responses::TokenResponse;
use signet_protocol::scope::Scope;

use super::access_token::{AccessToken, Authentication, target};
use super::{ClaimsTarget, Gathering, Lifetimes, TokenReference, subject_for};
use crate::events::Serving;
use crate::failure::Failure;
use crate::model::{Client, Confirmation, TokenBasis, UmaPermission, User};
use crate::realm::RealmContext;

/// A requesting party token that is to be made.
pub(crate) struct RequestingPartyToken<'a> {
    pub(crate) client: &'a Client,
    /// The requesting party; nobody where none is known.
    pub(crate) party: Option<(&'a User, &'a TokenBasis)>,
    /// The resource server that it is for.
    pub(crate) server: &'a ClientId,
    pub(crate) lineage: Lineage,
    pub(crate) permissions: &'a [UmaPermission],
    /// What the resource server may learn of the requesting party.
    pub(crate) pct_claims: &'a Map<String, Value>,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) confirmation: Option<Confirmation>,
}

/// Issues the token.
pub(crate) async fn issue_requesting_party_token(
    serving: &Serving<'_>,
    realm: &RealmContext,
    token: &RequestingPartyToken<'_>,
) -> Result<TokenResponse, Failure> {
    let scope = Scope::empty();
    let mut target = target(realm, token.client, &[], &scope)?.living_at_most(token.lifetimes.access_token);
    target.audience = vec![token.server.to_string()];
    let mut claims = Map::new();
    if target.is_jwt() {
        let gathering = Gathering {
            target: ClaimsTarget::AccessToken,
            client: token.client,
            user: token.party.map(|(user, _)| user),
            scope: &scope,
            names: &[],
            locales: &[],
            audience: &target.audience,
            authentication: token.party.map(|(_, basis)| Authentication::of_basis(basis)),
        };
        gathering.add_to(&mut claims, serving, realm).await?;
        // UMA Federated Authorization section 5.1.1, for resource servers that validate by themselves.
        claims.insert("permissions".to_owned(), json!(token.permissions));
    }
    let subject = match token.party {
        Some((user, _)) => subject_for(realm, token.client, user)?,
        None => token.client.client_id.to_string(),
    };
    let access_token = AccessToken {
        client_id: &token.client.client_id,
        subject,
        scope: &scope,
        details: &[],
        authentication: None,
        reference: reference(realm, token),
        confirmation: token.confirmation,
        claims,
    };
    let access_token = access_token.issue(serving, realm, &target).await?;
    Ok(TokenResponse {
        access_token,
        token_type: Confirmation::token_type(token.confirmation).to_owned(),
        expires_in: target.lifetime_seconds,
        refresh_token: None,
        // Each scope belongs to a resource (UMA Grant section 3.3.5).
        scope: None,
        id_token: None,
        device_secret: None,
        issued_token_type: None,
        authorization_details: None,
        grant_id: None,
        upgraded: None,
        pct: None,
    })
}

fn reference(realm: &RealmContext, token: &RequestingPartyToken<'_>) -> TokenReference {
    TokenReference {
        lineage: token.lineage,
        realm_epoch: realm.realm.epoch,
        client_epoch: token.client.epoch,
        user: token.party.map(|(user, _)| (user.id, user.epoch)),
        authorization: None,
        sid: token.party.and_then(|(_, basis)| basis.sid),
        userinfo_claims: Vec::new(),
        userinfo_values: BTreeMap::new(),
        claims_locales: Vec::new(),
        exchanged: None,
        may_act: None,
        permissions: token.permissions.to_vec(),
        pct_claims: token.pct_claims.clone(),
    }
}
