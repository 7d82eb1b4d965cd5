//! The UMA grant (UMA 2.0 Grant section 3.3): a permission ticket, and what policies say of who asks, for an RPT.

use serde_json::{Map, json};
use signet_jose::random;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::identifiers::{Lineage, UserId};
use signet_protocol::names::GrantType;
use signet_protocol::responses::TokenResponse;
use signet_protocol::scope::Scope;
use signet_protocol::spec::uma_grant;

use super::GrantRequest;
use super::decision::{Planned, decide};
use super::uma_upgrade::{Upgrade, upgrade};
use crate::binding::replayed;
use crate::events::{Fact, Parties};
use crate::failure::Failure;
use crate::hooks::Subject;
use crate::model::{Epoch, TokenBasis, UmaPermission, UmaResource, UmaTicket};
use crate::ports::{StandingQuery, TicketOutcome, TicketUse};
use crate::tokens::{Lifetimes, RequestingPartyToken, issue_requesting_party_token};
use crate::uma::{self, Asking, ID_TOKEN_FORMAT, NewTicket, Pushed, is_allowed, pushed_claims, reference_of};

/// The only error for a ticket that is not good, whatever the reason.
fn invalid_grant() -> Refusal {
    let reason = "the permission ticket is unknown, used, expired or another client's";
    ErrorCode::InvalidGrant.because(reason).per(uma_grant("3.3.6"))
}

pub(super) async fn exchange(request: &GrantRequest<'_>) -> Result<TokenResponse, Failure> {
    let text = request.parameters.get("ticket");
    let text = text.ok_or_else(|| ErrorCode::InvalidRequest.because("ticket is missing").per(uma_grant("3.3.1")))?;
    let client = request.client.client();
    let claims = pushed_claims(request.serving, request.realm, (client, request.parameters)).await??;
    let now = request.serving.now();
    let found = request.serving.store.uma_ticket(request.realm.id(), reference_of(text)).await?;
    let is_good = |ticket: &UmaTicket| {
        let is_the_clients = ticket.client_id.as_ref().is_none_or(|client_id| *client_id == client.client_id);
        is_the_clients && !ticket.used && now < ticket.expires_at
    };
    let ticket = found.filter(is_good).ok_or_else(invalid_grant)?;
    request.serving.passed("ticket");
    let resources = resources(request, &ticket).await?;
    let wanted = wanted(request, &resources)?;
    request.serving.passed("scope");
    let assessed = Assessed { request, ticket: &ticket, claims: &claims };
    let asking = Asking { client: &client.client_id, user: assessed.user().map(|(id, _)| id), now };
    let all = resources.iter().zip(&wanted);
    if matches!(claims, Pushed::NotGood)
        || !all.clone().all(|((resource, _), wanted)| is_allowed(resource, &wanted.resource_scopes, asking))
    {
        return Err(assessed.refuse().await?);
    }
    request.serving.passed("policies");
    let resources: Vec<UmaResource> = resources.into_iter().map(|(resource, _)| resource).collect();
    let Some(permitted) = assessed.decide(&resources, wanted).await? else { return Err(assessed.deny().await?) };
    let upgrade = upgrade(request, (&ticket.keeper, asking), permitted.permissions).await?;
    assessed.grant(upgrade, permitted.lifetimes).await
}

/// The resources of a ticket, with the scopes that it has of each. One that is not protected any more is no reason to
/// grant the others.
async fn resources<'a>(
    request: &GrantRequest<'_>,
    ticket: &'a UmaTicket,
) -> Result<Vec<(UmaResource, &'a [String])>, Failure> {
    let mut resources = Vec::with_capacity(ticket.permissions.len());
    for permission in &ticket.permissions {
        let found = request.serving.store.uma_resource(request.realm.id(), permission.resource_id).await?;
        let resource = found.filter(|resource| resource.keeper == ticket.keeper).ok_or_else(invalid_grant)?;
        resources.push((resource, permission.resource_scopes.as_slice()));
    }
    Ok(resources)
}

