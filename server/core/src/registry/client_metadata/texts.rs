//! Texts that people read, and other short ones.

use signet_protocol::client_metadata::ClientMetadata;

use super::{MAXIMUM_LIST, invalid};
use crate::registry::RegistryError;

pub(super) fn check(metadata: &ClientMetadata) -> Result<(), RegistryError> {
    let is_bad =
        |text: &String| text.trim().is_empty() || text.chars().count() > 200 || text.chars().any(char::is_control);
    let single = [
        ("client_name", &metadata.client_name),
        ("software_id", &metadata.software_id),
        ("software_version", &metadata.software_version),
    ];
    let single = single.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    let localized = metadata.localized.iter().filter(|(name, _)| name.starts_with("client_name#"));
    let mut texts = single.chain(localized.map(|(name, value)| (name.as_str(), value)));
    if let Some((field, _)) = texts.find(|(_, value)| is_bad(value)) {
        return Err(invalid(field, "must have 1 to 200 characters and no control characters"));
    }
    for (field, list) in [("contacts", &metadata.contacts), ("default_acr_values", &metadata.default_acr_values)] {
        if list.len() > MAXIMUM_LIST || list.iter().any(is_bad) {
            return Err(invalid(field, "must be at most 100 texts of 1 to 200 characters"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::assert_refused;

    #[test]
    fn rfc7591_3_2_2_the_wrong_address_or_text_is_named() {
        let redirect = ["https://rp.test/cb"];
        assert_refused(&[
            (json!({"redirect_uris": redirect, "logo_uri": "javascript:alert(1)"}), "logo_uri"),
            (json!({"redirect_uris": redirect, "client_name": "a\nb"}), "client_name"),
            (json!({"redirect_uris": redirect, "logo_uri": "https://a\n.test/"}), "logo_uri"),
            (json!({"redirect_uris": redirect, "tos_uri": "https://user:pw@rp.test"}), "tos_uri"),
            (json!({"redirect_uris": redirect, "initiate_login_uri": "http://rp.test"}), "initiate_login_uri"),
            (json!({"redirect_uris": redirect, "request_uris": ["ftp://rp.test"]}), "request_uris"),
            (json!({"redirect_uris": redirect, "sector_identifier_uri": "rp.test"}), "sector_identifier_uri"),
            (json!({"redirect_uris": redirect, "localized": {"client_name#de": ""}}), "client_name#de"),
            (json!({"redirect_uris": redirect, "localized": {"tos_uri#de": "data:x"}}), "tos_uri#de"),
            (json!({"redirect_uris": redirect, "localized": {"contacts#de": "x"}}), "localized"),
            (json!({"redirect_uris": redirect, "localized": {"client_name#": "x"}}), "localized"),
            (json!({"redirect_uris": redirect, "software_id": ""}), "software_id"),
            (json!({"redirect_uris": redirect, "default_acr_values": vec!["a"; 101]}), "default_acr_values"),
        ]);
    }
}
