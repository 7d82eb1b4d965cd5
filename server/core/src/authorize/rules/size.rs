//! Design section 6: a code carries the request, sealed, in an address. What it carries has a bound, so that nobody
//! logs in for a request that cannot be answered.

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::ResponseMode;
use signet_protocol::spec::oidc_core;

use crate::authorize::Context;
use crate::authorize::request::Draft;

/// Longest JSON of what a code carries of a request, in bytes. With the rest of a code it stays well below the longest
/// sealed value.
const MAXIMUM_BYTES: usize = 4_000;

/// The same where the code travels in a JWT, which may be encrypted: each makes a third more of it.
const MAXIMUM_BYTES_IN_JWT: usize = 2_600;

pub(in crate::authorize) fn a_code_can_carry_the_request(
    context: &Context<'_>,
    draft: &mut Draft,
) -> Result<(), Refusal> {
    let parts = &draft.0;
    let mode = context.parameters.get("response_mode").and_then(|mode| mode.parse::<ResponseMode>().ok());
    let most = if mode.is_some_and(ResponseMode::is_jwt) { MAXIMUM_BYTES_IN_JWT } else { MAXIMUM_BYTES };
    let redirect_uri = context.parameters.get("redirect_uri");
    let locales = &parts.claims_locales;
    let carried =
        (redirect_uri, &parts.scope, &parts.nonce, &parts.challenge, &parts.claims_text, locales, &parts.resources);
    let fits = serde_json::to_vec(&carried).is_ok_and(|json| json.len() <= most);
    if fits {
        Ok(())
    } else {
        let reason = "the request is too long for a code; shorten claims, nonce or redirect_uri";
        Err(ErrorCode::InvalidRequest.because(reason).per(oidc_core("3.1.2.1")))
    }
}
