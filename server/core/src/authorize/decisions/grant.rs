//! `on_grant_management` where a request is about a grant: what is taken from it. What was taken once stays taken.

use signet_hooks::points::OnGrantManagement;
use signet_hooks::points::on_authorize_request::RequestNarrowing;
use signet_hooks::points::on_grant_management::{GrantAction, GrantDecision, GrantFacts, ManagedGrant};
use signet_hooks::points::on_rar_validate::Detail;
use signet_protocol::names::GrantManagementAction;

use super::Narrowing;
use crate::authorize::agreement::claims_to_consent;
use crate::authorize::{Accepted, AuthorizeError};
use crate::events::Serving;
use crate::hooks::Subject;
use crate::realm::RealmContext;

/// Asks about the grant of a request, if it is about one.
pub(super) async fn managed(
    serving: &Serving<'_>,
    realm: &RealmContext,
    accepted: &Accepted,
    narrowing: &mut Narrowing,
) -> Result<(), AuthorizeError> {
    let request = &accepted.request;
    let Some(grant) = request.grant() else { return Ok(()) };
    let action = match grant.action {
        GrantManagementAction::Create => GrantAction::Create,
        GrantManagementAction::Merge => GrantAction::Merge,
        GrantManagementAction::Replace => GrantAction::Replace,
    };
    let asked = || ManagedGrant {
        id: grant.id.map(|id| id.to_string()),
        scope: request.scope().iter().map(str::to_owned).collect(),
        claims: claims_to_consent(request),
        resources: request.resources().to_vec(),
        authorization_details: request.details().iter().map(|one| Detail(one.members().clone())).collect(),
    };
    let subject = Subject::client(&accepted.client);
    let answers = serving.ask::<OnGrantManagement>(realm, subject, || (GrantFacts { action }, asked())).await;
    for answer in answers.map_err(|refusal| accepted.refuse(refusal))? {
        match answer.decision {
            GrantDecision::None {} | GrantDecision::Allow {} => {}
            GrantDecision::Deny(denial) => return Err(accepted.deny(&denial)),
            GrantDecision::Narrow(less) => {
                let less = RequestNarrowing { drop_scopes: less.drop_scopes, ..RequestNarrowing::default() };
                narrowing.tighten(less, request.scope());
            }
        }
    }
    Ok(())
}
