//! Grant Management 5: which grant a request is about, and what is to become of it. A client that cannot keep a secret
//! manages none (section 5.1).

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::{GrantManagementAction, ResponseType};
use signet_protocol::spec::grant_management;

use crate::authorize::Context;
use crate::authorize::request::{Draft, ManagedGrant};

pub(in crate::authorize) fn grant_is_named_as_the_action_wants(
    context: &Context<'_>,
    draft: &mut Draft,
) -> Result<(), Refusal> {
    let settings = &context.realm.realm.settings;
    let (action, id) = (context.parameters.get("grant_management_action"), context.parameters.get("grant_id"));
    let invalid = |reason: &'static str| Err(ErrorCode::InvalidRequest.because(reason).per(grant_management("5.4")));
    let action = match (action, id) {
        (None, Some(_)) if settings.grant_management => return invalid("grant_id needs grant_management_action"),
        (None, _) if settings.grant_management && settings.grant_management_action_required => {
            return invalid("grant_management_action is missing");
        }
        (None, _) => return Ok(()),
        (Some(_), _) if !settings.grant_management => return invalid("this realm manages no grants for clients"),
        (Some(text), _) => text.parse::<GrantManagementAction>(),
    };
    let Ok(action) = action else { return invalid("grant_management_action is create, merge or replace") };
    if !context.client.metadata.is_confidential() {
        let reason = "only a client that authenticates itself manages grants";
        return Err(ErrorCode::UnauthorizedClient.because(reason).per(grant_management("5.1")));
    }
    if !draft.0.response_type.is_some_and(ResponseType::returns_code) {
        return invalid("a managed grant needs a response type with a code");
    }
    let id = match (action, id) {
        (GrantManagementAction::Create, None) => None,
        (GrantManagementAction::Create, Some(_)) => return invalid("grant_id does not go with the action create"),
        (_, None) => return invalid("the action needs a grant_id"),
        (_, Some(text)) => Some(text.parse().map_err(|_| unknown_grant())?),
    };
    draft.0.grant = Some(ManagedGrant { action, id });
    Ok(())
}

/// Section 5.4: one answer for grants that are not there, and for those of others.
pub(in crate::authorize) fn unknown_grant() -> Refusal {
    let reason = "there is no such grant of this user for this client";
    ErrorCode::InvalidGrantId.because(reason).per(grant_management("5.4"))
}
