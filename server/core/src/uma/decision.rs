//! `on_uma_policy`: what the realm's scripts take from what policies allow. Everything that is taken is gone, the shortest
//! life counts, whoever wants the requesting party asked is heard, and the first refusal is the answer.

use serde_json::{Map, Value};
use signet_hooks::Seconds;
use signet_hooks::points::OnUmaPolicy;
use signet_hooks::points::on_uma_policy::{
    AllowedPermission, AllowedPermissions, AssertedFacts, UmaDecision, UmaFacts, UmaNarrowing,
};
use signet_protocol::error::Refusal;

use crate::events::Serving;
use crate::hooks::Subject;
use crate::model::{AssertedClaims, ResourceKeeper, UmaParty, UmaPermission, UmaResource, UmaTicket, User};
use crate::realm::RealmContext;
use crate::tokens::Lifetimes;

/// What is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Permitted {
    pub(crate) permissions: Vec<UmaPermission>,
    pub(crate) lifetimes: Lifetimes,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decided {
    /// This is left.
    Permitted(Permitted),
    /// The requesting party is to be asked first.
    Gather,
    /// No permission is left.
    Nothing,
}

/// Asks about permissions that policies allow.
///
/// # Errors
/// The first refusal.
pub(crate) async fn decide(
    (serving, realm): (&Serving<'_>, &RealmContext),
    subject: Subject<'_>,
    (ticket, resources, found): (&UmaTicket, &[UmaResource], Option<&UmaParty>),
    allowed: Vec<UmaPermission>,
) -> Result<Decided, Refusal> {
    let mut permitted = Permitted { permissions: allowed, lifetimes: Lifetimes::default() };
    let nothing = Map::new();
    let facts = UmaFacts {
        asserted: found.and_then(|found| found.asserted.as_ref()).map(asserted),
        ..facts(&ticket.keeper, subject.user, found.map_or(&nothing, |found| &found.answers))
    };
    let mut gathers = false;
    let told = described(&permitted.permissions, resources, ticket);
    for answer in serving.ask::<OnUmaPolicy>(realm, subject, || (facts, told)).await? {
        match answer.decision {
            UmaDecision::None {} | UmaDecision::Allow {} => {}
            UmaDecision::Deny(denial) => return Err(denial.refusal()),
            UmaDecision::Narrow(narrowing) => permitted.narrow(&narrowing),
            UmaDecision::Gather {} => gathers = true,
        }
    }
    Ok(match permitted.permissions.is_empty() {
        true => Decided::Nothing,
        false if gathers => Decided::Gather,
        false => Decided::Permitted(permitted),
    })
}

/// What scripts are told of a ticket.
pub(crate) fn facts(keeper: &ResourceKeeper, party: Option<&User>, answers: &Map<String, Value>) -> UmaFacts {
    UmaFacts {
        resource_server: keeper.server.to_string(),
        owner: keeper.owner.map(|owner| owner.to_string()),
        is_owner: keeper.owner.is_some() && keeper.owner == party.map(|party| party.id),
        answers: answers.clone().into_iter().collect(),
        asserted: None,
    }
}

fn asserted(asserted: &AssertedClaims) -> AssertedFacts {
    AssertedFacts { issuer: asserted.issuer.clone(), claims: asserted.claims.clone().into_iter().collect() }
}

/// Permissions as scripts are told of them.
pub(crate) fn described(
    permissions: &[UmaPermission],
    resources: &[UmaResource],
    ticket: &UmaTicket,
) -> AllowedPermissions {
    let described = permissions.iter().map(|permission| {
        let resource = resources.iter().find(|resource| resource.id == permission.resource_id);
        AllowedPermission {
            resource_id: permission.resource_id.to_string(),
            name: resource.and_then(|resource| resource.description.name.clone()),
            kind: resource.and_then(|resource| resource.description.kind.clone()),
            scopes: permission.resource_scopes.clone(),
            params: ticket.params.get(&permission.resource_id).cloned().unwrap_or_default(),
        }
    });
    AllowedPermissions(described.collect())
}

impl Permitted {
    fn narrow(&mut self, narrowing: &UmaNarrowing) {
        let is_left = |scope: &String| !narrowing.drop_scopes.contains(scope);
        self.permissions.retain_mut(|permission| {
            let had_scopes = !permission.resource_scopes.is_empty();
            permission.resource_scopes.retain(is_left);
            !permission.resource_scopes.is_empty() || !had_scopes
        });
        let access_token = narrowing.access_token_seconds.map(Seconds::get);
        self.lifetimes = self.lifetimes.at_most(Lifetimes { access_token, ..Lifetimes::default() });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use signet_protocol::identifiers::UmaResourceId;

    use super::*;

    #[test]
    fn every_scope_that_is_dropped_is_gone_and_the_shortest_life_counts() {
        let permission = |number: u8, scopes: &[&str]| UmaPermission {
            resource_id: UmaResourceId([number; 16]),
            resource_scopes: scopes.iter().map(ToString::to_string).collect(),
        };
        let permissions = vec![permission(1, &["view", "print"]), permission(2, &["print"]), permission(3, &[])];
        let mut permitted = Permitted { permissions, lifetimes: Lifetimes::default() };
        for narrowing in [
            json!({"drop_scopes": ["print", "unknown"], "access_token_seconds": 300}),
            json!({"access_token_seconds": 900}),
            json!({}),
        ] {
            permitted.narrow(&serde_json::from_value(narrowing).unwrap());
        }
        assert_eq!(permitted.permissions, [permission(1, &["view"]), permission(3, &[])]);
        assert_eq!(permitted.lifetimes, Lifetimes { access_token: Some(300), id_token: None });
    }
}
