//! The stylesheet and the icon: served under a path that names their content, so that browsers may keep them for good.

use bytes::Bytes;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, X_CONTENT_TYPE_OPTIONS};

/// Below this path are the assets.
const FOLDER: &str = "/assets/";

/// The stylesheet's file name, also in the folder of overrides.
pub(super) const STYLE: &str = "signet.css";
/// The icon's file name, also in the folder of overrides.
pub(super) const ICON: &str = "icon.svg";

/// The embedded assets: file name, content type, content.
const EMBEDDED: [(&str, &str, &str); 2] = [
    (STYLE, "text/css; charset=utf-8", include_str!("../../../../ui/assets/signet.css")),
    (ICON, "image/svg+xml", include_str!("../../../../ui/assets/icon.svg")),
];

/// A file that pages load from this server.
#[derive(Debug, Clone)]
pub struct Asset {
    /// The file name.
    pub name: &'static str,
    /// The path, `/assets/{hash of the content}/{name}`.
    pub path: String,
    /// The media type.
    pub content_type: &'static str,
    /// The content.
    pub bytes: Bytes,
    /// The entity tag, in quotes (RFC 9110 section 8.8.3).
    pub etag: HeaderValue,
}

/// Every asset.
#[derive(Debug, Clone)]
pub struct Assets(Vec<Asset>);

impl Assets {
    /// The embedded assets, each replaced by what `replacement` has under its name.
    pub(super) fn new(mut replacement: impl FnMut(&str) -> Option<Vec<u8>>) -> Self {
        let asset = |(name, content_type, embedded): (&'static str, &'static str, &'static str)| {
            let bytes = replacement(name).map_or(Bytes::from_static(embedded.as_bytes()), Bytes::from);
            let hash = content_hash(&bytes);
            let etag = HeaderValue::try_from(format!("\"{hash}\"")).unwrap_or(HeaderValue::from_static("\"\""));
            Asset { name, path: format!("{FOLDER}{hash}/{name}"), content_type, bytes, etag }
        };
        Self(EMBEDDED.into_iter().map(asset).collect())
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Asset> {
        self.0.iter()
    }

    /// The asset for a requested path, which may name another content hash: while nodes of two versions run side by
    /// side, a page of one asks the other for its stylesheet.
    pub fn find(&self, path: &str) -> Option<&Asset> {
        let (_hash, name) = path.strip_prefix(FOLDER)?.split_once('/')?;
        self.named(name)
    }

    /// The asset of that file name.
    pub(super) fn named(&self, name: &str) -> Option<&Asset> {
        self.0.iter().find(|asset| asset.name == name)
    }
}

impl Asset {
    /// The headers of the response to a request for `path`: to be kept for good only under the path that names this
    /// very content.
    pub fn headers(&self, path: &str) -> [(HeaderName, HeaderValue); 6] {
        let keep = if path == self.path { "public, max-age=31536000, immutable" } else { "no-cache" };
        [
            (CONTENT_TYPE, HeaderValue::from_static(self.content_type)),
            (ETAG, self.etag.clone()),
            (CACHE_CONTROL, HeaderValue::from_static(keep)),
            (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
            (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
        ]
    }
}

/// FNV-1a, 64 bits, in hexadecimal. It tells versions of our own files apart; nothing else rests on it.
fn content_hash(bytes: &[u8]) -> String {
    let hash = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_is_fnv_1a() {
        assert_eq!(content_hash(b""), "cbf29ce484222325");
        assert_eq!(content_hash(b"foobar"), "85944171f73967e8");
    }

    #[test]
    fn asset_is_kept_for_good_only_under_its_own_hash() {
        let assets = Assets::new(|_| None);
        let style = assets.named(STYLE).unwrap();
        assert_eq!(assets.find(&style.path).unwrap().bytes, style.bytes);
        assert_eq!(style.headers(&style.path)[2].1, "public, max-age=31536000, immutable");
        let older = "/assets/0123456789abcdef/signet.css";
        assert_eq!(assets.find(older).unwrap().headers(older)[2].1, "no-cache");
    }

    #[test]
    fn content_changes_path_and_entity_tag() {
        let embedded = Assets::new(|_| None);
        let replaced = Assets::new(|name| (name == STYLE).then(|| b"body{}".to_vec()));
        assert_ne!(embedded.named(STYLE).unwrap().path, replaced.named(STYLE).unwrap().path);
        assert_ne!(embedded.named(STYLE).unwrap().etag, replaced.named(STYLE).unwrap().etag);
        assert_eq!(embedded.named(ICON).unwrap().path, replaced.named(ICON).unwrap().path);
    }

    #[test]
    fn nothing_else_is_served() {
        let assets = Assets::new(|_| None);
        for path in
            ["/assets/", "/assets/signet.css", "/assets/x/../signet.css", "/assets/x/y/icon.svg", "/assets/x/", "/"]
        {
            assert!(assets.find(path).is_none(), "{path}");
        }
    }
}
