//! Requests and their answers, each shown on the terminal.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use signet_core::ports::outbound::{OutboundBody, OutboundHttp, OutboundRequest};
use signet_jose::base64url;
use url::Url;
use url::form_urlencoded::Serializer;
use zeroize::Zeroizing;

use crate::command::{CommandError, CommandResult};
use crate::output;

/// Longest answer that is read, in bytes.
const MOST_BYTES: usize = 256 * 1024;
/// Time for one answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Members that are shortened where they are shown: nobody reads them.
const LONG: &[&str] = &[
    "access_token",
    "refresh_token",
    "id_token",
    "device_code",
    "auth_req_id",
    "client_secret",
    "ticket",
    "claim_token",
    "token",
    "device_secret",
    "subject_token",
    "actor_token",
    "auth_session",
    "authorization_code",
    "code",
    "assertion",
];
/// Characters that are shown of such a member.
const SHOWN: usize = 24;

/// The way to the provider.
pub(super) struct Wire(Arc<dyn OutboundHttp>);

impl Wire {
    pub(super) fn new(outbound: Arc<dyn OutboundHttp>) -> Self {
        Self(outbound)
    }

    /// Reads a document. It is not shown: it is long.
    pub(super) async fn get(&self, address: &str) -> CommandResult<Value> {
        output::print(&format!("GET {address}\n"))?;
        let (_, answer) = self.send(address, (None, None)).await?;
        Ok(answer)
    }

    /// Reads a document with a bearer token.
    pub(super) async fn get_with(&self, address: &str, bearer: &str) -> CommandResult<Value> {
        output::print(&format!("GET {address}\n    Authorization: Bearer {}\n", shortened("access_token", bearer)))?;
        let (status, answer) = self.send(address, (Some(bearer), None)).await?;
        output::print(&format!("{status}\n{:#}\n", shown_answer(&answer)))?;
        Ok(answer)
    }

    /// Posts JSON with a bearer token.
    pub(super) async fn post_json(&self, address: &str, bearer: &str, body: &Value) -> CommandResult<Value> {
        let shown = shortened("access_token", bearer);
        output::print(&format!("POST {address}\n    Authorization: Bearer {shown}\n{body:#}\n"))?;
        let body = OutboundBody::Json(body.to_string().into_bytes());
        let (status, answer) = self.send(address, (Some(bearer), Some(body))).await?;
        output::print(&format!("{status}\n{:#}\n", shown_answer(&answer)))?;
        Ok(answer)
    }

    /// Posts a form.
    pub(super) async fn post(&self, address: &str, parameters: &[(&str, &str)]) -> CommandResult<Value> {
        let form = Serializer::new(String::new()).extend_pairs(parameters).finish();
        let shown = parameters
            .iter()
            .fold(String::new(), |shown, (name, value)| format!("{shown}    {name}={}\n", shortened(name, value)));
        output::print(&format!("POST {address}\n{shown}"))?;
        let (status, answer) = self.send(address, (None, Some(OutboundBody::Form(form)))).await?;
        output::print(&format!("{status}\n{:#}\n", shown_answer(&answer)))?;
        Ok(answer)
    }

    async fn send(
        &self,
        address: &str,
        (bearer, body): (Option<&str>, Option<OutboundBody>),
    ) -> CommandResult<(u16, Value)> {
        let url = Url::parse(address).map_err(|error| CommandError::failed(error.to_string()))?;
        let bearer = bearer.map(|bearer| Zeroizing::new(bearer.to_owned()));
        let request = OutboundRequest { url, bearer, body, max_bytes: MOST_BYTES, time: PATIENCE };
        let reply = self.0.send(request).await;
        let reply = reply
            .map_err(|error| CommandError::failed(format!("{error}; is signet dev running with this data folder?")))?;
        let answer = serde_json::from_slice(&reply.body)
            .map_err(|_| CommandError::failed(format!("{address} answered {} without JSON", reply.status)))?;
        Ok((reply.status, answer))
    }
}

fn shortened(name: &str, value: &str) -> String {
    if LONG.contains(&name) && value.len() > SHOWN {
        let start: String = value.chars().take(SHOWN).collect();
        return format!("{start}...");
    }
    value.to_owned()
}

fn shown_answer(answer: &Value) -> Value {
    let mut shown = answer.clone();
    for (name, value) in shown.as_object_mut().into_iter().flatten() {
        if let Some(text) = value.as_str() {
            *value = shortened(name, text).into();
        }
    }
    shown
}

/// The claims of a JWT, as a person reads them. Its signature is not looked at here.
pub(super) fn claims(token: &str) -> Option<Value> {
    let payload = base64url::decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tokens_are_shortened_and_the_rest_is_shown() {
        let answer = json!({"access_token": "a".repeat(100), "scope": "s".repeat(100), "expires_in": 5});
        let shown = shown_answer(&answer);
        assert_eq!(shown["access_token"], format!("{}...", "a".repeat(SHOWN)));
        assert_eq!((&shown["scope"], &shown["expires_in"]), (&answer["scope"], &answer["expires_in"]));
        assert_eq!(claims("e30.eyJzdWIiOiJ4In0.c2ln"), Some(json!({"sub": "x"})));
        assert_eq!(claims("opaque"), None);
    }
}
