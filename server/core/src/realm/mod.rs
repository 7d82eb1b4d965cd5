//! A realm ready to serve: its keys parsed, its secrets derived, its resource servers at hand.

mod cache;
mod encryption_keys;
mod hooks;
mod load;
mod pairwise;
mod programs;
mod signing_keys;

pub(crate) use cache::RealmCache;
pub use encryption_keys::{EncryptionKeys, NotDecrypted};
pub(crate) use hooks::secret_place as script_secret_place;
pub use hooks::{BoundScript, HookTable, ScriptValues, ShadowScript};
pub(crate) use load::{
    REFRESH_KEY_VERSION, SEALING_KEY_LEAD_SECONDS, column_cipher, sealing_key_place, signing_key_place,
};
pub(crate) use pairwise::{PairwiseSalts, pairwise_salt_place};
pub(crate) use programs::{Programs, compile as compile_script, listed as listed_diagnostics};
pub use signing_keys::SigningKeys;

use serde::Serialize;
use serde::de::DeserializeOwned;
use signet_jose::sealed::Opened;
use signet_jose::{
    ColumnCipher, OpenError, Purpose, Random, RefreshTokenKey, SealContext, SealingKeyRing, TrustAnchors, digest,
};
use signet_protocol::identifiers::RealmId;
use signet_protocol::names::{GrantType, ResponseType};
use signet_protocol::scope::Scope;
use signet_protocol::time::UnixTime;
use zeroize::Zeroizing;

use crate::binding::{Audience, NonceKey};
use crate::details::DetailsTypes;
use crate::endpoints::{OwnResource, RealmUrls};
use crate::events::EventKeys;
use crate::failure::Fault;
use crate::model::{Client, Realm, ResourceServer, TrustedIssuer};
use crate::profile::conformity::{Registered, Requirement, Shortfall, first_shortfall};
use crate::profile::{ProfileName, SecurityProfile};

/// A realm ready to serve.
pub struct RealmContext {
    /// The realm as stored.
    pub realm: Realm,
    /// Its issuer and endpoints.
    pub urls: RealmUrls,
    /// Its signing keys.
    pub signing_keys: SigningKeys,
    /// The keys that clients encrypt to.
    pub encryption_keys: EncryptionKeys,
    /// The APIs that tokens may be for.
    pub resource_servers: Vec<ResourceServer>,
    /// The issuers outside whose tokens are believed.
    pub trusted_issuers: Vec<TrustedIssuer>,
    /// The types of authorization details (RFC 9396).
    pub details_types: DetailsTypes,
    /// The scripts that are bound in it.
    pub hooks: HookTable,
    /// Authenticates refresh tokens.
    pub refresh_token_key: RefreshTokenKey,
    /// What pairwise subjects are made with.
    pub(crate) pairwise_salts: PairwiseSalts,
    /// Authenticate its events.
    pub(crate) event_keys: EventKeys,
    /// Makes the nonces of DPoP proofs.
    pub(crate) nonce_key: NonceKey,
    trust_anchors: Option<TrustAnchors>,
    sealing_keys: SealingKeyRing,
    columns: ColumnCipher,
    client_secret_key: Zeroizing<[u8; 32]>,
    user_code_key: Zeroizing<[u8; 32]>,
    approval_key: Zeroizing<[u8; 32]>,
}

impl RealmContext {
    /// The realm's identifier.
    pub const fn id(&self) -> RealmId {
        self.realm.id
    }

    /// The issuer.
    pub fn issuer(&self) -> &str {
        &self.urls.issuer
    }

