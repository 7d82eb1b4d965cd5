//! The token endpoint (RFC 6749 section 3.2): one grant a file, registered in [`exchange`].

mod aim;
mod assertion_decision;
mod authorization_code;
mod ciba;
mod client_credentials;
mod decision;
mod deferred;
mod details;
mod device_code;
mod device_secret;
mod jwt_bearer;
mod pace;
mod redeem;
mod refresh_token;
mod resources;
mod token_exchange;
mod trusted;
mod uma_ticket;
mod user_tokens;

use std::net::IpAddr;
use std::sync::Arc;

use aim::aim_grant;
pub(crate) use aim::{Authorized, aim, left};
pub(crate) use authorization_code::LONGEST_ACCESS_TOKEN_SECONDS;
pub(crate) use ciba::push_tokens;
pub(crate) use decision::{Planned, decide_for};
pub(crate) use device_secret::SecretText;
pub(crate) use pace::PollPace;
pub(crate) use resources::{requested_resources, resources_are_allowed, scope_at};
use serde_json::Map;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::GrantType;
use signet_protocol::parameters::Parameters;
use signet_protocol::responses::TokenResponse;
use signet_protocol::scope::Scope;
use signet_protocol::spec::{SpecRef, rfc6749};
use signet_protocol::time::UnixTime;

use crate::binding::{Binding, DpopHeader, conclude, replayed};
use crate::client_auth::{AuthenticatedClient, CertificateChain, Presented, authenticate};
use crate::endpoints::Endpoint;
use crate::events::{Event, EventRecord, RefusedAt, Serving};
use crate::failure::Failure;
use crate::model::{TokenBasis, UsedRecord};
use crate::ports::ProofsOutcome;
use crate::profile::conformity::Observed;
use crate::realm::RealmContext;

/// A request of an endpoint that clients authenticate at.
pub struct ClientRequest<'a> {
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The form body.
    pub parameters: &'a Parameters,
    /// The certificate of the TLS connection.
    pub certificate: Option<&'a Arc<CertificateChain>>,
    /// The header `DPoP`.
    pub dpop: DpopHeader<'a>,
    /// The network address it comes from.
    pub address: IpAddr,
}

/// A token request whose client is known.
pub(crate) struct GrantRequest<'a> {
    pub(crate) serving: &'a Serving<'a>,
    pub(crate) realm: &'a RealmContext,
    pub(crate) client: &'a AuthenticatedClient,
    pub(crate) binding: Binding,
    pub(crate) parameters: &'a Parameters,
}

impl GrantRequest<'_> {
    /// The marks that the request's proofs leave, to be written in the grant's transaction: what authenticates the client
    /// first.
    pub(crate) fn proofs(&self) -> Vec<UsedRecord> {
        self.client.assertion().into_iter().chain(self.binding.proof()).collect()
    }

    /// Writes the marks where the grant has no transaction of its own.
    ///
    /// # Errors
    /// A proof was used before.
    pub(crate) async fn consume_proofs(&self) -> Result<(), Failure> {
        self.consume_proofs_with(&[]).await
    }

    /// Records an event in the transaction of the marks, or by itself where there are none.
    ///
    /// # Errors
    /// A proof was used before; then the event did not happen.
    pub(crate) async fn record(&self, event: Event) -> Result<(), Failure> {
        if self.proofs().is_empty() {
            self.serving.note(self.realm, event);
            return Ok(());
        }
        let events = self.serving.with_event(self.realm, event);
        self.consume_proofs_with(&events).await?;
        self.serving.written(&events);
        Ok(())
    }

    /// The scope that the request asks for, which must be within `most`; all of that where it names none (RFC 6749 section
    /// 3.3).
    ///
    /// # Errors
    /// `invalid_scope`; `wider` says what it is wider than.
    pub(crate) fn scope_within(&self, most: Scope, (wider, spec): (&'static str, SpecRef)) -> Result<Scope, Refusal> {
        let Some(text) = self.parameters.get("scope") else { return Ok(most) };
        let invalid = |reason: &'static str| ErrorCode::InvalidScope.because(reason).per(spec);
        let requested: Scope =
            text.parse().map_err(|_| invalid("scope has characters that a scope token may not have"))?;
        if requested.is_within(&most) && !requested.is_empty() { Ok(requested) } else { Err(invalid(wider)) }
    }

    /// What tokens rest on that have no consent, no session and no scope yet.
    pub(crate) fn basis(&self, authenticated_at: UnixTime) -> TokenBasis {
        TokenBasis {
            scope: Scope::empty(),
            resources: Vec::new(),
            details: Vec::new(),
            claims_request: None,
            claims_locales: Vec::new(),
            authenticated_at,
            acr: None,
            amr: String::new(),
            confirmation: None,
            authorization_id: None,
            is_managed: false,
            authorization_epoch: 0,
            sid: None,
            realm_epoch: self.realm.realm.epoch,
            client_epoch: self.client.client().epoch,
            user_epoch: 0,
            exchanged: None,
            permitted: None,
            vars: Map::new(),
        }
    }

    async fn consume_proofs_with(&self, events: &[EventRecord]) -> Result<(), Failure> {
        let proofs = self.proofs();
        if proofs.is_empty() {
            return Ok(());
        }
        match self.serving.store.consume_proofs(self.realm.id(), &proofs, events).await? {
            ProofsOutcome::First => Ok(()),
            ProofsOutcome::Replayed(purpose) => Err(replayed(purpose).into()),
        }
    }
}

