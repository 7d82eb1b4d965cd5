//! Checking a JSON object against the schema that the OpenAPI document publishes for it: what the document says is
//! what is enforced, and a refusal names the member.

use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use serde_json::{Map, Value};

use crate::problem::Problem;

/// Checks the members of an object, except for whether read-only ones are there.
///
/// # Errors
/// Names the first member that is unknown, missing, or not of its type.
pub(crate) fn check(members: &Map<String, Value>, schema: &MetaSchema, registry: &Registry) -> Result<(), Problem> {
    Schemas { registry }.object(members, schema, "")
}

struct Schemas<'a> {
    registry: &'a Registry,
}

impl Schemas<'_> {
    fn value(&self, value: &Value, schema: &MetaSchemaRef, place: &str) -> Result<(), Problem> {
        match schema {
            MetaSchemaRef::Inline(schema) => self.inline(value, schema, place),
            MetaSchemaRef::Reference(name) => match self.registry.schemas.get(name) {
                Some(schema) => self.inline(value, schema, place),
                None => Ok(()),
            },
        }
    }

    fn inline(&self, value: &Value, schema: &MetaSchema, place: &str) -> Result<(), Problem> {
        schema.all_of.iter().try_for_each(|part| self.value(value, part, place))?;
        let wrong = |expected: &'static str| Err(Problem::invalid(place, expected));
        match (schema.ty, value) {
            ("string", Value::String(text)) if text.contains('\0') => wrong("must not contain U+0000"),
            ("string", Value::String(_)) => is_listed(value, schema, place),
            ("string", _) => wrong("must be a string"),
            ("boolean", Value::Bool(_)) => Ok(()),
            ("boolean", _) => wrong("must be true or false"),
            ("integer", value) if is_in_range(value, schema.format) => Ok(()),
            ("integer", _) => wrong("must be a whole number within its range"),
            ("array", Value::Array(elements)) => self.array(elements, schema, place),
            ("array", _) => wrong("must be an array"),
            ("object", Value::Object(members)) => self.object(members, schema, place),
            ("object", _) => wrong("must be an object"),
            _ => Ok(()),
        }
    }

    fn array(&self, elements: &[Value], schema: &MetaSchema, place: &str) -> Result<(), Problem> {
        let Some(element_schema) = &schema.items else { return Ok(()) };
        elements
            .iter()
            .enumerate()
            .try_for_each(|(index, element)| self.value(element, element_schema, &format!("{place}[{index}]")))
    }

    fn object(&self, members: &Map<String, Value>, schema: &MetaSchema, place: &str) -> Result<(), Problem> {
        let at = |name: &str| if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
        for (name, value) in members {
            let known = schema.properties.iter().find(|(known, _)| known == name).map(|(_, schema)| schema);
            match known.or(schema.additional_properties.as_deref()) {
                Some(member_schema) => self.value(value, member_schema, &at(name))?,
                None => return Err(Problem::invalid(at(name), "is not a member that this document has")),
            }
        }
        let is_missing = |name: &str| {
            let is_written = |(known, schema): &(&str, MetaSchemaRef)| *known == name && !is_read_only(schema);
            !members.contains_key(name) && schema.properties.iter().any(is_written)
        };
        match schema.required.iter().find(|name| is_missing(name)) {
            Some(name) => Err(Problem::invalid(at(name), "is missing")),
            None => Ok(()),
        }
    }
}

/// Whether only the server writes a member.
pub(crate) fn is_read_only(schema: &MetaSchemaRef) -> bool {
    matches!(schema, MetaSchemaRef::Inline(schema) if schema.read_only)
}

fn is_listed(value: &Value, schema: &MetaSchema, place: &str) -> Result<(), Problem> {
    if schema.enum_items.is_empty() || schema.enum_items.contains(value) {
        return Ok(());
    }
    let names: Vec<&str> = schema.enum_items.iter().filter_map(Value::as_str).collect();
    Err(Problem::invalid(place, format!("must be one of: {}", names.join(", "))))
}

fn is_in_range(value: &Value, format: Option<&str>) -> bool {
    match format {
        Some("uint32") => value.as_u64().is_some_and(|number| u32::try_from(number).is_ok()),
        Some("uint64") => value.is_u64(),
        _ => value.is_i64(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use poem_openapi::{Enum, Object};
    use serde_json::json;

    use super::*;

    #[derive(Enum)]
    #[oai(rename_all = "snake_case")]
    enum Colour {
        Red,
        LightBlue,
    }

    #[derive(Object)]
    struct Part {
        size: i64,
    }

    #[derive(Object)]
    struct Thing {
        name: String,
        #[oai(read_only)]
        id: String,
        /// A described reference is another schema than a plain one.
        colour: Option<Colour>,
        on: Option<bool>,
        count: Option<u32>,
        parts: Option<Vec<Part>>,
        part: Option<Part>,
        free: Option<BTreeMap<String, Value>>,
        any: Option<Value>,
    }

    fn checked(value: &Value) -> Result<(), Problem> {
        let mut registry = Registry::new();
        let schema = registry.create_fake_schema::<Thing>();
        check(value.as_object().unwrap(), &schema, &registry)
    }

    #[test]
    fn what_keeps_to_the_schema_passes() {
        let value = json!({
            "name": "n", "colour": "light_blue", "on": true, "count": 4_294_967_295u32, "parts": [{"size": -1}],
            "part": {"size": 0}, "free": {"x": [1, {"y": null}]}, "any": [1],
        });
        assert_eq!(checked(&value), Ok(()));
        assert_eq!(checked(&json!({"name": "n", "id": "read-only members are not looked for"})), Ok(()));
    }

    #[test]
    fn what_does_not_is_named_with_its_place() {
        for (value, field, detail) in [
            (json!({}), "name", "is missing"),
            (json!({"name": 1}), "name", "must be a string"),
            (json!({"name": null}), "name", "must be a string"),
            (json!({"name": "a\0b"}), "name", "must not contain U+0000"),
            (json!({"name": "n", "nmae": 1}), "nmae", "is not a member that this document has"),
            (json!({"name": "n", "colour": "blue"}), "colour", "must be one of: red, light_blue"),
            (json!({"name": "n", "on": "true"}), "on", "must be true or false"),
            (json!({"name": "n", "count": -1}), "count", "must be a whole number within its range"),
            (json!({"name": "n", "count": 4_294_967_296u64}), "count", "must be a whole number within its range"),
            (json!({"name": "n", "count": 1.5}), "count", "must be a whole number within its range"),
            (json!({"name": "n", "parts": {}}), "parts", "must be an array"),
            (json!({"name": "n", "parts": [{"size": 1}, {}]}), "parts[1].size", "is missing"),
            (json!({"name": "n", "part": {"size": 1, "x": 1}}), "part.x", "is not a member that this document has"),
            (json!({"name": "n", "part": []}), "part", "must be an object"),
        ] {
            assert_eq!(checked(&value), Err(Problem::invalid(field, detail)), "{value}");
        }
    }
}
