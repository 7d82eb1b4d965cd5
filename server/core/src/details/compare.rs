//! Less, the same, or more (RFC 9396 section 6.1). A type says which of its members are lists of rights: there, fewer
//! elements are fewer rights. Every other member is compared for equality, and one that is missing stands for nothing.

use serde_json::Value;

use super::DetailsType;
use crate::model::AuthorizationDetail;

/// Whether an object asks for nothing that another of the same type does not have.
pub(crate) fn is_within(wanted: &AuthorizationDetail, granted: &AuthorizationDetail, kind: &DetailsType) -> bool {
    let is_same_shape = wanted.members().len() == granted.members().len();
    let holds = |(name, value): (&String, &Value)| match (value, granted.members().get(name)) {
        (Value::Array(some), Some(Value::Array(all))) if kind.is_additive(name) => {
            // An empty list may mean everything to an API.
            some == all || (!some.is_empty() && some.iter().all(|one| all.contains(one)))
        }
        (value, known) => known == Some(value),
    };
    is_same_shape && wanted.members().iter().all(holds)
}

/// What is left of the granted objects for a token that is to be good for what one object asks for. What it does not
/// mention stays as it was granted, so that a client may name a location only (section 6.1).
pub(crate) fn narrowed(
    wanted: &AuthorizationDetail,
    granted: &[AuthorizationDetail],
    kind: &DetailsType,
) -> Vec<AuthorizationDetail> {
    let narrow = |granted: &AuthorizationDetail| {
        let said = wanted.own_members().filter(|(name, value)| !(kind.is_enriched(name) && is_placeholder(value)));
        let less = said.fold(granted.clone(), |less, (name, value)| less.with(name, value.clone()));
        is_within(&less, granted, kind).then_some(less)
    };
    granted.iter().filter(|one| one.name_of_type() == wanted.name_of_type()).filter_map(narrow).collect()
}

/// What stands where a script will fill something in.
pub(super) fn is_placeholder(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(elements) => elements.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;
    use crate::details::DetailsTypes;
    use crate::model::{AuthorizationDetailsType, DetailsDefinition};
    use signet_protocol::identifiers::{AuthorizationDetailsTypeId, RealmId};
    use signet_protocol::time::UnixTime;

    /// A type `accounts` with lists of rights and a member that is filled in.
    pub(in crate::details) fn types() -> DetailsTypes {
        let list = json!({"type": "array", "items": {"type": "string"}});
        let schema = json!({"type": "object", "properties": {
            "actions": list, "locations": list, "accounts": list, "limit": {"type": "integer"},
            "iban": {"type": "string"}, "owner": {"type": "object", "properties": {"name": {"type": "string"}}},
        }});
        let text = json!({"en": {"title": "Accounts", "lines": ["{actions}", "of {owner.name}", "{iban} up to {limit}"],
            "values": {"actions": {"read": "see them"}}}});
        let definition = DetailsDefinition {
            schema,
            texts: serde_json::from_value(text).unwrap(),
            additive: ["actions", "locations"].map(str::to_owned).to_vec(),
            enriched: vec!["accounts".to_owned()],
            ..DetailsDefinition::default()
        };
        let stored = AuthorizationDetailsType {
            realm_id: RealmId([0; 16]),
            id: AuthorizationDetailsTypeId([0; 16]),
            name: "accounts".to_owned(),
            definition,
            created_at: UnixTime(0),
            updated_at: UnixTime(0),
            revision: 0,
        };
        DetailsTypes::load(vec![stored]).unwrap()
    }

    /// An object of that type.
    pub(in crate::details) fn detail(mut members: Value) -> AuthorizationDetail {
        members["type"] = "accounts".into();
        AuthorizationDetail::new(members.as_object().unwrap().clone()).unwrap()
    }

    #[test]
    fn rfc9396_6_1_fewer_elements_of_a_list_of_rights_are_less_and_everything_else_is_equal_or_more() {
        let types = types();
        let kind = types.find("accounts").unwrap();
        let granted = detail(json!({"actions": ["read", "write"], "limit": 5}));
        for (wanted, expected) in [
            (json!({"actions": ["read"], "limit": 5}), true),
            (json!({"actions": ["write", "read"], "limit": 5}), true),
            (json!({"actions": [], "limit": 5}), false),
            (json!({"actions": ["drop"], "limit": 5}), false),
            (json!({"actions": ["read"], "limit": 4}), false),
            (json!({"actions": ["read"]}), false),
            (json!({"actions": ["read"], "limit": 5, "locations": ["https://a.test"]}), false),
            (json!({"actions": "read", "limit": 5}), false),
        ] {
            assert_eq!(is_within(&detail(wanted.clone()), &granted, kind), expected, "{wanted}");
        }
    }

    #[test]
    fn rfc9396_6_1_what_a_token_request_leaves_out_stays_as_granted() {
        let types = types();
        let kind = types.find("accounts").unwrap();
        let one = detail(json!({"actions": ["read", "write"], "locations": ["https://a.test"], "accounts": ["1"]}));
        let two = detail(json!({"actions": ["read"], "locations": ["https://b.test"], "accounts": ["2"]}));
        let granted = [one.clone(), two.clone()];
        assert_eq!(narrowed(&detail(json!({"locations": ["https://a.test"]})), &granted, kind), [one]);
        let read = narrowed(&detail(json!({"actions": ["read"], "accounts": []})), &granted, kind);
        let less = detail(json!({"actions": ["read"], "locations": ["https://a.test"], "accounts": ["1"]}));
        assert_eq!(read, [less, two]);
        for more in [json!({"actions": ["drop"]}), json!({"accounts": ["3"]}), json!({"limit": 1})] {
            assert_eq!(narrowed(&detail(more.clone()), &granted, kind), [], "{more}");
        }
    }
}
