//! The discovery document is about to be answered.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::context::Context;
use crate::decision::Constructor;
use crate::facts::NoFacts;
use crate::hook::{Hook, HookPoint};
use crate::redaction::nothing_personal;
use crate::text::WebAddress;

/// `on_discovery(ctx, doc)`
pub struct OnDiscovery;

/// What the names of members begin with that no specification registers.
pub const VENDOR_PREFIX: &str = "vendor_";
/// Most vendor members of one decision.
const MOST_MEMBERS: usize = 32;
/// Longest vendor members together, as JSON, in bytes.
const LONGEST: usize = 8 * 1024;

/// The document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscoveryDocument {
    /// The document as it would be answered.
    pub metadata: Map<String, Value>,
}

/// What may be decided about a discovery document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum DiscoveryDecision {
    /// Nothing to say.
    None {},
    /// Say more.
    Add(DiscoveryAddition),
}

/// What the document says besides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DiscoveryAddition {
    /// Documentation for developers (OpenID Connect Discovery 3).
    pub service_documentation: Option<WebAddress>,
    /// How relying parties may use what they get (OpenID Connect Discovery 3).
    pub op_policy_uri: Option<WebAddress>,
    /// Terms of service (OpenID Connect Discovery 3).
    pub op_tos_uri: Option<WebAddress>,
    /// Members of your own: names that begin with `vendor_`, lower-case letters, digits and underscores, with any JSON;
    /// at most 32 and 8 KiB.
    pub vendor: VendorMembers,
}

/// Members that no specification registers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "BTreeMap<String, Value>", into = "BTreeMap<String, Value>")]
#[schemars(with = "BTreeMap<String, Value>")]
pub struct VendorMembers(BTreeMap<String, Value>);

impl TryFrom<BTreeMap<String, Value>> for VendorMembers {
    type Error = &'static str;

    fn try_from(members: BTreeMap<String, Value>) -> Result<Self, Self::Error> {
        let is_name = |name: &String| {
            let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            name.strip_prefix(VENDOR_PREFIX)
                .is_some_and(|rest| (1..=57).contains(&rest.len()) && rest.bytes().all(is_plain))
        };
        if !members.keys().all(is_name) {
            return Err("members of your own are called vendor_ and something in lower case");
        }
        let length = serde_json::to_string(&members).map_or(usize::MAX, |json| json.len());
        if members.len() > MOST_MEMBERS || length > LONGEST {
            return Err("there are at most 32 members of your own, with 8 KiB together");
        }
        Ok(Self(members))
    }
}

impl From<VendorMembers> for BTreeMap<String, Value> {
    fn from(members: VendorMembers) -> Self {
        members.0
    }
}

impl DiscoveryAddition {
    /// The members by name.
    pub fn members(self) -> BTreeMap<String, Value> {
        let mut members = self.vendor.0;
        for (name, address) in [
            ("service_documentation", self.service_documentation),
            ("op_policy_uri", self.op_policy_uri),
            ("op_tos_uri", self.op_tos_uri),
        ] {
            members.extend(address.map(|address| (name.to_owned(), String::from(address).into())));
        }
        members
    }
}

nothing_personal!(DiscoveryDocument { metadata });

impl HookPoint for OnDiscovery {
    const HOOK: Hook = Hook::OnDiscovery;
    const ARGUMENT: Option<&'static str> = Some("doc");
    const ABOUT: &'static str =
        "Asked when the discovery document is answered. Clients may keep it for five minutes. The conformance suite warns \
         of members that it does not know.";
    const NEVER: &'static str = "change or remove a member; add one that a specification gives a meaning to, but \
                                 service_documentation, op_policy_uri and op_tos_uri";
    const CONSTRUCTORS: &'static [Constructor] = &[Constructor::members("add")];
    type Facts = NoFacts;
    type Argument = DiscoveryDocument;
    type Output = DiscoveryDecision;

    fn sample() -> (NoFacts, DiscoveryDocument) {
        let metadata = [
            ("issuer", Value::from("https://login.example.com/realms/customers")),
            ("jwks_uri", "https://login.example.com/realms/customers/jwks".into()),
        ];
        let metadata = metadata.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        (NoFacts {}, DiscoveryDocument { metadata })
    }

    fn sample_context() -> Context {
        Context { client: None, ..Context::sample_without_user() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_documentation_and_members_of_ones_own_are_added() {
        let read = |json: Value| serde_json::from_value::<DiscoveryAddition>(json).map(DiscoveryAddition::members);
        let members = read(json!({"op_tos_uri": "https://a.test/tos", "vendor": {"vendor_region": {"a": 1}}})).unwrap();
        assert_eq!(json!(members), json!({"op_tos_uri": "https://a.test/tos", "vendor_region": {"a": 1}}));
        for bad in [
            json!({"issuer": "https://evil.test"}),
            json!({"vendor": {"issuer": "https://evil.test"}}),
            json!({"vendor": {"vendor_": 1}}),
            json!({"vendor": {"vendor_A": 1}}),
            json!({"vendor": {"vendor_a": "x".repeat(9000)}}),
            json!({"op_tos_uri": "javascript:x"}),
        ] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }
}
