//! The part of a client that has its user asked at another device (CIBA Core).

use serde_json::Value;

use super::{Provider, show_tokens};
use crate::command::{CommandError, CommandResult};
use crate::dev;
use crate::output;

const CIBA: &str = "urn:openid:params:grant-type:ciba";
/// What both devices show.
const BINDING_MESSAGE: &str = "W4SCT";

pub(super) async fn play(provider: &Provider) -> CommandResult {
    let endpoint = provider.endpoint("backchannel_authentication_endpoint", "backchannel_authentication")?;
    let credential = [("client_id", dev::BANK_CLIENT), ("client_secret", provider.demo.bank_secret.as_str())];
    let asked = [("scope", "openid profile"), ("login_hint", dev::USERNAME), ("binding_message", BINDING_MESSAGE)];
    let answer = provider.wire.post(endpoint, &[credential.as_slice(), &asked].concat()).await?;
    let auth_req_id = answer.get("auth_req_id").and_then(Value::as_str);
    let auth_req_id = auth_req_id.ok_or_else(|| CommandError::failed("the answer has no auth_req_id"))?;
    output::print(&format!(
        "Log in as {} with {} at {}/dev, then answer at {}/account/requests; it shows {BINDING_MESSAGE}, too.\n",
        dev::USERNAME,
        provider.demo.password,
        provider.issuer.trim_end_matches(&format!("/realms/{}", dev::REALM)),
        provider.issuer,
    ))?;
    let polled = [("grant_type", CIBA), ("auth_req_id", auth_req_id)];
    let interval = answer.get("interval").and_then(Value::as_i64).unwrap_or(5);
    show_tokens(&provider.poll(&[credential.as_slice(), &polled].concat(), interval).await?)
}
