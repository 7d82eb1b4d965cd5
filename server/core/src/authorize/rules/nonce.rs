//! OpenID Connect Core 3.1.2.1 and 15.5.2: the nonce is passed on unmodified; a bound keeps codes usable in URLs. 3.2.2.1
//! and 3.3.2.1: an ID token that travels through the browser has one, or it could be injected. FAPI 1.0 Part 1 section
//! 5.2.2.2-1: so does every request of OpenID Connect through a browser, where the profile says that.

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::ResponseType;
use signet_protocol::spec::{fapi1_baseline, oidc_core};

use crate::authorize::Context;
use crate::authorize::request::Draft;

const MAXIMUM_BYTES: usize = 1024;

pub(in crate::authorize) fn nonce_is_there_where_needed(
    context: &Context<'_>,
    draft: &mut Draft,
) -> Result<(), Refusal> {
    let nonce = context.parameters.get("nonce");
    if nonce.is_some_and(|nonce| nonce.len() > MAXIMUM_BYTES) {
        return Err(ErrorCode::InvalidRequest.because("nonce is longer than 1024 bytes").per(oidc_core("3.1.2.1")));
    }
    if nonce.is_none() && draft.0.response_type.is_some_and(ResponseType::returns_id_token) {
        let reason = "nonce is missing; a response with an ID token needs one";
        return Err(ErrorCode::InvalidRequest.because(reason).per(oidc_core("3.2.2.1")));
    }
    draft.0.nonce = nonce.map(str::to_owned);
    Ok(())
}

pub(in crate::authorize) fn nonce_goes_with_openid(context: &Context<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    let is_openid = draft.0.scope.contains("openid");
    if context.profile.nonce_with_openid && is_openid && draft.0.nonce.is_none() {
        let reason = "nonce is missing; a request with scope openid needs one";
        return Err(ErrorCode::InvalidRequest.because(reason).per(fapi1_baseline("5.2.2.2-1")));
    }
    Ok(())
}
