//! The identifier under which one request appears in logs, error pages and answers.

use std::fmt::Write as _;
use std::sync::Arc;

use http::HeaderValue;
use http::header::HeaderName;

/// The header that carries the identifier in answers, and in requests of listed proxies.
pub(super) const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// Longest identifier that is taken over from a proxy.
const LONGEST: usize = 64;

/// Source of 128 random bits for each request. It is handed in, as all randomness is.
pub type RequestIdSource = Arc<dyn Fn() -> [u8; 16] + Send + Sync>;

/// Identifies one request. In the extensions of every request, and in the `X-Request-Id` header of every answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The identifier as text: ASCII letters, digits, `-`, `_` and `.`, at most 64 of them.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn random(source: &RequestIdSource) -> Self {
        let mut text = String::with_capacity(32);
        for byte in source() {
            let _ = write!(text, "{byte:02x}");
        }
        Self(text.into())
    }

    /// Takes over what a listed proxy sent, where it can do no harm in a log line.
    pub(super) fn from_header(value: &HeaderValue) -> Option<Self> {
        let text = value.to_str().ok()?;
        let is_harmless = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        (!text.is_empty() && text.len() <= LONGEST && text.bytes().all(is_harmless)).then(|| Self(text.into()))
    }

    /// The same identifier as the services know it.
    pub(super) fn to_core(&self) -> signet_core::protocol::identifiers::RequestId {
        // Both have the same grammar; an identifier that had another would be replaced, never left out.
        self.0.parse().unwrap_or_else(|_| [0; 16].into())
    }

    pub(super) fn to_header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }
}
