//! Reading client metadata as strangers send it (RFC 7591 section 2): unknown members are ignored, members in a language
//! are gathered, and a member that does not read is named.

use serde_json::{Map, Value};
use signet_protocol::client_metadata::ClientMetadata;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::rfc7591;

use crate::registry::LOCALIZABLE;
use crate::strict_json;

/// The member that holds those in a language. It is ours: on the wire each stands by itself.
const LOCALIZED: &str = "localized";

/// The members of a body.
///
/// # Errors
/// `invalid_client_metadata` for what is no JSON object or has a member twice.
pub(super) fn members(document: &[u8]) -> Result<Map<String, Value>, Refusal> {
    strict_json::parse_object(document).map_err(|_| {
        let reason = "the body must be one JSON object in which no member appears twice";
        ErrorCode::InvalidClientMetadata.because(reason).per(rfc7591("3.1"))
    })
}

/// The claims of a software statement take the place of the members of the same names (RFC 7591 section 2.3).
pub(super) fn overlay(members: &mut Map<String, Value>, claims: &Map<String, Value>) {
    let of_the_token = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];
    let metadata = claims.iter().filter(|(name, _)| !of_the_token.contains(&name.as_str()));
    members.extend(metadata.map(|(name, value)| (name.clone(), value.clone())));
}

/// Reads metadata. A member that is null counts as absent (RFC 7592 section 2.2).
///
/// # Errors
/// `invalid_client_metadata` or `invalid_redirect_uri`, with the member's name.
pub(super) fn metadata(members: Map<String, Value>) -> Result<ClientMetadata, Refusal> {
    let (mut known, mut localized) = (Map::new(), Map::new());
    for (name, value) in members {
        if value.is_null() {
            continue;
        }
        match name.split_once('#') {
            Some((base, _)) if LOCALIZABLE.contains(&base) => {
                localized.insert(name, value);
            }
            None if name != LOCALIZED && ClientMetadata::member_names().contains(&name.as_str()) => {
                known.insert(name, value);
            }
            Some(_) | None => {}
        }
    }
    if let Some((name, _)) = localized.iter().find(|(_, value)| !value.is_string()) {
        return Err(unreadable(name.split('#').next().unwrap_or_default()));
    }
    if !localized.is_empty() {
        known.insert(LOCALIZED.to_owned(), Value::Object(localized));
    }
    if let Ok(metadata) = serde_json::from_value(Value::Object(known.clone())) {
        return Ok(metadata);
    }
    let reads = |name: &str, value: Value| {
        let alone = Map::from_iter([(name.to_owned(), value)]);
        serde_json::from_value::<ClientMetadata>(Value::Object(alone)).is_ok()
    };
    let culprit = known.into_iter().find(|(name, value)| !reads(name, value.clone()));
    Err(unreadable(culprit.as_ref().map_or("the body", |(name, _)| name)))
}

fn unreadable(member: &str) -> Refusal {
    let code = if member == "redirect_uris" { ErrorCode::InvalidRedirectUri } else { ErrorCode::InvalidClientMetadata };
    let problem = "is not of the right type, or has a value that this server does not know";
    code.because(format!("{member}: {problem}")).per(rfc7591("3.2.2"))
}

/// Metadata as the wire has it: members in a language stand among the others.
pub(super) fn written(metadata: &ClientMetadata) -> Map<String, Value> {
    let Ok(Value::Object(mut members)) = serde_json::to_value(metadata) else { return Map::new() };
    if let Some(Value::Object(localized)) = members.remove(LOCALIZED) {
        members.extend(localized);
    }
    members
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(json: &Value) -> Result<ClientMetadata, Refusal> {
        metadata(json.as_object().cloned().unwrap_or_default())
    }

    #[test]
    fn rfc7591_2_unknown_members_are_ignored_and_null_ones_are_absent() {
        let read = read(&json!({
            "redirect_uris": ["https://rp.test/cb"], "client_name": null, "skip_consent": true, "settings": {"a": 1},
            "localized": {"client_name#de": "x"}, "contacts#de": "x", "enabled": true,
        }));
        let expected =
            ClientMetadata { redirect_uris: vec!["https://rp.test/cb".to_owned()], ..ClientMetadata::default() };
        assert_eq!(read, Ok(expected));
    }

    #[test]
    fn rfc7591_2_2_members_in_a_language_go_in_and_out() {
        let json = json!({"client_name": "Shop", "client_name#de": "Laden", "tos_uri#fr-CH": "https://rp.test/fr"});
        let read = read(&json).unwrap();
        assert_eq!(read.localized.len(), 2);
        assert_eq!(Value::Object(written(&read)), json);
    }

    #[test]
    fn rfc7591_3_2_2_a_member_of_the_wrong_type_is_named_and_never_repeated() {
        for (json, code, member) in [
            (json!({"redirect_uris": "https://secret.test"}), ErrorCode::InvalidRedirectUri, "redirect_uris"),
            (json!({"redirect_uris": [null]}), ErrorCode::InvalidRedirectUri, "redirect_uris"),
            (json!({"grant_types": ["secret"]}), ErrorCode::InvalidClientMetadata, "grant_types"),
            (json!({"client_name#de": ["secret"]}), ErrorCode::InvalidClientMetadata, "client_name"),
            (json!({"default_max_age": -1}), ErrorCode::InvalidClientMetadata, "default_max_age"),
            (json!({"scope": 1}), ErrorCode::InvalidClientMetadata, "scope"),
        ] {
            let refusal = read(&json).unwrap_err();
            assert_eq!(refusal.code, code);
            assert!(refusal.reason.starts_with(&format!("{member}: ")), "{refusal}");
            assert!(!refusal.reason.contains("secret"), "{refusal}");
        }
    }

    #[test]
    fn rfc7591_2_3_a_statement_wins_over_the_body_and_its_own_claims_are_no_metadata() {
        let mut members = json!({"client_name": "mine", "scope": "a"}).as_object().cloned().unwrap();
        let claims = json!({"iss": "x", "jti": "1", "client_name": "theirs"}).as_object().cloned().unwrap();
        overlay(&mut members, &claims);
        assert_eq!(Value::Object(members), json!({"client_name": "theirs", "scope": "a"}));
    }
}
