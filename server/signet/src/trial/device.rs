//! The part of a device (RFC 8628).

use serde_json::Value;

use super::{Provider, show_tokens};
use crate::command::{CommandError, CommandResult};
use crate::dev;
use crate::output;

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

pub(super) async fn play(provider: &Provider) -> CommandResult {
    show_tokens(&log_in(provider, dev::DEVICE_CLIENT).await?)
}

/// Has somebody log in for a client that has no browser; its tokens.
pub(super) async fn log_in(provider: &Provider, client_id: &str) -> CommandResult<Value> {
    let endpoint = provider.endpoint("device_authorization_endpoint", "device_authorization")?;
    let asked = [("client_id", client_id), ("scope", "openid profile")];
    let answer = provider.wire.post(endpoint, &asked).await?;
    let text = |name: &str| {
        let found = answer.get(name).and_then(Value::as_str);
        found.ok_or_else(|| CommandError::failed(format!("the answer has no {name}")))
    };
    let (device_code, complete) = (text("device_code")?, text("verification_uri_complete")?);
    output::print(&format!(
        "{}\nOpen {} anywhere, enter {}, and log in as {} with {}.\nThe code above leads to {complete}.\n",
        dev::qr_code(complete),
        text("verification_uri")?,
        text("user_code")?,
        dev::USERNAME,
        provider.demo.password,
    ))?;
    let polled = [("grant_type", DEVICE_CODE), ("device_code", device_code), ("client_id", client_id)];
    provider.poll(&polled, answer.get("interval").and_then(Value::as_i64).unwrap_or(5)).await
}
