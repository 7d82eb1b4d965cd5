//! What policies allow (UMA Grant section 3.3.4). Nothing is allowed that no policy allows.

use signet_protocol::identifiers::{ClientId, UserId};
use signet_protocol::time::UnixTime;

use crate::failure::Fault;
use crate::model::{ResourceKeeper, UmaPermission, UmaPolicy, UmaResource};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// Who asks, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) client: &'a ClientId,
    /// The requesting party; nobody where none is known.
    pub(crate) user: Option<UserId>,
    pub(crate) now: UnixTime,
}

/// Whether a policy is for who asks.
fn is_for(policy: &UmaPolicy, keeper: &ResourceKeeper, asking: Asking<'_>) -> bool {
    let in_time = policy.not_before.is_none_or(|from| from <= asking.now)
        && policy.expires_at.is_none_or(|until| asking.now < until);
    let by_client = policy.clients.is_empty() || policy.clients.contains(asking.client);
    let for_party = match asking.user {
        Some(user) if policy.owner && keeper.owner == Some(user) => true,
        Some(user) if policy.users.contains(&user) => true,
        // For a client whoever uses it: only where the policy names nobody, and names the client.
        _ => !policy.owner && policy.users.is_empty() && !policy.clients.is_empty(),
    };
    in_time && by_client && for_party
}

/// The scopes of a resource that its policies allow; nothing where no policy is for who asks.
fn allowed_scopes<'a>(resource: &'a UmaResource, asking: Asking<'_>) -> Option<Vec<&'a str>> {
    let mut fitting = resource.policies.iter().filter(|policy| is_for(policy, &resource.keeper, asking)).peekable();
    fitting.peek()?;
    let named: Vec<&UmaPolicy> = fitting.collect();
    let scopes = resource.description.resource_scopes.iter().map(String::as_str);
    let is_named = |scope: &&str| named.iter().any(|policy| policy.scopes.iter().any(|named| named == scope));
    Some(scopes.filter(is_named).collect())
}

/// Whether all of a permission is allowed. One without scopes is, where any policy is for who asks.
pub(crate) fn is_allowed(resource: &UmaResource, scopes: &[String], asking: Asking<'_>) -> bool {
    allowed_scopes(resource, asking).is_some_and(|allowed| scopes.iter().all(|scope| allowed.contains(&scope.as_str())))
}

/// What owners still allow of permissions that were granted. What is withdrawn is gone.
pub(crate) async fn still_allowed(
    provider: &Provider,
    realm: &RealmContext,
    (granted, asking): (&[UmaPermission], Asking<'_>),
) -> Result<Vec<(ResourceKeeper, UmaPermission)>, Fault> {
    let mut left = Vec::new();
    for permission in granted {
        let Some(resource) = provider.store.uma_resource(realm.id(), permission.resource_id).await? else { continue };
        let Some(allowed) = allowed_scopes(&resource, asking) else { continue };
        let mut scopes = permission.resource_scopes.clone();
        scopes.retain(|scope| allowed.contains(&scope.as_str()));
        if scopes.is_empty() && !permission.resource_scopes.is_empty() {
            continue;
        }
        let permission = UmaPermission { resource_id: permission.resource_id, resource_scopes: scopes };
        left.push((resource.keeper, permission));
    }
    Ok(left)
}

#[cfg(test)]
mod tests {
    use signet_protocol::identifiers::{RealmId, UmaResourceId};

    use super::*;
    use crate::model::ResourceDescription;

    const OWNER: UserId = UserId([1; 16]);
    const FRIEND: UserId = UserId([2; 16]);
    const STRANGER: UserId = UserId([3; 16]);

    fn resource(policies: Vec<UmaPolicy>) -> UmaResource {
        let scopes = ["view", "print"].map(str::to_owned).to_vec();
        UmaResource {
            realm_id: RealmId([0; 16]),
            id: UmaResourceId([0; 16]),
            keeper: ResourceKeeper { server: "album".parse().unwrap(), owner: Some(OWNER) },
            description: ResourceDescription { resource_scopes: scopes, ..ResourceDescription::default() },
            policies,
            created_at: UnixTime(0),
            updated_at: UnixTime(0),
        }
    }

    fn allows(resource: &UmaResource, client: &str, user: Option<UserId>, now: i64) -> bool {
        let client = client.parse().unwrap();
        let asking = Asking { client: &client, user, now: UnixTime(now) };
        is_allowed(resource, &["view".to_owned()], asking)
    }

    fn view() -> UmaPolicy {
        UmaPolicy { scopes: vec!["view".to_owned(), "gone".to_owned()], ..UmaPolicy::default() }
    }

    #[test]
    fn um_010_what_no_policy_allows_is_denied() {
        let nothing = resource(Vec::new());
        assert!(!allows(&nothing, "app", Some(OWNER), 5));
        // A policy that names nobody and no client is for nobody.
        assert!(!allows(&resource(vec![view()]), "app", Some(FRIEND), 5));
        let friend = resource(vec![UmaPolicy { users: vec![FRIEND], ..view() }]);
        assert!(allows(&friend, "app", Some(FRIEND), 5));
        assert!(!allows(&friend, "app", Some(STRANGER), 5) && !allows(&friend, "app", None, 5));
        let client = "app".parse().unwrap();
        let asking = Asking { client: &client, user: Some(FRIEND), now: UnixTime(5) };
        assert!(!is_allowed(&friend, &["print".to_owned()], asking));
        assert!(!is_allowed(&friend, &["gone".to_owned()], asking), "the resource has no such scope any more");
        assert!(is_allowed(&friend, &[], asking));
        assert!(!is_allowed(&friend, &[], Asking { user: Some(STRANGER), ..asking }));
    }

    #[test]
    fn every_condition_of_a_policy_must_be_met() {
        let owner = resource(vec![UmaPolicy { owner: true, ..view() }]);
        assert!(allows(&owner, "app", Some(OWNER), 5));
        assert!(!allows(&owner, "app", Some(FRIEND), 5) && !allows(&owner, "app", None, 5));
        let clients = vec!["app".parse().unwrap()];
        let whoever = resource(vec![UmaPolicy { clients: clients.clone(), ..view() }]);
        assert!(allows(&whoever, "app", None, 5) && allows(&whoever, "app", Some(STRANGER), 5));
        assert!(!allows(&whoever, "other", None, 5));
        let both = resource(vec![UmaPolicy { users: vec![FRIEND], clients, ..view() }]);
        assert!(allows(&both, "app", Some(FRIEND), 5));
        assert!(!allows(&both, "other", Some(FRIEND), 5) && !allows(&both, "app", Some(STRANGER), 5));
        let (not_before, expires_at) = (Some(UnixTime(5)), Some(UnixTime(7)));
        let timed = resource(vec![UmaPolicy { users: vec![FRIEND], not_before, expires_at, ..view() }]);
        let at = |now| allows(&timed, "app", Some(FRIEND), now);
        assert_eq!([4, 5, 6, 7].map(at), [false, true, true, false]);
    }
}
