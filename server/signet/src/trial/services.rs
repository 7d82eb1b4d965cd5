//! The part of a service that exchanges tokens (RFC 8693), asks for transaction tokens, and takes assertions (RFC 7523).
//! Nobody logs in: the subject is the service itself, or a user whom another issuer vouches for.

use serde_json::{Value, json};
use signet_core::protocol::time::Clock;
use signet_jose::{SystemRandom, random_token, sign};

use super::{Provider, wire};
use crate::command::{CommandError, CommandResult};
use crate::composition::SystemClock;
use crate::dev;
use crate::output;

const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const TXN_TOKEN: &str = "urn:ietf:params:oauth:token-type:txn_token";
/// How long an assertion is good, in seconds.
const ASSERTION_SECONDS: i64 = 60;

/// A client's own token becomes one for the API.
pub(super) async fn exchange(provider: &Provider) -> CommandResult {
    let own = own_token(provider).await?;
    let asked = [
        ("grant_type", TOKEN_EXCHANGE),
        ("subject_token", own.as_str()),
        ("subject_token_type", ACCESS_TOKEN),
        ("audience", dev::API),
    ];
    show(&ask(provider, &asked).await?)
}

/// The same for a token that says what a transaction is about.
pub(super) async fn transaction_token(provider: &Provider) -> CommandResult {
    let own = own_token(provider).await?;
    let asked = [
        ("grant_type", TOKEN_EXCHANGE),
        ("requested_token_type", TXN_TOKEN),
        ("subject_token", own.as_str()),
        ("subject_token_type", ACCESS_TOKEN),
        ("audience", dev::TRUST_DOMAIN),
        ("scope", dev::SCOPE),
        ("request_details", r#"{"action":"RESERVE","quantity":3}"#),
        ("request_context", r#"{"req_ip":"192.0.2.7"}"#),
    ];
    let answer = ask(provider, &asked).await.map_err(|error| {
        CommandError::failed(format!(
            "{said}; a folder of an older version needs signet realm update {realm} --set \
             transaction_trust_domain={domain}",
            said = error.said,
            realm = dev::REALM,
            domain = dev::TRUST_DOMAIN
        ))
    })?;
    show(&answer)
}

/// An assertion of another issuer becomes an access token.
pub(super) async fn jwt_bearer(provider: &Provider) -> CommandResult {
    let assertion = assertion(provider)?;
    output::print(&format!(
        "{} says of the user:\n\n{:#}\n",
        dev::PARTNER,
        wire::claims(&assertion).unwrap_or_default()
    ))?;
    show(&ask(provider, &[("grant_type", JWT_BEARER), ("assertion", &assertion)]).await?)
}

fn assertion(provider: &Provider) -> CommandResult<String> {
    let now = SystemClock.now();
    let claims = json!({
        "iss": dev::PARTNER,
        "sub": dev::USERNAME,
        "aud": provider.issuer,
        "jti": random_token(&SystemRandom::new(), 16),
        "iat": now.0,
        "exp": now.plus(ASSERTION_SECONDS).0,
        "scope": dev::SCOPE,
    });
    sign(&dev::partner_key(&provider.demo)?, None, &claims).map_err(|error| CommandError::failed(error.to_string()))
}

/// A token that the service gets for itself (RFC 6749 section 4.4).
async fn own_token(provider: &Provider) -> CommandResult<String> {
    let answer = ask(provider, &[("grant_type", "client_credentials"), ("scope", dev::SCOPE)]).await?;
    let token = answer.get("access_token").and_then(Value::as_str);
    token.map(str::to_owned).ok_or_else(|| CommandError::failed("the answer has no access_token"))
}

async fn ask(provider: &Provider, parameters: &[(&str, &str)]) -> CommandResult<Value> {
    let endpoint = provider.metadata.get("token_endpoint").and_then(Value::as_str).unwrap_or_default();
    let credential = [("client_id", dev::GATEWAY_CLIENT), ("client_secret", provider.demo.gateway_secret.as_str())];
    let answer = provider.wire.post(endpoint, &[credential.as_slice(), parameters].concat()).await?;
    match answer.get("error").and_then(Value::as_str) {
        Some(error) => Err(CommandError::failed(format!("it ended with {error}"))),
        None => Ok(answer),
    }
}

/// What the token says.
fn show(answer: &Value) -> CommandResult {
    match answer.get("access_token").and_then(Value::as_str).and_then(wire::claims) {
        Some(claims) => output::print(&format!("The token says:\n\n{claims:#}")),
        None => output::print("There is the token."),
    }
}
