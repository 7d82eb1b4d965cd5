//! OpenID Connect Core 3.1.2.1 and 5.5.1.1: authentication context classes. `acr_values` is a wish, unless the realm says
//! that it is a demand (RFC 9470 section 5); an essential `acr` is one. A demand whose values cannot be met is a failed
//! authentication (Unmet Authentication Requirements 1.0).

use serde_json::Value;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::{oidc_core, rfc9470};

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
            return Err(unmet().per(oidc_core("5.5.1.1")));
        }
    }
    let by_parameter = context.parameters.get("acr_values");
    if let Some(values) = by_parameter.filter(|_| context.realm.realm.settings.acr_values_required)
        && !values.split(' ').any(|value| ACR_VALUES.contains(&value))
    {
        return Err(unmet().per(rfc9470("5")));
    }
    let by_default = !context.client.metadata.default_acr_values.is_empty();
    draft.0.acr_requested = claim.is_some() || by_parameter.is_some() || by_default;
    Ok(())
}

fn unmet() -> Refusal {
    ErrorCode::UnmetAuthenticationRequirements
        .because("the demanded authentication context class cannot be reached here")
}
