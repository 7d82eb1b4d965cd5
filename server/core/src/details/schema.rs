//! The JSON Schemas (draft 2020-12) of authorization details: the keywords below, each with the meaning it has there.
//!
//! A schema that has another keyword is not taken. JSON Schema ignores what it does not know, so that a misspelt
//! `maxLength` would bound nothing. Objects are closed: RFC 9396 section 5 refuses unknown members. There are no
//! references, and everything has an end: depth, number of subschemas, length of texts and lists, time of a pattern.

use std::collections::BTreeMap;

use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};

/// How deep subschemas may stand in each other.
const DEEPEST: usize = 8;
/// Most subschemas.
const MOST_NODES: usize = 200;
/// Longest schema as JSON, in bytes.
const MOST_BYTES: usize = 16 * 1024;
/// Longest pattern, in bytes, and the most memory it may take.
const LONGEST_PATTERN: usize = 200;
const PATTERN_MEMORY: usize = 256 * 1024;
/// Longest text, in characters, where a schema says nothing.
const TEXT_LENGTH: usize = 200;
/// Most elements of a list where a schema says nothing.
const LIST_LENGTH: usize = 20;
/// What only explains.
const ANNOTATIONS: &[&str] = &["$comment", "$schema", "description", "examples", "title"];

/// Why a schema is not taken: where, and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub(crate) struct SchemaError {
    place: String,
    problem: &'static str,
}

/// Why a value does not conform: the member, by its name in the schema, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misfit {
    pub(crate) place: String,
    pub(crate) problem: &'static str,
}

/// A schema of objects.
#[derive(Debug)]
pub(crate) struct Schema(Node);

#[derive(Debug, Default)]
struct Node {
    kinds: Vec<Kind>,
    values: Option<Vec<Value>>,
    properties: BTreeMap<String, Node>,
    required: Vec<String>,
    items: Option<Box<Node>>,
    unique: bool,
    /// Bounds of a text's characters or a list's elements, by keyword.
    lengths: Map<String, Value>,
    minimum: Option<f64>,
    maximum: Option<f64>,
    pattern: Option<Regex>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Object,
    Array,
    String,
    Integer,
    Number,
    Boolean,
}

impl Kind {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "object" => Self::Object,
            "array" => Self::Array,
            "string" => Self::String,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            _ => return None,
        })
    }

    fn is_of(self, value: &Value) -> bool {
        match self {
            Self::Object => value.is_object(),
            Self::Array => value.is_array(),
            Self::String => value.is_string(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
        }
    }
}

impl Schema {
    /// Reads a schema.
    ///
    /// # Errors
    /// Names the first place that is not understood or not bounded.
    pub(crate) fn read(schema: &Value) -> Result<Self, SchemaError> {
        let at = |problem| SchemaError { place: "schema".to_owned(), problem };
        if schema.to_string().len() > MOST_BYTES {
            return Err(at("has more than 16384 bytes"));
        }
        let root = Reader { nodes: 0 }.node(schema, "schema", 0)?;
        if root.kinds != [Kind::Object] {
            return Err(at("must be of type object"));
        }
        if root.properties.contains_key("type") || root.required.iter().any(|name| name == "type") {
            return Err(at("must leave out the member type, which every object has"));
        }
        Ok(Self(root))
    }

    /// Whether a member stands in the schema; a dot leads into an object.
    pub(crate) fn has(&self, path: &str) -> bool {
        let found = path.split('.').try_fold(&self.0, |node, name| node.properties.get(name));
        found.is_some()
    }

    /// Whether a member of the object itself is a list.
    pub(crate) fn is_list(&self, member: &str) -> bool {
        self.0.properties.get(member).is_some_and(|node| node.kinds == [Kind::Array])
    }

    /// Whether a member has to be there.
    pub(crate) fn requires(&self, member: &str) -> bool {
        self.0.required.iter().any(|name| name == member)
    }

