//! The client configuration endpoint (RFC 7592 section 2).

use serde_json::{Map, Value};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::rfc7592;

use super::credentials::{managed_client, new_token};
use super::decision::{self, Operation};
use super::{ClientInformation, RegistrationRequest, document, refused, statement_used, wish};
use crate::client_auth::is_current_secret;
use crate::endpoints::Endpoint;
use crate::events::{Action, Actor, Event, Fact, Object, Parties, RefusedAt, Serving};
use crate::failure::Failure;
use crate::model::{Client, Registration};
use crate::ports::{RegistrationChange, StoreError};
use crate::realm::RealmContext;
use crate::registry::{check_client, client_fields, ensure_pairwise_salt, fit_secret, kept, renew_secret};
use crate::tokens::names_users_alike;

/// Where refusals are recorded.
const PLACE: RefusedAt = RefusedAt::Endpoint(Endpoint::Registration);
/// How often a change is tried that somebody else is faster than.
const MOST_ATTEMPTS: usize = 3;
/// What a client is told and must not send back (RFC 7592 section 2.2).
const ANSWERED_ONLY: [&str; 4] =
    ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"];

/// Tells a client what it is registered with: everything but its secret.
///
/// # Errors
/// `invalid_token`, `access_denied`.
pub async fn read_registration(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client_id: &str,
    token: Option<&str>,
) -> Result<ClientInformation, Failure> {
    let found = managed_client(serving, realm, client_id, token).await;
    let outcome = found.map(|(client, registration)| {
        ClientInformation::of(realm, (&client, &registration), token.unwrap_or_default(), None)
    });
    serving.conclude(realm, outcome, (PLACE, None)).await
}

/// Replaces what a client is registered with. The registration access token is another afterwards.
///
/// # Errors
/// `invalid_token`, `access_denied`, and those of RFC 7591 section 3.2.2.
pub async fn update_registration(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client_id: &str,
    request: RegistrationRequest<'_>,
) -> Result<ClientInformation, Failure> {
    let mut attempts = 0;
    let outcome = loop {
        attempts += 1;
        match change(serving, realm, client_id, &request).await {
            // Whoever was faster may have rotated the token, which the next attempt finds out.
            Err(Failure::Fault(crate::failure::Fault::Store(StoreError::Changed(_)))) if attempts < MOST_ATTEMPTS => {}
            outcome => break outcome,
        }
    };
    serving.conclude(realm, outcome, (PLACE, None)).await
}

async fn change(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client_id: &str,
    request: &RegistrationRequest<'_>,
) -> Result<ClientInformation, Failure> {
    let (before, registration) = managed_client(serving, realm, client_id, request.token).await?;
    let members = document::members(request.document)?;
    check_identity(realm, &before, &members)?;
    let wish = wish(serving, realm, members, Operation::Update(&before)).await?;
    // Whoever is named in another way afterwards is somebody else to the client: what was issued ends.
    let ends_everything = !names_users_alike(&before.metadata, &wish.metadata);
    let mut client = Client {
        epoch: before.epoch + i64::from(ends_everything),
        metadata: wish.metadata,
        settings: wish.limits.onto(before.settings.clone()),
        updated_at: serving.now(),
        ..before.clone()
    };
    check_client(serving, realm, &client, Some(&before)).await.map_err(refused)?;
    let mut secret = fit_secret(serving, realm, &mut client).map_err(refused)?;
    if secret.is_none() && ends_soon(&client, serving.now().0, realm) {
        secret = Some(renew_secret(serving, realm, &mut client).map_err(refused)?);
    }
    ensure_pairwise_salt(serving, realm, &client).await.map_err(refused)?;
    let (token, token_hash) = new_token(serving);
    let old_token_hash = registration.token_hash;
    let registration = Registration {
        token_hash,
        software_statement: wish.software_statement,
        unused_at: realm.realm.settings.registration.unused_at(serving.now()),
        ..registration
    };
    let answer = ClientInformation::of(realm, (&client, &registration), &token, secret.as_ref());
    let events = serving.with_event(realm, changed(&client, Action::Updated, client_fields(&before, &client)));
    let change = RegistrationChange { client, old_token_hash, registration, statement: wish.statement_record };
    if !serving.store.change_registration(&change, &events).await? {
        return Err(statement_used());
    }
    serving.written(&events);
    Ok(answer)
}

/// The identifier is the client's own, a secret the current one, and nothing is there that only the server says.
fn check_identity(realm: &RealmContext, client: &Client, members: &Map<String, Value>) -> Result<(), Failure> {
    let invalid = |member: &str, problem: &str| -> Refusal {
        ErrorCode::InvalidClientMetadata.because(format!("{member}: {problem}")).per(rfc7592("2.2"))
    };
    if members.get("client_id").and_then(Value::as_str) != Some(client.client_id.as_str()) {
        return Err(invalid("client_id", "must be there and be the identifier of this client").into());
    }
    if let Some(name) = ANSWERED_ONLY.iter().find(|name| members.contains_key(**name)) {
        return Err(invalid(name, "must not be sent with a change").into());
    }
    match members.get("client_secret") {
        None | Some(Value::Null) => Ok(()),
        Some(Value::String(presented)) if is_current_secret(realm, client, presented)? => Ok(()),
        Some(_) => Err(invalid("client_secret", "is not the current one; a client cannot choose it").into()),
    }
}

/// Whether less than half of a secret's life is left: then a change brings a new one.
fn ends_soon(client: &Client, now: i64, realm: &RealmContext) -> bool {
    let seconds = realm.realm.settings.registration.client_secret_seconds;
    client.secret_life.expires_at.is_some_and(|end| end.0 - now < seconds / 2)
}

/// Deletes a client with everything that was issued to it.
///
/// # Errors
/// `invalid_token`, `access_denied`, and what a script refuses with.
pub async fn delete_registration(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client_id: &str,
    token: Option<&str>,
) -> Result<(), Failure> {
    let outcome = delete(serving, realm, client_id, token).await;
    serving.conclude(realm, outcome, (PLACE, None)).await
}

async fn delete(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client_id: &str,
    token: Option<&str>,
) -> Result<(), Failure> {
    let (mut client, _) = managed_client(serving, realm, client_id, token).await?;
    let id = client.client_id.clone();
    let before = client.clone();
    decision::decide(serving, realm, &mut client.metadata, (Operation::Delete(&before), None)).await?;
    let events = serving.with_event(realm, changed(&before, Action::Deleted, Vec::new()));
    match serving.store.delete_client(realm.id(), &id, kept(realm), &events).await {
        Ok(()) => {
            serving.written(&events);
            Ok(())
        }
        // It went a moment ago, which is what was asked for.
        Err(StoreError::Missing(_)) => Ok(()),
        Err(error) => Err(refused(error.into())),
    }
}

fn changed(client: &Client, action: Action, fields: Vec<String>) -> Event {
    let fact = Fact::AdministrativeChange {
        actor: Actor::Client { client_id: client.client_id.clone() },
        object: Object::Client,
        id: client.client_id.to_string(),
        action,
        fields,
    };
    fact.concerning(Parties::client(&client.client_id))
}
