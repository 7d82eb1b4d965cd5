//! The RPT (UMA Grant section 3.3.5): issued, and the ticket used before it is handed out.

use serde_json::{Map, Value};
use signet_jose::random;
use signet_protocol::identifiers::{Lineage, UserId};
use signet_protocol::names::GrantType;
use signet_protocol::responses::TokenResponse;
use signet_protocol::scope::Scope;

use super::assessed::Assessed;
use super::upgrade::Upgrade;
use crate::events::Fact;
use crate::failure::Failure;
use crate::grants::decision::{Planned, decide};
use crate::model::{PartyPermissions, RefreshFamily, TokenBasis, UmaPermission};
use crate::ports::TicketUse;
use crate::realm::REFRESH_KEY_VERSION;
use crate::tokens::{Lifetimes, RequestingPartyToken, issue_requesting_party_token};
use crate::uma;

impl Assessed<'_> {
    /// Issues the RPT, and uses the ticket before it is handed out.
    pub(super) async fn grant(&self, upgrade: Upgrade, lifetimes: Lifetimes) -> Result<TokenResponse, Failure> {
        let Upgrade { permissions, ended, upgraded, ends_at } = upgrade;
        let (serving, realm, client) = (self.request.serving, self.request.realm, self.request.client.client());
        let lineage = Lineage(random::random_bytes(&*serving.random));
        let pct_claims = self.pct_claims().await?;
        let kept = uma::kept_claims(serving, realm, (lineage, &pct_claims))?;
        let basis = self.basis(&permissions, kept);
        let party = self.claims.party().map(|party| &party.user).zip(basis.as_ref());
        let (grant_type, scope) = (GrantType::UmaTicket, Scope::empty());
        // RFC 7521 section 4.1: what another issuer says is no lasting grant.
        let is_lasting = self.claims.party().is_some_and(|party| party.found.asserted.is_none());
        let refreshable = is_lasting && client.metadata.grant_types().contains(&GrantType::RefreshToken);
        let planned = Planned { grant_type, scope: &scope, resources: &[], user: party, refresh_token: refreshable };
        let permitted = decide(self.request, &planned).await?;
        let refresh_family = party
            .filter(|_| permitted.refresh_token)
            .map(|(user, basis)| self.new_family(lineage, (user.id, basis.clone())));
        let token = RequestingPartyToken {
            client,
            party,
            server: &self.ticket.keeper.server,
            lineage,
            permissions: &permissions,
            pct_claims: &pct_claims,
            lifetimes: permitted.lifetimes.at_most(lifetimes).at_most(Lifetimes::until(ends_at, serving.now())),
            confirmation: self.request.binding.confirmation(),
        };
        let response = issue_requesting_party_token(serving, realm, &token).await?;
        let refresh_token = refresh_family
            .as_ref()
            .map(|family| realm.refresh_token_key.token(family.lineage.0, family.generation.unsigned_abs()));
        let persisting = uma::persisting(serving, realm, (client, self.claims))?;
        let (pct, kept_claims) = persisting.unzip();
        let issued = Fact::TokenIssued {
            grant: grant_type,
            lineage: lineage.into(),
            scope,
            resources: vec![self.ticket.keeper.server.to_string()],
            id_token: false,
            refresh_generation: refresh_family.as_ref().map(|family| family.generation),
        };
        let usage = TicketUse {
            standing: self.standing(Some(lineage)),
            ended_token: ended,
            spent_claims: self.claims.persisted().map(|claims| claims.reference),
            kept_claims,
            refresh_family,
            ..self.usage()
        };
        self.use_ticket(usage, Some(issued)).await?;
        Ok(TokenResponse { upgraded: upgraded.then_some(true), refresh_token, pct, ..response })
    }

    /// What the resource server may learn of the requesting party.
    async fn pct_claims(&self) -> Result<Map<String, Value>, Failure> {
        let found = self.claims.party().map(|party| &party.found);
        let Some(found) = found.filter(|found| found.asserted.is_some() || found.told.is_some()) else {
            return Ok(Map::new());
        };
        let (store, realm) = (&self.request.serving.store, self.request.realm);
        let server = store.client(realm.id(), &self.ticket.keeper.server).await?;
        Ok(server.map(|server| uma::pct_claims(&server, found)).unwrap_or_default())
    }

    /// What the token of a requesting party rests on.
    fn basis(&self, permissions: &[UmaPermission], claims: Option<String>) -> Option<TokenBasis> {
        let party = self.claims.party()?;
        Some(TokenBasis {
            scope: Scope::empty(),
            resources: Vec::new(),
            details: Vec::new(),
            claims_request: None,
            claims_locales: Vec::new(),
            authenticated_at: party.found.authenticated_at,
            acr: party.found.acr.clone(),
            amr: String::new(),
            confirmation: None,
            authorization_id: None,
            is_managed: false,
            authorization_epoch: 0,
            sid: party.found.sid,
            realm_epoch: self.request.realm.realm.epoch,
            client_epoch: self.request.client.client().epoch,
            user_epoch: party.user.epoch,
            exchanged: None,
            permitted: Some(Box::new(PartyPermissions {
                server: self.ticket.keeper.server.clone(),
                permissions: permissions.to_vec(),
                claims,
            })),
            vars: Map::new(),
        })
    }

    /// The family of a refresh token (section 3.6).
    fn new_family(&self, lineage: Lineage, (user_id, basis): (UserId, TokenBasis)) -> RefreshFamily {
        let (client, now) = (self.request.client.client(), self.request.serving.now());
        let settings = &self.request.realm.realm.settings;
        let is_public = !client.metadata.is_confidential();
        RefreshFamily {
            realm_id: self.request.realm.id(),
            lineage,
            client_id: client.client_id.clone(),
            user_id,
            generation: 1,
            rotated_at: now,
            active: true,
            content: TokenBasis { confirmation: self.request.binding.confirmation().filter(|_| is_public), ..basis },
            key_version: i64::from(REFRESH_KEY_VERSION),
            idle_expires_at: now.plus(settings.refresh_token_idle_seconds),
            expires_at: now.plus(settings.refresh_token_absolute_seconds),
        }
    }
}
