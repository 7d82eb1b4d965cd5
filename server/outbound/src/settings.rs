//! What a deployment may decide about outbound requests. The defaults need no thought.

use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

/// How documents are fetched.
#[derive(Debug, Clone)]
pub struct OutboundSettings {
    /// Permits loopback, private, shared and unique local addresses. Addresses that are never a server's, and the
    /// metadata services of clouds, stay refused. Default no.
    pub allow_private_addresses: bool,
    /// Networks that are permitted whatever they are; narrower than `allow_private_addresses`. Default none.
    pub allowed_networks: Vec<IpNet>,
    /// Permits `http` URLs that lead to a loopback address. Default no.
    pub allow_plain_loopback: bool,
    /// PEM file with further certificate authorities. Default none.
    pub ca_file: Option<PathBuf>,
    /// Time for the connection to one address. Default 3 s.
    pub connect_time: Duration,
    /// Time for everything, from the name to the last byte. Default 5 s.
    pub total_time: Duration,
    /// Fetches that run at one time; others wait within their time. Default 32.
    pub fetches_at_once: usize,
    /// Requests of scripts that run at one time; others wait within their time. Default 256.
    pub requests_at_once: usize,
    /// What is kept for how long.
    pub cache: CacheSettings,
    /// When a host is left alone.
    pub breaker: BreakerSettings,
}

/// Bounds of the cache.
#[derive(Debug, Clone, Copy)]
pub struct CacheSettings {
    /// A document is kept at least this long, whatever its server says. Default 10 s.
    pub shortest: Duration,
    /// A document is kept at most this long; it bounds how long a withdrawn key still works. Default 5 min.
    pub longest: Duration,
    /// The age from which a copy that did not help is fetched again. Default 1 s.
    pub refetch_after: Duration,
    /// Number of documents. Default 256.
    pub entries: usize,
    /// Bytes of all documents. Default 8 MiB.
    pub bytes: usize,
}

/// When a host is left alone after failures.
#[derive(Debug, Clone, Copy)]
pub struct BreakerSettings {
    /// Failures in a row after which a host is left alone. Default 5.
    pub failures: u32,
    /// How long it is left alone before one attempt is made. Default 30 s.
    pub pause: Duration,
}

impl Default for OutboundSettings {
    fn default() -> Self {
        Self {
            allow_private_addresses: false,
            allowed_networks: Vec::new(),
            allow_plain_loopback: false,
            ca_file: None,
            connect_time: Duration::from_secs(3),
            total_time: Duration::from_secs(5),
            fetches_at_once: 32,
            requests_at_once: 256,
            cache: CacheSettings::default(),
            breaker: BreakerSettings::default(),
        }
    }
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self {
            shortest: Duration::from_secs(10),
            longest: Duration::from_mins(5),
            refetch_after: Duration::from_secs(1),
            entries: 256,
            bytes: 8 * 1024 * 1024,
        }
    }
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self { failures: 5, pause: Duration::from_secs(30) }
    }
}
