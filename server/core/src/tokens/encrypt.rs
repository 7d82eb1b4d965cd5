//! Encryption of what a client is sent, where it is registered for that (OpenID Connect Core 10.2, JARM 2.2, RFC 9701
//! section 6).

use signet_jose::{
    ContentEncryptionAlgorithm, EncryptError, Encryption, JwkSet, KeyManagementAlgorithm, Recipient, SharedKey,
    UnknownAlgorithm,
};
use signet_protocol::client_metadata::ClientMetadata;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::oidc_core;

use crate::client_auth::{NoKeys, recover_secret, registered_keys};
use crate::failure::{Failure, Fault};
use crate::model::Client;
use crate::ports::outbound::Freshness;
use crate::provider::Provider;
use crate::realm::RealmContext;

/// The responses that a client may be registered to get encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EncryptedResponse {
    IdToken,
    UserInfo,
    Authorization,
    Introspection,
}

/// How something is encrypted, as a client is registered for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RegisteredEncryption {
    pub(crate) algorithm: KeyManagementAlgorithm,
    pub(crate) content: ContentEncryptionAlgorithm,
}

/// What is encrypted.
pub(crate) enum Content<'a> {
    /// A signed token: the result is a Nested JWT (RFC 7519 section 2).
    Signed(&'a str),
    /// The same, where the header says too whose token it is (Back-Channel Logout 2.4).
    SignedBy(&'a str, &'a str),
    /// Claims that are not signed.
    Claims(&'a [u8]),
}

impl EncryptedResponse {
    pub(crate) const ALL: [Self; 4] = [Self::IdToken, Self::UserInfo, Self::Authorization, Self::Introspection];

    /// The metadata field of the `alg`.
    pub(crate) const fn alg_field(self) -> &'static str {
        match self {
            Self::IdToken => "id_token_encrypted_response_alg",
            Self::UserInfo => "userinfo_encrypted_response_alg",
            Self::Authorization => "authorization_encrypted_response_alg",
            Self::Introspection => "introspection_encrypted_response_alg",
        }
    }

    /// The metadata field of the `enc`.
    pub(crate) const fn enc_field(self) -> &'static str {
        match self {
            Self::IdToken => "id_token_encrypted_response_enc",
            Self::UserInfo => "userinfo_encrypted_response_enc",
            Self::Authorization => "authorization_encrypted_response_enc",
            Self::Introspection => "introspection_encrypted_response_enc",
        }
    }

    /// The two fields as registered.
    pub(crate) fn registered(self, metadata: &ClientMetadata) -> (Option<&str>, Option<&str>) {
        let (alg, enc) = match self {
            Self::IdToken => (&metadata.id_token_encrypted_response_alg, &metadata.id_token_encrypted_response_enc),
            Self::UserInfo => (&metadata.userinfo_encrypted_response_alg, &metadata.userinfo_encrypted_response_enc),
            Self::Authorization => {
                (&metadata.authorization_encrypted_response_alg, &metadata.authorization_encrypted_response_enc)
            }
            Self::Introspection => {
                (&metadata.introspection_encrypted_response_alg, &metadata.introspection_encrypted_response_enc)
            }
        };
        (alg.as_deref(), enc.as_deref())
    }

    /// The two fields with the default of OpenID Connect Registration 2; nothing where the response is not encrypted.
    pub(crate) fn registration(
        self,
        metadata: &ClientMetadata,
    ) -> Result<Option<RegisteredEncryption>, UnknownAlgorithm> {
        let (alg, enc) = self.registered(metadata);
        RegisteredEncryption::read(alg, enc)
    }

    /// Encrypts a response to a client that is registered for it; nothing where it is not.
    ///
    /// # Errors
    /// `invalid_client_metadata` where the client has no key to encrypt to: nothing is ever sent in the clear instead.
    pub(crate) async fn encrypt(
        self,
        (provider, realm): (&Provider, &RealmContext),
        client: &Client,
        content: Content<'_>,
    ) -> Result<Option<String>, Failure> {
        let registration = self
            .registration(&client.metadata)
            .map_err(|error| Fault::internal("the client is registered with an unknown algorithm", error))?;
        let Some(registration) = registration else { return Ok(None) };
        let encrypted = if registration.algorithm.is_symmetric() {
            let secret = recover_secret(realm, client)?
                .ok_or(Fault::Internal("the client has no secret to encrypt with", None))?;
            let shared = SharedKey::of_client_secret(&secret);
            registration.encrypt(provider, Recipient::Shared(&shared), &content)
        } else {
            let keys = self.keys(provider, client, registration.algorithm).await?;
            let recipient =
                keys.recipient(registration.algorithm).ok_or_else(|| self.no_key("no key permits the algorithm"))?;
            registration.encrypt(provider, Recipient::Public(recipient), &content)
        };
        encrypted.map(Some).map_err(|error| match error {
            EncryptError::WrongKey(_) => {
                Fault::internal("the client's key does not permit the algorithm", error).into()
            }
            // A point of small order, which only trying finds out.
            EncryptError::Library => self.no_key(error.to_string()).into(),
        })
    }

    /// The client's keys, fetched again where those at hand have none for the algorithm.
    async fn keys(
        self,
        provider: &Provider,
        client: &Client,
        algorithm: KeyManagementAlgorithm,
    ) -> Result<JwkSet, Failure> {
        let unavailable = |error| match error {
            NoKeys::Fault(fault) => Failure::from(fault),
            NoKeys::Unavailable(detail) => self.no_key(detail).into(),
        };
        let keys = registered_keys(provider, client, Freshness::Cached).await.map_err(unavailable)?;
        if keys.recipient(algorithm).is_some() {
            return Ok(keys);
        }
        registered_keys(provider, client, Freshness::Newer).await.map_err(unavailable)
    }

    fn no_key(self, detail: impl Into<String>) -> Refusal {
        let reason = format!("the client publishes no usable key for its {}", self.alg_field());
        ErrorCode::InvalidClientMetadata.because(reason).per(oidc_core("10.2")).detail(detail)
    }
}

impl RegisteredEncryption {
    /// How a client may encrypt its request objects, as it declared; nothing where it declared nothing.
    pub(crate) fn of_request_objects(metadata: &ClientMetadata) -> Result<Option<Self>, UnknownAlgorithm> {
        let ClientMetadata { request_object_encryption_alg, request_object_encryption_enc, .. } = metadata;
        Self::read(request_object_encryption_alg.as_deref(), request_object_encryption_enc.as_deref())
    }

    /// The two fields with the default of OpenID Connect Registration 2.
    fn read(alg: Option<&str>, enc: Option<&str>) -> Result<Option<Self>, UnknownAlgorithm> {
        let Some(alg) = alg else { return Ok(None) };
        let content = enc.map_or(Ok(ContentEncryptionAlgorithm::A128CbcHs256), str::parse)?;
        Ok(Some(Self { algorithm: alg.parse()?, content }))
    }

    fn encrypt(
        self,
        provider: &Provider,
        recipient: Recipient<'_>,
        content: &Content<'_>,
    ) -> Result<String, EncryptError> {
        let (plaintext, content_type, issuer) = match content {
            Content::Signed(token) => (token.as_bytes(), Some("JWT"), None),
            Content::SignedBy(issuer, token) => (token.as_bytes(), Some("JWT"), Some(*issuer)),
            Content::Claims(claims) => (*claims, None, None),
        };
        let encryption =
            Encryption { algorithm: self.algorithm, content: self.content, recipient, content_type, issuer };
        encryption.encrypt(plaintext, &*provider.random)
    }
}
