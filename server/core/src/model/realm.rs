//! A realm: an issuer with its own keys, clients, users and policy.

use serde::{Deserialize, Serialize};
use signet_protocol::identifiers::{RealmId, RealmName};
use signet_protocol::names::ResponseType;
use signet_protocol::scope::Scope;
use signet_protocol::time::UnixTime;

use super::{Epoch, RegistrationPolicy};
use crate::profile::ProfileName;

/// A realm as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Realm {
    /// For ever.
    pub id: RealmId,
    /// The path segment of the issuer.
    pub name: RealmName,
    /// Shown on pages.
    pub display_name: String,
    /// A disabled realm answers nothing but 404.
    pub enabled: bool,
    /// Policy, as validated JSON.
    pub settings: RealmSettings,
    /// Everything issued under an older value is dead.
    pub epoch: Epoch,
    /// Number of the history this database is in; one more after a restore, so that a lost used-record revives nothing.
    pub timeline: i64,
    /// The realm's data key, wrapped by the root key.
    pub wrapped_data_key: Vec<u8>,
    /// Identifier of the root key that wraps it.
    pub root_key_id: String,
    /// When it was made.
    pub created_at: UnixTime,
    /// When it last changed.
    pub updated_at: UnixTime,
    /// How often it was changed; whoever changes it names the revision they decided on.
    pub revision: i64,
}

/// Who remembers what was used at resources, where there is no change to remember it with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplayScope {
    /// All nodes together, in the database. A node that serves alone remembers it itself.
    #[default]
    Shared,
    /// Each node by itself: a use at another node is not noticed.
    Node,
}

/// The service that reaches users at their authentication devices (CIBA Core 8), and what its word is worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackchannelDeviceService {
    /// Where it is told of requests: `https`.
    pub url: String,
    /// The authentication context class that its answers reach; none when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// How it authenticates users (RFC 8176), space-delimited.
    pub amr: String,
}

/// A scope of resources as people read it: a scope description (UMA Federated Authorization section 3.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UmaScope {
    /// What resource servers register: this word, or the address of the description, which ends with it.
    pub scope: String,
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// At length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The address of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon_uri: Option<String>,
}

