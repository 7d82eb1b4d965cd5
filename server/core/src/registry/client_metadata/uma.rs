//! Where requesting parties are sent after claims were gathered (UMA Grant section 3.3.2).

use signet_protocol::client_metadata::ClientMetadata;
use signet_protocol::redirect_uri;

use super::{MAXIMUM_LIST, invalid};
use crate::registry::RegistryError;

/// The addresses are for requesting parties alone: redirect URIs of the authorization endpoint do not stand in for them.
pub(super) fn check(metadata: &ClientMetadata) -> Result<(), RegistryError> {
    let field = "claims_redirect_uris";
    if metadata.claims_redirect_uris.len() > MAXIMUM_LIST {
        return Err(invalid(field, "has more than 100 entries"));
    }
    for uri in &metadata.claims_redirect_uris {
        redirect_uri::check_registration(uri, metadata.application_type())
            .map_err(|problem| invalid(field, problem.to_string()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{assert_refused, checked};

    #[test]
    fn uma_grant_3_3_2_claims_redirect_uris_are_absolute_and_have_no_fragment() {
        let (field, redirect) = ("claims_redirect_uris", ["https://rp.test/cb"]);
        for wrong in ["http://rp.test/claims", "https://rp.test/claims#x", "/claims", "javascript:alert(1)"] {
            assert_refused(&[(json!({"redirect_uris": redirect, field: [wrong]}), field)]);
        }
        let good = json!({"redirect_uris": redirect, field: ["https://rp.test/claims?of=uma"]});
        assert!(checked(&good).is_ok());
    }
}
