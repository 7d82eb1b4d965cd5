//! A user has agreed to what a client asked for in `authorization_details` (RFC 9396 section 7.1).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::on_rar_validate::{Detail, DetailDenial};
use crate::decision::{Constructor, Denial, Takes};
use crate::hook::{Hook, HookPoint};
use crate::redaction::nothing_personal;

/// `on_rar_enrich(ctx, detail)`
pub struct OnRarEnrich;

/// What may be filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrichmentFacts {
    /// The members that the type leaves to scripts.
    pub enriched: Vec<String>,
}

/// What may be decided about an object that was agreed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum EnrichDecision {
    /// Nothing to fill in.
    None {},
    /// Nothing to fill in.
    Allow {},
    /// Refuse after all; the client gets the error.
    Deny(Denial<DetailDenial>),
    /// Fill in members.
    Enrich {
        /// The members by name: those that the type leaves to scripts, each as its schema wants it.
        enrich: Map<String, Value>,
    },
}

nothing_personal!(EnrichmentFacts { enriched });

impl HookPoint for OnRarEnrich {
    const HOOK: Hook = Hook::OnRarEnrich;
    const ARGUMENT: Option<&'static str> = Some("detail");
    const ABOUT: &'static str = "Asked for each object of authorization_details when a user has agreed to it, or a client \
                                 gets it for itself, before tokens are issued for it.";
    const NEVER: &'static str = "change a member that the user was shown, or fill in one that the type does not leave to scripts";
    const CONSTRUCTORS: &'static [Constructor] =
        &[Constructor::ALLOW, Constructor::DENY, Constructor { name: "enrich", takes: Takes::Itself }];
    type Facts = EnrichmentFacts;
    type Argument = Detail;
    type Output = EnrichDecision;

    fn sample() -> (EnrichmentFacts, Detail) {
        (EnrichmentFacts { enriched: vec!["debtorAccount".to_owned()] }, Detail::sample())
    }
}
