//! RFC 6749 section 3.3 and OpenID Connect Core 3.1.2.1: the scope reads, and what is not open to the client is left out.
//! An ID token needs `openid`, and without a code there is no offline access (section 11).

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::ResponseType;
use signet_protocol::scope::Scope;
use signet_protocol::spec::{oidc_core, rfc6749};

use crate::authorize::Context;
use crate::authorize::request::Draft;

pub(in crate::authorize) fn scope_is_allowed(context: &Context<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    let invalid = |reason: &'static str| ErrorCode::InvalidScope.because(reason).per(rfc6749("3.3"));
    // RFC 9396 section 3: what is asked for may stand in authorization_details alone.
    let is_detailed = context.parameters.get("authorization_details").is_some();
    let text = match context.parameters.get("scope") {
        Some(text) => text,
        None if is_detailed => "",
        // OpenID Connect Core 3.1.2.1: a request of that kind must have the parameter.
        None if speaks_openid_connect(context, draft) => {
            return Err(ErrorCode::InvalidRequest.because("scope is missing").per(oidc_core("3.1.2.1")));
        }
        None => return Err(invalid("scope is missing")),
    };
    let requested: Scope = text.parse().map_err(|_| invalid("scope has characters that a scope token may not have"))?;
    let allowed = context.realm.scope_of(context.client);
    // OpenID Connect Core 3.1.2.1: values that are not understood are ignored.
    let offline_is_open = draft.0.response_type.is_some_and(ResponseType::returns_code);
    let is_open = |token: &str| allowed.contains(token) && (offline_is_open || token != "offline_access");
    let scope = requested.filtered(is_open);
    if scope.is_empty() && !(is_detailed && requested.is_empty()) {
        return Err(invalid("nothing in this scope is open to the client"));
    }
    if draft.0.response_type.is_some_and(ResponseType::returns_id_token) && !scope.contains("openid") {
        let reason = "a response with an ID token needs the scope openid";
        return Err(ErrorCode::InvalidScope.because(reason).per(oidc_core("3.1.2.1")));
    }
    draft.0.scope = scope;
    Ok(())
}

/// Only OpenID Connect has ID tokens, and nonces for them.
fn speaks_openid_connect(context: &Context<'_>, draft: &Draft) -> bool {
    draft.0.response_type.is_some_and(ResponseType::returns_id_token) || context.parameters.get("nonce").is_some()
}
