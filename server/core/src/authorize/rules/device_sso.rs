//! Native SSO for Mobile Apps 3.1: the scope value `device_sso` counts where a code is asked for, with an ID token, by an app
//! that shares its logins. Elsewhere it is left out like any value that is not open (OpenID Connect Core 3.1.2.1).

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::ResponseType;
use signet_protocol::spec::native_sso;
use signet_protocol::standard_claims::DEVICE_SSO_SCOPE;

use crate::authorize::Context;
use crate::authorize::request::Draft;

pub(in crate::authorize) fn apps_of_one_vendor_share_a_login(
    context: &Context<'_>,
    draft: &mut Draft,
) -> Result<(), Refusal> {
    let returns_code = draft.0.response_type.is_some_and(ResponseType::returns_code);
    let is_open =
        returns_code && draft.0.scope.contains("openid") && context.realm.native_sso_group(context.client).is_some();
    if is_open { Ok(()) } else { without_sharing(draft) }
}

/// The session of a request that is answered elsewhere is on another device.
pub(in crate::authorize) fn another_device_shares_nothing(_: &Context<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    without_sharing(draft)
}

fn without_sharing(draft: &mut Draft) -> Result<(), Refusal> {
    if !draft.0.scope.contains(DEVICE_SSO_SCOPE) {
        return Ok(());
    }
    draft.0.scope = draft.0.scope.filtered(|value| value != DEVICE_SSO_SCOPE);
    if draft.0.scope.is_empty() {
        let reason = "nothing in this scope is open to the client";
        return Err(ErrorCode::InvalidScope.because(reason).per(native_sso("3.1")));
    }
    Ok(())
}
