//! Entity tags: so that nobody overwrites what they have not seen (RFC 9110 sections 8.8.3 and 13.1.1).

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use poem::http::HeaderMap;
use poem::http::header::IF_MATCH;
use poem::{FromRequest, Request, RequestBody};
use poem_openapi::types::ToJSON;
use serde_json::Value;

use crate::administrator::Administrator;
use crate::problem::{Kind, Problem};

/// Shown once, at creation and rotation: not part of what a later reader sees.
const SHOWN_ONCE: &str = "client_secret";

/// The tag of an object as it is shown: a hash of the whole document, so that it changes with every visible change,
/// however quickly one follows the other. It protects against accidents, not against forgers, who need it for nothing.
pub(crate) fn entity_tag(document: &impl ToJSON) -> String {
    let mut shown = document.to_json().unwrap_or_default();
    if let Value::Object(members) = &mut shown {
        members.remove(SHOWN_ONCE);
    }
    // The order of members is nobody's business.
    shown.sort_all_objects();
    let mut hasher = DefaultHasher::new();
    shown.to_string().hash(&mut hasher);
    format!("\"{:016x}\"", hasher.finish())
}

/// What the client has seen of the object that it wants to change: its `If-Match` header.
#[derive(Debug, Clone, Default)]
pub(crate) struct Precondition(Vec<String>);

impl Precondition {
    /// The header of a request.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(IF_MATCH).iter().map(|value| value.to_str().unwrap_or_default());
        Self(values.flat_map(|value| value.split(',')).map(|tag| tag.trim().to_owned()).collect())
    }

    /// Whether the object is still what the client has seen. Without the header it need not be. Weak tags never match
    /// (RFC 9110 section 13.1.1).
    pub(crate) fn check(&self, document: &impl ToJSON) -> Result<(), Problem> {
        let current = entity_tag(document);
        if self.0.is_empty() || self.0.iter().any(|tag| tag == "*" || *tag == current) {
            return Ok(());
        }
        Err(Problem::new(Kind::PreconditionFailed, "read it again, and decide anew with its present ETag"))
    }
}

/// Who changes something, and what they have seen of it.
pub(crate) struct Changing {
    /// Who.
    pub(crate) administrator: Administrator,
    /// What they have seen.
    pub(crate) seen: Precondition,
}

impl<'a> FromRequest<'a> for Changing {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let administrator = Administrator::from_request(request, body).await?;
        Ok(Self { administrator, seen: Precondition::of(request.headers()) })
    }
}

impl<'a> FromRequest<'a> for Precondition {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self::of(request.headers()))
    }
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;
    use serde_json::json;

    use super::*;

    fn precondition(values: &[&str]) -> Precondition {
        let headers = values.iter().map(|value| (IF_MATCH, HeaderValue::from_str(value).unwrap()));
        Precondition::of(&headers.collect())
    }

    #[test]
    fn rfc9110_13_1_1_only_the_present_tag_matches() {
        let document = json!({"a": 1});
        let current = entity_tag(&document);
        for accepted in [&[][..], &["*"], &[&current], &["\"x\"", &current], &[&format!("\"x\" , {current}")]] {
            assert!(precondition(accepted).check(&document).is_ok(), "{accepted:?}");
        }
        let other = entity_tag(&json!({"a": 2}));
        for refused in [&[""][..], &["\"x\""], &[&other], &[&format!("W/{current}")], &[current.trim_matches('"')]] {
            assert!(precondition(refused).check(&document).is_err(), "{refused:?}");
        }
    }

    #[test]
    fn a_secret_that_is_shown_once_does_not_change_the_tag() {
        let shown = json!({"client_secret": "s", "a": 1, "b": 2, "c": 3});
        assert_eq!(entity_tag(&shown), entity_tag(&json!({"a": 1, "b": 2, "c": 3})));
    }
}