impl ClientRequest<'_> {
    /// Authenticates the client of the request; parameters may not repeat (RFC 6749 section 3.2).
    ///
    /// # Errors
    /// See [`authenticate`].
    pub async fn authenticate(
        &self,
        serving: &Serving<'_>,
        realm: &RealmContext,
        endpoint: Endpoint,
    ) -> Result<AuthenticatedClient, Failure> {
        if self.parameters.repeated().is_some() {
            return Err(ErrorCode::InvalidRequest
                .because("a parameter appears more than once")
                .per(rfc6749("3.2"))
                .into());
        }
        let presented = Presented::collect(self.authorization, self.parameters, self.certificate)?;
        authenticate(serving, realm, &presented, self.address, endpoint).await
    }
}

/// Exchanges a grant for tokens.
///
/// # Errors
/// The error of RFC 6749 section 5.2 that fits.
pub async fn exchange(
    serving: &Serving<'_>,
    realm: &RealmContext,
    request: ClientRequest<'_>,
) -> Result<TokenResponse, Failure> {
    let asked = request.parameters.get("grant_type").and_then(|text| text.parse().ok());
    let outcome = issue(serving, realm, request).await;
    serving.conclude(realm, outcome, (RefusedAt::Endpoint(Endpoint::Token), asked)).await
}

async fn issue(
    serving: &Serving<'_>,
    realm: &RealmContext,
    request: ClientRequest<'_>,
) -> Result<TokenResponse, Failure> {
    let client = request.authenticate(serving, realm, Endpoint::Token).await?;
    let grant_type = grant_type(realm, request.parameters)?;
    let is_permitted = realm.profile_of(client.client()).grant_types.contains(&grant_type);
    if !is_permitted || !client.client().metadata.grant_types().contains(&grant_type) {
        return Err(ErrorCode::UnauthorizedClient
            .because("the client is not registered for this grant type")
            .per(rfc6749("5.2"))
            .into());
    }
    serving.passed("grant_type");
    let mut proofs: Vec<UsedRecord> = client.assertion().into_iter().collect();
    let outcome = match Binding::establish(serving, realm, &client, &request) {
        Ok(binding) => {
            proofs.extend(binding.proof());
            let (client, parameters) = (&client, request.parameters);
            let request = GrantRequest { serving, realm, client, binding, parameters };
            let exchanged = exchange_grant(&request, grant_type).await;
            if exchanged.is_ok() {
                serving.observe(realm, client.client(), &[Observed::Token(binding.observed())]);
            }
            exchanged
        }
        Err(failure) => Err(failure),
    };
    if outcome.is_ok() {
        serving.note_client_use(realm, client.client()).await;
    }
    conclude(serving, realm, &proofs, outcome).await
}

/// Exchanges the grant of a client that is known and has proved what its tokens are bound to.
async fn exchange_grant(request: &GrantRequest<'_>, grant_type: GrantType) -> Result<TokenResponse, Failure> {
    match grant_type {
        GrantType::AuthorizationCode => authorization_code::exchange(request).await,
        GrantType::RefreshToken => refresh_token::exchange(request).await,
        GrantType::ClientCredentials => client_credentials::exchange(request).await,
        GrantType::DeviceCode => device_code::exchange(request).await,
        GrantType::Ciba => ciba::exchange(request).await,
        GrantType::TokenExchange => Box::pin(token_exchange::exchange(request)).await,
        GrantType::JwtBearer => jwt_bearer::exchange(request).await,
        GrantType::UmaTicket => uma_ticket::exchange(request).await,
        // Its tokens come from the authorization endpoint; `grant_type` has refused it already.
        GrantType::Implicit => Err(unsupported().into()),
    }
}

fn grant_type(realm: &RealmContext, parameters: &Parameters) -> Result<GrantType, Failure> {
    let text = parameters
        .get("grant_type")
        .ok_or_else(|| ErrorCode::InvalidRequest.because("grant_type is missing").per(rfc6749("5.2")))?;
    let is_taken = |grant_type: &GrantType| *grant_type != GrantType::Implicit && realm.offers_grant(*grant_type);
    let known = text.parse().ok().filter(is_taken);
    Ok(known.ok_or_else(unsupported)?)
}

fn unsupported() -> Refusal {
    ErrorCode::UnsupportedGrantType.because("the token endpoint does not take the grant type").per(rfc6749("5.2"))
}
