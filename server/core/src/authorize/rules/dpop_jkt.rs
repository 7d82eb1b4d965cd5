//! RFC 9449 section 10: the key that the code is bound to.

use signet_protocol::error::Refusal;

use crate::authorize::Context;
use crate::authorize::request::Draft;
use crate::binding::authorized_key;

pub(in crate::authorize) fn key_is_a_thumbprint(context: &Context<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    draft.0.key = authorized_key(context.parameters.get("dpop_jkt"), None)?;
    Ok(())
}
