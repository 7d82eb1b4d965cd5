//! A client revokes a token of its own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decision::Constructor;
use crate::facts::NoFacts;
use crate::hook::{Hook, HookPoint};
use crate::redaction::nothing_personal;

/// `on_revocation(ctx, token)`
pub struct OnRevocation;

/// The token that the client revokes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokedToken {
    /// Which kind of token it is.
    pub kind: RevokedKind,
    /// The scope values; none of a device secret.
    pub scope: Vec<String>,
    /// When it would have ended, in Unix seconds.
    pub expires_at: i64,
}

/// The kinds of tokens that a client revokes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevokedKind {
    /// An access token.
    AccessToken,
    /// A refresh token.
    RefreshToken,
    /// A device secret (Native SSO for Mobile Apps 3.2): one of the client's group.
    DeviceSecret,
}

/// What may be decided about a revocation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum RevocationDecision {
    /// Nothing to say.
    None {},
    /// Revoke the token.
    Allow {},
    /// Revoke more than the token.
    Revoke(Revocation),
}

/// What is revoked besides the token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Revocation {
    /// Everything that was issued from the same login, too, as for a refresh token (RFC 7009 section 2.1).
    pub lineage: bool,
}

nothing_personal!(RevokedToken { kind, scope, expires_at });

impl HookPoint for OnRevocation {
    const HOOK: Hook = Hook::OnRevocation;
    const ARGUMENT: Option<&'static str> = Some("token");
    const ABOUT: &'static str = "Asked when a client revokes a good token of its own, or a good device secret of its group.";
    const NEVER: &'static str = "keep the token alive: it is revoked whatever the script decides, and where it fails";
    const CONSTRUCTORS: &'static [Constructor] = &[Constructor::ALLOW, Constructor::members("revoke")];
    type Facts = NoFacts;
    type Argument = RevokedToken;
    type Output = RevocationDecision;

    fn sample() -> (NoFacts, RevokedToken) {
        let token = RevokedToken {
            kind: RevokedKind::AccessToken,
            scope: ["openid", "email"].map(str::to_owned).to_vec(),
            expires_at: 1_767_225_900,
        };
        (NoFacts {}, token)
    }
}
