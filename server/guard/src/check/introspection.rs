//! Access tokens of any form, by asking who issued them (RFC 7662): one that was revoked is refused at once, or as soon as
//! a kept answer ends.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value};
use signet_jose::{digest, strict_json};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::parameters::Parameters;
use signet_protocol::spec::rfc7662;
use signet_protocol::time::UnixTime;

use super::{TokenCheck, for_audience};
use crate::{AccessToken, BoxError, Denial, GuardFault};

/// Largest answer in bytes.
const LARGEST_ANSWER: usize = 256 * 1024;
/// Seconds that an answer may be kept at most.
const LONGEST_KEPT: i64 = 60;
/// Most answers that are kept.
const MOST_KEPT: usize = 10_000;

/// The HTTP response of an introspection endpoint.
#[derive(Clone, PartialEq, Eq)]
pub struct IntrospectionAnswer {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: Vec<u8>,
}

/// Sends a form to the introspection endpoint of the issuer (RFC 7662 section 2.1). A function from the form to a future
/// is one.
///
/// Whoever implements it authenticates the API there, sees to it that the connection is the issuer's (TLS), follows no
/// redirects, and bounds size and time. The form holds a credential: it belongs into no log.
pub trait IntrospectionCall: Send + Sync {
    /// Posts `form`, which is `application/x-www-form-urlencoded`.
    fn post(&self, form: String) -> impl Future<Output = Result<IntrospectionAnswer, BoxError>> + Send;
}

impl<F, T> IntrospectionCall for F
where
    F: Fn(String) -> T + Send + Sync,
    T: Future<Output = Result<IntrospectionAnswer, BoxError>> + Send,
{
    fn post(&self, form: String) -> impl Future<Output = Result<IntrospectionAnswer, BoxError>> + Send {
        self(form)
    }
}

/// Checks access tokens by introspection.
pub struct IntrospectionCheck<C> {
    call: C,
    parameters: Parameters,
    issuer: Option<String>,
    audience: Option<String>,
    kept_seconds: i64,
    kept: Mutex<HashMap<[u8; 32], Kept>>,
}

/// What was answered about a token, until when it counts.
struct Kept {
    token: AccessToken,
    until: UnixTime,
}

impl<C: IntrospectionCall> IntrospectionCheck<C> {
    /// Asks by `call` about each token. Whether a token that is active is good for this API is for the issuer to say,
    /// unless [`IntrospectionCheck::audience`] is set.
    pub fn new(call: C) -> Self {
        let (parameters, kept) = (Parameters::default(), Mutex::default());
        Self { call, parameters, issuer: None, audience: None, kept_seconds: 0, kept }
    }

    /// Sends another parameter along, such as `client_id` where the API authenticates by its certificate.
    #[must_use]
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        self.parameters = self.parameters.with(name, value);
        self
    }

    /// Takes only tokens whose answer has this `iss`.
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Takes only tokens whose answer names this identifier of the API in `aud`.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// Keeps what is answered about an active token for some seconds, at most 60 and never beyond the token's end: for as
    /// long, one that was revoked is served. Without this every request asks.
    #[must_use]
    pub fn kept_for(mut self, seconds: u32) -> Self {
        self.kept_seconds = i64::from(seconds).min(LONGEST_KEPT);
        self
    }

    async fn asked(&self, token: &str) -> Result<Map<String, Value>, GuardFault> {
        let form = Parameters::default().with("token", token).superseded_by(&self.parameters);
        let answered = self.call.post(form.encode()).await;
        let answer =
            answered.map_err(|cause| GuardFault::caused("the introspection endpoint cannot be asked", cause))?;
        if answer.status != 200 {
            let status = format!("status {}", answer.status);
            return Err(GuardFault::caused("the introspection endpoint refuses to answer", status));
        }
        if answer.body.len() > LARGEST_ANSWER {
            return Err(GuardFault::new("the introspection response is larger than 256 KiB"));
        }
        let unreadable = |cause| GuardFault::caused("the introspection response does not read", cause);
        strict_json::parse_object(&answer.body).map_err(unreadable)
    }

    /// RFC 7662 section 2.2: `active` alone decides; what is said of the time besides is not believed where it is past.
    fn good(&self, members: Map<String, Value>, now: UnixTime) -> Result<AccessToken, Denial<GuardFault>> {
        match members.get("active") {
            Some(Value::Bool(true)) => {}
            Some(Value::Bool(false)) => return Err(inactive().into()),
            _ => return Err(Denial::Fault(GuardFault::new("the introspection response does not say active"))),
        }
        let not_before = members.get("nbf").and_then(Value::as_i64);
        let wrong = |error| Denial::Fault(GuardFault::caused("the introspection response is not understood", error));
        let token = AccessToken::read(members).map_err(wrong)?;
        if token.expires_at().is_some_and(|end| now >= end) || not_before.is_some_and(|begin| begin > now.0) {
            return Err(inactive().into());
        }
        if self.issuer.as_deref().is_some_and(|issuer| token.text("iss") != Some(issuer)) {
            return Err(refused("the access token is another issuer's").into());
        }
        if let Some(audience) = &self.audience {
            for_audience(token.audience(), audience)?;
        }
        Ok(token)
    }

    fn kept(&self, key: &[u8; 32], now: UnixTime) -> Option<AccessToken> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(key).filter(|kept| now < kept.until).map(|kept| kept.token.clone())
    }

    fn keep(&self, key: [u8; 32], token: &AccessToken, now: UnixTime) {
        let longest = now.plus(self.kept_seconds);
        let until = token.expires_at().map_or(longest, |end| end.min(longest));
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST_KEPT {
            kept.retain(|_, kept| now < kept.until);
        }
        if kept.len() < MOST_KEPT {
            kept.insert(key, Kept { token: token.clone(), until });
        }
    }
}

impl<C: IntrospectionCall> TokenCheck for IntrospectionCheck<C> {
    type Token = AccessToken;
    type Fault = GuardFault;

    async fn check(&self, token: &str, now: UnixTime) -> Result<AccessToken, Denial<GuardFault>> {
        if self.kept_seconds == 0 {
            return self.good(self.asked(token).await.map_err(Denial::Fault)?, now);
        }
        let key = digest::sha256(token.as_bytes());
        if let Some(token) = self.kept(&key, now) {
            return Ok(token);
        }
        let good = self.good(self.asked(token).await.map_err(Denial::Fault)?, now)?;
        self.keep(key, &good, now);
        Ok(good)
    }
}

fn inactive() -> Refusal {
    refused("the access token is expired, revoked or not valid here")
}

fn refused(reason: &'static str) -> Refusal {
    ErrorCode::InvalidToken.because(reason).per(rfc7662("2.2"))
}

#[cfg(test)]
mod tests;
