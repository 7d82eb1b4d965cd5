//! Whether and how a user is asked to agree.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::on_authorize_request::AuthorizationDenial;
use super::on_rar_validate::Detail;
use crate::decision::{Constructor, Denial};
use crate::facts::NoFacts;
use crate::hook::{Hook, HookPoint};
use crate::redaction::Redact;
use crate::text::{LocalizedText, Seconds};

/// `on_consent(ctx, grant)`
pub struct OnConsent;

/// What the client would get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentFacts {
    /// The scope values asked for.
    pub scope: Vec<String>,
    /// Single claims asked for beyond the scope.
    pub claims: Vec<String>,
    /// Resource servers asked for.
    pub resources: Vec<String>,
    /// The objects of `authorization_details` (RFC 9396).
    #[serde(default)]
    pub authorization_details: Vec<Detail>,
    /// What the user agreed to before; `()` if nothing.
    pub remembered: Option<RememberedConsent>,
    /// Whether the form is shown by the server's own rules: the client asks for it, or for more than was agreed to.
    pub is_needed: bool,
}

/// What a user agreed to before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RememberedConsent {
    /// The scope values.
    pub scope: Vec<String>,
    /// Single claims.
    pub claims: Vec<String>,
    /// Resource servers.
    pub resources: Vec<String>,
    /// When it was first given, in Unix seconds.
    pub created_at: i64,
    /// When it was last given, in Unix seconds.
    pub updated_at: i64,
}

/// What may be decided about consent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum ConsentDecision {
    /// Nothing to say.
    None {},
    /// Go on.
    Allow {},
    /// Refuse; the client gets the error at its redirect URI.
    Deny(Denial<AuthorizationDenial>),
    /// Ask more often, or in other words.
    Consent(ConsentTerms),
}

/// When the user is asked, and in which words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ConsentTerms {
    /// Ask, even if what is asked for was agreed to before or the client does without consent.
    pub ask: bool,
    /// Ask if the user last agreed longer ago than that many seconds.
    pub remember_seconds: Option<Seconds<0, 315_360_000>>,
    /// A text above the list, by language.
    pub notice: Option<LocalizedText>,
    /// The words for scope values that have none of their own in the pages, by scope value and language.
    #[schemars(extend("maxProperties" = 32))]
    pub texts: BTreeMap<String, LocalizedText>,
    /// Scope values in the order in which they are listed; others follow.
    #[schemars(extend("maxItems" = 32))]
    pub order: Vec<String>,
}

impl Redact for ConsentFacts {
    fn redact(&mut self) {
        let Self { scope: _, claims: _, resources: _, authorization_details, remembered: _, is_needed: _ } = self;
        authorization_details.iter_mut().for_each(Redact::redact);
    }
}

impl HookPoint for OnConsent {
    const HOOK: Hook = Hook::OnConsent;
    const ARGUMENT: Option<&'static str> = Some("grant");
    const ABOUT: &'static str = "Asked when a user is logged in, before the consent form is shown or left out.";
    const NEVER: &'static str = "agree in the user's place; leave out a scope value or a claim from the form";
    const CONSTRUCTORS: &'static [Constructor] =
        &[Constructor::ALLOW, Constructor::DENY, Constructor::members("consent")];
    type Facts = NoFacts;
    type Argument = ConsentFacts;
    type Output = ConsentDecision;

    fn sample() -> (NoFacts, ConsentFacts) {
        let scope = ["openid", "profile", "email"].map(str::to_owned).to_vec();
        let remembered = RememberedConsent {
            scope: scope.clone(),
            claims: Vec::new(),
            resources: Vec::new(),
            created_at: 1_750_000_000,
            updated_at: 1_760_000_000,
        };
        let grant = ConsentFacts {
            scope,
            claims: Vec::new(),
            resources: Vec::new(),
            authorization_details: Vec::new(),
            remembered: Some(remembered),
            is_needed: false,
        };
        (NoFacts {}, grant)
    }
}
