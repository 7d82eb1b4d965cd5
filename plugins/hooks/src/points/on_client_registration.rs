//! A client registers itself, or changes or deletes its own registration.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::context::Context;
use crate::decision::{Constructor, Denial, denial_codes};
use crate::facts::NoFacts;
use crate::hook::{Hook, HookPoint};
use crate::redaction::{self, Redact};
use crate::text::Seconds;

/// `on_client_registration(ctx, reg)`
pub struct OnClientRegistration;

/// A registration that keeps to the policy of the realm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistrationFacts {
    /// What is done.
    pub operation: RegistrationOperation,
    /// The metadata as it would be registered, in the names of RFC 7591; for a deletion, as it is.
    pub metadata: Map<String, Value>,
    /// The claims of the verified software statement; `()` without one.
    pub software_statement: Option<Map<String, Value>>,
    /// The description of the initial access token; `()` without one.
    pub initial_access_token: Option<String>,
}

/// What a client does with its registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationOperation {
    /// A client registers itself (RFC 7591 section 3).
    Create,
    /// A client changes itself; it is `ctx.client` (RFC 7592 section 2.2).
    Update,
    /// A client deletes itself; it is `ctx.client` (RFC 7592 section 2.3).
    Delete,
}

denial_codes! {
    /// How a registration can be refused (RFC 7591 section 3.2.2).
    RegistrationDenial {
        AccessDenied, InvalidClientMetadata, InvalidRedirectUri, InvalidSoftwareStatement, UnapprovedSoftwareStatement,
    }
}

/// What may be decided about a registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum RegistrationDecision {
    /// Nothing to say.
    None {},
    /// Go on.
    Allow {},
    /// Refuse; nothing is used up.
    Deny(Denial<RegistrationDenial>),
    /// Register less.
    Narrow(RegistrationNarrowing),
}

/// What is taken from a registration. It has no effect on a deletion.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RegistrationNarrowing {
    /// Scope values to leave out; those it has not are ignored.
    pub drop_scopes: Vec<String>,
    /// Grants to leave out; those it has not are ignored.
    pub drop_grant_types: Vec<String>,
    /// Longest life of access tokens; the smaller of this and the realm's own counts.
    pub access_token_seconds: Option<Seconds<30, 86_400>>,
    /// Demand PKCE of the client.
    pub require_pkce: bool,
}

impl Redact for RegistrationFacts {
    fn redact(&mut self) {
        let Self { operation: _, metadata, software_statement, initial_access_token: _ } = self;
        // Contacts are people. A statement says what its maker likes.
        metadata.iter_mut().filter(|(name, _)| *name == "contacts").for_each(|(_, value)| redaction::texts(value));
        software_statement.iter_mut().flat_map(Map::values_mut).for_each(redaction::texts);
    }
}

impl HookPoint for OnClientRegistration {
    const HOOK: Hook = Hook::OnClientRegistration;
    const ARGUMENT: Option<&'static str> = Some("reg");
    const ABOUT: &'static str = "Asked at the registration endpoint when the request keeps to the realm's policy, before \
                                 anything is stored. `ctx.client` is the client that changes or deletes itself.";
    const NEVER: &'static str = "register more than was asked for or than the realm permits; set a secret, a key or an \
                                 address";
    const CONSTRUCTORS: &'static [Constructor] =
        &[Constructor::ALLOW, Constructor::DENY, Constructor::members("narrow")];
    type Facts = NoFacts;
    type Argument = RegistrationFacts;
    type Output = RegistrationDecision;

    fn sample() -> (NoFacts, RegistrationFacts) {
        let metadata = [
            ("redirect_uris", Value::from(vec!["https://shop.example.com/callback"])),
            ("grant_types", Value::from(vec!["authorization_code", "refresh_token"])),
            ("token_endpoint_auth_method", "private_key_jwt".into()),
            ("scope", "openid email".into()),
            ("client_name", "Shop".into()),
        ];
        let registration = RegistrationFacts {
            operation: RegistrationOperation::Create,
            metadata: metadata.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            software_statement: None,
            initial_access_token: Some("partners".to_owned()),
        };
        (NoFacts {}, registration)
    }

    fn sample_context() -> Context {
        Context { client: None, ..Context::sample_without_user() }
    }
}