    /// Whether the members of an object conform; `type` is nobody's business here.
    pub(crate) fn check(&self, members: &Map<String, Value>) -> Result<(), Misfit> {
        let own = members.iter().filter(|(name, _)| *name != "type");
        self.0.object(own, members, "")
    }
}

struct Reader {
    nodes: usize,
}

impl Reader {
    fn node(&mut self, schema: &Value, place: &str, depth: usize) -> Result<Node, SchemaError> {
        let at = |problem| SchemaError { place: place.to_owned(), problem };
        self.nodes += 1;
        if depth > DEEPEST || self.nodes > MOST_NODES {
            return Err(at("the schema is too deep or has too many parts"));
        }
        let members = schema.as_object().ok_or_else(|| at("must be an object"))?;
        let mut node = Node::default();
        for (keyword, value) in members {
            if matches!(keyword.as_str(), "properties" | "items") {
                self.subschemas(&mut node, (keyword, value), place, depth)?;
            } else {
                keyword_of(&mut node, keyword, value).map_err(at)?;
            }
        }
        if node.kinds.is_empty() && node.values.is_none() {
            return Err(at("needs type, enum or const"));
        }
        if node.kinds.contains(&Kind::Array) && node.items.is_none() {
            return Err(at("a list needs items"));
        }
        if !node.required.iter().all(|name| node.properties.contains_key(name)) {
            return Err(at("required names a member that properties lacks"));
        }
        Ok(node)
    }

    fn subschemas(
        &mut self,
        node: &mut Node,
        (keyword, value): (&str, &Value),
        place: &str,
        depth: usize,
    ) -> Result<(), SchemaError> {
        if keyword == "items" {
            node.items = Some(Box::new(self.node(value, &format!("{place}.items"), depth + 1)?));
            return Ok(());
        }
        let at = |problem| SchemaError { place: format!("{place}.properties"), problem };
        for (name, schema) in value.as_object().ok_or_else(|| at("must be an object"))? {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-#$@/:".contains(&byte);
            if !name.bytes().all(is_plain) || !(1..=64).contains(&name.len()) {
                return Err(at("a name has 1 to 64 of the characters A-Z a-z 0-9 _ - # $ @ / :"));
            }
            let property = self.node(schema, &format!("{place}.properties.{name}"), depth + 1)?;
            node.properties.insert(name.clone(), property);
        }
        Ok(())
    }
}

/// Takes a keyword that holds no subschema.
fn keyword_of(node: &mut Node, keyword: &str, value: &Value) -> Result<(), &'static str> {
    match keyword {
        "type" => {
            let names = value.as_array().map_or_else(|| vec![value], |names| names.iter().collect());
            let kind = |name: &Value| name.as_str().and_then(Kind::named);
            let kinds: Option<Vec<_>> = names.into_iter().map(kind).collect();
            node.kinds = kinds.ok_or("type is one of object, array, string, integer, number, boolean")?;
        }
        "enum" => {
            let values = value.as_array().filter(|values| !values.is_empty());
            node.values = Some(values.ok_or("enum must be a list of values")?.clone());
        }
        "const" => node.values = Some(vec![value.clone()]),
        "required" => {
            let names =
                value.as_array().and_then(|names| names.iter().map(|name| Some(name.as_str()?.to_owned())).collect());
            node.required = names.ok_or("required must be a list of names")?;
        }
        "additionalProperties" if *value == Value::Bool(false) => {}
        "additionalProperties" => return Err("additionalProperties can only be false: RFC 9396 section 5 wants it"),
        "uniqueItems" => node.unique = value.as_bool().ok_or("uniqueItems must be true or false")?,
        "minLength" | "maxLength" | "minItems" | "maxItems" => {
            let bound = value.as_u64().filter(|bound| *bound <= 4_000).ok_or("a length is a number from 0 to 4000")?;
            node.lengths.insert(keyword.to_owned(), bound.into());
        }
        "minimum" => node.minimum = Some(value.as_f64().ok_or("minimum must be a number")?),
        "maximum" => node.maximum = Some(value.as_f64().ok_or("maximum must be a number")?),
        "pattern" => node.pattern = Some(pattern(value)?),
        _ if ANNOTATIONS.contains(&keyword) => {}
        _ => return Err("has a keyword that this server does not check; the documentation lists those it does"),
    }
    Ok(())
}

