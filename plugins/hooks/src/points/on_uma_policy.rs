//! An owner's policies allow a client access to protected resources (User-Managed Access 2.0).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::decision::{Constructor, Denial, denial_codes};
use crate::hook::{Hook, HookPoint};
use crate::redaction::{self, Redact};
use crate::text::Seconds;

/// `on_uma_policy(ctx, permissions)`
pub struct OnUmaPolicy;

/// What the permissions are for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UmaFacts {
    /// The resource server, by the client that it is.
    pub resource_server: String,
    /// The owner, by the public `sub`; `()` for what is the resource server's own.
    pub owner: Option<String>,
    /// Whether the requesting party, who is `ctx.user`, is the owner.
    pub is_owner: bool,
    /// What the requesting party answered to the questions of `on_uma_claims_gathering`, by their names. Nobody has
    /// verified it.
    #[serde(default)]
    pub answers: BTreeMap<String, Value>,
    /// What another issuer says, where its ID token says who the requesting party is; `()` otherwise.
    #[serde(default)]
    pub asserted: Option<AssertedFacts>,
}

/// What another issuer says of a requesting party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssertedFacts {
    /// The trusted issuer.
    pub issuer: String,
    /// The claims of its ID token, all verified: that issuer says so, and the realm trusts it to say who somebody is.
    pub claims: BTreeMap<String, Value>,
}

/// The permissions that policies allow, in the order of the ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct AllowedPermissions(pub Vec<AllowedPermission>);

/// Access to a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AllowedPermission {
    /// The identifier of the resource.
    pub resource_id: String,
    /// Its name, for people; `()` where it has none.
    pub name: Option<String>,
    /// What kind of thing it is; `()` where the resource server does not say.
    pub kind: Option<String>,
    /// The scopes.
    pub scopes: Vec<String>,
    /// What the resource server says of the attempt, such as its method.
    #[serde(default)]
    pub params: BTreeMap<String, String>,
}

denial_codes! {
    /// How access can be refused (UMA 2.0 Grant section 3.3.6).
    UmaDenial { RequestDenied, }
}

/// What may be decided about permissions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum UmaDecision {
    /// Nothing to say.
    None {},
    /// Go on.
    Allow {},
    /// Refuse; the ticket is spent.
    Deny(Denial<UmaDenial>),
    /// Go on with less.
    Narrow(UmaNarrowing),
    /// Have the requesting party asked first (`need_info` with `redirect_user`); refused with `request_denied` where the
    /// client has no claims redirection URI.
    Gather {},
}

/// What is taken from the token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UmaNarrowing {
    /// Scopes to leave out of every permission; those that are not there are ignored. A permission of which no scope is
    /// left is gone, and where no permission is left, the request is refused with `request_denied`.
    pub drop_scopes: Vec<String>,
    /// Longest life of the access token; the smaller of this and the server's own counts.
    pub access_token_seconds: Option<Seconds<30, 86_400>>,
}

/// People name what they have, also after themselves.
impl Redact for AllowedPermission {
    fn redact(&mut self) {
        let Self { resource_id, name, kind: _, scopes: _, params } = self;
        redaction::identifier(resource_id);
        name.iter_mut().for_each(redaction::name);
        params.values_mut().for_each(redaction::name);
    }
}

impl Redact for UmaFacts {
    fn redact(&mut self) {
        let Self { resource_server: _, owner, is_owner: _, answers, asserted } = self;
        owner.iter_mut().for_each(redaction::identifier);
        answers.values_mut().for_each(redaction::texts);
        asserted.iter_mut().flat_map(|asserted| asserted.claims.values_mut()).for_each(redaction::texts);
    }
}

impl Redact for AllowedPermissions {
    fn redact(&mut self) {
        let Self(permissions) = self;
        permissions.iter_mut().for_each(Redact::redact);
    }
}

impl HookPoint for OnUmaPolicy {
    const HOOK: Hook = Hook::OnUmaPolicy;
    const ARGUMENT: Option<&'static str> = Some("permissions");
    const ABOUT: &'static str = "Asked when the policies of an owner allow what a client asks for with a permission ticket, \
                                 before the token for it is made. Where they do not allow it, nobody is asked.";
    const NEVER: &'static str = "add a permission or a scope; allow what no policy allows; say who the requesting party is";
    const CONSTRUCTORS: &'static [Constructor] =
        &[Constructor::ALLOW, Constructor::DENY, Constructor::members("narrow"), Constructor::nothing("gather")];
    type Facts = UmaFacts;
    type Argument = AllowedPermissions;
    type Output = UmaDecision;

    fn sample() -> (UmaFacts, AllowedPermissions) {
        let permission = AllowedPermission {
            resource_id: "TSdqirmAxDa0_-DB_1bASQ".to_owned(),
            name: Some("Album".to_owned()),
            kind: Some("https://photoz.example/album".to_owned()),
            scopes: ["view", "print"].map(str::to_owned).to_vec(),
            params: BTreeMap::from([("method".to_owned(), "GET".to_owned())]),
        };
        let facts = UmaFacts {
            resource_server: "album".to_owned(),
            owner: Some("kq3vZ1h7Q0mJm3kVb1x2hA".to_owned()),
            is_owner: false,
            answers: BTreeMap::new(),
            asserted: None,
        };
        (facts, AllowedPermissions(vec![permission]))
    }
}
