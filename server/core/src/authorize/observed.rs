//! Requests for authorization that are good, as demands of security profiles are about them: each counts once, where it
//! comes from the client, at the authorization endpoint or in a push.

use signet_protocol::names::{ResponseMode, ResponseType};

use super::Accepted;
use crate::profile::conformity::{Observed, ObservedAuthorization};

impl Accepted {
    /// What demands are about in a request that has just been taken.
    pub(super) fn observed(&self, is_pushed: bool) -> Observed<'_> {
        let (parameters, parts) = (self.merged.parameters(), &self.request.parts);
        let response_type = self.request.response_type();
        let asked: Option<ResponseMode> = parameters.get("response_mode").and_then(|mode| mode.parse().ok());
        Observed::Authorization(ObservedAuthorization {
            response_type,
            response_mode: asked.unwrap_or_else(|| ResponseType::default_mode(response_type.as_str())),
            redirect_uri: self.redirect.uri(),
            is_pushed,
            object: self.merged.observed(),
            challenge: parts.challenge.as_ref().map(|(method, _)| *method),
            is_openid: parts.scope.contains("openid"),
            has_nonce: parts.nonce.is_some(),
            has_state: parameters.get("state").is_some(),
        })
    }
}
