//! RFC 9101 section 10.5: where requests must be signed, one that is not would go around everything that a signature
//! protects.

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::rfc9101;

use crate::authorize::Context;
use crate::authorize::request::Draft;
use crate::authorize::request_object::{Proof, must_be_signed};

pub(in crate::authorize) fn request_is_signed_where_it_must_be(
    context: &Context<'_>,
    _: &mut Draft,
) -> Result<(), Refusal> {
    if must_be_signed(context.realm, context.client) && context.proof != Some(Proof::Signed) {
        let reason = "the application must send its request as a signed request object";
        return Err(ErrorCode::InvalidRequest.because(reason).per(rfc9101("10.5")));
    }
    Ok(())
}
