//! Realms.

use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use signet_core::endpoints::{Bases, RealmUrls};
use signet_core::model;
use signet_core::protocol::identifiers::RealmName;
use signet_core::registry::{self, RealmChange, RegistryError};

use crate::administrator::Administrator;
use crate::answer::{Answered, Created, Done, Shown};
use crate::body::{New, Patch};
use crate::entity_tag::Precondition;
use crate::enumerations::{ProfileName, ReplayScope, ResponseType};
use crate::mirror;
use crate::openapi::Tag;
use crate::paging::{self, Cursor, Limit, Page};
use crate::path::Path;
use crate::problem::Problem;
use crate::registration_policy::RegistrationPolicy;
use crate::timestamp::Timestamp;

/// A realm: an issuer with its own keys, clients, users and policy. All durations are in seconds.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Realm {
    /// The last part of the issuer: 1 to 64 lower-case letters, digits, hyphens and underscores. Changing it changes
    /// the issuer.
    name: String,
    /// Shown on pages: 1 to 100 characters.
    display_name: String,
    /// Whether the realm answers.
    #[oai(default = "yes")]
    enabled: bool,
    /// The issuer identifier.
    #[oai(read_only)]
    issuer: String,
    #[oai(flatten)]
    settings: RealmSettings,
    /// When it was made.
    #[oai(read_only)]
    created_at: Timestamp,
    /// When it last changed.
    #[oai(read_only)]
    updated_at: Timestamp,
}

/// The service that reaches users at their authentication devices (CIBA Core 8), and what its word is worth.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct BackchannelDeviceService {
    /// Where it is told of requests: an https URL.
    url: String,
    /// The authentication context class that its answers reach; none when absent.
    acr: Option<String>,
    /// How it authenticates users (RFC 8176), space-delimited.
    amr: String,
}

/// A scope of resources as people read it (UMA 2.0 Federated Authorization section 3.1.1).
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct UmaScope {
    /// What resource servers register: this word, or the address of the description, which ends with it. 1 to 100 letters,
    /// digits, hyphens, underscores, full stops and tildes.
    scope: String,
    /// What it is called: 1 to 200 characters.
    name: Option<String>,
    /// At length: 1 to 1000 characters.
    description: Option<String>,
    /// The address of a picture: an http or https URL.
    icon_uri: Option<String>,
}

