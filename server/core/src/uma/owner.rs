//! What a resource owner does with the own resources on the account pages: see them, see who may do what, share and take
//! back. Resource servers and clients have no part in it.

use std::net::IpAddr;

use signet_jose::{base64url, digest};
use signet_protocol::error::ErrorCode;
use signet_protocol::identifiers::{UmaResourceId, UserId};

use super::policies::MOST_POLICIES;
use crate::authn::{counter_key, network};
use crate::events::{Action, Actor, Fact, Object, Parties, RefusedAt, Serving};
use crate::failure::{Failure, Fault};
use crate::model::{UmaPolicy, UmaResource, normalise_username};
use crate::ports::{PolicyEdit, UmaResourceFilter};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// Most resources of a page.
const MOST_LISTED: u64 = 50;

/// A resource of an owner.
pub struct OwnedResource {
    /// The resource.
    pub resource: UmaResource,
    /// Its policies, each by the name with which it is taken back.
    pub policies: Vec<(String, UmaPolicy)>,
}

/// What an owner shares.
#[derive(Debug, Clone, Copy)]
pub struct Sharing<'a> {
    /// The resource.
    pub resource: &'a str,
    /// The login name of whom it is shared with.
    pub username: &'a str,
    /// What may be done with it.
    pub scopes: &'a [&'a str],
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharingOutcome {
    /// It is shared.
    Shared,
    /// Nobody has this login name, or it is the owner's own.
    Nobody,
    /// The owner, or somebody in the same network, has tried too many names that nobody has. None was looked up.
    TooManyAttempts,
    /// Nothing was chosen, the resource is not there any more, or it has too many policies.
    Gone,
}

/// The resources of an owner by identifier, after one of them where one is named: at most 50, and whether there are more.
///
/// # Errors
/// Faults only.
pub async fn owned_resources(
    provider: &Provider,
    realm: &RealmContext,
    (owner, after): (UserId, Option<&str>),
) -> Result<(Vec<OwnedResource>, bool), Fault> {
    let after = after.and_then(|after| after.parse::<UmaResourceId>().ok());
    let filter = UmaResourceFilter { owner: Some(owner), server: None };
    let found = provider.store.uma_resources(realm.id(), &filter, (after, MOST_LISTED + 1)).await?;
    let most = usize::try_from(MOST_LISTED).unwrap_or(usize::MAX);
    let has_more = found.len() > most;
    let named = |resource: UmaResource| OwnedResource {
        policies: resource.policies.iter().map(|policy| (name_of(policy), policy.clone())).collect(),
        resource,
    };
    Ok((found.into_iter().take(most).map(named).collect(), has_more))
}

/// Tells the policies of a resource from each other.
fn name_of(policy: &UmaPolicy) -> String {
    let json = serde_json::to_vec(policy).unwrap_or_default();
    base64url::encode(&digest::sha256(&json)[..16])
}

/// Shares a resource with a person, whichever application that person uses. Owners mistype names and are told so; nobody
/// asks that way for one name after the other who is here.
///
/// # Errors
/// Faults only.
pub async fn share(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (owner, address): (UserId, IpAddr),
    sharing: Sharing<'_>,
) -> Result<SharingOutcome, Failure> {
    let Some(resource) = owned(serving, realm, (owner, sharing.resource)).await? else {
        return Ok(SharingOutcome::Gone);
    };
    let known = resource.scopes(serving.now());
    let scopes: Vec<String> = known.filter(|scope| sharing.scopes.contains(scope)).map(str::to_owned).collect();
    if scopes.is_empty() {
        return Ok(SharingOutcome::Gone);
    }
    let counters = NameCounters::new(realm, owner, address);
    if !counters.admit(serving, realm).await? {
        let reason = "too many names that nobody has; try again later";
        let refusal = ErrorCode::TemporarilyUnavailable.because(reason);
        serving.note_refusal(realm, (RefusedAt::Account, None), &refusal);
        return Ok(SharingOutcome::TooManyAttempts);
    }
    let username = normalise_username(sharing.username);
    let found = serving.store.user_by_username(realm.id(), &username).await?.map(|(user, _)| user);
    let Some(user) = found.filter(|user| user.enabled && user.id != owner) else { return Ok(SharingOutcome::Nobody) };
    counters.forgive(serving, realm).await?;
    let policy = UmaPolicy { scopes, users: vec![user.id], ..UmaPolicy::default() };
    let shared = edit(serving, realm, &resource, PolicyEdit::Add(policy, MOST_POLICIES)).await?;
    Ok(if shared { SharingOutcome::Shared } else { SharingOutcome::Gone })
}

