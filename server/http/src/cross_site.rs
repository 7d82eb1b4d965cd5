//! Forms of ours come from pages of ours. The sealed fields prove it already; these headers, which a page cannot forge,
//! are the second lock (OWASP ASVS 5.0 section 3.5.1).

use http::HeaderName;
use http::header::ORIGIN;

use crate::call::Call;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether a form may have come from a page of this server. Headers that are absent say nothing: old browsers.
pub(crate) fn is_own_form(call: &Call) -> bool {
    let site = call.head.headers.get(SEC_FETCH_SITE).map(http::HeaderValue::as_bytes);
    if site.is_some_and(|site| site != b"same-origin") {
        return false;
    }
    let origins = call.head.headers.get_all(ORIGIN).iter();
    let own = origin_of(call.realm.issuer());
    origins.map(http::HeaderValue::as_bytes).all(|origin| Some(origin) == own.as_deref().map(str::as_bytes))
}

/// `https://host:port` of a URL.
pub(crate) fn origin_of(url: &str) -> Option<String> {
    url::Url::parse(url).ok().map(|url| url.origin().ascii_serialization())
}
