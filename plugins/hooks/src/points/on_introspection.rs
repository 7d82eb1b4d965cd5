//! A resource server asks about a token that is good.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decision::Constructor;
use crate::facts::NoFacts;
use crate::hook::{Hook, HookPoint};
use crate::redaction::{self, Redact};

/// `on_introspection(ctx, token)`
pub struct OnIntrospection;

/// Members of an introspection response that a script cannot hide: a resource server that does not get to see them might
/// check less than it should.
pub const ALWAYS_SHOWN: &[&str] =
    &["active", "iss", "aud", "client_id", "token_type", "scope", "authorization_details", "iat", "exp", "nbf", "cnf", "act"];

/// A good token, and what the caller would be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IntrospectedToken {
    /// Which kind of token it is.
    pub kind: TokenKind,
    /// The client that the token was issued to. The caller is `ctx.client`.
    pub client_id: String,
    /// `sub`.
    pub subject: String,
    /// The scope values.
    pub scope: Vec<String>,
    /// Whom it is for; empty for a refresh token.
    pub audience: Vec<String>,
    /// When it was issued, in Unix seconds; `()` for a refresh token.
    pub issued_at: Option<i64>,
    /// When it ends, in Unix seconds.
    pub expires_at: i64,
    /// The names of the members that the response would have.
    pub members: Vec<String>,
}

/// The kinds of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// An access token.
    AccessToken,
    /// A refresh token.
    RefreshToken,
}

/// What may be decided about an introspection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum IntrospectionDecision {
    /// Nothing to say.
    None {},
    /// Answer.
    Allow {},
    /// Tell the caller less.
    Narrow(IntrospectionNarrowing),
}

/// What is kept from the caller.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IntrospectionNarrowing {
    /// Answer that the token is not active.
    pub inactive: bool,
    /// The only members that are shown, besides those that are always: active, iss, aud, client_id, token_type, scope,
    /// authorization_details, iat, exp, nbf, cnf, act. All are, where this is absent.
    pub show: Option<Vec<String>>,
}

impl IntrospectionNarrowing {
    /// Whether the caller gets to see a member.
    pub fn shows(&self, member: &str) -> bool {
        let listed = |shown: &Vec<String>| shown.iter().any(|name| name == member);
        ALWAYS_SHOWN.contains(&member) || self.show.as_ref().is_none_or(listed)
    }
}

impl Redact for IntrospectedToken {
    fn redact(&mut self) {
        let Self { kind: _, client_id, subject, scope: _, audience: _, issued_at: _, expires_at: _, members: _ } = self;
        // A client's own token has the client as its subject.
        if subject != client_id {
            redaction::identifier(subject);
        }
    }
}

impl HookPoint for OnIntrospection {
    const HOOK: Hook = Hook::OnIntrospection;
    const ARGUMENT: Option<&'static str> = Some("token");
    const ABOUT: &'static str = "Asked when a caller that may know about a token asks for it, and the token is good. \
                                 `ctx.user` is the user the token is for.";
    const NEVER: &'static str = "make a bad token good; hide what a resource server needs for its checks";
    const CONSTRUCTORS: &'static [Constructor] = &[Constructor::ALLOW, Constructor::members("narrow")];
    type Facts = NoFacts;
    type Argument = IntrospectedToken;
    type Output = IntrospectionDecision;

    fn sample() -> (NoFacts, IntrospectedToken) {
        let members =
            ["active", "aud", "client_id", "exp", "iat", "iss", "jti", "scope", "sub", "token_type", "username"];
        let token = IntrospectedToken {
            kind: TokenKind::AccessToken,
            client_id: "shop".to_owned(),
            subject: "BAcKDRATFhkcHyIlKCsuMQ".to_owned(),
            scope: ["openid", "email"].map(str::to_owned).to_vec(),
            audience: vec!["https://api.example.com".to_owned()],
            issued_at: Some(1_767_225_300),
            expires_at: 1_767_225_900,
            members: members.map(str::to_owned).to_vec(),
        };
        (NoFacts {}, token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc7662_2_2_what_a_resource_server_checks_is_never_hidden() {
        let narrowing: IntrospectionNarrowing = serde_json::from_str(r#"{"show": ["username"]}"#).unwrap();
        assert!(narrowing.shows("username") && narrowing.shows("cnf") && narrowing.shows("exp"));
        assert!(!narrowing.shows("sub"));
        assert!(IntrospectionNarrowing::default().shows("sub"));
    }
}
