//! OpenID Connect Core 3.1.2.1: `login_hint` fills the form in; it proves nothing, and an overlong one is left out.

use signet_protocol::error::Refusal;

use crate::authorize::Context;
use crate::authorize::request::Draft;

const MAXIMUM_BYTES: usize = 320;

#[expect(clippy::unnecessary_wraps, reason = "every rule of the matrix has one signature")]
pub(in crate::authorize) fn login_hint_is_of_reasonable_size(
    context: &Context<'_>,
    draft: &mut Draft,
) -> Result<(), Refusal> {
    let hint = context.parameters.get("login_hint");
    draft.0.login_hint =
        hint.filter(|hint| hint.len() <= MAXIMUM_BYTES && !hint.chars().any(char::is_control)).map(str::to_owned);
    Ok(())
}