/// What is assessed (section 3.3.4): the scopes of the ticket, and those of the request that the client is registered for,
/// at each resource that has them.
fn wanted(request: &GrantRequest<'_>, resources: &[(UmaResource, &[String])]) -> Result<Vec<UmaPermission>, Refusal> {
    let invalid = |reason: &'static str| ErrorCode::InvalidScope.because(reason).per(uma_grant("3.3.6"));
    let requested: Scope = request
        .parameters
        .get("scope")
        .unwrap_or_default()
        .parse()
        .map_err(|_| invalid("scope has characters that a scope token may not have"))?;
    let has =
        |resource: &UmaResource, scope: &str| resource.description.resource_scopes.iter().any(|known| known == scope);
    let registered = request.realm.scope_of(request.client.client());
    for scope in requested.iter() {
        if !registered.contains(scope) || !resources.iter().any(|(resource, _)| has(resource, scope)) {
            return Err(invalid("a scope is not registered for the client, or for none of the resources"));
        }
    }
    let wanted = resources.iter().map(|(resource, scopes)| {
        let mut scopes = scopes.to_vec();
        let more = requested.iter().filter(|scope| has(resource, scope)).map(str::to_owned);
        scopes.extend(more.filter(|scope| !scopes.contains(scope)).collect::<Vec<_>>());
        UmaPermission { resource_id: resource.id, resource_scopes: scopes }
    });
    Ok(wanted.collect())
}

/// A ticket that was assessed.
struct Assessed<'a> {
    request: &'a GrantRequest<'a>,
    ticket: &'a UmaTicket,
    claims: &'a Pushed,
}

