//! The tokens of the registration endpoints. Both are 256 random bits of which only a hash is kept.

use std::net::IpAddr;

use signet_jose::digest;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::identifiers::ClientId;
use signet_protocol::spec::{rfc7591, rfc7592};
use zeroize::Zeroizing;

use crate::authn::{counter_key, network};
use crate::events::Serving;
use crate::failure::{Failure, Fault};
use crate::model::{Client, InitialAccessToken, Registration, RegistrationMode};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// Random bytes of a registration access token.
const TOKEN_BYTES: usize = 32;

/// A new registration access token, with the hash that is kept.
pub(super) fn new_token(provider: &Provider) -> (Zeroizing<String>, [u8; 32]) {
    let token = Zeroizing::new(signet_jose::random_token(&*provider.random, TOKEN_BYTES));
    let hash = digest::sha256(token.as_bytes());
    (token, hash)
}

/// Counts a request from an address before anything else is looked at.
///
/// # Errors
/// `temporarily_unavailable` where there were too many.
pub(super) async fn admit(provider: &Provider, realm: &RealmContext, address: IpAddr) -> Result<(), Failure> {
    let policy = &realm.realm.settings.registration;
    let keys = [counter_key(realm, &[b"registration-network", &network(address)])];
    let counted =
        provider.store.count_attempts(realm.id(), &keys, provider.now(), policy.attempt_window_seconds).await?;
    if counted.iter().all(|attempts| attempts.count <= policy.attempts_per_address) {
        return Ok(());
    }
    let reason = "too many registrations came from this address; try again later";
    Err(ErrorCode::TemporarilyUnavailable.because(reason).into())
}

/// The initial access token of a request, if the realm demands or the request has one. It is used up when the client is
/// stored, not here.
///
/// # Errors
/// `invalid_token`.
pub(super) async fn initial_access_token(
    provider: &Provider,
    realm: &RealmContext,
    presented: Option<&str>,
) -> Result<Option<InitialAccessToken>, Failure> {
    let Some(presented) = presented else {
        return match realm.realm.settings.registration.mode {
            RegistrationMode::Open => Ok(None),
            RegistrationMode::InitialAccessToken | RegistrationMode::Off => {
                let reason = "registration needs an initial access token";
                Err(ErrorCode::InvalidToken.because(reason).per(rfc7591("3")).into())
            }
        };
    };
    let found = provider.store.initial_access_token(realm.id(), &digest::sha256(presented.as_bytes())).await?;
    let good = found.filter(|token| token.uses_left > 0 && provider.now() < token.expires_at);
    good.map(Some).ok_or_else(|| spent_token().into())
}

/// The refusal of an initial access token, in the same words whatever is wrong with it.
pub(super) fn spent_token() -> Refusal {
    let reason = "the initial access token is unknown, used up or expired";
    ErrorCode::InvalidToken.because(reason).per(rfc7591("3"))
}

/// The client that a registration access token belongs to, as it is stored.
///
/// # Errors
/// `invalid_token`, in the same words whether the client or the token is unknown (RFC 7592 section 2); `access_denied`
/// for a client that an administrator disabled.
pub(super) async fn managed_client(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client_id: &str,
    presented: Option<&str>,
) -> Result<(Client, Registration), Failure> {
    let wrong = || ErrorCode::InvalidToken.because("the registration access token is not valid here").per(rfc7592("2"));
    let presented = digest::sha256(presented.ok_or_else(wrong)?.as_bytes());
    let client_id = ClientId::try_from(client_id.to_owned()).map_err(|_| wrong())?;
    let registration = serving.store.registration(realm.id(), &client_id).await?;
    let stored = registration.as_ref().map_or([0; 32], |registration| registration.token_hash);
    let is_right = digest::equal_in_constant_time(&stored, &presented);
    let registration = registration.filter(|_| is_right).ok_or_else(wrong)?;
    let client = serving.store.client_as_stored(realm.id(), &client_id).await?.ok_or_else(wrong)?;
    serving.concerns(crate::events::Parties::client(&client.client_id));
    if !client.enabled {
        let reason = "the client is disabled; only an administrator can enable it again";
        return Err(ErrorCode::AccessDenied.because(reason).per(rfc7592("2")).into());
    }
    Ok((client, registration))
}

/// A client identifier of our own making.
pub(super) fn new_client_id(provider: &Provider) -> Result<ClientId, Fault> {
    ClientId::try_from(signet_jose::random_token(&*provider.random, 16))
        .map_err(|error| Fault::internal("a generated identifier", error))
}