/// The policy of a realm.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct RealmSettings {
    /// The security profile that every client has at least.
    profile: Option<ProfileName>,
    /// Response types that clients may use. The ones other than `code` and `none` send tokens through the browser.
    response_types: Option<Vec<ResponseType>>,
    /// Scope values, space-delimited, that clients without a `scope` member may ask for.
    default_scope: Option<String>,
    /// Lifetime of an authorization code: 10 to 60.
    authorization_code_seconds: Option<i64>,
    /// Time a person has to log in and consent: 60 to 3600.
    interaction_seconds: Option<i64>,
    /// Lifetime of access tokens: 30 to 86400.
    access_token_seconds: Option<i64>,
    /// Lifetime of ID tokens: 30 to 86400.
    id_token_seconds: Option<i64>,
    /// A refresh token unused for this long is dead: 300 to 31536000.
    refresh_token_idle_seconds: Option<i64>,
    /// A refresh token is dead this long after the first one was issued: 300 to 315360000.
    refresh_token_absolute_seconds: Option<i64>,
    /// How long after a rotation the previous refresh token still yields the current one: 0 to 120.
    refresh_retry_window_seconds: Option<i64>,
    /// A browser session unused for this long is dead: 60 to 7776000.
    session_idle_seconds: Option<i64>,
    /// A browser session is dead this long after login: 60 to 31536000.
    session_absolute_seconds: Option<i64>,
    /// Whether clients may watch the session from their pages (Session Management 1.0). Yes when absent.
    session_management: Option<bool>,
    /// Whether clients manage grants of their own (Grant Management for OAuth 2.0).
    grant_management: Option<bool>,
    /// Whether every authorization request must say what it wants of a grant.
    grant_management_action_required: Option<bool>,
    /// Whether clients are told of a logout by frames in the browser (Front-Channel Logout 1.0). Yes when absent.
    frontchannel_logout: Option<bool>,
    /// Whether clients are told of a logout by this server (Back-Channel Logout 1.0). Yes when absent.
    backchannel_logout: Option<bool>,
    /// Whether a logout ends offline access, too, that began in the session. No when absent.
    logout_ends_offline_access: Option<bool>,
    /// How far clocks of clients may be off: 0 to 60.
    clock_skew_seconds: Option<i64>,
    /// Wrong passwords for one account before answers are delayed: 3 to 100.
    password_attempts_per_account: Option<i64>,
    /// Wrong passwords from one address before answers are delayed: 3 to 10000.
    password_attempts_per_address: Option<i64>,
    /// Length of the window those two are counted in: 30 to 86400.
    password_attempt_window_seconds: Option<i64>,
    /// How long a key that replaces another is published before it signs: 300 to 604800.
    signing_key_lead_seconds: Option<i64>,
    /// How long a key signs before another takes over by itself, in days: 0 to 3650; 0 for ever.
    signing_key_rotation_days: Option<i64>,
    /// How long a key that was replaced stays published: 90000 to 31536000.
    signing_key_overlap_seconds: Option<i64>,
    /// Certificate authorities for `tls_client_auth`, in PEM; absent for none (RFC 8705 section 2.1).
    client_certificate_authorities: Option<String>,
    /// Whether clients may be registered for request objects that nobody signed. No when absent.
    allow_unsigned_request_objects: Option<bool>,
    /// Whether every authorization request must be a signed request object (RFC 9101 section 10.5). No when absent.
    require_signed_request_object: Option<bool>,
    /// Whether every authorization request must be pushed (RFC 9126 section 5). No when absent.
    require_pushed_authorization_requests: Option<bool>,
    /// Most pushed requests of one client that a browser may still begin with: 10 to 1000000.
    pushed_requests_per_client: Option<i64>,
    /// Whether devices may be authorized from another one (RFC 8628). No when absent.
    device_authorization: Option<bool>,
    /// Lifetime of device codes and user codes: 60 to 1800.
    device_code_seconds: Option<i64>,
    /// Time between two polls of a device: 1 to 60.
    device_poll_interval_seconds: Option<i64>,
    /// Most device requests of one client that wait at a time: 10 to 1000000.
    device_requests_per_client: Option<i64>,
    /// Wrong user codes from one address before none is looked up any more: 3 to 1000. They are counted in the window of
    /// the wrong passwords.
    user_code_attempts_per_address: Option<i64>,
    /// The same for all addresses together, except browsers in which somebody is signed in: 10 to 20000.
    user_code_attempts_per_realm: Option<i64>,
    /// Whether clients may have users asked at another device (CIBA Core). No when absent.
    backchannel_authentication: Option<bool>,
    /// Whether users may have codes without which clients that can ask for them do not reach their devices (CIBA Core
    /// 7.1.2). No when absent.
    backchannel_user_code: Option<bool>,
    /// Longest time that a user has to answer: 10 to 3600.
    backchannel_request_seconds: Option<i64>,
    /// Time between two polls for an answer: 1 to 60.
    backchannel_poll_interval_seconds: Option<i64>,
    /// Most requests of one client that wait at a time: 10 to 1000000.
    backchannel_requests_per_client: Option<i64>,
    /// Most requests that wait for one user at a time: 1 to 100.
    backchannel_requests_per_user: Option<i64>,
    /// Most requests that one user is asked about in an hour, from one client half of them: 2 to 1000.
    backchannel_requests_per_user_and_hour: Option<i64>,
    /// The service that reaches users at their devices; absent for none (CIBA Core 8).
    backchannel_device_service: Option<BackchannelDeviceService>,
    /// Whether public clients may leave out the proof key where they ask for a code. No when absent.
    allow_public_clients_without_pkce: Option<bool>,
    /// Whether a request is refused whose `acr_values` cannot be met (RFC 9470 section 5). No when absent.
    acr_values_required: Option<bool>,
    /// Whether people can make an account for themselves (Initiating User Registration 1.0). No when absent.
    self_registration: Option<bool>,
    /// Attempts to make an account from one network before more are refused: 3 to 10000.
    self_registrations_per_address: Option<i64>,
    /// For how many days runs of scripts are kept, redacted, so that they can be replayed: 0 to 30; 0 keeps none.
    script_recording_days: Option<i64>,
    /// How long the secret that a client had before stays good after a new one was made: 0 to 2592000.
    client_secret_overlap_seconds: Option<i64>,
    /// What is permitted at the registration endpoint.
    registration: Option<RegistrationPolicy>,
    /// Whether DPoP proofs at the token endpoint need a nonce of this server (RFC 9449 section 8). No when absent.
    dpop_nonce_at_token_endpoint: Option<bool>,
    /// Whether DPoP proofs at the realm's own resources need a nonce of this server (RFC 9449 section 9). No when absent.
    dpop_nonce_at_resources: Option<bool>,
    /// Who remembers which DPoP proofs were used at resources: all nodes together, or each by itself.
    replay: Option<ReplayScope>,
    /// Fewest characters of a password: 8 to 64.
    password_minimum_length: Option<u64>,
    /// Whether owners protect resources here, and clients ask for access to them (User-Managed Access 2.0). No when absent.
    uma: Option<bool>,
    /// Lifetime of permission tickets: 30 to 3600.
    uma_ticket_seconds: Option<i64>,
    /// How long a request for access waits for its owner's answer: 60 to 2592000.
    uma_request_seconds: Option<i64>,
    /// Time between two polls for an owner's answer: 0 to 3600.
    uma_poll_interval_seconds: Option<i64>,
    /// How long claims are persisted that a requesting party lets persist: 0 to 31536000; 0 persists none.
    uma_claims_seconds: Option<i64>,
    /// How long a scope is there that a resource server made up within a pattern: 60 to 31536000.
    uma_spontaneous_scope_seconds: Option<i64>,
    /// Scopes of resources that are described for people: at most 100.
    uma_scopes: Option<Vec<UmaScope>>,
    /// Whether native applications of one vendor may share logins (Native SSO for Mobile Apps 1.0). No when absent.
    native_sso: Option<bool>,
    /// Whether first-party applications may ask for user name and password themselves (OAuth 2.0 for First-Party
    /// Applications). No when absent.
    authorization_challenge: Option<bool>,
    /// Whether clients get grants for authorization servers of other domains (Identity Assertion JWT Authorization Grant
    /// section 4.3). No when absent.
    identity_chaining: Option<bool>,
    /// The name of the trust domain that transaction tokens are issued for, their `aud`; absent or empty for none
    /// (Transaction Tokens).
    transaction_trust_domain: Option<String>,
    /// Longest lifetime of transaction tokens: 5 to 600.
    transaction_token_seconds: Option<i64>,
}