impl Assessed<'_> {
    /// The requesting party with its epoch.
    fn user(&self) -> Option<(UserId, Epoch)> {
        match self.claims {
            Pushed::Party(user, ..) => Some((user.id, user.epoch)),
            Pushed::Nothing | Pushed::NotGood => None,
        }
    }

    /// Everything that the answer rests on.
    fn standing(&self, lineage: Option<Lineage>) -> StandingQuery {
        let client = self.request.client.client();
        StandingQuery {
            realm_epoch: self.request.realm.realm.epoch,
            client: (client.client_id.clone(), client.epoch),
            user: self.user(),
            authorization: None,
            session: match self.claims {
                Pushed::Party(_, sid, _) => *sid,
                Pushed::Nothing | Pushed::NotGood => None,
            },
            session_limits: None,
            lineage,
            token: None,
            origins: Vec::new(),
        }
    }

    /// Uses the ticket. It is of no more use, whatever the answer is.
    async fn use_ticket(&self, usage: TicketUse, issued: Option<Fact>) -> Result<(), Failure> {
        let (serving, realm) = (self.request.serving, self.request.realm);
        let client = self.request.client.client();
        let parties = Parties::client(&client.client_id).and_user(self.user().map(|(id, _)| id));
        let events = issued.map(|fact| serving.with_event(realm, fact.concerning(parties))).unwrap_or_default();
        match serving.store.use_uma_ticket(realm.id(), &usage, &events).await? {
            TicketOutcome::Used => {
                serving.written(&events);
                Ok(())
            }
            TicketOutcome::ProofReplayed(purpose) => Err(replayed(purpose).into()),
            TicketOutcome::Gone | TicketOutcome::Fallen => Err(invalid_grant().into()),
        }
    }

    fn usage(&self) -> TicketUse {
        TicketUse {
            ticket: self.ticket.reference,
            now: self.request.serving.now(),
            standing: self.standing(None),
            proofs: self.request.proofs(),
            next: None,
            ended_token: None,
        }
    }

    /// The refusal: where it is not known who the requesting party is, with what would help and a ticket to go on with
    /// (section 3.3.6). Otherwise it is denied: no policy allows it.
    async fn refuse(&self) -> Result<Failure, Failure> {
        if self.user().is_some() {
            return self.deny().await;
        }
        let (serving, realm) = (self.request.serving, self.request.realm);
        let again = (self.ticket.keeper.clone(), self.ticket.permissions.clone());
        let next = NewTicket::new((serving, realm), again, Some(self.request.client.client().client_id.clone()));
        let NewTicket { text, kept } = next;
        let usage = TicketUse { next: Some(kept), ..self.usage() };
        self.use_ticket(usage, None).await?;
        let required = json!([{
            "claim_token_format": [ID_TOKEN_FORMAT],
            "issuer": [realm.issuer()],
            "name": "sub",
            "friendly_name": "the requesting party, by an ID token for this client",
        }]);
        let members = Map::from_iter([("ticket".to_owned(), text.into()), ("required_claims".to_owned(), required)]);
        let reason = "push an ID token of the requesting party that is for this client and has not expired";
        Ok(ErrorCode::NeedInfo.because(reason).per(uma_grant("3.3.6")).with_members(members).into())
    }

    /// The refusal of what is not allowed. There is nothing to go on with.
    async fn deny(&self) -> Result<Failure, Failure> {
        self.use_ticket(self.usage(), None).await?;
        let reason = "the owner does not allow this to the requesting party";
        Ok(ErrorCode::RequestDenied.because(reason).per(uma_grant("3.3.6")).into())
    }

    /// What scripts leave of what policies allow; nothing where nothing is left.
    async fn decide(
        &self,
        resources: &[UmaResource],
        allowed: Vec<UmaPermission>,
    ) -> Result<Option<uma::Permitted>, Failure> {
        let (serving, realm) = (self.request.serving, self.request.realm);
        let user = match self.claims {
            Pushed::Party(user, ..) => Some(&**user),
            Pushed::Nothing | Pushed::NotGood => None,
        };
        let subject = Subject::client(self.request.client.client()).and_user(user);
        match uma::decide((serving, realm), subject, (&self.ticket.keeper, resources), allowed).await {
            Ok(permitted) => Ok(permitted),
            Err(refusal) => {
                if refusal.code == ErrorCode::RequestDenied {
                    self.use_ticket(self.usage(), None).await?;
                }
                Err(refusal.into())
            }
        }
    }

    /// Issues the RPT, and uses the ticket before it is handed out.
    async fn grant(&self, upgrade: Upgrade, lifetimes: Lifetimes) -> Result<TokenResponse, Failure> {
        let Upgrade { permissions, ended, upgraded } = upgrade;
        let (serving, realm, client) = (self.request.serving, self.request.realm, self.request.client.client());
        let basis = self.basis();
        let party = match (self.claims, &basis) {
            (Pushed::Party(user, ..), Some(basis)) => Some((&**user, basis)),
            _ => None,
        };
        let grant_type = GrantType::UmaTicket;
        let scope = Scope::empty();
        let planned = Planned { grant_type, scope: &scope, resources: &[], user: party, refresh_token: false };
        let permitted = decide(self.request, &planned).await?;
        let lineage = Lineage(random::random_bytes(&*serving.random));
        let token = RequestingPartyToken {
            client,
            party,
            server: &self.ticket.keeper.server,
            lineage,
            permissions: &permissions,
            lifetimes: permitted.lifetimes.at_most(lifetimes),
            confirmation: self.request.binding.confirmation(),
        };
        let response = issue_requesting_party_token(serving, realm, &token).await?;
        let issued = Fact::TokenIssued {
            grant: grant_type,
            lineage: lineage.into(),
            scope,
            resources: vec![self.ticket.keeper.server.to_string()],
            id_token: false,
            refresh_generation: None,
        };
        let usage = TicketUse { standing: self.standing(Some(lineage)), ended_token: ended, ..self.usage() };
        self.use_ticket(usage, Some(issued)).await?;
        Ok(TokenResponse { upgraded: upgraded.then_some(true), ..response })
    }

    /// What the token of a requesting party rests on.
    fn basis(&self) -> Option<TokenBasis> {
        let Pushed::Party(user, sid, token) = self.claims else { return None };
        Some(TokenBasis {
            scope: Scope::empty(),
            resources: Vec::new(),
            details: Vec::new(),
            claims_request: None,
            claims_locales: Vec::new(),
            authenticated_at: token.authenticated_at,
            acr: token.acr.clone(),
            amr: String::new(),
            confirmation: None,
            authorization_id: None,
            is_managed: false,
            authorization_epoch: 0,
            sid: *sid,
            realm_epoch: self.request.realm.realm.epoch,
            client_epoch: self.request.client.client().epoch,
            user_epoch: user.epoch,
            exchanged: None,
            vars: Map::new(),
        })
    }
}