/// The counters that a name falls under which an owner shares with: the owner's and the network's, as wide as those of
/// passwords.
struct NameCounters([[u8; 32]; 2]);

impl NameCounters {
    fn new(realm: &RealmContext, owner: UserId, address: IpAddr) -> Self {
        let key = |parts: &[&[u8]]| counter_key(realm, parts);
        Self([key(&[b"sharing", &owner.0]), key(&[b"sharing-network", &network(address)])])
    }

    /// Counts a name before it is looked up, so that those that come at once count, too.
    async fn admit(&self, provider: &Provider, realm: &RealmContext) -> Result<bool, Fault> {
        let settings = &realm.realm.settings;
        let limits = [settings.password_attempts_per_account, settings.password_attempts_per_address];
        let window = settings.password_attempt_window_seconds;
        let counted = provider.store.count_attempts(realm.id(), &self.0, provider.now(), window).await?;
        Ok(counted.iter().zip(limits).all(|(attempts, limit)| attempts.count <= limit))
    }

    /// Takes back what the name of somebody has used up.
    async fn forgive(&self, provider: &Provider, realm: &RealmContext) -> Result<(), Fault> {
        Ok(provider.store.forgive_attempt(realm.id(), &self.0).await?)
    }
}

/// Has the owner asked about whatever else somebody wants of a resource, or not asked any more; says whether the owner has
/// such a resource.
///
/// # Errors
/// Faults only.
pub async fn let_ask(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (owner, id): (UserId, &str),
    is_asked: bool,
) -> Result<bool, Failure> {
    let Some(resource) = owned(serving, realm, (owner, id)).await? else { return Ok(false) };
    if is_asked {
        let scopes = resource.scopes(serving.now()).map(str::to_owned).collect();
        let policy = UmaPolicy { scopes, ask: true, ..UmaPolicy::default() };
        return edit(serving, realm, &resource, PolicyEdit::Add(policy, MOST_POLICIES)).await;
    }
    for policy in resource.policies.iter().filter(|policy| policy.ask) {
        edit(serving, realm, &resource, PolicyEdit::Remove(policy.clone())).await?;
    }
    Ok(true)
}

/// Takes a policy back; says whether it was there. Tokens lose what it allowed at their next introspection.
///
/// # Errors
/// Faults only.
pub async fn take_back(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (owner, id): (UserId, &str),
    policy: &str,
) -> Result<bool, Failure> {
    let Some(resource) = owned(serving, realm, (owner, id)).await? else { return Ok(false) };
    let Some(policy) = resource.policies.iter().find(|known| name_of(known) == policy) else { return Ok(false) };
    edit(serving, realm, &resource, PolicyEdit::Remove(policy.clone())).await
}

async fn owned(
    provider: &Provider,
    realm: &RealmContext,
    (owner, id): (UserId, &str),
) -> Result<Option<UmaResource>, Fault> {
    let Ok(id) = id.parse::<UmaResourceId>() else { return Ok(None) };
    let found = provider.store.uma_resource(realm.id(), id).await?;
    Ok(found.filter(|resource| resource.keeper.owner == Some(owner)))
}

async fn edit(
    serving: &Serving<'_>,
    realm: &RealmContext,
    resource: &UmaResource,
    edit: PolicyEdit,
) -> Result<bool, Failure> {
    let Some(owner) = resource.keeper.owner else { return Ok(false) };
    let fact = Fact::AdministrativeChange {
        actor: Actor::Owner { user_id: owner },
        object: Object::ProtectedResource,
        id: resource.id.to_string(),
        action: Action::Updated,
        fields: vec!["policies".to_owned()],
    };
    let events = serving.with_event(realm, fact.concerning(Parties::user(owner)));
    let which = (resource.id, &resource.keeper);
    let edited = serving.store.edit_uma_policies(realm.id(), which, (&edit, serving.now()), &events).await?;
    if edited {
        serving.written(&events);
    }
    Ok(edited)
}
