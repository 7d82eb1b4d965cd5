//! OpenID Connect Core 3.1.2.1 and 15.5.2: the nonce is passed on unmodified; a bound keeps codes usable in URLs.

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::oidc_core;

use crate::authorize::Context;
use crate::authorize::request::Draft;

const MAXIMUM_BYTES: usize = 1024;

pub(in crate::authorize) fn nonce_is_of_reasonable_size(
    context: &Context<'_>,
    draft: &mut Draft,
) -> Result<(), Refusal> {
    let nonce = context.parameters.get("nonce");
    if nonce.is_some_and(|nonce| nonce.len() > MAXIMUM_BYTES) {
        return Err(ErrorCode::InvalidRequest.because("nonce is longer than 1024 bytes").per(oidc_core("3.1.2.1")));
    }
    draft.0.nonce = nonce.map(str::to_owned);
    Ok(())
}
