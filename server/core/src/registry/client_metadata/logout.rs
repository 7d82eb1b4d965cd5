//! Where a client is told of a logout, and where its users go afterwards (RP-Initiated Logout 3.1, Front-Channel Logout 2,
//! Back-Channel Logout 2.2).

use signet_protocol::client_metadata::ClientMetadata;
use signet_protocol::names::ApplicationType;
use signet_protocol::redirect_uri;
use url::Url;

use super::{MAXIMUM_LIST, invalid};
use crate::registry::RegistryError;

pub(super) fn check(metadata: &ClientMetadata) -> Result<(), RegistryError> {
    let field = "post_logout_redirect_uris";
    if metadata.post_logout_redirect_uris.len() > MAXIMUM_LIST {
        return Err(invalid(field, "has more than 100 entries"));
    }
    for uri in &metadata.post_logout_redirect_uris {
        redirect_uri::check_registration(uri, metadata.application_type())
            .map_err(|problem| invalid(field, problem.to_string()))?;
    }
    if let Some(uri) = &metadata.frontchannel_logout_uri {
        let field = "frontchannel_logout_uri";
        let origin = logout_uri(field, uri)?.origin();
        // Front-Channel Logout 2: scheme, host and port are those of a registered redirect URI.
        let redirects = metadata.redirect_uris.iter().filter_map(|redirect| Url::parse(redirect).ok());
        if !redirects.into_iter().any(|redirect| redirect.origin() == origin) {
            return Err(invalid(field, "must have scheme, host and port of one of the redirect URIs"));
        }
    }
    if let Some(uri) = &metadata.backchannel_logout_uri {
        logout_uri("backchannel_logout_uri", uri)?;
    }
    let required = [
        ("frontchannel_logout_session_required", &metadata.frontchannel_logout_uri),
        ("backchannel_logout_session_required", &metadata.backchannel_logout_uri),
    ];
    let wants = [metadata.frontchannel_logout_session_required, metadata.backchannel_logout_session_required];
    match required.iter().zip(wants).find(|((_, uri), wants)| uri.is_none() && *wants == Some(true)) {
        Some(((field, _), _)) => Err(invalid(field, "needs the URI that it is about")),
        None => Ok(()),
    }
}

/// An https URL without fragment and user information, in the plain ASCII that redirect URIs have too.
fn logout_uri(field: &str, uri: &str) -> Result<Url, RegistryError> {
    redirect_uri::check_registration(uri, ApplicationType::Web).map_err(|_| {
        invalid(field, "must be an https URL of at most 2048 characters without fragment and user name")
    })?;
    Url::parse(uri).map_err(|_| invalid(field, "must be an https URL"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{assert_refused, checked};

    #[test]
    fn rp_initiated_logout_3_1_and_the_channels_wrong_addresses_are_named() {
        let redirect = ["https://rp.test/cb"];
        assert_refused(&[
            (
                json!({"redirect_uris": redirect, "post_logout_redirect_uris": ["javascript:alert(1)"]}),
                "post_logout_redirect_uris",
            ),
            (
                json!({"redirect_uris": redirect, "frontchannel_logout_uri": "https://rp.test:444/out"}),
                "frontchannel_logout_uri",
            ),
            (
                json!({"redirect_uris": redirect, "backchannel_logout_uri": "https://rp.test/out#x"}),
                "backchannel_logout_uri",
            ),
            (
                json!({"redirect_uris": redirect, "backchannel_logout_uri": "http://rp.test/out"}),
                "backchannel_logout_uri",
            ),
            (
                json!({"redirect_uris": redirect, "backchannel_logout_session_required": true}),
                "backchannel_logout_session_required",
            ),
        ]);
        let good = json!({
            "redirect_uris": redirect, "post_logout_redirect_uris": ["https://elsewhere.test/out?x=y"],
            "frontchannel_logout_uri": "https://rp.test/frame?x", "frontchannel_logout_session_required": true,
            "backchannel_logout_uri": "https://api.test/out", "backchannel_logout_session_required": true,
        });
        assert_eq!(checked(&good), Ok(()));
    }
}
