//! An authorization request that every rule has agreed to.

use signet_protocol::claims_request::ClaimsRequest;
use signet_protocol::identifiers::AuthorizationId;
use signet_protocol::names::{CodeChallengeMethod, GrantManagementAction, Prompt, ResponseType};
use signet_protocol::scope::Scope;

use crate::model::{AuthorizationDetail, Thumbprint};

/// An authorization request that every rule has agreed to.
#[derive(Debug, Clone)]
pub struct AuthorizationRequest {
    response_type: ResponseType,
    pub(super) parts: Parts,
}

/// The parts of a request, filled by the rules.
#[derive(Debug, Clone, Default)]
pub(super) struct Parts {
    pub(super) response_type: Option<ResponseType>,
    pub(super) scope: Scope,
    pub(super) nonce: Option<String>,
    pub(super) challenge: Option<(CodeChallengeMethod, String)>,
    /// The key that the code is to be bound to.
    pub(super) key: Option<Thumbprint>,
    pub(super) prompts: Vec<Prompt>,
    /// Seconds.
    pub(super) max_age: Option<i64>,
    pub(super) popup: bool,
    pub(super) ui_locales: Vec<String>,
    pub(super) claims_locales: Vec<String>,
    pub(super) claims: ClaimsRequest,
    pub(super) claims_text: Option<String>,
    /// Whether the client wants to know the authentication class.
    pub(super) acr_requested: bool,
    /// The users the client wants to be told about, by the name it knows them by, from hint or `sub` claim; any, where
    /// nothing was said. With an empty list nobody fits.
    pub(super) wanted_subjects: Option<Vec<String>>,
    pub(super) login_hint: Option<String>,
    pub(super) resources: Vec<String>,
    /// What is asked for in detail (RFC 9396).
    pub(super) details: Vec<AuthorizationDetail>,
    /// The grant it is about, where the client manages it.
    pub(super) grant: Option<ManagedGrant>,
}

/// What a request wants of a grant (Grant Management 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ManagedGrant {
    pub(super) action: GrantManagementAction,
    /// Which; a new one has none yet.
    pub(super) id: Option<AuthorizationId>,
}

/// A request that the rules are still reading.
#[derive(Debug, Default)]
pub(super) struct Draft(pub(super) Parts);

impl Draft {
    /// A request that is answered at the token endpoint, like one for a code.
    pub(super) fn deferred() -> Self {
        Self(Parts { response_type: Some(ResponseType::Code), ..Parts::default() })
    }

    /// The request, once the rules that every request needs have filled it in.
    pub(super) fn complete(self) -> Option<AuthorizationRequest> {
        Some(AuthorizationRequest { response_type: self.0.response_type?, parts: self.0 })
    }
}

impl AuthorizationRequest {
    /// What the response is to have.
    pub const fn response_type(&self) -> ResponseType {
        self.response_type
    }

    /// The scope asked for and open to the client.
    pub const fn scope(&self) -> &Scope {
        &self.parts.scope
    }

    /// Identifiers of the resource servers that the tokens are to be for (RFC 8707).
    pub fn resources(&self) -> &[String] {
        &self.parts.resources
    }

    /// What is asked for in detail (RFC 9396).
    pub fn details(&self) -> &[AuthorizationDetail] {
        &self.parts.details
    }

    /// The grant it is about, where the client manages it.
    pub(super) const fn grant(&self) -> Option<ManagedGrant> {
        self.parts.grant
    }

    /// Languages the client wants pages in, most wanted first.
    pub fn ui_locales(&self) -> &[String] {
        &self.parts.ui_locales
    }

    /// Whether the client opened the page in a popup window (`display`, OpenID Connect Core 3.1.2.1).
    pub const fn is_for_popup(&self) -> bool {
        self.parts.popup
    }

    pub(super) fn prompts(&self, prompt: Prompt) -> bool {
        self.parts.prompts.contains(&prompt)
    }
}
