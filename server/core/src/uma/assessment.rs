//! What policies allow (UMA Grant section 3.3.4). Nothing is allowed that no policy allows.

use serde_json::Value;
use signet_protocol::identifiers::{ClientId, UserId};
use signet_protocol::time::UnixTime;

use crate::failure::Fault;
use crate::model::{ResourceKeeper, ScopeExpression, UmaPermission, UmaPolicy, UmaResource, User};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// The attribute with the groups of a user, as the organization knows them.
const GROUPS: &str = "groups";

/// Who asks, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) client: &'a ClientId,
    /// The requesting party; nobody where none is known.
    pub(crate) user: Option<UserId>,
    /// The same with all that is known; where it is wanted and not there, it is read.
    pub(crate) party: Option<&'a User>,
    pub(crate) now: UnixTime,
}

/// Whether a policy is for who asks.
fn is_for(policy: &UmaPolicy, keeper: &ResourceKeeper, asking: Asking<'_>) -> bool {
    let in_time = policy.not_before.is_none_or(|from| from <= asking.now)
        && policy.expires_at.is_none_or(|until| asking.now < until);
    let by_client = policy.clients.is_empty() || policy.clients.contains(asking.client);
    in_time && by_client && is_for_party(policy, keeper, asking)
}

fn is_for_party(policy: &UmaPolicy, keeper: &ResourceKeeper, asking: Asking<'_>) -> bool {
    let names_people = policy.owner || !policy.users.is_empty();
    if !names_people && policy.claims.is_empty() {
        // For a client whoever uses it: only where the policy names the client. Asking is open to all who are known.
        return if policy.ask { asking.user.is_some() } else { !policy.clients.is_empty() };
    }
    let Some(user) = asking.user else { return false };
    let is_named = (policy.owner && keeper.owner == Some(user)) || policy.users.contains(&user);
    (is_named || !names_people) && has_claims(policy, asking.party)
}

/// Whether the requesting party has, of each claim, one of the values. What people say of themselves and nobody has
/// verified is no value; the groups of the organization are claims like any other.
fn has_claims(policy: &UmaPolicy, party: Option<&User>) -> bool {
    policy.claims.iter().all(|(name, values)| party.is_some_and(|party| has_claim(party, name, values)))
}

fn has_claim(party: &User, name: &str, values: &[Value]) -> bool {
    let is_verified = |claim: &str| party.claims.get(claim) == Some(&Value::Bool(true));
    let known = match name {
        "email" if !is_verified("email_verified") => None,
        "phone_number" if !is_verified("phone_number_verified") => None,
        GROUPS => party.attributes.get(GROUPS),
        name => party.claims.get(name),
    };
    match known {
        Some(Value::Array(several)) => several.iter().any(|one| values.contains(one)),
        Some(one) => values.contains(one),
        None => false,
    }
}

/// The scopes of a resource that its policies allow; nothing where no policy is for who asks.
fn allowed_scopes<'a>(resource: &'a UmaResource, asking: Asking<'_>) -> Option<Vec<&'a str>> {
    named_scopes(resource, asking, |policy| !policy.ask)
}

/// The scopes of a resource that policies of this kind name; nothing where none of them is for who asks.
fn named_scopes<'a>(
    resource: &'a UmaResource,
    asking: Asking<'_>,
    is_of_kind: impl Fn(&UmaPolicy) -> bool,
) -> Option<Vec<&'a str>> {
    let of_kind = resource.policies.iter().filter(|policy| is_of_kind(policy));
    let fitting: Vec<&UmaPolicy> = of_kind.filter(|policy| is_for(policy, &resource.keeper, asking)).collect();
    if fitting.is_empty() {
        return None;
    }
    let is_named = |scope: &&str| fitting.iter().any(|policy| policy.scopes.iter().any(|named| named == scope));
    Some(resource.scopes(asking.now).filter(is_named).collect())
}

/// Whether the owner wants to be asked about all of a permission that is not allowed anyway (UMA Grant section 3.3.6,
/// `request_submitted`). Who is not known is not put before anybody, and what has no owner has nobody to ask.
pub(crate) fn is_asked(resource: &UmaResource, scopes: &[String], asking: Asking<'_>) -> bool {
    let is_anybody = resource.keeper.owner.is_some() && asking.user.is_some() && asking.user != resource.keeper.owner;
    let named = named_scopes(resource, asking, |_| true);
    is_anybody && named.is_some_and(|named| scopes.iter().all(|scope| named.contains(&scope.as_str())))
}

