//! Authorization details: what a client may do in one matter, as one JSON object (RFC 9396 section 2).

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The member that names the type.
const TYPE: &str = "type";

/// One object of `authorization_details`. What it holds may tell of a person: nothing of it is written to a log but its
/// type.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AuthorizationDetail(Map<String, Value>);

impl AuthorizationDetail {
    /// The detail of some members, which name its type.
    pub fn new(members: Map<String, Value>) -> Option<Self> {
        matches!(members.get(TYPE), Some(Value::String(_))).then_some(Self(members))
    }

    /// The type.
    pub fn name_of_type(&self) -> &str {
        self.0.get(TYPE).and_then(Value::as_str).unwrap_or_default()
    }

    /// All members, the type among them.
    pub const fn members(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The members that the type decides about.
    pub fn own_members(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter().filter(|(name, _)| *name != TYPE)
    }

    /// The same with a member set. Its type stays what it is.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        if name != TYPE {
            self.0.insert(name.to_owned(), value);
        }
        self
    }
}

impl fmt::Debug for AuthorizationDetail {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "AuthorizationDetail({:?}, ..)", self.name_of_type())
    }
}
