//! Scope descriptions (UMA Federated Authorization section 3.1.1): what people read for a scope of a resource. They change
//! nothing about what is granted.

use serde_json::{Map, Value, json};

use crate::endpoints::Endpoint;
use crate::model::UmaScope;
use crate::realm::RealmContext;

fn described<'a>(realm: &'a RealmContext, scope: &str) -> Option<&'a UmaScope> {
    realm.realm.settings.uma_scopes.iter().find(|known| known.scope == scope)
}

/// The description of a scope, as it is served at its address; nothing for one that the realm does not describe.
#[must_use]
pub fn scope_description(realm: &RealmContext, scope: &str) -> Option<Value> {
    let UmaScope { scope: _, name, description, icon_uri } = described(realm, scope)?;
    let members = [("description", description), ("icon_uri", icon_uri), ("name", name)];
    let said = members.into_iter().filter_map(|(member, text)| Some((member.to_owned(), json!(text.as_ref()?))));
    Some(said.collect::<Map<String, Value>>().into())
}

/// What owners read for a scope that a resource server registered, by its word or by the address of its description; the
/// scope itself where the realm does not name it.
#[must_use]
pub fn name_of_scope<'a>(realm: &'a RealmContext, scope: &'a str) -> &'a str {
    let word = scope.strip_prefix(&realm.urls.of(Endpoint::ScopeDescription));
    let word = word.and_then(|rest| rest.strip_prefix('/')).unwrap_or(scope);
    described(realm, word).and_then(|known| known.name.as_deref()).unwrap_or(scope)
}
