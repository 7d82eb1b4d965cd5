//! An object in plain words. Whatever the texts do not mention is shown by its name: nobody agrees to what they were not
//! shown (RFC 9396 section 3.1).

use std::collections::BTreeMap;

use serde_json::Value;

use super::compare::is_placeholder;
use super::{DetailsType, Schema};
use crate::model::{AuthorizationDetail, DetailsText};

/// Most languages of a type, lines of a text, and characters of a title or line.
const MOST_LANGUAGES: usize = 32;
const MOST_LINES: usize = 20;
const LONGEST_LINE: usize = 300;

/// What people are told of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// What it is about.
    pub title: String,
    /// Sentences.
    pub lines: Vec<String>,
    /// Members that no sentence mentions, by name, with their values.
    pub others: Vec<(String, String)>,
}

/// Says an object in a language, else in English.
pub fn describe(kind: &DetailsType, detail: &AuthorizationDetail, language: &str) -> Described {
    let texts = &kind.stored.definition.texts;
    let primary = language.split('-').next().unwrap_or_default();
    let found = [language, primary, "en"].into_iter().find_map(|tag| texts.get(tag));
    let empty = DetailsText::default();
    let text = found.unwrap_or(&empty);
    let mut mentioned = Vec::new();
    let lines = text.lines.iter().filter_map(|line| said(line, (text, detail), &mut mentioned)).collect();
    let mut others = Vec::new();
    for (name, value) in detail.own_members().filter(|(name, value)| !(kind.is_enriched(name) && is_placeholder(value)))
    {
        leaves(name, value, &mut others);
    }
    others.retain(|(path, _)| !mentioned.contains(path));
    Described { title: text.title.clone(), lines, others }
}

/// A line with its members filled in; nothing if one of them is not there. What it says is noted.
fn said(
    line: &str,
    (text, detail): (&DetailsText, &AuthorizationDetail),
    mentioned: &mut Vec<String>,
) -> Option<String> {
    let (mut words, mut paths) = (String::new(), Vec::new());
    for part in parts(line) {
        match part {
            Part::Text(text) => words.push_str(text),
            Part::Member(path) => {
                let labels = text.values.get(path);
                words.push_str(&in_words(member(detail, path)?, labels)?);
                paths.push(path.to_owned());
            }
        }
    }
    mentioned.append(&mut paths);
    Some(words)
}

enum Part<'a> {
    Text(&'a str),
    Member(&'a str),
}

fn parts(line: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((path, behind)) = after.split_once('}') else { break };
        parts.push(Part::Text(before));
        parts.push(Part::Member(path));
        rest = behind;
    }
    parts.push(Part::Text(rest));
    parts
}

fn member<'a>(detail: &'a AuthorizationDetail, path: &str) -> Option<&'a Value> {
    let mut names = path.split('.');
    let first = detail.members().get(names.next()?)?;
    names.try_fold(first, |value, name| value.as_object()?.get(name))
}

/// A value as people read it; nothing for an object, of which a text has to name the members, and for an empty list.
fn in_words(value: &Value, labels: Option<&BTreeMap<String, String>>) -> Option<String> {
    let labelled = |plain: String| labels.and_then(|labels| labels.get(&plain)).cloned().unwrap_or(plain);
    match value {
        Value::String(text) => Some(labelled(text.clone())),
        Value::Number(_) | Value::Bool(_) => Some(labelled(value.to_string())),
        Value::Array(elements) if !elements.is_empty() => {
            let words: Option<Vec<String>> = elements.iter().map(|element| in_words(element, labels)).collect();
            words.map(|words| words.join(", "))
        }
        Value::Array(_) | Value::Object(_) | Value::Null => None,
    }
}

/// The members of a value that are no objects, by path.
fn leaves(path: &str, value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            members.iter().for_each(|(name, value)| leaves(&format!("{path}.{name}"), value, found));
        }
        value => found.push((path.to_owned(), in_words(value, None).unwrap_or_else(|| value.to_string()))),
    }
}

/// Whether the texts of a type are fit to be shown, and name members that there are.
///
/// # Errors
/// What is wrong with them.
pub(crate) fn check_texts(texts: &BTreeMap<String, DetailsText>, schema: &Schema) -> Result<(), String> {
    let is_tag = |tag: &String| {
        (2..=35).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if !texts.contains_key("en") || texts.len() > MOST_LANGUAGES || !texts.keys().all(is_tag) {
        return Err("must be by language tag, at most 32, en among them".to_owned());
    }
    let is_line =
        |line: &String| (1..=LONGEST_LINE).contains(&line.chars().count()) && !line.chars().any(char::is_control);
    for (tag, text) in texts {
        let labels = text.values.values().flat_map(BTreeMap::values);
        if text.lines.len() > MOST_LINES || !text.lines.iter().chain([&text.title]).chain(labels).all(is_line) {
            return Err(format!("{tag}: a text has a title and at most 20 lines, each of 1 to 300 characters"));
        }
        let named = text.lines.iter().flat_map(|line| parts(line)).filter_map(|part| match part {
            Part::Member(path) => Some(path),
            Part::Text(_) => None,
        });
        let mut named = named.chain(text.values.keys().map(String::as_str));
        if let Some(unknown) = named.find(|path| !schema.has(path)) {
            return Err(format!("{tag}: the schema has no member {unknown:?}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::details::compare::tests::{detail, types};

    #[test]
    fn rfc9396_3_1_what_no_sentence_mentions_is_shown_by_name() {
        let types = types();
        let kind = types.find("accounts").unwrap();
        let detail = detail(json!({
            "actions": ["read", "write"], "owner": {"name": "Ana"}, "limit": 5, "locations": ["https://a.test"],
            "accounts": [],
        }));
        let described = describe(kind, &detail, "de-AT");
        assert_eq!(described.title, "Accounts");
        assert_eq!(described.lines, ["see them, write", "of Ana"]);
        let others = [("limit", "5"), ("locations", "https://a.test")];
        assert_eq!(described.others, others.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn a_text_names_only_members_of_the_schema() {
        let types = types();
        let schema = &types.find("accounts").unwrap().schema;
        let check = |texts: Value| check_texts(&serde_json::from_value(texts).unwrap(), schema);
        assert_eq!(check(json!({"en": {"title": "A", "lines": ["{owner.name} {actions}"]}})), Ok(()));
        for bad in [
            json!({"de": {"title": "A"}}),
            json!({"en": {"title": ""}}),
            json!({"en": {"title": "A", "lines": ["{owner.nmae}"]}}),
            json!({"en": {"title": "A", "values": {"acts": {"a": "b"}}}}),
            json!({"en": {"title": "A\u{7}"}}),
        ] {
            assert!(check(bad.clone()).is_err(), "{bad}");
        }
    }
}