/// What of a permission is granted: all of it, if all of it is allowed; of a resource with a scope expression, what is
/// allowed, if that is enough. One without scopes is granted, where any policy is for who asks.
pub(crate) fn granted_scopes(resource: &UmaResource, scopes: &[String], asking: Asking<'_>) -> Option<Vec<String>> {
    let allowed = allowed_scopes(resource, asking)?;
    let is_allowed = |scope: &String| allowed.contains(&scope.as_str());
    let granted: Vec<String> = scopes.iter().filter(|scope| is_allowed(scope)).cloned().collect();
    let is_enough = match &resource.description.scope_expression {
        Some(expression) => expression.holds(|scope| granted.iter().any(|granted| granted == scope)),
        None => granted.len() == scopes.len(),
    };
    is_enough.then_some(granted)
}

/// A permission that was granted, as far as its owner still allows it.
pub(crate) struct StillAllowed {
    pub(crate) keeper: ResourceKeeper,
    pub(crate) permission: UmaPermission,
    /// When the first of its scopes ends by itself.
    pub(crate) ends_at: Option<UnixTime>,
}

/// What owners still allow of permissions that were granted. What is withdrawn is gone.
pub(crate) async fn still_allowed(
    provider: &Provider,
    realm: &RealmContext,
    (granted, asking): (&[UmaPermission], Asking<'_>),
) -> Result<Vec<StillAllowed>, Fault> {
    let (mut found, mut left) = (Vec::new(), Vec::new());
    for permission in granted {
        let resource = provider.store.uma_resource(realm.id(), permission.resource_id).await?;
        found
            .extend(resource.filter(|resource| resource.is_current(asking.now)).map(|resource| (permission, resource)));
    }
    let read = party_of(provider, realm, (&found, asking)).await?;
    let asking = Asking { party: asking.party.or(read.as_ref()), ..asking };
    for (permission, resource) in found {
        let Some(allowed) = allowed_scopes(&resource, asking) else { continue };
        let mut scopes = permission.resource_scopes.clone();
        scopes.retain(|scope| allowed.contains(&scope.as_str()));
        let expression = resource.description.scope_expression.as_ref();
        let is_enough =
            |expression: &ScopeExpression| expression.holds(|scope| scopes.iter().any(|left| left == scope));
        if (scopes.is_empty() && !permission.resource_scopes.is_empty()) || !expression.is_none_or(is_enough) {
            continue;
        }
        let ends_at = resource.first_end(&scopes);
        let permission = UmaPermission { resource_id: permission.resource_id, resource_scopes: scopes };
        left.push(StillAllowed { keeper: resource.keeper, permission, ends_at });
    }
    Ok(left)
}

/// The requesting party, where a policy wants to know more than who it is.
async fn party_of(
    provider: &Provider,
    realm: &RealmContext,
    (found, asking): (&[(&UmaPermission, UmaResource)], Asking<'_>),
) -> Result<Option<User>, Fault> {
    let mut policies = found.iter().flat_map(|(_, resource)| &resource.policies);
    match asking.user {
        Some(user) if asking.party.is_none() && policies.any(|policy| !policy.claims.is_empty()) => {
            Ok(provider.store.user(realm.id(), user).await?)
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;
    use signet_protocol::identifiers::{RealmId, UmaResourceId};

    use super::*;
    use crate::model::{ResourceDescription, SpontaneousScope};

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
            spontaneous_scopes: Vec::new(),
            created_at: UnixTime(0),
            updated_at: UnixTime(0),
        }
    }

    fn is_allowed(resource: &UmaResource, scopes: &[String], asking: Asking<'_>) -> bool {
        granted_scopes(resource, scopes, asking).is_some()
    }

    fn allows(resource: &UmaResource, client: &str, user: Option<UserId>, now: i64) -> bool {
        let client = client.parse().unwrap();
        let asking = Asking { client: &client, user, party: None, now: UnixTime(now) };
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
        let asking = Asking { client: &client, user: Some(FRIEND), party: None, now: UnixTime(5) };
        assert!(!is_allowed(&friend, &["print".to_owned()], asking));
        assert!(!is_allowed(&friend, &["gone".to_owned()], asking), "the resource has no such scope any more");
        assert!(is_allowed(&friend, &[], asking));
        assert!(!is_allowed(&friend, &[], Asking { user: Some(STRANGER), ..asking }));
    }

    #[test]
    fn um_010_a_scope_that_was_made_of_a_pattern_needs_a_policy_and_ends() {
        let pattern = "^/user/.+$".to_owned();
        let made = SpontaneousScope { scope: "/user/1".to_owned(), pattern: pattern.clone(), expires_at: UnixTime(7) };
        let policy = |scope: &str| UmaPolicy { scopes: vec![scope.to_owned()], users: vec![FRIEND], ..view() };
        let client = "app".parse().unwrap();
        let allows = |policies: Vec<UmaPolicy>, scope: &str, now: i64| {
            let mut resource = UmaResource { spontaneous_scopes: vec![made.clone()], ..resource(policies) };
            resource.description.scope_patterns = vec![pattern.clone()];
            let asking = Asking { client: &client, user: Some(FRIEND), party: None, now: UnixTime(now) };
            is_allowed(&resource, &[scope.to_owned()], asking)
        };
        assert!(allows(vec![policy("/user/1")], "/user/1", 6));
        assert!(!allows(vec![policy("/user/1")], "/user/1", 7), "it has ended");
        for policies in [vec![], vec![policy("view")], vec![policy(&pattern)]] {
            assert!(!allows(policies.clone(), "/user/1", 6) && !allows(policies, &pattern, 6));
        }
        assert!(!allows(vec![policy("/user/2")], "/user/2", 6), "it was not made");
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

    #[test]
    fn claims_count_where_the_organization_knows_or_has_verified_them() {
        let client = "app".parse().unwrap();
        let user = |claims: Value, attributes: Value| User {
            realm_id: RealmId([0; 16]),
            id: FRIEND,
            username: "bea".to_owned(),
            username_normalised: "bea".to_owned(),
            enabled: true,
            claims: claims.as_object().cloned().unwrap(),
            attributes: attributes.as_object().cloned().unwrap(),
            epoch: 0,
            created_at: UnixTime(0),
            updated_at: UnixTime(0),
            revision: 0,
        };
        let allows = |name: &str, party: &User| {
            let claims = BTreeMap::from([(name.to_owned(), vec![json!("family"), json!("bea@x.test")])]);
            let resource = resource(vec![UmaPolicy { claims, ..view() }]);
            let asking = Asking { client: &client, user: Some(party.id), party: Some(party), now: UnixTime(5) };
            is_allowed(&resource, &["view".to_owned()], asking)
        };
        assert!(allows("groups", &user(json!({}), json!({"groups": ["work", "family"]}))));
        assert!(!allows("groups", &user(json!({"groups": ["family"]}), json!({"groups": ["work"]}))));
        assert!(allows("email", &user(json!({"email": "bea@x.test", "email_verified": true}), json!({}))));
        assert!(!allows("email", &user(json!({"email": "bea@x.test", "email_verified": false}), json!({}))));
        assert!(!allows("email", &user(json!({"email": "bea@x.test"}), json!({}))));
        assert!(allows("locale", &user(json!({"locale": "family"}), json!({}))));
        assert!(!allows("locale", &user(json!({}), json!({"locale": "family"}))));
    }

    #[test]
    fn uma_grant_3_3_6_an_owner_is_asked_where_a_policy_says_so_and_about_nobody_unknown() {
        let client = "app".parse().unwrap();
        let asked = |resource: &UmaResource, user| {
            let asking = Asking { client: &client, user, party: None, now: UnixTime(5) };
            (is_allowed(resource, &["view".to_owned()], asking), is_asked(resource, &["view".to_owned()], asking))
        };
        let open = resource(vec![UmaPolicy { ask: true, ..view() }]);
        assert_eq!(asked(&open, Some(FRIEND)), (false, true));
        assert_eq!(asked(&open, None), (false, false));
        assert_eq!(asked(&open, Some(OWNER)), (false, false));
        assert_eq!(asked(&resource(Vec::new()), Some(FRIEND)), (false, false));
        let friends = resource(vec![UmaPolicy { ask: true, users: vec![FRIEND], ..view() }]);
        assert_eq!(asked(&friends, Some(STRANGER)), (false, false));
        let mut servers = open.clone();
        servers.keeper.owner = None;
        assert_eq!(asked(&servers, Some(FRIEND)), (false, false));
    }
}
