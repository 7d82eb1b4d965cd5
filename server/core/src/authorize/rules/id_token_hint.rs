//! OpenID Connect Core 3.1.2.1: `id_token_hint` is an ID token of this issuer for this client, expired or not.

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::oidc_core;

use crate::authorize::Context;
use crate::authorize::request::Draft;
use crate::tokens::check_hint;

pub(in crate::authorize) fn hint_is_ours(context: &Context<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    let Some(text) = context.parameters.get("id_token_hint") else { return Ok(()) };
    let hint = check_hint(context.provider, context.realm, context.client, text).map_err(|error| {
        let reason = "id_token_hint is not an ID token of this server for this client";
        ErrorCode::InvalidRequest.because(reason).per(oidc_core("3.1.2.1")).detail(error.to_string())
    })?;
    // A claims request that names other subjects contradicts the hint: nobody fits both.
    let contradicts = draft.0.wanted_subjects.as_ref().is_some_and(|others| !others.contains(&hint.subject));
    draft.0.wanted_subjects = Some(if contradicts { Vec::new() } else { vec![hint.subject] });
    Ok(())
}
