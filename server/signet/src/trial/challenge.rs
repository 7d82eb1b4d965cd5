//! The part of an application that asks for user name and password itself (OAuth 2.0 for First-Party Applications).

use serde_json::Value;
use signet_jose::{SystemRandom, base64url, digest, random_token};

use super::{Provider, show_tokens, text};
use crate::command::CommandResult;
use crate::dev;

/// Random bytes of the code verifier (RFC 7636 section 4.1).
const VERIFIER_BYTES: usize = 32;

pub(super) async fn play(provider: &Provider) -> CommandResult {
    show_tokens(&log_in(provider, "openid profile offline_access").await?)
}

/// Logs the user in, as the application does it; answers the tokens.
pub(super) async fn log_in(provider: &Provider, scope: &str) -> CommandResult<Value> {
    let endpoint = provider.endpoint("authorization_challenge_endpoint", "authorization_challenge")?;
    let verifier = random_token(&SystemRandom::new(), VERIFIER_BYTES);
    let challenge = base64url::encode(digest::sha256(verifier.as_bytes()));
    let client = ("client_id", dev::MAIL_CLIENT);
    let asked = [
        client,
        ("response_type", "code"),
        ("scope", scope),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    let begun = provider.wire.post(endpoint, &asked).await?;
    let typed = [
        client,
        ("auth_session", text(&begun, "auth_session")?),
        ("username", dev::USERNAME),
        ("password", provider.demo.password.as_str()),
    ];
    let answered = provider.wire.post(endpoint, &typed).await?;
    let redemption = [
        client,
        ("grant_type", "authorization_code"),
        ("code", text(&answered, "authorization_code")?),
        ("code_verifier", verifier.as_str()),
    ];
    provider.token(&redemption).await
}