/// The policy of a realm. All durations are seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "settings that have nothing to do with each other")]
pub struct RealmSettings {
    /// The security profile every client has at least.
    pub profile: ProfileName,
    /// Response types that clients may use: `code` and `none` unless it says more. The others send tokens through the
    /// browser (RFC 9700 section 2.1.2).
    pub response_types: Vec<ResponseType>,
    /// Scope values that clients without a `scope` member may ask for.
    pub default_scope: Scope,
    /// Lifetime of an authorization code: 10 to 60.
    pub authorization_code_seconds: i64,
    /// Time a person has to log in and consent: 60 to 3600.
    pub interaction_seconds: i64,
    /// Lifetime of access tokens: 30 to 86400.
    pub access_token_seconds: i64,
    /// Lifetime of ID tokens: 30 to 86400.
    pub id_token_seconds: i64,
    /// A refresh token unused for this long is dead: 300 to 31536000.
    pub refresh_token_idle_seconds: i64,
    /// A refresh token is dead this long after the first one was issued: 300 to 315360000.
    pub refresh_token_absolute_seconds: i64,
    /// How long after a rotation the previous refresh token still yields the current one: 0 to 120.
    pub refresh_retry_window_seconds: i64,
    /// A browser session unused for this long is dead: 60 to 7776000.
    pub session_idle_seconds: i64,
    /// A browser session is dead this long after login: 60 to 31536000.
    pub session_absolute_seconds: i64,
    /// Whether clients may watch the session from their pages (Session Management 1.0).
    pub session_management: bool,
    /// Whether clients manage grants of their own (Grant Management for OAuth 2.0).
    pub grant_management: bool,
    /// Whether every authorization request must say what it wants of a grant.
    pub grant_management_action_required: bool,
    /// Whether clients are told of a logout by frames in the browser (Front-Channel Logout 1.0).
    pub frontchannel_logout: bool,
    /// Whether clients are told of a logout by this server (Back-Channel Logout 1.0).
    pub backchannel_logout: bool,
    /// Whether a logout ends offline access, too, that began in the session.
    pub logout_ends_offline_access: bool,
    /// How far clocks of clients may be off: 0 to 60.
    pub clock_skew_seconds: i64,
    /// Wrong passwords for one account before answers are delayed: 3 to 100.
    pub password_attempts_per_account: i64,
    /// Wrong passwords from one address before answers are delayed: 3 to 10000.
    pub password_attempts_per_address: i64,
    /// Length of the window those two are counted in: 30 to 86400.
    pub password_attempt_window_seconds: i64,
    /// How long a key that replaces another is published before it signs: 300 to 604800.
    pub signing_key_lead_seconds: i64,
    /// How long a key signs before another takes over by itself, in days: 0 to 3650; 0 for ever.
    pub signing_key_rotation_days: i64,
    /// How long a key that was replaced stays published: 90000 to 31536000. No token lives longer than a day.
    pub signing_key_overlap_seconds: i64,
    /// Certificate authorities for `tls_client_auth`, in PEM; none when empty (RFC 8705 section 2.1).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub client_certificate_authorities: String,
    /// Whether clients may be registered for request objects that nobody signed (`request_object_signing_alg` `none`).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_unsigned_request_objects: bool,
    /// Whether every authorization request must be a signed request object (RFC 9101 section 10.5).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub require_signed_request_object: bool,
    /// Whether every authorization request must be pushed (RFC 9126 section 5).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub require_pushed_authorization_requests: bool,
    /// Most pushed requests of one client that a browser may still begin with: 10 to 1000000.
    pub pushed_requests_per_client: i64,
    /// Whether devices may be authorized from another one (RFC 8628).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub device_authorization: bool,
    /// Lifetime of device codes and user codes: 60 to 1800.
    pub device_code_seconds: i64,
    /// Time between two polls of a device: 1 to 60.
    pub device_poll_interval_seconds: i64,
    /// Most device requests of one client that wait at a time: 10 to 1000000.
    pub device_requests_per_client: i64,
    /// Wrong user codes from one address before none is looked up any more: 3 to 1000. They are counted in the window of
    /// the wrong passwords.
    pub user_code_attempts_per_address: i64,
    /// The same for all addresses together, except browsers in which somebody is signed in: 10 to 20000.
    pub user_code_attempts_per_realm: i64,
    /// Whether clients may have users asked at another device (CIBA Core).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub backchannel_authentication: bool,
    /// Whether users may have codes without which clients that can ask for them do not reach their devices (CIBA Core
    /// 7.1.2).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub backchannel_user_code: bool,
    /// Longest time that a user has to answer: 10 to 3600.
    pub backchannel_request_seconds: i64,
    /// Time between two polls for an answer: 1 to 60.
    pub backchannel_poll_interval_seconds: i64,
    /// Most requests of one client that wait at a time: 10 to 1000000.
    pub backchannel_requests_per_client: i64,
    /// Most requests that wait for one user at a time: 1 to 100.
    pub backchannel_requests_per_user: i64,
    /// Most requests that one user is asked about in an hour, from one client half of them: 2 to 1000.
    pub backchannel_requests_per_user_and_hour: i64,
    /// The service that reaches users at their devices; without one they answer on the account pages and through the
    /// approval API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_device_service: Option<BackchannelDeviceService>,
    /// Whether public clients may leave out the proof key where they ask for a code (RFC 9700 section 2.1.1 has them
    /// send one). For clients that cannot be changed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_public_clients_without_pkce: bool,
    /// Whether a request is refused whose `acr_values` cannot be met (RFC 9470 section 5). A wish otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub acr_values_required: bool,
    /// Whether people can make an account for themselves (Initiating User Registration 1.0).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub self_registration: bool,
    /// Attempts to make an account from one network before more are refused: 3 to 10000. In the window of wrong
    /// passwords.
    pub self_registrations_per_address: i64,
    /// For how many days runs of scripts are kept, redacted, so that they can be replayed: 0 to 30; 0 keeps none.
    pub script_recording_days: i64,
    /// How long the secret that a client had before stays good after a new one was made: 0 to 2592000.
    pub client_secret_overlap_seconds: i64,
    /// What is permitted at the registration endpoint.
    pub registration: RegistrationPolicy,
    /// Whether DPoP proofs at the token endpoint need a nonce of this server (RFC 9449 section 8).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dpop_nonce_at_token_endpoint: bool,
    /// Whether DPoP proofs at the realm's own resources need a nonce of this server (RFC 9449 section 9).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dpop_nonce_at_resources: bool,
    /// Who remembers which DPoP proofs were used at resources.
    pub replay: ReplayScope,
    /// Fewest characters of a password: 8 to 64 (NIST SP 800-63B section 5.1.1.2).
    pub password_minimum_length: usize,
    /// Whether owners protect resources here, and clients ask for access to them (User-Managed Access 2.0).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub uma: bool,
    /// Lifetime of permission tickets: 30 to 3600.
    pub uma_ticket_seconds: i64,
    /// How long a request for access waits for its owner's answer: 60 to 2592000.
    pub uma_request_seconds: i64,
    /// Time between two polls for an owner's answer: 0 to 3600.
    pub uma_poll_interval_seconds: i64,
    /// How long claims are persisted that a requesting party lets persist: 0 to 31536000; 0 persists none.
    pub uma_claims_seconds: i64,
    /// How long a scope is there that a resource server made up within a pattern: 60 to 31536000.
    pub uma_spontaneous_scope_seconds: i64,
    /// Scopes of resources that are described for people: at most 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uma_scopes: Vec<UmaScope>,
    /// Whether native applications of one vendor may share logins (Native SSO for Mobile Apps 1.0).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub native_sso: bool,
    /// Whether first-party applications may ask for user name and password themselves (OAuth 2.0 for First-Party
    /// Applications).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub authorization_challenge: bool,
    /// Whether clients get grants for authorization servers of other domains, as far as their policies go (Identity
    /// Assertion JWT Authorization Grant section 4.3).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub identity_chaining: bool,
    /// The name of the trust domain that this realm issues transaction tokens for, their `aud`; none when empty
    /// (Transaction Tokens section 9.2).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub transaction_trust_domain: String,
    /// Longest lifetime of transaction tokens: 5 to 600.
    pub transaction_token_seconds: i64,
}

