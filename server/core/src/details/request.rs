//! Reading `authorization_details` and checking each object against its type (RFC 9396 sections 2 and 5).

use serde_json::Value;
use signet_jose::strict_json;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::rfc9396;
use signet_protocol::visible_text::is_deceptive;

use super::compare::is_placeholder;
use super::{DetailsType, MOST_DETAILS, MOST_REQUESTED_BYTES, length};
use crate::model::{AuthorizationDetail, Client};
use crate::realm::RealmContext;

/// The refusal of RFC 9396 section 5.
pub(super) fn invalid(reason: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    ErrorCode::InvalidAuthorizationDetails.because(reason).per(rfc9396("5"))
}

/// Reads the parameter: a list of objects, each of which names its type.
///
/// # Errors
/// `invalid_authorization_details`.
pub(crate) fn parse(text: &str) -> Result<Vec<AuthorizationDetail>, Refusal> {
    let elements = strict_json::parse_array(text.as_bytes())
        .map_err(|_| invalid("authorization_details is not a JSON array in which no member appears twice"))?;
    if !(1..=MOST_DETAILS).contains(&elements.len()) {
        return Err(invalid("authorization_details has from 1 to 16 objects"));
    }
    if !elements.iter().all(is_visible) {
        return Err(invalid("authorization_details has a character that people do not see"));
    }
    let read = |element| match element {
        Value::Object(members) => AuthorizationDetail::new(members),
        _ => None,
    };
    let details: Option<Vec<_>> = elements.into_iter().map(read).collect();
    let details = details.ok_or_else(|| invalid("every element must be an object with a type (section 2)"))?;
    if length(&details) > MOST_REQUESTED_BYTES {
        return Err(invalid("authorization_details has more than 4000 bytes"));
    }
    Ok(details)
}

/// Whether people can see all that a value says: names are shown to them as well.
fn is_visible(value: &Value) -> bool {
    let is_plain = |text: &str| !text.chars().any(is_deceptive);
    match value {
        Value::String(text) => is_plain(text),
        Value::Array(elements) => elements.iter().all(is_visible),
        Value::Object(members) => members.iter().all(|(name, value)| is_plain(name) && is_visible(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

/// Reads what a client asks for: each object is of a type that is registered and open to the client, and conforms to it.
///
/// # Errors
/// `invalid_authorization_details`. The reason names members of the type, never what the client sent.
pub(crate) fn requested(
    realm: &RealmContext,
    client: &Client,
    text: &str,
) -> Result<Vec<AuthorizationDetail>, Refusal> {
    let details = parse(text)?;
    for detail in &details {
        conforms(detail, type_of(realm, client, detail)?)?;
    }
    Ok(details)
}

/// The type of an object, if it is registered and the client may ask for it.
pub(super) fn type_of<'r>(
    realm: &'r RealmContext,
    client: &Client,
    detail: &AuthorizationDetail,
) -> Result<&'r DetailsType, Refusal> {
    open_type(realm, client, detail.name_of_type())
        .ok_or_else(|| invalid("a type of authorization details is unknown or not open to this client"))
}

fn open_type<'r>(realm: &'r RealmContext, client: &Client, name: &str) -> Option<&'r DetailsType> {
    let is_open = client.metadata.authorization_details_types.iter().any(|open| open == name);
    realm.details_types.find(name).filter(|_| is_open)
}

fn conforms(detail: &AuthorizationDetail, kind: &DetailsType) -> Result<(), Refusal> {
    let is_left_to_us = |(name, value): (&String, &Value)| !kind.is_enriched(name) || is_placeholder(value);
    if !detail.own_members().all(is_left_to_us) {
        return Err(invalid("a member that this server fills in must be missing or an empty list"));
    }
    let mut members = detail.members().clone();
    members.retain(|name, value| !(kind.is_enriched(name) && is_placeholder(value)));
    kind.schema.check(&members).map_err(|misfit| {
        let place = if misfit.place.is_empty() { "an object" } else { misfit.place.as_str() };
        invalid(format!("{place} {}", misfit.problem)).detail(format!("type {}", kind.stored.name))
    })
}

/// Of what was granted, what the client may still have: the rest went with its type.
pub(crate) fn still_open(
    realm: &RealmContext,
    client: &Client,
    granted: &[AuthorizationDetail],
) -> Vec<AuthorizationDetail> {
    let is_open = |detail: &&AuthorizationDetail| open_type(realm, client, detail.name_of_type()).is_some();
    granted.iter().filter(is_open).cloned().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::details::compare::tests::{detail, types};

    #[test]
    fn rfc9396_2_the_parameter_is_a_bounded_list_of_typed_objects_that_people_can_read() {
        let long = json!([{"type": "a", "b": "x".repeat(4_000)}]).to_string();
        let many = json!(vec![json!({"type": "a"}); 17]).to_string();
        for bad in [
            "",
            "{}",
            "[]",
            r#"{"type":"a"}"#,
            "[1]",
            "[{}]",
            r#"[{"type":1}]"#,
            r#"[{"type":"a","type":"b"}]"#,
            r#"[{"type":"a","b":"x\u202ey"}]"#,
            r#"[{"type":"a","b\u200b":1}]"#,
            r#"[{"type":"a"}]x"#,
            &long,
            &many,
        ] {
            assert_eq!(
                parse(bad).map_err(|refusal| refusal.code),
                Err(ErrorCode::InvalidAuthorizationDetails),
                "{bad}"
            );
        }
        let read = parse(r#"[{"type":"a","b":[1,{"c":"ä"}]},{"type":"a"}]"#).unwrap();
        assert_eq!(read[0].name_of_type(), "a");
        assert_eq!(json!(read), json!([{"type": "a", "b": [1, {"c": "ä"}]}, {"type": "a"}]));
    }

    #[test]
    fn rfc9396_7_1_what_the_server_fills_in_is_not_the_clients_to_choose() {
        let types = types();
        let kind = types.find("accounts").unwrap();
        for (members, expected) in [
            (json!({"actions": ["read"]}), true),
            (json!({"actions": ["read"], "accounts": []}), true),
            (json!({"actions": ["read"], "accounts": ["1"]}), false),
            (json!({"actions": ["read"], "unknown": 1}), false),
        ] {
            assert_eq!(conforms(&detail(members.clone()), kind).is_ok(), expected, "{members}");
        }
    }
}
