//! The one way between the core's documents and the API's objects that mirror them member by member: both are written
//! as JSON of the same names.

use poem_openapi::types::{ParseFromJSON, ToJSON};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use signet_core::failure::Fault;

use crate::problem::{Kind, Problem};

/// The API's object for a document of the core.
///
/// # Errors
/// The object does not mirror the document: a mistake here, which a test of each pair finds.
pub(crate) fn shown<T: ParseFromJSON>(document: &impl Serialize) -> Result<T, Problem> {
    let value =
        serde_json::to_value(document).map_err(|error| Fault::internal("a document does not serialise", error))?;
    T::parse_from_json(Some(value))
        .map_err(|_| Fault::Internal("a stored document has a member that the API does not know", None).into())
}

/// The core's document for an object of the API, which has passed its schema. `prefix` leads to the object.
///
/// # Errors
/// Names the member whose text is not what its type asks for.
pub(crate) fn stored<T: DeserializeOwned>(object: &impl ToJSON, prefix: &str) -> Result<T, Problem> {
    let Some(Value::Object(members)) = object.to_json() else {
        return Err(Problem::new(Kind::Malformed, "the body does not keep to its schema"));
    };
    let whole = serde_json::from_value(Value::Object(members.clone()));
    whole.map_err(|error| {
        let culprit = members.into_iter().find_map(|(name, value)| {
            let alone = Map::from_iter([(name.clone(), value)]);
            serde_json::from_value::<T>(Value::Object(alone)).err().map(|error| (name, error))
        });
        match culprit {
            Some((name, error)) => Problem::invalid(format!("{prefix}{name}"), error.to_string()),
            None => Problem::new(Kind::Malformed, error.to_string()),
        }
    })
}

/// Asserts that an object of the API has the members of a document of the core, and no others.
#[cfg(test)]
pub(crate) fn assert_mirrors<Object: poem_openapi::types::Type, Document: DeserializeOwned>() {
    // What refuses unknown members says which ones it knows.
    let unknown = Map::from_iter([("?".to_owned(), Value::Null)]);
    let Err(error) = serde_json::from_value::<Document>(Value::Object(unknown)) else {
        panic!("the document takes unknown members");
    };
    let text = error.to_string();
    let mut expected: Vec<&str> = text.split('`').skip(3).step_by(2).collect();
    let schema = poem_openapi::registry::Registry::new().create_fake_schema::<Object>();
    let mut members: Vec<&str> = schema.properties.iter().map(|(name, _)| *name).collect();
    expected.sort_unstable();
    members.sort_unstable();
    assert!(!expected.is_empty(), "{text}");
    assert_eq!(members, expected);
}