/// A pattern that takes time in proportion to the text, whatever the text is.
fn pattern(value: &Value) -> Result<Regex, &'static str> {
    let text = value.as_str().filter(|text| text.len() <= LONGEST_PATTERN);
    let text = text.ok_or("a pattern has at most 200 bytes")?;
    let built = RegexBuilder::new(text).size_limit(PATTERN_MEMORY).build();
    built.map_err(|_| "the pattern does not read; look-around and back-references are not taken")
}

impl Node {
    fn check(&self, value: &Value, place: &str) -> Result<(), Misfit> {
        let misfit = |problem| Err(Misfit { place: place.to_owned(), problem });
        if !self.kinds.is_empty() && !self.kinds.iter().any(|kind| kind.is_of(value)) {
            return misfit("is not of the right type");
        }
        if self.values.as_ref().is_some_and(|values| !values.contains(value)) {
            return misfit("is not one of the values that the type knows");
        }
        match value {
            Value::Object(members) if self.kinds.contains(&Kind::Object) => self.object(members.iter(), members, place),
            Value::Array(elements) if self.kinds.contains(&Kind::Array) => self.list(elements, place),
            Value::String(text) => self.text(text, place),
            Value::Number(number) => {
                let number = number.as_f64().unwrap_or(f64::NAN);
                let is_above = self.minimum.is_none_or(|least| number >= least);
                let is_below = self.maximum.is_none_or(|most| number <= most);
                if is_above && is_below { Ok(()) } else { misfit("is out of range") }
            }
            _ => Ok(()),
        }
    }

