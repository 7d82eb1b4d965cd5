//! RFC 6749 section 3.3 and OpenID Connect Core 3.1.2.1: the scope reads, and what is not open to the client is left out.

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::scope::Scope;
use signet_protocol::spec::rfc6749;

use crate::authorize::Context;
use crate::authorize::request::Draft;

pub(in crate::authorize) fn scope_is_allowed(context: &Context<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    let invalid = |reason: &'static str| ErrorCode::InvalidScope.because(reason).per(rfc6749("3.3"));
    let text = context.parameters.get("scope").ok_or_else(|| invalid("scope is missing"))?;
    let requested: Scope = text.parse().map_err(|_| invalid("scope has characters that a scope token may not have"))?;
    let allowed = context.realm.scope_of(context.client);
    // OpenID Connect Core 3.1.2.1: values that are not understood are ignored.
    let scope = requested.filtered(|token| allowed.contains(token));
    if scope.is_empty() {
        return Err(invalid("nothing in this scope is open to the client"));
    }
    draft.0.scope = scope;
    Ok(())
}
