//! OpenID Connect Core 5.5: the `claims` parameter reads; a `sub` asked for by value names the users that are
//! wanted.

use serde_json::Value;
use signet_protocol::claims_request::ClaimsRequest;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::oidc_core;

use crate::authorize::Context;
use crate::authorize::request::Draft;

pub(in crate::authorize) fn claims_are_readable(context: &Context<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    let Some(text) = context.parameters.get("claims") else { return Ok(()) };
    let unreadable =
        |_| ErrorCode::InvalidRequest.because("claims is not a claims request object").per(oidc_core("5.5"));
    let claims = ClaimsRequest::parse(text).map_err(unreadable)?;
    // Section 5.5.1: a subject asked for by value, in either place, is the one the response must be about. One of several
    // is any of them.
    for subject in [claims.id_token.get("sub"), claims.userinfo.get("sub")].into_iter().flatten() {
        let Some(values) = subject.acceptable() else { continue };
        let mut wanted: Vec<String> = values.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect();
        if let Some(others) = &draft.0.wanted_subjects {
            wanted.retain(|subject| others.contains(subject));
        }
        draft.0.wanted_subjects = Some(wanted);
    }
    draft.0.claims_text = (!claims.is_empty()).then(|| compact(text));
    draft.0.claims = claims;
    Ok(())
}

/// The same JSON without white space: it travels inside codes.
fn compact(text: &str) -> String {
    serde_json::from_str::<Value>(text).map_or_else(|_| text.to_owned(), |value| value.to_string())
}
