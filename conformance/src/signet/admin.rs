//! Client of Signet's admin interface, with an ordinary access token of realm `admin`.

use crate::error::HarnessError;
use crate::tls;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;
use url::form_urlencoded::byte_serialize;

const REQUEST_LIMIT: Duration = Duration::from_secs(30);

/// A client of realm `admin` at one Signet.
pub(crate) struct Admin {
    #[expect(clippy::disallowed_types, reason = "the harness stands outside the product, as any client does")]
    http: reqwest::Client,
    base: String,
    client_id: String,
    client_secret: String,
    authority: Option<Vec<u8>>,
}

#[derive(Deserialize)]
struct TokenResponse {
    access_token: String,
}

impl Admin {
    /// A client for the Signet at `base`; `authority` (PEM) is trusted besides the machine's authorities.
    pub(crate) fn new(
        base: &str,
        client_id: String,
        client_secret: String,
        authority: Option<&[u8]>,
    ) -> Result<Self, HarnessError> {
        let http = tls::client(authority, REQUEST_LIMIT)?;
        let (base, authority) = (base.trim_end_matches('/').to_owned(), authority.map(<[u8]>::to_vec));
        Ok(Self { http, base, client_id, client_secret, authority })
    }

    /// The base URL without a slash at the end.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Who is trusted besides the machine's authorities (PEM).
    pub(crate) fn authority(&self) -> Option<&[u8]> {
        self.authority.as_deref()
    }

    /// Whether Signet answers and gives this client a token.
    pub(crate) async fn check(&self) -> Result<(), HarnessError> {
        self.token().await.map(drop)
    }

    /// Creates something and returns what Signet says of it.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, HarnessError> {
        let answer = self.send(self.request(Method::POST, path).await?.json(body), path).await?;
        serde_json::from_slice(&answer).map_err(|error| HarnessError::Signet(format!("POST {path}: {error}")))
    }

    /// Deletes something; what is gone already is no error.
    pub(crate) async fn delete(&self, path: &str) -> Result<(), HarnessError> {
        self.send(self.request(Method::DELETE, path).await?, path).await.map(drop)
    }

    async fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, HarnessError> {
        let token = self.token().await?;
        Ok(self.http.request(method, format!("{}/admin/api/v1/{path}", self.base)).bearer_auth(token))
    }

    /// A new token for each call: there are few, and hours may lie between them.
    async fn token(&self) -> Result<String, HarnessError> {
        let path = "realms/admin/token";
        // RFC 6749 section 2.3.1: both parts are form-urlencoded before they are joined.
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let request = self
            .http
            .post(format!("{}/{path}", self.base))
            .basic_auth(encoded(&self.client_id), Some(encoded(&self.client_secret)))
            .form(&[("grant_type", "client_credentials"), ("scope", "signet.admin")]);
        let answer = self.send(request, path).await?;
        let response: TokenResponse = serde_json::from_slice(&answer)
            .map_err(|error| HarnessError::Signet(format!("POST {path}: no token in the answer: {error}")))?;
        Ok(response.access_token)
    }

    async fn send(&self, request: RequestBuilder, path: &str) -> Result<Vec<u8>, HarnessError> {
        let broken = |error: reqwest::Error| HarnessError::Signet(format!("{path}: {}", tls::causes(&error)));
        let request = request.build().map_err(broken)?;
        let method = request.method().clone();
        let response = self.http.execute(request).await.map_err(broken)?;
        let status = response.status();
        let body = response.bytes().await.map_err(broken)?.to_vec();
        let gone = method == Method::DELETE && status == StatusCode::NOT_FOUND;
        if status.is_success() || gone {
            return Ok(body);
        }
        let text: String = String::from_utf8_lossy(&body).chars().take(500).collect();
        Err(HarnessError::Signet(format!("{method} {path} gave {status}: {text}")))
    }
}