impl RealmSettings {
    /// Whether clients may be told that a session has ended, so that they must know which one is theirs: then ID tokens
    /// name it (OpenID Connect Front-Channel Logout 1.0 section 3, Back-Channel Logout 1.0 section 2.1).
    #[must_use]
    pub const fn names_sessions(&self) -> bool {
        self.frontchannel_logout || self.backchannel_logout
    }
}

impl Default for RealmSettings {
    #[expect(clippy::too_many_lines, reason = "a line for each setting")]
    fn default() -> Self {
        Self {
            profile: ProfileName::Base,
            response_types: vec![ResponseType::Code, ResponseType::None],
            default_scope: "openid profile email address phone offline_access".parse().unwrap_or_default(),
            authorization_code_seconds: 60,
            interaction_seconds: 900,
            access_token_seconds: 600,
            id_token_seconds: 600,
            refresh_token_idle_seconds: 30 * 86_400,
            refresh_token_absolute_seconds: 180 * 86_400,
            refresh_retry_window_seconds: 10,
            session_idle_seconds: 8 * 3_600,
            session_absolute_seconds: 24 * 3_600,
            session_management: true,
            grant_management: false,
            grant_management_action_required: false,
            frontchannel_logout: true,
            backchannel_logout: true,
            logout_ends_offline_access: false,
            clock_skew_seconds: 10,
            password_attempts_per_account: 10,
            password_attempts_per_address: 100,
            password_attempt_window_seconds: 900,
            signing_key_lead_seconds: 300,
            signing_key_rotation_days: 90,
            signing_key_overlap_seconds: 90_000,
            client_certificate_authorities: String::new(),
            allow_unsigned_request_objects: false,
            require_signed_request_object: false,
            require_pushed_authorization_requests: false,
            pushed_requests_per_client: 10_000,
            device_authorization: false,
            device_code_seconds: 600,
            device_poll_interval_seconds: 5,
            device_requests_per_client: 10_000,
            user_code_attempts_per_address: 20,
            user_code_attempts_per_realm: 1_000,
            backchannel_authentication: false,
            backchannel_user_code: false,
            backchannel_request_seconds: 300,
            backchannel_poll_interval_seconds: 5,
            backchannel_requests_per_client: 10_000,
            backchannel_requests_per_user: 5,
            backchannel_requests_per_user_and_hour: 60,
            backchannel_device_service: None,
            allow_public_clients_without_pkce: false,
            acr_values_required: false,
            self_registration: false,
            self_registrations_per_address: 20,
            script_recording_days: 0,
            client_secret_overlap_seconds: 0,
            registration: RegistrationPolicy::default(),
            dpop_nonce_at_token_endpoint: false,
            dpop_nonce_at_resources: false,
            replay: ReplayScope::Shared,
            password_minimum_length: 8,
            uma: false,
            uma_ticket_seconds: 300,
            uma_request_seconds: 604_800,
            uma_poll_interval_seconds: 5,
            uma_claims_seconds: 0,
            uma_spontaneous_scope_seconds: 604_800,
            uma_scopes: Vec::new(),
            native_sso: false,
            authorization_challenge: false,
            identity_chaining: false,
            transaction_trust_domain: String::new(),
            transaction_token_seconds: 60,
        }
    }
}
