//! RFC 9126 sections 5 and 6: where requests must be pushed, one that comes through the browser would go around everything
//! that a push protects.

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::rfc9126;

use crate::authorize::Context;
use crate::authorize::request::Draft;

pub(in crate::authorize) fn request_is_pushed_where_it_must_be(
    context: &Context<'_>,
    _: &mut Draft,
) -> Result<(), Refusal> {
    let is_required = context.realm.realm.settings.require_pushed_authorization_requests
        || context.profile.require_pushed_authorization_requests
        || context.client.metadata.require_pushed_authorization_requests == Some(true);
    if is_required && !context.is_pushed {
        let reason = "the application must push its request and send the browser with client_id and request_uri";
        return Err(ErrorCode::InvalidRequest.because(reason).per(rfc9126("5")));
    }
    Ok(())
}
