//! Request objects (OpenID Connect Registration 2, RFC 9101 section 10.5).

use signet_protocol::client_metadata::ClientMetadata;

use super::addresses::is_https;
use super::{MAXIMUM_LIST, invalid, known};
use crate::registry::RegistryError;

/// Whoever must sign has something to sign with.
pub(super) fn check(metadata: &ClientMetadata) -> Result<(), RegistryError> {
    let field = "request_object_signing_alg";
    let must_sign = metadata.require_signed_request_object == Some(true);
    let has_keys = metadata.jwks.is_some() || metadata.jwks_uri.is_some();
    match metadata.request_object_signing_alg.as_deref() {
        Some("none") if must_sign => {
            return Err(invalid(field, "none contradicts require_signed_request_object"));
        }
        Some("none") => {}
        Some(name) => {
            let is_symmetric = known(field, name)?.is_symmetric();
            if is_symmetric && !metadata.authentication_method().needs_secret() {
                return Err(invalid(field, "HMAC algorithms need a client with a secret"));
            }
            if !is_symmetric && !has_keys {
                return Err(invalid(field, "the algorithm needs jwks or jwks_uri"));
            }
        }
        None if must_sign && !has_keys => {
            return Err(invalid("require_signed_request_object", "needs jwks or jwks_uri, or an HMAC algorithm"));
        }
        None => {}
    }
    if metadata.request_uris.len() > MAXIMUM_LIST {
        return Err(invalid("request_uris", "has more than 100 entries"));
    }
    // OpenID Connect Core 6.2: at most 512 ASCII characters.
    let is_https = |uri: &String| uri.len() <= 512 && uri.is_ascii() && is_https(uri);
    if !metadata.request_uris.iter().all(is_https) {
        return Err(invalid(
            "request_uris",
            "must be https URLs of at most 512 ASCII characters without user information",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::assert_refused;

    #[test]
    fn oidc_registration_2_and_rfc9101_10_5_request_objects_need_what_they_are_signed_with() {
        let redirect = ["https://rp.test/cb"];
        assert_refused(&[
            (json!({"redirect_uris": redirect, "request_object_signing_alg": "RS999"}), "request_object_signing_alg"),
            (json!({"redirect_uris": redirect, "request_object_signing_alg": "ES256"}), "request_object_signing_alg"),
            (
                json!({"redirect_uris": redirect, "request_object_signing_alg": "HS256", "token_endpoint_auth_method": "none"}),
                "request_object_signing_alg",
            ),
            (
                json!({"redirect_uris": redirect, "request_object_signing_alg": "none", "require_signed_request_object": true}),
                "request_object_signing_alg",
            ),
            (
                json!({"redirect_uris": redirect, "require_signed_request_object": true}),
                "require_signed_request_object",
            ),
            (json!({"redirect_uris": redirect, "request_uris": ["http://rp.test/r"]}), "request_uris"),
            (json!({"redirect_uris": redirect, "request_uris": ["https://:x@rp.test/r"]}), "request_uris"),
            (
                json!({"redirect_uris": redirect, "request_uris": [format!("https://rp.test/{}", "r".repeat(500))]}),
                "request_uris",
            ),
            (json!({"redirect_uris": redirect, "request_uris": vec!["https://rp.test/r"; 101]}), "request_uris"),
        ]);
    }
}
