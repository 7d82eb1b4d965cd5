//! The registration endpoint (RFC 7591 section 3).

use signet_protocol::error::ErrorCode;

use super::credentials::{admit, initial_access_token, new_client_id, new_token, spent_token};
use super::decision::Operation;
use super::{ClientInformation, RegistrationRequest, Wish, document, refused, statement_used, wish};
use crate::endpoints::Endpoint;
use crate::events::{Action, Actor, Fact, Object, Parties, RefusedAt, Serving};
use crate::failure::Failure;
use crate::model::{Client, ClientSettings, InitialAccessToken, Registration, SecretLife};
use crate::ports::{NewRegistration, RegistrationOutcome};
use crate::realm::RealmContext;
use crate::registry::{check_client, ensure_pairwise_salt, fit_secret};

/// Registers a client. Where the realm's endpoint is off, nobody gets here.
///
/// # Errors
/// `invalid_token` without a good initial access token; `temporarily_unavailable` for too many requests from an address;
/// those of RFC 7591 section 3.2.2; `access_denied` where the realm has as many clients as it permits.
pub async fn register(
    serving: &Serving<'_>,
    realm: &RealmContext,
    request: RegistrationRequest<'_>,
) -> Result<ClientInformation, Failure> {
    let outcome = take(serving, realm, request).await;
    serving.conclude(realm, outcome, (RefusedAt::Endpoint(Endpoint::Registration), None)).await
}

async fn take(
    serving: &Serving<'_>,
    realm: &RealmContext,
    request: RegistrationRequest<'_>,
) -> Result<ClientInformation, Failure> {
    admit(serving, realm, request.address).await?;
    let initial = initial_access_token(serving, realm, request.token).await?;
    let members = document::members(request.document)?;
    let described = initial.as_ref().map(|token| token.description.as_str());
    let wish = wish(serving, realm, members, Operation::Create { initial_access_token: described }).await?;
    store(serving, realm, wish, initial).await
}

async fn store(
    serving: &Serving<'_>,
    realm: &RealmContext,
    wish: Wish,
    initial: Option<InitialAccessToken>,
) -> Result<ClientInformation, Failure> {
    let (policy, now) = (&realm.realm.settings.registration, serving.now());
    let mut client = Client {
        realm_id: realm.id(),
        client_id: new_client_id(serving)?,
        enabled: true,
        metadata: wish.metadata,
        settings: wish.limits.onto(ClientSettings {
            dynamically_registered: true,
            access_token_seconds: policy.access_token_seconds,
            ..ClientSettings::default()
        }),
        secret: None,
        secret_life: SecretLife::default(),
        epoch: now.0,
        created_at: now,
        updated_at: now,
        revision: 0,
    };
    check_client(serving, realm, &client, None).await.map_err(refused)?;
    let secret = fit_secret(serving, realm, &mut client).map_err(refused)?;
    ensure_pairwise_salt(serving, realm, &client).await.map_err(refused)?;
    let (token, token_hash) = new_token(serving);
    let registration = Registration {
        realm_id: realm.id(),
        client_id: client.client_id.clone(),
        token_hash,
        software_statement: wish.software_statement,
        initial_access_token: initial.as_ref().map(|token| token.id),
        unused_at: policy.unused_at(now),
    };
    let answer = ClientInformation::of(realm, (&client, &registration), &token, secret.as_ref());
    let fact = Fact::AdministrativeChange {
        actor: Actor::Registrant { initial_access_token: registration.initial_access_token },
        object: Object::Client,
        id: client.client_id.to_string(),
        action: Action::Created,
        fields: Vec::new(),
    };
    let events = serving.with_event(realm, fact.concerning(Parties::client(&client.client_id)));
    let new = NewRegistration {
        client,
        registration,
        statement: wish.statement_record,
        maximum_clients: policy.maximum_clients,
        now,
    };
    match serving.store.register_client(&new, &events).await? {
        RegistrationOutcome::Registered => {
            serving.written(&events);
            Ok(answer)
        }
        RegistrationOutcome::TokenSpent => Err(spent_token().into()),
        RegistrationOutcome::StatementUsed => Err(statement_used()),
        RegistrationOutcome::Full => {
            let reason = "this realm has as many clients that registered themselves as it permits";
            Err(ErrorCode::AccessDenied.because(reason).into())
        }
    }
}
