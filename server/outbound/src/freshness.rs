//! How long a document stays fresh by its headers: RFC 9111 sections 4.2.1, 5.1 and 5.2.2, within the deployment's
//! bounds.

use std::time::Duration;

use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL, EXPIRES};

use crate::settings::CacheSettings;

/// The time for which a document that has just arrived is kept.
///
/// The shortest time holds even against `no-store`: without it, whoever may name a URL could turn every request to
/// Signet into one to that URL.
pub(crate) fn lifetime(headers: &HeaderMap, settings: &CacheSettings) -> Duration {
    let stated = stated_lifetime(headers).unwrap_or(settings.longest);
    stated.saturating_sub(age(headers)).clamp(settings.shortest, settings.longest.max(settings.shortest))
}

/// Whether more may be done with a document than to hold it for that shortest time: no `no-store` (section 5.2.2.5).
pub(crate) fn may_be_stored(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(CACHE_CONTROL).iter().filter_map(|line| line.to_str().ok());
    !lines.flat_map(|line| line.split(',')).any(|directive| directive.trim().eq_ignore_ascii_case("no-store"))
}

/// None: the server says nothing. What it says in a way that is not understood means stale, as section 4.2.1
/// encourages; so does an `Expires`, which would need both clocks to agree.
fn stated_lifetime(headers: &HeaderMap) -> Option<Duration> {
    let mut max_age = None;
    for line in headers.get_all(CACHE_CONTROL) {
        let Ok(line) = line.to_str() else { return Some(Duration::ZERO) };
        for directive in line.split(',') {
            let (name, value) = directive.split_once('=').map_or((directive, ""), |(name, value)| (name, value));
            match name.trim().to_ascii_lowercase().as_str() {
                "no-store" | "no-cache" => return Some(Duration::ZERO),
                "max-age" if max_age.is_none() => max_age = Some(seconds(value)),
                _ => {}
            }
        }
    }
    max_age.or_else(|| headers.contains_key(EXPIRES).then_some(Duration::ZERO))
}

fn age(headers: &HeaderMap) -> Duration {
    headers.get(AGE).and_then(|age| age.to_str().ok()).map_or(Duration::ZERO, seconds)
}

/// Section 1.2.2: more than can be represented means for ever; anything but digits means nothing.
fn seconds(text: &str) -> Duration {
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Duration::ZERO;
    }
    Duration::from_secs(text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(headers: &[(&'static str, &str)]) -> u64 {
        let headers = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), http::HeaderValue::from_str(value).unwrap()));
        lifetime(&headers.collect(), &CacheSettings::default()).as_secs()
    }

    #[test]
    fn rfc9111_4_2_1_the_stated_lifetime_counts_within_the_bounds() {
        assert_eq!(kept(&[("cache-control", "max-age=60")]), 60);
        assert_eq!(kept(&[("cache-control", "public, Max-Age=60, must-revalidate")]), 60);
        assert_eq!(kept(&[("cache-control", "max-age=60, max-age=90")]), 60);
        assert_eq!(kept(&[("cache-control", "max-age=1")]), 10);
        assert_eq!(kept(&[("cache-control", "max-age=86400")]), 300);
        assert_eq!(kept(&[("cache-control", "max-age=99999999999999999999999")]), 300);
        assert_eq!(kept(&[]), 300);
        assert_eq!(kept(&[("cache-control", "public")]), 300);
    }

    #[test]
    fn rfc9111_5_2_2_restrictive_and_invalid_directives_mean_stale() {
        for value in ["no-store", "no-cache", "max-age=60, no-cache", "max-age=", "max-age=\"60\"", "max-age=-1"] {
            assert_eq!(kept(&[("cache-control", value)]), 10, "{value}");
        }
        assert_eq!(kept(&[("expires", "Thu, 01 Jan 2099 00:00:00 GMT")]), 10);
        assert_eq!(kept(&[("expires", "Thu, 01 Jan 2099 00:00:00 GMT"), ("cache-control", "max-age=60")]), 60);
    }

    #[test]
    fn rfc9111_5_1_the_age_of_a_copy_is_subtracted() {
        assert_eq!(kept(&[("cache-control", "max-age=120"), ("age", "50")]), 70);
        assert_eq!(kept(&[("cache-control", "max-age=120"), ("age", "500")]), 10);
        assert_eq!(kept(&[("cache-control", "max-age=120"), ("age", "old")]), 120);
    }
}
