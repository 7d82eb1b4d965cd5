//! A client manages a grant (Grant Management for OAuth 2.0).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::on_authorize_request::AuthorizationDenial;
use super::on_rar_validate::Detail;
use crate::decision::{Constructor, Denial};
use crate::hook::{Hook, HookPoint};
use crate::redaction::{self, Redact, nothing_personal};

/// `on_grant_management(ctx, grant)`
pub struct OnGrantManagement;

/// What the client wants of the grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantFacts {
    /// What is to be done.
    pub action: GrantAction,
}

/// What can be done with a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GrantAction {
    /// An authorization request asks for a new one.
    Create,
    /// An authorization request adds to one.
    Merge,
    /// An authorization request puts something else in its place.
    Replace,
    /// The client looks at one.
    Query,
    /// The client gives one back.
    Revoke,
}

/// A grant: as it is asked for, or as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManagedGrant {
    /// The `grant_id`; `()` for a new one.
    pub id: Option<String>,
    /// The scope values.
    pub scope: Vec<String>,
    /// Single claims.
    pub claims: Vec<String>,
    /// Resource servers.
    pub resources: Vec<String>,
    /// The objects of `authorization_details` (RFC 9396).
    pub authorization_details: Vec<Detail>,
}

/// What may be decided about a grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum GrantDecision {
    /// Nothing to say.
    None {},
    /// Go on.
    Allow {},
    /// Refuse; the client gets the error.
    Deny(Denial<AuthorizationDenial>),
    /// Go on with less.
    Narrow(GrantNarrowing),
}

/// What is taken from a grant that is asked for; a grant that stands is shown as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GrantNarrowing {
    /// Scope values to leave out; those that were not asked for are ignored. `openid` stays.
    pub drop_scopes: Vec<String>,
}

nothing_personal!(GrantFacts { action });

impl Redact for ManagedGrant {
    fn redact(&mut self) {
        let Self { id, scope: _, claims: _, resources: _, authorization_details } = self;
        id.iter_mut().for_each(redaction::identifier);
        authorization_details.iter_mut().for_each(Redact::redact);
    }
}

impl HookPoint for OnGrantManagement {
    const HOOK: Hook = Hook::OnGrantManagement;
    const ARGUMENT: Option<&'static str> = Some("grant");
    const ABOUT: &'static str = "Asked when a client asks for a grant of its own, adds to one, puts another in its place, \
                                 looks at one or revokes one. ctx.action says which.";
    const NEVER: &'static str = "add to a grant, or show or revoke one that is not the client's";
    const CONSTRUCTORS: &'static [Constructor] =
        &[Constructor::ALLOW, Constructor::DENY, Constructor::members("narrow")];
    type Facts = GrantFacts;
    type Argument = ManagedGrant;
    type Output = GrantDecision;

    fn sample() -> (GrantFacts, ManagedGrant) {
        let grant = ManagedGrant {
            id: Some("TSdqirmAxDa0_-DB_1bASQ".to_owned()),
            scope: ["openid", "read"].map(str::to_owned).to_vec(),
            claims: Vec::new(),
            resources: Vec::new(),
            authorization_details: vec![Detail::sample()],
        };
        (GrantFacts { action: GrantAction::Merge }, grant)
    }

    fn sample_context() -> crate::context::Context {
        crate::context::Context::sample_without_user()
    }
}
