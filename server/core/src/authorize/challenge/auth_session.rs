//! The `auth_session` (First-Party Apps 5.3.1): what a cookie is to a browser. Sealed, so that there is no row before it is
//! used; bound to the client and to the key that its first request proved to hold; and good for one request.

use serde::{Deserialize, Serialize};
use signet_jose::{Purpose, digest, random_token, sealed};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::identifiers::ClientId;
use signet_protocol::parameters::Parameters;
use signet_protocol::spec::first_party_apps;
use signet_protocol::time::UnixTime;

use super::Progress;
use crate::authorize::interaction::{BrowserBinding, Interaction, LONGEST_SECONDS, Stage};
use crate::events::Serving;
use crate::failure::Failure;
use crate::grants::ClientRequest;
use crate::model::{Client, Purpose as UsedPurpose, Thumbprint, UsedRecord};
use crate::realm::RealmContext;

/// Random bytes of a serial number (section 5.3.1: at least 256 bits).
const SERIAL_BYTES: usize = 32;

/// What an `auth_session` holds. Short member names: it travels with every request.
#[derive(Serialize, Deserialize)]
pub(super) struct AuthSession {
    #[serde(rename = "n")]
    serial: String,
    #[serde(rename = "c")]
    client_id: ClientId,
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    key: Option<Thumbprint>,
    /// What stands for the browser.
    #[serde(rename = "b")]
    browser: String,
    /// The request, of which this holds what it holds: all of it, or who asks.
    #[serde(rename = "a")]
    address: Parameters,
    #[serde(rename = "i")]
    interaction: Interaction,
    #[serde(rename = "e")]
    expires_at: UnixTime,
}

/// One answer for expired, forged, used, and foreign ones.
pub(super) fn invalid(detail: impl Into<String>) -> Refusal {
    let reason = "the auth_session was used, has expired or is not the application's; begin anew";
    ErrorCode::InvalidSession.because(reason).per(first_party_apps("5.2.2.1")).detail(detail)
}

/// The form of a public client that names itself by its `auth_session` alone (section 5.1); nothing where it names itself.
pub(super) fn with_client(realm: &RealmContext, request: &ClientRequest<'_>, now: UnixTime) -> Option<Parameters> {
    let form = request.parameters;
    let is_named = ["client_id", "client_assertion"].iter().any(|name| form.all(name).next().is_some());
    if is_named || request.authorization.is_some() {
        return None;
    }
    let session: AuthSession = realm.open(Purpose::AuthSession, form.get("auth_session")?, now).ok()?;
    Some(form.clone().with("client_id", session.client_id.as_str()))
}

impl AuthSession {
    /// The text that the application goes on with.
    pub(super) fn issue(
        serving: &Serving<'_>,
        realm: &RealmContext,
        progress: &Progress,
        key: Option<Thumbprint>,
    ) -> Result<String, Failure> {
        let expires_at = serving.now().plus(realm.realm.settings.interaction_seconds);
        let session = Self {
            serial: random_token(&*serving.random, SERIAL_BYTES),
            client_id: progress.accepted.client.client_id.clone(),
            key,
            browser: progress.binding.value().to_owned(),
            address: progress.accepted.merged.address().clone(),
            interaction: progress.interaction.at(Stage::LoginForm).handed_on(serving),
            expires_at,
        };
        let text = realm.seal(Purpose::AuthSession, expires_at, &session, &*serving.random)?;
        if text.len() > sealed::LONGEST_VALUE {
            let reason = "the request is too long for an auth_session";
            return Err(ErrorCode::InvalidRequest.because(reason).per(first_party_apps("5.3.1")).into());
        }
        Ok(text)
    }

    /// Reads one that came back, with the client and the key it must belong to (section 9.6.1).
    pub(super) fn open(
        serving: &Serving<'_>,
        realm: &RealmContext,
        text: &str,
        (client, key): (&Client, Option<Thumbprint>),
    ) -> Result<Self, Refusal> {
        let session: Self =
            realm.open(Purpose::AuthSession, text, serving.now()).map_err(|error| invalid(error.to_string()))?;
        if session.client_id != client.client_id {
            return Err(invalid("another client"));
        }
        if session.key != key {
            return Err(invalid("another key"));
        }
        Ok(session)
    }

    /// The mark that its use leaves.
    pub(super) fn record(&self) -> UsedRecord {
        let key = digest::sha256(self.serial.as_bytes());
        let expires_at = self.expires_at.plus(LONGEST_SECONDS);
        UsedRecord { purpose: UsedPurpose::AuthSession, key, expires_at }
    }

    pub(super) const fn address(&self) -> &Parameters {
        &self.address
    }

    pub(super) const fn interaction(&self) -> &Interaction {
        &self.interaction
    }

    /// What goes on; scripts do, too.
    pub(super) fn into_parts(self, serving: &Serving<'_>) -> Result<(Interaction, BrowserBinding), Refusal> {
        self.interaction.go_on(serving)?;
        let binding = BrowserBinding::from_cookie(Some(&self.browser), &*serving.random);
        Ok((self.interaction, binding))
    }
}
