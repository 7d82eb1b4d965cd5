//! The service that reaches the user's device, as a deployer has one: Signet tells it of each backchannel authentication
//! request, and the suite says how the user answers (CIBA Core 8).

use crate::error::HarnessError;
use crate::tls;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Time for the message about a request to arrive, before the suite's answer to it has nobody to go to.
const PATIENCE: Duration = Duration::from_secs(15);
const LOOK: Duration = Duration::from_millis(100);
const REQUEST_LIMIT: Duration = Duration::from_secs(10);

/// The requests that Signet has told of, by name.
#[derive(Default)]
pub(super) struct Approvals {
    told: Mutex<HashMap<String, Told>>,
    /// Who is trusted besides the machine's authorities (PEM).
    authority: Mutex<Option<Vec<u8>>>,
}

/// How a request is answered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Told {
    request_id: String,
    approval_uri: String,
    approval_token: String,
}

impl Approvals {
    /// From now on answers go to a Signet whose certificate `authority` vouches for.
    pub(super) fn trust(&self, authority: Option<&[u8]>) {
        *self.authority.lock().unwrap_or_else(PoisonError::into_inner) = authority.map(<[u8]>::to_vec);
    }

    /// Takes a message of Signet. Who signed it is not looked at: nobody else knows the address.
    pub(super) fn take(&self, body: &[u8]) -> Option<()> {
        let message: Value = serde_json::from_slice(body).ok()?;
        let payload = URL_SAFE_NO_PAD.decode(message.get("request")?.as_str()?.split('.').nth(1)?).ok()?;
        let told: Told = serde_json::from_slice(&payload).ok()?;
        self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(told.request_id.clone(), told);
        Some(())
    }

    /// Answers a request, which the suite knows by its `auth_req_id`.
    pub(super) async fn answer(&self, auth_req_id: &str, action: &str) -> Result<(), HarnessError> {
        let request_id = URL_SAFE_NO_PAD.encode(openssl::sha::sha256(auth_req_id.as_bytes()));
        let told = self.wait_for(&request_id).await?;
        let authority = self.authority.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let broken = |error: reqwest::Error| HarnessError::Signet(tls::causes(&error));
        let decision = if action == "allow" { "allow" } else { "deny" };
        let request = tls::client(authority.as_deref(), REQUEST_LIMIT)?.post(&told.approval_uri);
        let answer = request.bearer_auth(&told.approval_token).json(&json!({ "decision": decision }));
        answer.send().await.and_then(reqwest::Response::error_for_status).map(drop).map_err(broken)
    }

    async fn wait_for(&self, request_id: &str) -> Result<Told, HarnessError> {
        let deadline = crate::moment::now() + PATIENCE;
        loop {
            let told = self.told.lock().unwrap_or_else(PoisonError::into_inner).get(request_id).cloned();
            if let Some(told) = told {
                return Ok(told);
            }
            if crate::moment::now() > deadline {
                return Err(HarnessError::Signet(
                    "no message came about the request that is to be answered".to_owned(),
                ));
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorded::Recorded;

    #[tokio::test]
    async fn ciba_8_a_request_is_answered_with_the_token_that_came_with_it() {
        let server = Recorded::start(|_: &str, _: &str| (204, String::new())).await;
        let approvals = Approvals::default();
        approvals.trust(Some(server.authority()));
        let request_id = URL_SAFE_NO_PAD.encode(openssl::sha::sha256(b"secret"));
        let payload = json!({
            "request_id": request_id, "approval_uri": format!("{}/approvals/x", server.url()), "approval_token": "sv_t",
        });
        let jwt = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload.to_string()));
        assert_eq!(approvals.take(json!({ "request": jwt }).to_string().as_bytes()), Some(()));
        assert_eq!(approvals.take(b"{}"), None);

        approvals.answer("secret", "allow").await.unwrap();

        assert_eq!(server.last().body, "{\"decision\":\"allow\"}");
    }
}