fn yes() -> bool {
    true
}

impl Realm {
    fn of(bases: &Bases, realm: &model::Realm) -> Result<Self, Problem> {
        Ok(Self {
            name: realm.name.to_string(),
            display_name: realm.display_name.clone(),
            enabled: realm.enabled,
            issuer: RealmUrls::new(bases, realm.name.as_str()).issuer,
            settings: mirror::shown(&realm.settings)?,
            created_at: Timestamp(realm.created_at),
            updated_at: Timestamp(realm.updated_at),
        })
    }

    fn into_change(self) -> Result<RealmChange, Problem> {
        let name = self.name.parse().map_err(|error| Problem::invalid("name", format!("{error}")))?;
        let settings = mirror::stored(&self.settings, "")?;
        Ok(RealmChange { name, display_name: self.display_name, enabled: self.enabled, settings })
    }
}

/// The core knows the policy as a member of its own; here its members are the realm's.
fn refused(error: RegistryError) -> Problem {
    match error {
        RegistryError::Invalid { field, problem } => {
            Problem::invalid(field.strip_prefix("settings.").unwrap_or(&field), problem)
        }
        other => other.into(),
    }
}

/// The operations on realms.
pub(crate) struct Realms;

#[OpenApi(tag = "Tag::Realms")]
impl Realms {
    /// Lists realms by name.
    #[oai(path = "/realms", method = "get", operation_id = "listRealms")]
    async fn list(
        &self,
        administrator: Administrator,
        /// Most items of the page.
        limit: Limit,
        /// The `next` of the page before.
        cursor: Cursor<RealmName>,
    ) -> Result<Answered<Page<Realm>>, Problem> {
        let page = registry::list_realms(administrator.provider(), &paging::wanted(&limit, &cursor)).await?;
        let bases = &administrator.provider().bases;
        Ok(Answered::Answer(Json(Page::of(page, |realm| Realm::of(bases, &realm))?)))
    }

