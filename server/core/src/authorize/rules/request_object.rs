//! OpenID Connect Core 3.1.2.6 and 6: a server that does not take request objects says so; ignoring one would process
//! another request than the client signed.

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::oidc_core;

use crate::authorize::Context;
use crate::authorize::request::Draft;

pub(in crate::authorize) fn request_is_made_of_parameters(context: &Context<'_>, _: &mut Draft) -> Result<(), Refusal> {
    let refusals = [
        ("request", ErrorCode::RequestNotSupported, "this server does not take request objects"),
        ("request_uri", ErrorCode::RequestUriNotSupported, "this server does not take request objects by reference"),
        ("registration", ErrorCode::RegistrationNotSupported, "this server does not take the registration parameter"),
    ];
    for (parameter, code, reason) in refusals {
        if context.parameters.get(parameter).is_some() {
            return Err(code.because(reason).per(oidc_core("3.1.2.6")));
        }
    }
    Ok(())
}
