//! OpenID Connect Core 3.1.2.1 and 5.2: the window that pages are shown in, and languages for pages and claims. They are
//! wishes: what does not read is left out.

use signet_protocol::error::Refusal;
use signet_protocol::names::Display;

use crate::authorize::Context;
use crate::authorize::request::Draft;

/// More wishes than anybody has.
const MAXIMUM: usize = 10;

#[expect(clippy::unnecessary_wraps, reason = "every rule of the matrix has one signature")]
pub(in crate::authorize) fn presentation_is_read(context: &Context<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    draft.0.popup = context.parameters.get("display") == Some(Display::Popup.as_str());
    draft.0.ui_locales = tags(context.parameters.get("ui_locales"));
    draft.0.claims_locales = tags(context.parameters.get("claims_locales"));
    Ok(())
}

/// Language tags separated by spaces (BCP 47).
pub(crate) fn tags(text: Option<&str>) -> Vec<String> {
    let is_tag = |tag: &&str| {
        (2..=35).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.unwrap_or_default().split(' ').filter(is_tag).take(MAXIMUM).map(str::to_owned).collect()
}
