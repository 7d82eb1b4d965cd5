//! Keeps documents for a while, bounded in number and bytes.

use std::collections::HashMap;
use std::time::Duration;

use signet_core::ports::outbound::{Accept, Freshness, OutboundResponse};
use tokio::time::Instant;
use url::Url;

use crate::document::Document;
use crate::settings::CacheSettings;

/// What was asked for. Two callers with different bounds do not share a document.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    url: String,
    media_types: &'static [&'static str],
    max_bytes: usize,
}

impl Key {
    /// A fragment is never sent (RFC 9110 section 7.1), but names a version of the document (OpenID Connect Core 6.2).
    pub(crate) fn new(url: &Url, accept: Accept) -> Self {
        Self { url: url.as_str().to_owned(), media_types: accept.media_types, max_bytes: accept.max_bytes }
    }
}

#[derive(Debug)]
struct Entry {
    document: Document,
    fetched: Instant,
    stale: Instant,
}

/// Documents by what was asked for.
#[derive(Debug)]
pub(crate) struct Cache {
    settings: CacheSettings,
    entries: HashMap<Key, Entry>,
    bytes: usize,
}

impl Cache {
    pub(crate) fn new(settings: CacheSettings) -> Self {
        Self { settings, entries: HashMap::new(), bytes: 0 }
    }

    /// A copy that is as fresh as the caller wants it.
    pub(crate) fn get(&self, key: &Key, freshness: Freshness, now: Instant) -> Option<OutboundResponse> {
        let entry = self.entries.get(key)?;
        let age = now.duration_since(entry.fetched);
        let is_wanted = match freshness {
            Freshness::Cached => now < entry.stale,
            Freshness::Newer => age < self.settings.refetch_after,
            Freshness::Current => false,
        };
        is_wanted.then(|| entry.document.response.clone())
    }

    /// The copy at hand, however old: its server may confirm it.
    pub(crate) fn copy(&self, key: &Key) -> Option<Document> {
        self.entries.get(key).map(|entry| entry.document.clone())
    }

    /// Keeps a document, and lets go of those nearest to their end where there is no room.
    pub(crate) fn insert(&mut self, key: Key, document: Document, lifetime: Duration, now: Instant) {
        self.remove(&key);
        let bytes = document.bytes();
        if bytes > self.settings.bytes || self.settings.entries == 0 {
            return;
        }
        while self.entries.len() >= self.settings.entries || self.bytes + bytes > self.settings.bytes {
            let Some(nearest) = self.entries.iter().min_by_key(|(_, entry)| entry.stale).map(|(key, _)| key.clone())
            else {
                break;
            };
            self.remove(&nearest);
        }
        self.bytes += bytes;
        self.entries.insert(key, Entry { document, fetched: now, stale: now + lifetime });
    }

    fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.entries.remove(key) {
            self.bytes -= entry.document.bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn key(name: &str) -> Key {
        let url = Url::parse(&format!("https://{name}.test/jwks")).unwrap();
        Key::new(&url, Accept { media_types: &[], max_bytes: 100, freshness: Freshness::Cached })
    }

    fn document(bytes: usize) -> Document {
        let response = OutboundResponse { content_type: None, body: vec![0; bytes].into() };
        Document::new(response, &http::HeaderMap::new())
    }

    fn cache(entries: usize, bytes: usize) -> Cache {
        Cache::new(CacheSettings { entries, bytes, ..CacheSettings::default() })
    }

    #[test]
    fn a_document_is_served_until_it_is_stale() {
        let (mut cache, now) = (cache(2, 100), crate::moment::now());
        cache.insert(key("a"), document(1), MINUTE, now);
        let just_fresh = now + MINUTE - Duration::from_nanos(1);
        assert!(cache.get(&key("a"), Freshness::Cached, just_fresh).is_some());
        assert!(cache.get(&key("a"), Freshness::Cached, now + MINUTE).is_none());
        assert!(cache.get(&key("b"), Freshness::Cached, now).is_none());
    }

    #[test]
    fn a_newer_one_is_wanted_only_of_what_is_more_than_a_moment_old() {
        let (mut cache, now) = (cache(2, 100), crate::moment::now());
        cache.insert(key("a"), document(1), MINUTE, now);
        let moment = cache.settings.refetch_after;
        assert!(cache.get(&key("a"), Freshness::Newer, now + moment - Duration::from_nanos(1)).is_some());
        assert!(cache.get(&key("a"), Freshness::Newer, now + moment).is_none());
        assert!(cache.get(&key("a"), Freshness::Current, now).is_none());
    }

    #[test]
    fn number_and_bytes_are_bounded_and_the_nearest_to_its_end_goes_first() {
        let (mut cache, now) = (cache(2, 100), crate::moment::now());
        cache.insert(key("long"), document(40), MINUTE * 3, now);
        cache.insert(key("short"), document(40), MINUTE, now);
        cache.insert(key("third"), document(20), MINUTE * 2, now);
        assert!(cache.get(&key("short"), Freshness::Cached, now).is_none(), "three are too many");
        cache.insert(key("fourth"), document(60), MINUTE * 4, now);
        assert!(cache.get(&key("third"), Freshness::Cached, now).is_none(), "120 bytes are too many");
        assert!(cache.get(&key("long"), Freshness::Cached, now).is_some());
        cache.insert(key("long"), document(101), MINUTE, now);
        assert!(cache.get(&key("long"), Freshness::Cached, now).is_none(), "nothing is larger than the cache");
        assert_eq!((cache.entries.len(), cache.bytes), (1, 60));
    }

    #[test]
    fn oidc_core_6_2_a_fragment_names_another_version() {
        let accept = Accept { media_types: &[], max_bytes: 100, freshness: Freshness::Newer };
        let key_of = |url: &str| Key::new(&Url::parse(url).unwrap(), accept);
        assert_eq!(key_of("https://a.test/jwks"), key("a"));
        assert_ne!(key_of("https://a.test/jwks#one"), key_of("https://a.test/jwks#two"));
    }
}
