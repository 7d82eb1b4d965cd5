//! The `claims` request parameter (OpenID Connect Core 5.5).

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Longest value in bytes: it travels inside authorization codes.
pub const MAXIMUM_BYTES: usize = 2 * 1024;

/// Text that is not a claims request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("claims is not a JSON object as OpenID Connect Core 5.5 describes it")]
pub struct InvalidClaimsRequest;

/// Single claims that a client asks for, by where it wants them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClaimsRequest {
    /// For the userinfo response.
    pub userinfo: BTreeMap<String, ClaimRequest>,
    /// For the ID token.
    pub id_token: BTreeMap<String, ClaimRequest>,
}

/// How one claim is asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClaimRequest {
    /// Whether the client needs it for what it does.
    pub essential: bool,
    /// The one value that is wanted.
    pub value: Option<Value>,
    /// The values that are wanted, in order of preference.
    pub values: Option<Vec<Value>>,
}

impl ClaimRequest {
    /// Whether `candidate` is among the values asked for; any is, where none were named.
    pub fn accepts(&self, candidate: &Value) -> bool {
        self.value.as_ref().is_none_or(|value| value == candidate)
            && self.values.as_ref().is_none_or(|values| values.contains(candidate))
    }

    /// The values with which the claim may be given; nothing where any will do.
    pub fn acceptable(&self) -> Option<Vec<Value>> {
        let is_bound = self.value.is_some() || self.values.is_some();
        is_bound.then(|| self.wanted().filter(|value| self.accepts(value)).cloned().collect())
    }

    /// The values asked for, of either member.
    pub fn wanted(&self) -> impl Iterator<Item = &Value> {
        self.value.iter().chain(self.values.iter().flatten())
    }
}

/// The values with which claims may be given, for those claims where not any value will do.
pub fn acceptable_values(claims: &BTreeMap<String, ClaimRequest>) -> BTreeMap<String, Vec<Value>> {
    claims.iter().filter_map(|(name, request)| Some((name.clone(), request.acceptable()?))).collect()
}

impl ClaimsRequest {
    /// Reads the parameter.
    ///
    /// # Errors
    /// If it is too long, not an object, has a member twice, or a claim is asked for in no known way.
    pub fn parse(text: &str) -> Result<Self, InvalidClaimsRequest> {
        if text.len() > MAXIMUM_BYTES {
            return Err(InvalidClaimsRequest);
        }
        let Once(mut members) = serde_json::from_str::<Once<Section>>(text).map_err(|_| InvalidClaimsRequest)?;
        let mut section = |name| members.remove(name).map(|Section(claims)| claims).unwrap_or_default();
        Ok(Self { userinfo: section("userinfo"), id_token: section("id_token") })
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.userinfo.is_empty() && self.id_token.is_empty()
    }

    /// The names asked for in either place, sorted and once.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.userinfo.keys().chain(self.id_token.keys()).cloned().collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// The claims of one place. Other members of the parameter are for extensions and are ignored, whatever they hold.
struct Section(BTreeMap<String, ClaimRequest>);

impl<'de> Deserialize<'de> for Section {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Once(claims) = Option::<Once<Option<ClaimRequest>>>::deserialize(deserializer)?.unwrap_or_default();
        Ok(Self(claims.into_iter().map(|(name, request)| (name, request.unwrap_or_default())).collect()))
    }
}

impl<'de> Deserialize<'de> for ClaimRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Once(mut members) = Once::<Value>::deserialize(deserializer)?;
        let essential = match members.remove("essential") {
            None => false,
            Some(Value::Bool(essential)) => essential,
            Some(_) => return Err(D::Error::custom("essential is not a boolean")),
        };
        let values = match members.remove("values") {
            None => None,
            Some(Value::Array(values)) => Some(values),
            Some(_) => return Err(D::Error::custom("values is not an array")),
        };
        Ok(Self { essential, value: members.remove("value"), values })
    }
}

/// An object whose members may appear once. Readers disagree about which of two counts, and so could client and server.
struct Once<T>(BTreeMap<String, T>);

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Once<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: DeserializeOwned> Visitor<'de> for Members<T> {
            type Value = Once<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((name, value)) = access.next_entry::<String, T>()? {
                    if members.insert(name, value).is_some() {
                        return Err(A::Error::custom("a member appears twice"));
                    }
                }
                Ok(Once(members))
            }
        }

        deserializer.deserialize_map(Members(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn oidc_core_5_5_example_is_understood() {
        let request = ClaimsRequest::parse(
            r#"{"userinfo":{"given_name":{"essential":true},"nickname":null},"id_token":{"acr":{"values":["urn:a","urn:b"]},"sub":{"value":"x"}}}"#,
        )
        .unwrap();
        assert!(request.userinfo["given_name"].essential);
        assert_eq!(request.userinfo["nickname"], ClaimRequest::default());
        assert!(request.id_token["acr"].accepts(&json!("urn:b")));
        assert!(!request.id_token["sub"].accepts(&json!("y")));
        assert_eq!(request.names(), ["acr", "given_name", "nickname", "sub"]);
    }

    #[test]
    fn oidc_core_5_5_1_value_and_values_say_what_will_do() {
        let request = ClaimsRequest::parse(
            r#"{"userinfo":{"a":{"value":1},"b":{"values":["x","y"]},"c":{"value":"x","values":["y"]},"d":{"essential":true}}}"#,
        )
        .unwrap();
        let values = acceptable_values(&request.userinfo);
        assert_eq!(values.get("a"), Some(&vec![json!(1)]));
        assert_eq!(values.get("b"), Some(&vec![json!("x"), json!("y")]));
        assert_eq!((values.get("c"), values.get("d")), (Some(&vec![]), None));
    }

    #[test]
    fn oidc_core_5_5_unknown_members_are_ignored() {
        let request = ClaimsRequest::parse(r#"{"userinfo":{"a":{"x":1}},"id_token":null}"#).unwrap();
        assert_eq!(request.names(), ["a"]);
    }

    #[test]
    fn oidc_core_5_5_malformed_requests_are_refused() {
        let deep = format!("{}{}", r#"{"userinfo":{"a":{"value":"#, "[".repeat(10_000));
        let long = format!(r#"{{"userinfo":{{"{}":null}}}}"#, "a".repeat(MAXIMUM_BYTES));
        for bad in [
            "",
            "[]",
            "1",
            "{",
            r#"{"userinfo":[]}"#,
            r#"{"userinfo":{"a":1}}"#,
            r#"{"userinfo":{"a":{"essential":1}}}"#,
            r#"{"userinfo":{"a":{"values":1}}}"#,
            r#"{"userinfo":{},"userinfo":{}}"#,
            r#"{"userinfo":{"a":null,"a":null}}"#,
            &deep,
            &long,
        ] {
            assert_eq!(ClaimsRequest::parse(bad), Err(InvalidClaimsRequest), "{}", &bad[..bad.len().min(60)]);
        }
    }
}
