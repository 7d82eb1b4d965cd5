//! RFC 6749 section 3.1: request parameters must not be included more than once.

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::rfc6749;

use crate::authorize::Context;
use crate::authorize::request::Draft;

pub(in crate::authorize) fn no_parameter_is_repeated(context: &Context<'_>, _: &mut Draft) -> Result<(), Refusal> {
    match context.parameters.repeated() {
        None => Ok(()),
        Some(_) => Err(ErrorCode::InvalidRequest.because("a parameter appears more than once").per(rfc6749("3.1"))),
    }
}