    /// Makes a realm with its first keys.
    #[oai(path = "/realms", method = "post", operation_id = "createRealm")]
    async fn create(&self, administrator: Administrator, realm: New<Realm>) -> Result<Created<Realm>, Problem> {
        let change = realm.read()?.into_change()?;
        let made = registry::create_realm(&administrator.serving(), change).await.map_err(refused)?;
        let location = administrator.location(&["realms", made.realm.name.as_str()]);
        Ok(Created::at(location, Realm::of(&administrator.provider().bases, &made.realm)?))
    }

    /// Shows a realm.
    #[oai(path = "/realms/:realm", method = "get", operation_id = "showRealm")]
    async fn show(&self, administrator: Administrator, realm: Path<RealmName>) -> Result<Shown<Realm>, Problem> {
        let found = administrator.realm(&realm.0).await?;
        Ok(Shown::of(Realm::of(&administrator.provider().bases, &found.realm)?))
    }

    /// Changes a realm. The admin realm keeps its name and stays enabled.
    #[oai(path = "/realms/:realm", method = "patch", operation_id = "updateRealm")]
    async fn update(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        patch: Patch<Realm>,
    ) -> Result<Shown<Realm>, Problem> {
        let (provider, bases) = (administrator.provider(), &administrator.provider().bases);
        let mut edit = administrator.edit().await;
        loop {
            let done = async {
                let before = registry::realm_as_stored(provider, &realm.0).await?;
                let change = patch.onto(&Realm::of(bases, &before)?)?.into_change()?;
                let after = registry::update_realm(&administrator.serving(), before, change).await.map_err(refused)?;
                Ok(Shown::of(Realm::of(bases, &after.realm)?))
            };
            let done = done.await;
            if edit.ends_with(&done) {
                return done;
            }
        }
    }

    /// Begins a new timeline after a restore or a failover: authorization codes, open forms and access tokens from before
    /// are dead, because the database may have forgotten that they were used or revoked. Sessions, refresh tokens and
    /// consents stay.
    #[oai(path = "/realms/:realm/timeline", method = "post", operation_id = "beginTimeline")]
    async fn begin_timeline(&self, administrator: Administrator, realm: Path<RealmName>) -> Result<Done, Problem> {
        let mut edit = administrator.edit().await;
        loop {
            let done = async {
                let before = registry::realm_as_stored(administrator.provider(), &realm.0).await?;
                registry::begin_timeline(&administrator.serving(), before).await?;
                Ok(Done::Done)
            };
            let done = done.await;
            if edit.ends_with(&done) {
                return done;
            }
        }
    }

    /// Revokes everything that was issued in a realm until now: tokens, codes, requests that wait, tickets, and every
    /// session; clients are told by the back channel. Clients, users, credentials and consents stay. In the admin realm
    /// the token of this very request ends, too.
    #[oai(path = "/realms/:realm/revocation", method = "post", operation_id = "revokeAllOfRealm")]
    async fn revoke_all(&self, administrator: Administrator, realm: Path<RealmName>) -> Result<Done, Problem> {
        registry::revoke_all_of_realm(&administrator.serving(), &realm.0).await?;
        Ok(Done::Done)
    }

    /// Deletes a realm and everything in it. The admin realm cannot be deleted.
    #[oai(path = "/realms/:realm", method = "delete", operation_id = "deleteRealm")]
    async fn delete(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        precondition: Precondition,
    ) -> Result<Done, Problem> {
        let provider = administrator.provider();
        let _edit = administrator.edit().await;
        let before = registry::realm_as_stored(provider, &realm.0).await?;
        precondition.check(&Realm::of(&provider.bases, &before)?)?;
        registry::delete_realm(&administrator.serving(), &realm.0).await?;
        Ok(Done::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_of_the_api_mirrors_that_of_the_core() {
        mirror::assert_mirrors::<RealmSettings, model::RealmSettings>();
        let stored = model::RealmSettings { client_certificate_authorities: "x".to_owned(), ..Default::default() };
        let shown: RealmSettings = mirror::shown(&stored).unwrap();
        assert_eq!(mirror::stored::<model::RealmSettings>(&shown, "").unwrap(), stored);
    }

    #[test]
    fn a_policy_member_that_does_not_read_is_named() {
        let mut settings: RealmSettings = mirror::shown(&model::RealmSettings::default()).unwrap();
        settings.default_scope = Some("a\"b".to_owned());
        let problem = mirror::stored::<model::RealmSettings>(&settings, "").unwrap_err();
        let reason = "scope holds characters that a scope token may not have";
        assert_eq!(problem, Problem::invalid("default_scope", reason));
    }
}
