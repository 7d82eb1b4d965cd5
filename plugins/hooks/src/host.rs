//! What a run gets from outside besides its context. Everything a host answers is recorded, so that the run can be done
//! again exactly.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a run may ask for. The engine asks only for names that the package's manifest declares, within the limits of the
/// hook, and records each answer.
pub trait Host: Send + Sync {
    /// That many unpredictable bytes.
    fn random(&self, bytes: usize) -> Vec<u8>;

    /// A secret of the realm; nothing if there is none of that name.
    fn secret(&self, name: &str) -> Option<String>;

    /// A stored value of the realm; nothing if there is none of that name.
    fn kv(&self, name: &str) -> Option<Value>;

    /// Asks a connection of the realm. Blocks.
    ///
    /// # Errors
    /// Why there is no reply; the script may go on without one.
    fn http(&self, connection: &str, request: &HttpRequest) -> Result<HttpReply, HttpProblem>;

    /// Time since some fixed moment, for deadlines and durations. Never goes back.
    fn monotonic(&self) -> Duration;
}

/// The methods a script may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum HttpMethod {
    /// Reads. Replies may come from a cache.
    #[serde(rename = "GET")]
    Get,
    /// Sends JSON.
    #[serde(rename = "POST")]
    Post,
}

/// A request to a connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// The method.
    pub method: HttpMethod,
    /// Path and query, appended to the connection's base address. Begins with `/`.
    pub path: String,
    /// The JSON body of a POST.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
}

/// What a connection answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpReply {
    /// The status code.
    pub status: u16,
    /// The body as text. The engine reads it as JSON for the script where that is what it is.
    pub body: String,
    /// Whether it comes from a cache because the connection did not answer, older than it should be.
    #[serde(default)]
    pub stale: bool,
}

/// Why there is no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum HttpProblem {
    /// No connection of that name is set up in the realm.
    #[error("the realm has no such connection")]
    UnknownConnection,
    /// The path is not one, or leads out of the connection's base address.
    #[error("the path is not acceptable")]
    BadPath,
    /// The address guard refused the destination.
    #[error("the destination is not allowed")]
    Refused,
    /// There was no reply in time.
    #[error("no reply in time")]
    Timeout,
    /// The reply is longer than it may be, or no text.
    #[error("the reply is too long or not text")]
    BadReply,
    /// The other side cannot be reached, or failed so often that it is left alone for a while.
    #[error("not available")]
    Unavailable,
}
