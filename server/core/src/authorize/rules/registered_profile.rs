//! A client is registered as its security profile wants. It was when it was registered; its realm may have been given
//! another profile since, or a script chooses one for the request.

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::rfc6749;

use crate::authorize::Context;
use crate::authorize::request::Draft;

pub(in crate::authorize) fn registration_meets_the_profile(
    context: &Context<'_>,
    _: &mut Draft,
) -> Result<(), Refusal> {
    let Some((requirement, shortfall)) = context.realm.shortfall_of(context.client) else { return Ok(()) };
    Err(ErrorCode::UnauthorizedClient
        .because("the application is not registered as its security profile wants")
        .per(rfc6749("4.1.2.1"))
        .detail(format!("{}: {}: {}", requirement.name, shortfall.field, shortfall.change)))
}
