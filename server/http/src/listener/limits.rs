//! What a stranger may cost the server before anyone has authenticated.
//!
//! Every number has a default that is safe without thought; the binary fills them from the `[limits]` section.

use std::time::Duration;

/// Sizes, counts and times that bound connections and requests.
///
/// Behind each limit stands the answer that HTTP has for it; where HTTP has none, or where an answer would cost more
/// than the attack (a TLS handshake, for example), the connection is closed.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Request line and header fields together, in bytes. More is answered 431. Default 16,384.
    pub header_bytes: usize,
    /// Number of header fields. More is answered 431. Default 100.
    pub header_count: usize,
    /// Path and query, in bytes. More is answered 414. Default 8,000, which RFC 9110 section 4.1 wants supported.
    pub uri_bytes: usize,
    /// Request body in bytes, counted as it arrives. More is answered 413. Default 65,536.
    pub body_bytes: usize,
    /// Paths that take larger bodies than `body_bytes`. Default none.
    pub large_bodies: Vec<LargeBody>,
    /// Bytes of all request bodies held in memory at one time. Above it bodies are answered 503. Default 64 MiB.
    pub body_bytes_at_once: usize,
    /// Requests that run at one time, bodies already read. Above it requests are answered 503. Default 1,024.
    pub requests_at_once: usize,
    /// Open connections. Above it new ones are closed (TLS) or answered 503 (plain). Default 4,096.
    pub connections: usize,
    /// Open connections from one address; an IPv6 address counts with its /64, which one customer has. Listed proxies
    /// are exempt. Answered like `connections`. Default 256.
    pub connections_per_address: usize,
    /// Time for the TLS handshake. Then the connection is closed. Default 10 s.
    pub handshake_time: Duration,
    /// Time from the first byte of a request, or from the start of the connection, to the end of the header fields.
    /// Then 408 on HTTP/1.1. Default 10 s.
    pub header_time: Duration,
    /// Time for the request body. Then 408. Default 20 s.
    pub body_time: Duration,
    /// Time in which, while answers are outstanding, one must begin or end. Then the connection is closed, because a
    /// peer that does not take its answers holds memory. Default 60 s.
    pub answer_time: Duration,
    /// How long a connection may wait for its next request. Then it is closed in order. Default 60 s.
    pub idle_time: Duration,
    /// Age at which a connection is closed in order, so that clients meet renewed certificates and other nodes.
    /// Default 1 hour.
    pub connection_time: Duration,
    /// HTTP/2 streams open at one time on a connection. Default 100.
    pub streams: u32,
    /// HTTP/2 streams that a peer may open and reset before they are served, and streams it may make the server reset
    /// ("rapid reset", CVE-2023-44487, and "MadeYouReset", CVE-2025-8671). One more ends the connection. Default 20.
    pub resets: usize,
}

/// A path below which larger bodies are accepted, for example an administration API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LargeBody {
    /// Start of the path, compared bytewise with the undecoded path of the request. A segment `*` stands for any one.
    pub path_prefix: String,
    /// Longest body in bytes.
    pub bytes: usize,
}

impl LargeBody {
    fn applies_to(&self, path: &str) -> bool {
        let mut segments = path.split('/');
        let mut wanted = self.path_prefix.split('/').peekable();
        while let Some(prefix) = wanted.next() {
            let Some(segment) = segments.next() else { return false };
            let is_last = wanted.peek().is_none();
            if prefix != "*" && segment != prefix && !(is_last && segment.starts_with(prefix)) {
                return false;
            }
        }
        true
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_bytes: 16 * 1024,
            header_count: 100,
            uri_bytes: 8_000,
            body_bytes: 64 * 1024,
            large_bodies: Vec::new(),
            body_bytes_at_once: 64 * 1024 * 1024,
            requests_at_once: 1_024,
            connections: 4_096,
            connections_per_address: 256,
            handshake_time: Duration::from_secs(10),
            header_time: Duration::from_secs(10),
            body_time: Duration::from_secs(20),
            answer_time: Duration::from_mins(1),
            idle_time: Duration::from_mins(1),
            connection_time: Duration::from_hours(1),
            streams: 100,
            resets: 20,
        }
    }
}

impl Limits {
    /// The longest body that `path` takes: the largest of all limits that apply to it.
    pub(super) fn body_bytes_for(&self, path: &str) -> usize {
        self.large_bodies
            .iter()
            .filter(|large| large.applies_to(path))
            .map(|large| large.bytes)
            .fold(self.body_bytes, usize::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_body_is_accepted_only_below_its_path() {
        let limits = Limits {
            large_bodies: vec![LargeBody { path_prefix: "/admin/api/".into(), bytes: 1_000_000 }],
            ..Limits::default()
        };
        assert_eq!(limits.body_bytes_for("/admin/api/v1/realms"), 1_000_000);
        assert_eq!(limits.body_bytes_for("/realms/demo/token"), 65_536);
        assert_eq!(limits.body_bytes_for("/x/admin/api/v1"), 65_536);
    }

    #[test]
    fn a_star_stands_for_one_segment() {
        let large = LargeBody { path_prefix: "/realms/*/register".into(), bytes: 1_000_000 };
        for path in ["/realms/demo/register", "/realms/demo/register/client"] {
            assert!(large.applies_to(path), "{path}");
        }
        for path in ["/realms/demo/token", "/realms/demo", "/realms/register", "/realms/a/b/register", "/register", ""]
        {
            assert!(!large.applies_to(path), "{path}");
        }
    }
}
