//! Backchannel authentication (CIBA Core 4): how the client learns of answers, and how it signs its requests.

use signet_protocol::client_metadata::ClientMetadata;
use signet_protocol::names::{ApplicationType, GrantType, TokenDeliveryMode};
use signet_protocol::redirect_uri;

use super::{invalid, known};
use crate::registry::RegistryError;

pub(super) fn check(metadata: &ClientMetadata) -> Result<(), RegistryError> {
    check_delivery(metadata)?;
    let field = "backchannel_authentication_request_signing_alg";
    let Some(name) = metadata.backchannel_authentication_request_signing_alg.as_deref() else { return Ok(()) };
    if known(field, name)?.is_symmetric() {
        return Err(invalid(field, "must be an algorithm with a key pair"));
    }
    if metadata.jwks.is_none() && metadata.jwks_uri.is_none() {
        return Err(invalid(field, "the algorithm needs jwks or jwks_uri"));
    }
    Ok(())
}

fn check_delivery(metadata: &ClientMetadata) -> Result<(), RegistryError> {
    let uses_it = metadata.grant_types().contains(&GrantType::Ciba);
    let mode = metadata.backchannel_token_delivery_mode;
    let field = "backchannel_token_delivery_mode";
    if uses_it && mode.is_none() {
        return Err(invalid(field, "is needed for the grant of CIBA"));
    }
    if uses_it && !metadata.is_confidential() {
        return Err(invalid("grant_types", "CIBA needs a client that authenticates itself"));
    }
    let bound = metadata.dpop_bound_access_tokens == Some(true)
        || metadata.tls_client_certificate_bound_access_tokens == Some(true);
    if mode == Some(TokenDeliveryMode::Push) && bound {
        return Err(invalid(field, "push excludes bound tokens: nothing is proved where they are sent"));
    }
    let is_called = mode.is_some_and(|mode| mode != TokenDeliveryMode::Poll);
    let field = "backchannel_client_notification_endpoint";
    match &metadata.backchannel_client_notification_endpoint {
        None if is_called => Err(invalid(field, "is needed for ping and push")),
        Some(uri) if redirect_uri::check_registration(uri, ApplicationType::Web).is_err() => {
            Err(invalid(field, "must be an https URL of at most 2048 characters without fragment and user name"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{assert_refused, checked};

    const CIBA: &str = "urn:openid:params:grant-type:ciba";

    #[test]
    fn ciba_4_registrations_say_how_answers_are_learned_of() {
        let (grants, mode) = ("grant_types", "backchannel_token_delivery_mode");
        let endpoint = "backchannel_client_notification_endpoint";
        assert_refused(&[
            (json!({grants: [CIBA]}), mode),
            (json!({grants: [CIBA], mode: "poll", "token_endpoint_auth_method": "none"}), grants),
            (json!({grants: [CIBA], mode: "ping"}), endpoint),
            (json!({grants: [CIBA], mode: "ping", endpoint: "http://rp.test/n"}), endpoint),
            (json!({grants: [CIBA], mode: "ping", endpoint: "https://rp.test/n#x"}), endpoint),
            (
                json!({grants: [CIBA], mode: "push", endpoint: "https://rp.test/n", "dpop_bound_access_tokens": true}),
                mode,
            ),
            (
                json!({grants: [CIBA], mode: "poll", "backchannel_authentication_request_signing_alg": "HS256"}),
                "backchannel_authentication_request_signing_alg",
            ),
            (
                json!({grants: [CIBA], mode: "poll", "backchannel_authentication_request_signing_alg": "ES256"}),
                "backchannel_authentication_request_signing_alg",
            ),
        ]);
        for good in [json!({mode: "poll"}), json!({mode: "ping", endpoint: "https://rp.test/n"})] {
            let mut registration = good;
            registration[grants] = json!([CIBA, "refresh_token"]);
            assert_eq!(checked(&registration), Ok(()), "{registration}");
        }
    }
}
