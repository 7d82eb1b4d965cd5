//! OpenID Connect Core 3.1.2.1: `max_age` is a number of seconds; the client's default stands in for it.

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::oidc_core;

use crate::authorize::Context;
use crate::authorize::request::Draft;

pub(in crate::authorize) fn max_age_is_a_number(context: &Context<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    let Some(text) = context.parameters.get("max_age") else {
        draft.0.max_age = context.client.metadata.default_max_age.map(i64::from);
        return Ok(());
    };
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = text.parse().ok().filter(|_| digits);
    let seconds = seconds.ok_or_else(|| {
        ErrorCode::InvalidRequest.because("max_age is not a number of seconds").per(oidc_core("3.1.2.1"))
    })?;
    draft.0.max_age = Some(seconds);
    Ok(())
}
