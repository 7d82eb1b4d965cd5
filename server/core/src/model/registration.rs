//! Dynamic registration: what a realm permits, the tokens that open it, and what is kept of a registration.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use signet_protocol::identifiers::{ClientId, InitialAccessTokenId, RealmId};
use signet_protocol::names::{ClientAuthenticationMethod, GrantType};
use signet_protocol::scope::Scope;
use signet_protocol::time::UnixTime;

/// Who may register clients at the registration endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationMode {
    /// Nobody: the endpoint is not there.
    #[default]
    Off,
    /// Whoever has an initial access token (RFC 7591 section 3).
    InitialAccessToken,
    /// Everybody.
    Open,
}

/// What a realm permits at its registration endpoint. All durations are seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RegistrationPolicy {
    /// Who may register clients.
    pub mode: RegistrationMode,
    /// Grants that may be registered.
    pub grant_types: Vec<GrantType>,
    /// Authentication methods that may be registered; all that the realm offers when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_methods: Option<Vec<ClientAuthenticationMethod>>,
    /// Signature algorithms that may be registered; all that the realm offers when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_algorithms: Option<Vec<String>>,
    /// Hosts of redirect URIs: `rp.example.com`, `*.example.com` for every host below, `com.example.app:` for a
    /// private-use scheme; any when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub redirect_hosts: Vec<String>,
    /// Scope values that may be registered; the realm's default when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// Lifetime of access tokens of such clients: 30 to 86400; the realm's when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_seconds: Option<i64>,
    /// Lifetime of client secrets: 0 for no end, or 3600 to 315360000.
    pub client_secret_seconds: i64,
    /// Most clients that are registered this way at a time: 1 to 1000000.
    pub maximum_clients: i64,
    /// Requests from one address in a window before they are refused: 1 to 100000.
    pub attempts_per_address: i64,
    /// Length of that window: 30 to 86400.
    pub attempt_window_seconds: i64,
    /// A client that was not used for this long is deleted: 0 for never, or 86400 to 315360000.
    pub unused_client_seconds: i64,
    /// Whether every registration needs a software statement (RFC 7591 section 2.3).
    pub software_statement_required: bool,
    /// Who may make software statements; nobody when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub software_statement_issuers: Vec<SoftwareStatementIssuer>,
}

impl Default for RegistrationPolicy {
    fn default() -> Self {
        Self {
            mode: RegistrationMode::Off,
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            token_endpoint_auth_methods: None,
            signing_algorithms: None,
            redirect_hosts: Vec::new(),
            scope: None,
            access_token_seconds: None,
            client_secret_seconds: 0,
            maximum_clients: 1_000,
            attempts_per_address: 60,
            attempt_window_seconds: 3_600,
            unused_client_seconds: 0,
            software_statement_required: false,
            software_statement_issuers: Vec::new(),
        }
    }
}

impl RegistrationPolicy {
    /// Whether the endpoint is there.
    pub fn is_on(&self) -> bool {
        self.mode != RegistrationMode::Off
    }

    /// When a client that is used now has been unused for too long.
    pub fn unused_at(&self, now: UnixTime) -> Option<UnixTime> {
        (self.unused_client_seconds > 0).then(|| now.plus(self.unused_client_seconds))
    }
}

/// Somebody who is trusted to make software statements.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoftwareStatementIssuer {
    /// `iss` of the statements.
    pub issuer: String,
    /// The public keys, by value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// The public keys, by reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// Whether a statement counts once, by its `jti`; without this, several instances of the software may use it.
    #[serde(default)]
    pub single_use: bool,
}

/// A token that permits registrations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitialAccessToken {
    /// The realm it belongs to.
    pub realm_id: RealmId,
    /// Names it to administrators.
    pub id: InitialAccessTokenId,
    /// The SHA-256 of the token.
    pub token_hash: [u8; 32],
    /// What it is for, for administrators and scripts.
    pub description: String,
    /// Registrations that are left.
    pub uses_left: i64,
    /// When it ends.
    pub expires_at: UnixTime,
    /// When it was made.
    pub created_at: UnixTime,
}

/// What is kept of a dynamic registration beside the client itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The realm.
    pub realm_id: RealmId,
    /// The client.
    pub client_id: ClientId,
    /// The SHA-256 of the registration access token (RFC 7592).
    pub token_hash: [u8; 32],
    /// The software statement as it was sent (RFC 7591 section 3.2.1).
    pub software_statement: Option<String>,
    /// The initial access token it was registered with.
    pub initial_access_token: Option<InitialAccessTokenId>,
    /// When the client is deleted unless it is used before.
    pub unused_at: Option<UnixTime>,
}
