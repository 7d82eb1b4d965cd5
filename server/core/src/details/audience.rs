//! Which resources an object of authorization details is for: what it says in `locations` (RFC 9396 sections 2.2 and 9).

use serde_json::Value;
use url::Url;

use crate::model::AuthorizationDetail;

/// The objects that are for one of some resources: those that name none, and those that name one of them or something
/// below it.
pub(crate) fn for_audience(details: &[AuthorizationDetail], audience: &[String]) -> Vec<AuthorizationDetail> {
    details.iter().filter(|detail| is_for(detail, audience)).cloned().collect()
}

fn is_for(detail: &AuthorizationDetail, audience: &[String]) -> bool {
    let is_here = |location: &Value| {
        location.as_str().is_some_and(|location| audience.iter().any(|resource| is_at(location, resource)))
    };
    match detail.members().get("locations") {
        None => true,
        // An empty list names no location.
        Some(Value::Array(locations)) => locations.is_empty() || locations.iter().any(is_here),
        Some(location) => is_here(location),
    }
}

/// A resource identifier is the base address of an API (RFC 8707 section 2). Addresses are compared as they are resolved,
/// so that no dots lead out of it.
fn is_at(location: &str, resource: &str) -> bool {
    if location == resource {
        return true;
    }
    let (Ok(location), Ok(resource)) = (Url::parse(location), Url::parse(resource)) else { return false };
    match location.as_str().strip_prefix(resource.as_str()) {
        None => false,
        Some(rest) => rest.is_empty() || resource.as_str().ends_with('/') || rest.starts_with(['/', '?']),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kept(locations: &Value, audience: &[&str]) -> bool {
        let mut members = json!({"type": "payment"}).as_object().cloned().unwrap();
        if !locations.is_null() {
            members.insert("locations".to_owned(), locations.clone());
        }
        let audience: Vec<String> = audience.iter().map(ToString::to_string).collect();
        !for_audience(&[AuthorizationDetail::new(members).unwrap()], &audience).is_empty()
    }

    #[test]
    fn rfc9396_9_objects_for_other_resources_are_left_out() {
        let here = &["https://a.test/api", "urn:here"];
        for locations in [
            json!(null),
            json!([]),
            json!(["https://a.test/api"]),
            json!(["https://b.test", "https://a.test/api/payments"]),
            json!(["https://a.test:443/api?x=1"]),
            json!(["urn:here"]),
            json!("https://a.test/api/"),
        ] {
            assert!(kept(&locations, here), "{locations}");
        }
        for locations in [
            json!(["https://b.test"]),
            json!(["https://a.test"]),
            json!(["https://a.test/apis"]),
            json!(["https://a.test/api/../other"]),
            json!(["https://a.test/api/%2e%2e/other"]),
            json!(["http://a.test/api"]),
            json!(["https://a.test.evil.test/api"]),
            json!(["urn:here:not"]),
            json!([1, {}]),
            json!({}),
            json!(""),
        ] {
            assert!(!kept(&locations, here), "{locations}");
        }
        assert!(kept(&json!(["https://a.test/x"]), &["https://a.test"]));
        assert!(!kept(&json!(["https://a.test"]), &[]));
    }
}
