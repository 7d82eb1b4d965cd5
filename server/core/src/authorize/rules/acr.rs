//! OpenID Connect Core 3.1.2.1 and 5.5.1.1: authentication context classes. `acr_values` is a wish; an essential `acr`
//! with values that cannot be met is a failed authentication (Unmet Authentication Requirements 1.0).

use serde_json::Value;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::oidc_core;

use crate::authn::ACR_VALUES;
use crate::authorize::Context;
use crate::authorize::request::Draft;

pub(in crate::authorize) fn authentication_class_can_be_met(
    context: &Context<'_>,
    draft: &mut Draft,
) -> Result<(), Refusal> {
    let claim = draft.0.claims.id_token.get("acr");
    if let Some(claim) = claim.filter(|claim| claim.essential && claim.wanted().next().is_some()) {
        let can_be_met = ACR_VALUES.iter().any(|value| claim.accepts(&Value::from(*value)));
        if !can_be_met {
            let reason = "the demanded authentication context class cannot be reached here";
            return Err(ErrorCode::UnmetAuthenticationRequirements.because(reason).per(oidc_core("5.5.1.1")));
        }
    }
    let by_parameter = context.parameters.get("acr_values").is_some();
    let by_default = !context.client.metadata.default_acr_values.is_empty();
    draft.0.acr_requested = claim.is_some() || by_parameter || by_default;
    Ok(())
}
