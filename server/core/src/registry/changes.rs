//! The traces of administration: who changed what, by name. Values are never recorded.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::events::{Action, Event, Fact, Object, Parties, Serving};
use crate::model::{AuthorizationDetailsType, Client, Realm, ResourceServer, TrustedIssuer, User};

/// The event of a change to an object.
pub(super) fn administered(
    serving: &Serving<'_>,
    (object, id): (Object, String),
    action: Action,
    fields: Vec<String>,
) -> Fact {
    Fact::AdministrativeChange { actor: serving.origin().actor.clone(), object, id, action, fields }
}

/// The event of a change to a client.
pub(super) fn client_change(serving: &Serving<'_>, client: &Client, action: Action, fields: Vec<String>) -> Event {
    let id = client.client_id.to_string();
    administered(serving, (Object::Client, id), action, fields).concerning(Parties::client(&client.client_id))
}

/// The event of a change to a user.
pub(super) fn user_change(serving: &Serving<'_>, user: &User, action: Action, fields: Vec<String>) -> Event {
    administered(serving, (Object::User, user.id.to_string()), action, fields).concerning(Parties::user(user.id))
}

/// The names of what differs between two clients.
pub(crate) fn client_fields(before: &Client, after: &Client) -> Vec<String> {
    let whole = |client: &Client| {
        let mut members = members_of(&client.metadata);
        members.insert("enabled".to_owned(), client.enabled.into());
        members.extend(prefixed("settings", members_of(&client.settings)));
        members
    };
    let mut fields = different(&whole(before), &whole(after));
    if before.secret != after.secret {
        fields.push("client_secret".to_owned());
    }
    fields
}

/// The names of what differs between two users.
pub(super) fn user_fields(before: &User, after: &User) -> Vec<String> {
    let whole = |user: &User| {
        let mut members = Map::new();
        members.insert("username".to_owned(), user.username.as_str().into());
        members.insert("enabled".to_owned(), user.enabled.into());
        members.extend(prefixed("claims", user.claims.clone()));
        members.extend(prefixed("attributes", user.attributes.clone()));
        members
    };
    different(&whole(before), &whole(after))
}

/// The names of what differs between two realms.
pub(super) fn realm_fields(before: &Realm, after: &Realm) -> Vec<String> {
    let whole = |realm: &Realm| {
        let mut members = members_of(&realm.settings);
        members.insert("name".to_owned(), realm.name.as_str().into());
        members.insert("display_name".to_owned(), realm.display_name.as_str().into());
        members.insert("enabled".to_owned(), realm.enabled.into());
        members
    };
    different(&whole(before), &whole(after))
}

/// The names of what differs between two resource servers.
pub(super) fn resource_server_fields(before: &ResourceServer, after: &ResourceServer) -> Vec<String> {
    let differs = [
        ("identifier", before.identifier != after.identifier),
        ("display_name", before.display_name != after.display_name),
        ("scopes", before.scopes != after.scopes),
        ("token_format", before.token_format != after.token_format),
        ("algorithm", before.algorithm != after.algorithm),
        ("access_token_seconds", before.access_token_seconds != after.access_token_seconds),
        ("required_acr_values", before.required_acr_values != after.required_acr_values),
        (
            "max_authentication_age_seconds",
            before.max_authentication_age_seconds != after.max_authentication_age_seconds,
        ),
    ];
    differs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name.to_owned()).collect()
}

/// The names of what differs between two types of authorization details.
pub(super) fn details_type_fields(before: &AuthorizationDetailsType, after: &AuthorizationDetailsType) -> Vec<String> {
    let whole = |kind: &AuthorizationDetailsType| {
        let mut members = members_of(&kind.definition);
        members.insert("type".to_owned(), kind.name.as_str().into());
        members
    };
    different(&whole(before), &whole(after))
}

/// The names of what differs between two trusted issuers.
pub(super) fn trusted_issuer_fields(before: &TrustedIssuer, after: &TrustedIssuer) -> Vec<String> {
    let whole = |trusted: &TrustedIssuer| {
        let mut members = members_of(&trusted.definition);
        members.insert("issuer".to_owned(), trusted.issuer.as_str().into());
        members
    };
    different(&whole(before), &whole(after))
}

fn members_of(object: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(object) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

fn prefixed(prefix: &str, members: Map<String, Value>) -> impl Iterator<Item = (String, Value)> {
    members.into_iter().map(move |(name, value)| (format!("{prefix}.{name}"), value))
}

/// Names that one has and the other has not, or has with another value; in their order.
fn different(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<String> {
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().filter(|name| before.get(*name) != after.get(*name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "the callers have no other use for it")]
    fn map(value: Value) -> Map<String, Value> {
        members_of(&value)
    }

    #[test]
    fn what_differs_is_named_and_nothing_else() {
        let before = map(json!({"same": 1, "changed": "secret one", "removed": true}));
        let after = map(json!({"same": 1, "changed": "secret two", "added": null}));
        assert_eq!(different(&before, &after), ["added", "changed", "removed"]);
        assert!(different(&after, &after).is_empty());
    }
}
