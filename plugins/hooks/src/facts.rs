//! Facts that several hooks are told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::redaction::{self, Redact, nothing_personal};

/// A hook with no members of `ctx` of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoFacts {}

nothing_personal!(NoFacts {});

/// The second parameter of a hook that has none.
pub type NoArgument = ();

/// An authorization request that every rule of the server has agreed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestFacts {
    /// `response_type`.
    pub response_type: String,
    /// `redirect_uri`, one of those registered.
    pub redirect_uri: String,
    /// The scope values asked for and open to the client.
    pub scope: Vec<String>,
    /// Resource servers the tokens are to be for (RFC 8707).
    pub resources: Vec<String>,
    /// `prompt`.
    pub prompt: Vec<String>,
    /// `max_age` in seconds; `()` if none was asked for.
    pub max_age: Option<i64>,
    /// Whether the client asks for an authentication context class.
    pub acr_requested: bool,
    /// Single claims asked for by name (OpenID Connect Core 5.5).
    pub claims: RequestedClaims,
    /// `claims_locales`, most wanted first.
    pub claims_locales: Vec<String>,
    /// `ui_locales`, most wanted first.
    pub ui_locales: Vec<String>,
    /// `login_hint`.
    pub login_hint: Option<String>,
    /// Whether the client opened a popup window.
    pub popup: bool,
    /// `code_challenge_method`; `()` without PKCE.
    pub code_challenge_method: Option<String>,
}

impl Redact for RequestFacts {
    fn redact(&mut self) {
        let Self {
            response_type: _,
            redirect_uri: _,
            scope: _,
            resources: _,
            prompt: _,
            max_age: _,
            acr_requested: _,
            claims: _,
            claims_locales: _,
            ui_locales: _,
            login_hint,
            popup: _,
            code_challenge_method: _,
        } = self;
        login_hint.iter_mut().for_each(redaction::name);
    }
}

/// Single claims asked for by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestedClaims {
    /// For the ID token.
    pub id_token: Vec<String>,
    /// For the userinfo response.
    pub userinfo: Vec<String>,
}

impl RequestFacts {
    /// A realistic one.
    pub fn sample() -> Self {
        Self {
            response_type: "code".to_owned(),
            redirect_uri: "https://shop.example.com/callback".to_owned(),
            scope: ["openid", "profile", "email"].map(str::to_owned).to_vec(),
            resources: Vec::new(),
            prompt: Vec::new(),
            max_age: None,
            acr_requested: false,
            claims: RequestedClaims::default(),
            claims_locales: Vec::new(),
            ui_locales: vec!["de".to_owned()],
            login_hint: Some("ana@example.com".to_owned()),
            popup: false,
            code_challenge_method: Some("S256".to_owned()),
        }
    }
}
