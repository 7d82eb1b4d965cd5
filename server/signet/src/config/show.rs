//! The configuration in force, for people and machines to read. Secrets are masked.

use serde_json::{Map, Value, json};

use super::key::Origin;
use super::{Configuration, key};

/// A setting as it is shown.
pub(crate) struct Shown {
    /// Section and name.
    pub(crate) key: String,
    /// The value as in the file; nothing where the setting is not set.
    pub(crate) value: Option<String>,
    /// Where it comes from.
    pub(crate) origin: String,
}

impl Configuration {
    /// Every setting in the order of the reference.
    pub(crate) fn shown(&self) -> Vec<Shown> {
        let effective = key::all().filter_map(|key| self.effective.get(&(key.section, key.name)));
        let shown = effective.map(|one| Shown {
            key: one.key.path(),
            value: one.value.as_ref().map(one.key.show),
            origin: match one.origin {
                Origin::Default => "default".to_owned(),
                Origin::File => "file".to_owned(),
                Origin::Environment => one.key.variable(),
            },
        });
        shown.collect()
    }
}

/// The same as JSON: an object by key.
pub(crate) fn as_json(shown: &[Shown]) -> Value {
    let entry = |one: &Shown| (one.key.clone(), json!({ "value": one.value, "origin": one.origin }));
    Value::Object(shown.iter().map(entry).collect::<Map<_, _>>())
}
