//! The pages of `signet dev`.

use serde::Serialize;

use super::Parameter;
use crate::pages::values::{Hidden, Json, OwnPath};

/// What `signet dev` made.
#[derive(Debug, Clone, Serialize)]
pub struct DevStartPage {
    /// The issuer of the demonstration realm.
    pub issuer: String,
    /// Its discovery document.
    pub discovery: OwnPath,
    /// The user that was made.
    pub username: String,
    /// That user's password.
    pub password: Hidden,
    /// The client that was made.
    pub client_id: String,
    /// Starts a sign-in with the test client.
    pub try_it: OwnPath,
    /// A command that administers this provider.
    pub command: String,
}

/// What the test client sent and got. Only `signet dev` shows it: it holds tokens.
#[derive(Debug, Clone, Serialize)]
pub struct TestClientPage {
    /// The URL of the authorization request.
    pub request: String,
    /// The parameters of the authorization response.
    pub response: Vec<Parameter>,
    /// The token response.
    pub token_response: Option<Json>,
    /// The ID token, verified and decoded.
    pub id_token: Option<TokenView>,
    /// The access token.
    pub access_token: Option<TokenView>,
    /// The UserInfo response.
    pub userinfo: Option<Json>,
    /// Why the flow did not come to its end, in English.
    pub problem: Option<String>,
    /// Starts the flow again.
    pub again: OwnPath,
    /// The start page.
    pub start: OwnPath,
}

/// A token as a person can read it.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "form", rename_all = "lowercase")]
pub enum TokenView {
    /// A JWT.
    Jwt {
        /// The JOSE header.
        header: Json,
        /// The claims.
        claims: Json,
    },
    /// A token that only the provider can read.
    Opaque,
}
