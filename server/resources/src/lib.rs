//! The resources of this server itself: userinfo, the grant management API, the admin API. They stand behind the same
//! guard as anybody's ([`signet_guard`]); what they ask about tokens and proofs is answered by `signet-core` in-process.

mod denial;
mod proofs;
mod tokens;

use http::{HeaderMap, HeaderValue};
use signet_core::endpoints::OwnResource;
use signet_core::events::{RefusedAt, Serving};
use signet_core::model::ResourceServer;
use signet_core::provider::Provider;
use signet_core::realm::RealmContext;
use signet_core::tokens::CheckedAccessToken;
use signet_guard::{Guard, Requirement, ResourceRequest};

pub use denial::{Denial, denied};
pub use proofs::OwnProofs;
pub use tokens::{OwnToken, OwnTokens};

/// A resource of a realm, for those who have an access token of the realm that is meant for its issuer.
pub struct GuardedResource<'a> {
    provider: &'a Provider,
    realm: &'a RealmContext,
    guard: Guard<OwnTokens<'a>, OwnProofs<'a>>,
    requirement: Requirement,
}

impl<'a> GuardedResource<'a> {
    /// One that demands `requirement` of tokens, and what was registered for it of the authentication of users.
    pub fn new(
        (provider, realm): (&'a Provider, &'a RealmContext),
        resource: OwnResource,
        requirement: Requirement,
    ) -> Self {
        let requirement = match realm.resource_server(&resource.identifier(&realm.urls)) {
            Some(server) => with_authentication(requirement, server),
            None => requirement,
        };
        let guard = Guard::new(OwnTokens { provider, realm }, OwnProofs::new(provider, realm));
        let guard = guard.realm(realm.realm.name.as_str()).resource_metadata(resource.metadata_url(&realm.urls));
        Self { provider, realm, guard, requirement }
    }

    /// Lets a request through, or not.
    ///
    /// # Errors
    /// Those of [`Guard::admit`].
    pub async fn admit(&self, request: &ResourceRequest<'_>) -> Result<CheckedAccessToken, Denial> {
        let admitted = self.guard.admit(request, &self.requirement, self.provider.now()).await;
        admitted.map(|OwnToken(token)| token)
    }

    /// Records a denial. Answers what the request is refused with in the end: where nothing more can be recorded, with
    /// that, because nothing happens unrecorded.
    pub async fn recorded(&self, serving: &Serving<'_>, denial: Denial, place: RefusedAt) -> Denial {
        denial::recorded(denial, (serving, self.realm), place).await
    }

    /// The `WWW-Authenticate` header for a request with these headers that was not let through.
    pub fn challenge(&self, denial: &Denial, headers: &HeaderMap) -> Option<HeaderValue> {
        self.guard.challenge(denial, headers, &self.requirement)
    }

    /// The header `DPoP-Nonce` for a request that was not let through, where it needs one (RFC 9449 section 9).
    pub fn nonce(&self, denial: &Denial) -> Option<HeaderValue> {
        self.guard.nonce(denial, self.provider.now())
    }
}

/// RFC 9470 section 3.
fn with_authentication(requirement: Requirement, server: &ResourceServer) -> Requirement {
    let requirement = requirement.and_acr(server.required_acr_values.iter().cloned());
    let most = server.max_authentication_age_seconds.and_then(|seconds| u64::try_from(seconds).ok());
    match most {
        Some(seconds) => requirement.and_max_age(seconds),
        None => requirement,
    }
}