    /// The security profile of a client: its own and the realm's together.
    pub fn profile_of(&self, client: &Client) -> &'static SecurityProfile {
        ProfileName::together(self.profile_name_of(client))
    }

    /// The name of that profile; nothing where its own and the realm's exclude each other.
    pub fn profile_name_of(&self, client: &Client) -> Option<ProfileName> {
        let of_realm = self.realm.settings.profile;
        client.settings.profile.map_or(Some(of_realm), |own| own.and(of_realm))
    }

    /// What the registration of a client lacks of its security profile. It had it when it was registered; the profile of
    /// the realm may have changed since.
    pub(crate) fn shortfall_of(&self, client: &Client) -> Option<(&'static Requirement, Shortfall)> {
        let registered = Registered { profile: self.profile_of(client), realm: &self.realm.settings, client };
        first_shortfall(&registered)
    }

    /// The response types that the realm offers: those it is set to, as far as its profile permits them.
    pub fn response_types(&self) -> impl Iterator<Item = ResponseType> {
        let permitted = self.realm.settings.profile.profile().response_types;
        self.realm.settings.response_types.iter().copied().filter(|offered| permitted.contains(offered))
    }

    /// Whether a grant is in use here: what its setting switches off, what the profile does not
    /// permit, and assertions where no issuer is trusted, are not.
    pub fn offers_grant(&self, grant_type: GrantType) -> bool {
        let is_on = match grant_type {
            GrantType::DeviceCode => self.realm.settings.device_authorization,
            GrantType::Ciba => self.realm.settings.backchannel_authentication,
            GrantType::UmaTicket => self.realm.settings.uma,
            GrantType::JwtBearer => self.trusted_issuers.iter().any(|trusted| trusted.definition.enabled),
            _ => true,
        };
        is_on && self.realm.settings.profile.profile().grant_types.contains(&grant_type)
    }

    /// The scope values a client may ask for.
    pub fn scope_of<'a>(&'a self, client: &'a Client) -> &'a Scope {
        client.metadata.scope.as_ref().unwrap_or(&self.realm.settings.default_scope)
    }

    /// The group of apps that a client shares logins with; nothing where the realm or the client does not say so (Native
    /// SSO for Mobile Apps 4.3).
    pub fn native_sso_group<'a>(&self, client: &'a Client) -> Option<&'a str> {
        client.settings.native_sso_group.as_deref().filter(|_| self.realm.settings.native_sso)
    }

    /// The resource server of an identifier.
    pub fn resource_server(&self, identifier: &str) -> Option<&ResourceServer> {
        self.resource_servers.iter().find(|server| server.identifier == identifier)
    }

    /// The resources of this server itself, by the addresses that they are at (RFC 9728 section 1.2): tokens for them are
    /// tokens for the issuer.
    pub fn own_resources(&self) -> impl Iterator<Item = OwnResource> {
        OwnResource::ALL.into_iter().filter(|resource| resource.is_in(self))
    }

    /// Whether an identifier is that of a resource of this server itself.
    pub fn is_own_resource(&self, identifier: &str) -> bool {
        self.own_resources().any(|own| own.identifier(&self.urls) == identifier)
    }

    /// The authorities that issue client certificates (RFC 8705 section 2.1).
    pub(crate) const fn trust_anchors(&self) -> Option<&TrustAnchors> {
        self.trust_anchors.as_ref()
    }

    /// The nonce that DPoP proofs may have from now on (RFC 9449 sections 8 and 9).
    pub fn dpop_nonce(&self, audience: Audience, now: UnixTime) -> String {
        self.nonce_key.fresh(audience, now)
    }

    /// Seals a value for this realm.
    pub(crate) fn seal(
        &self,
        purpose: Purpose,
        expires_at: UnixTime,
        payload: &impl Serialize,
        random: &dyn Random,
    ) -> Result<String, Fault> {
        self.sealing_keys
            .seal(self.seal_context(&self.realm.id.to_string(), purpose), expires_at, payload, random)
            .map_err(|error| Fault::internal("a value could not be sealed", error))
    }

    /// Opens a value that was sealed for this realm and has not expired.
    pub(crate) fn open<T: DeserializeOwned>(
        &self,
        purpose: Purpose,
        value: &str,
        now: UnixTime,
    ) -> Result<T, OpenError> {
        self.sealing_keys.open(self.seal_context(&self.realm.id.to_string(), purpose), value, now)
    }

    /// Opens a value that was sealed for this realm, expired or not.
    pub(crate) fn open_even_expired<T: DeserializeOwned>(
        &self,
        purpose: Purpose,
        value: &str,
    ) -> Result<Opened<T>, OpenError> {
        self.sealing_keys.open_even_expired(self.seal_context(&self.realm.id.to_string(), purpose), value)
    }

    fn seal_context<'a>(&self, realm: &'a str, purpose: Purpose) -> SealContext<'a> {
        SealContext { purpose, realm, timeline: self.realm.timeline.unsigned_abs() }
    }

    /// The stored form of a generated client secret.
    pub(crate) fn client_secret_mac(&self, secret: &str) -> [u8; 32] {
        digest::hmac_sha256(self.client_secret_key.as_slice(), secret.as_bytes())
    }

    /// The stored form of a user code (RFC 8628): the codes are few, so that a bare hash would not hide them.
    pub(crate) fn user_code_mac(&self, letters: &str) -> [u8; 32] {
        digest::hmac_sha256(self.user_code_key.as_slice(), letters.as_bytes())
    }

    /// What the token for the answer to a request of CIBA is made of.
    pub(crate) fn approval_mac(&self, reference: &[u8; 32]) -> [u8; 32] {
        digest::hmac_sha256(self.approval_key.as_slice(), reference)
    }

    /// The cipher of this realm's columns.
    pub(crate) const fn columns(&self) -> &ColumnCipher {
        &self.columns
    }
}