    fn object<'a>(
        &self,
        mut own: impl Iterator<Item = (&'a String, &'a Value)>,
        all: &Map<String, Value>,
        place: &str,
    ) -> Result<(), Misfit> {
        let below = |name: &str| if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
        own.try_for_each(|(name, value)| match self.properties.get(name) {
            Some(node) => node.check(value, &below(name)),
            None => Err(Misfit { place: place.to_owned(), problem: "has a member that the type does not know" }),
        })?;
        match self.required.iter().find(|name| !all.contains_key(*name)) {
            Some(name) => Err(Misfit { place: below(name), problem: "is missing" }),
            None => Ok(()),
        }
    }

    fn list(&self, elements: &[Value], place: &str) -> Result<(), Misfit> {
        let misfit = |problem| Err(Misfit { place: place.to_owned(), problem });
        if !self.is_within_lengths(elements.len(), ("minItems", "maxItems"), LIST_LENGTH) {
            return misfit("has too few or too many elements");
        }
        if self.unique && (1..elements.len()).any(|index| elements[..index].contains(&elements[index])) {
            return misfit("has an element twice");
        }
        let Some(items) = &self.items else { return Ok(()) };
        elements.iter().try_for_each(|element| items.check(element, place))
    }

    fn text(&self, text: &str, place: &str) -> Result<(), Misfit> {
        let misfit = |problem| Err(Misfit { place: place.to_owned(), problem });
        if !self.is_within_lengths(text.chars().count(), ("minLength", "maxLength"), TEXT_LENGTH) {
            return misfit("is too short or too long");
        }
        if self.pattern.as_ref().is_some_and(|pattern| !pattern.is_match(text)) {
            return misfit("does not have the form that the type wants");
        }
        Ok(())
    }

    fn is_within_lengths(&self, length: usize, (least, most): (&str, &str), default: usize) -> bool {
        let bound = |keyword| self.lengths.get(keyword).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        (bound(least).unwrap_or(0)..=bound(most).unwrap_or(default)).contains(&length)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn payment() -> Schema {
        let schema = json!({
            "type": "object", "required": ["amount"], "properties": {
                "amount": {"type": "object", "required": ["currency"], "properties": {
                    "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
                    "value": {"type": "number", "minimum": 1, "maximum": 10},
                }},
                "actions": {"type": "array", "minItems": 1, "uniqueItems": true, "items": {"enum": ["read", "write"]}},
                "note": {"type": "string", "maxLength": 3},
            },
        });
        Schema::read(&schema).unwrap()
    }

    #[test]
    fn rfc9396_5_unknown_wrong_invalid_and_missing_members_do_not_conform() {
        let check = |value: Value| {
            let misfit = payment().check(value.as_object().unwrap()).err();
            misfit.map(|misfit| format!("{} {}", misfit.place, misfit.problem))
        };
        let good =
            json!({"type": "p", "amount": {"currency": "EUR", "value": 2.5}, "actions": ["read"], "note": "äöü"});
        assert_eq!(check(good), None);
        for (bad, place) in [
            (json!({"amount": {"currency": "EUR"}, "more": 1}), " has a member"),
            (json!({"amount": {"currency": "EUR", "more": 1}}), "amount has a member"),
            (json!({"amount": "EUR"}), "amount is not of the right type"),
            (json!({"amount": {"currency": "eur"}}), "amount.currency does not have the form"),
            (json!({"amount": {}}), "amount.currency is missing"),
            (json!({}), "amount is missing"),
            (json!({"amount": {"currency": "EUR", "value": 0.9}}), "amount.value is out of range"),
            (json!({"amount": {"currency": "EUR", "value": "2"}}), "amount.value is not of the right type"),
            (json!({"amount": {"currency": "EUR"}, "actions": []}), "actions has too few"),
            (json!({"amount": {"currency": "EUR"}, "actions": ["read", "read"]}), "actions has an element twice"),
            (json!({"amount": {"currency": "EUR"}, "actions": ["drop"]}), "actions is not one of"),
            (json!({"amount": {"currency": "EUR"}, "note": "four"}), "note is too short or too long"),
        ] {
            let found = check(bad.clone()).unwrap_or_default();
            assert!(found.starts_with(place), "{bad}: {found}");
        }
    }

    #[test]
    fn schemas_that_are_not_wholly_understood_or_bounded_are_not_taken() {
        let deep =
            (0..10).fold(json!({"type": "string"}), |inner, _| json!({"type": "object", "properties": {"a": inner}}));
        for bad in [
            json!(true),
            json!({"type": "string"}),
            json!({"type": "object", "maxlength": 3}),
            json!({"type": "object", "$ref": "https://evil.test/schema"}),
            json!({"type": "object", "additionalProperties": true}),
            json!({"type": "object", "properties": {"a": {}}}),
            json!({"type": "object", "properties": {"a": {"type": "null"}}}),
            json!({"type": "object", "properties": {"a": {"type": "array"}}}),
            json!({"type": "object", "properties": {"type": {"type": "string"}}}),
            json!({"type": "object", "properties": {"a b": {"type": "string"}}}),
            json!({"type": "object", "properties": {"a": {"type": "string", "pattern": "(?=x)"}}}),
            json!({"type": "object", "properties": {"a": {"type": "string", "pattern": "((a{1000}){1000}){1000}"}}}),
            json!({"type": "object", "properties": {"a": {"type": "string", "maxLength": 100_000}}}),
            json!({"type": "object", "required": ["a"]}),
            deep,
        ] {
            assert!(Schema::read(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_text_and_a_list_have_an_end_where_the_schema_names_none() {
        let schema = json!({"type": "object", "properties": {
            "a": {"type": "string"}, "b": {"type": "array", "items": {"type": "integer"}},
        }});
        let schema = Schema::read(&schema).unwrap();
        let fits = |value: Value| schema.check(value.as_object().unwrap()).is_ok();
        assert!(fits(json!({"a": "x".repeat(200), "b": vec![1; 20]})));
        assert!(!fits(json!({"a": "x".repeat(201)})));
        assert!(!fits(json!({"b": vec![1; 21]})));
    }
}
