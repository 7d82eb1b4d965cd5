//! Texts. Positions and lengths count characters.

use rhai::{Array, Dynamic, ImmutableString};
use serde_json::Value;

use super::library::{Effect, Library};
use crate::convert::{Bounds, to_json};
use crate::meter::{Failed, charge_bytes, charge_work, limits};
use crate::size::{check_items, made_text};

type Text = ImmutableString;

/// Bytes that are searched for the price of one operation.
const SEARCHED: usize = 64;

pub(super) fn register(library: &mut Library) {
    asking(library);
    making(library);
    reading(library);
}

fn looked_at(text: &str) -> Result<(), Failed> {
    charge_work(text.len() / SEARCHED)
}

fn asking(library: &mut Library) {
    library.add(("len", "(text: string) -> int", "How many characters a text has."), Effect::Reads, |text: &str| {
        looked_at(text)?;
        Ok::<_, Failed>(count(text.chars().count()))
    });
    library.add(
        ("is_empty", "(text: string) -> bool", "Whether a text has no character."),
        Effect::Reads,
        |text: &str| text.is_empty(),
    );
    library.add(
        ("contains", "(text: string, part: string) -> bool", "Whether a text has another in it; also `part in text`."),
        Effect::Reads,
        |text: &str, part: &str| looked_at(text).map(|()| text.contains(part)),
    );
    library.overload("contains", Effect::Reads, |text: &str, part: char| looked_at(text).map(|()| text.contains(part)));
    library.add(
        ("starts_with", "(text: string, part: string) -> bool", "Whether a text begins with another."),
        Effect::Reads,
        |text: &str, part: &str| text.starts_with(part),
    );
    library.add(
        ("ends_with", "(text: string, part: string) -> bool", "Whether a text ends with another."),
        Effect::Reads,
        |text: &str, part: &str| text.ends_with(part),
    );
    library.add(
        ("index_of", "(text: string, part: string) -> int", "Where a text first has another in it; -1 if nowhere."),
        Effect::Reads,
        |text: &str, part: &str| {
            looked_at(text)?;
            let found = text.find(part).and_then(|offset| text.get(..offset));
            Ok::<_, Failed>(found.map_or(-1, |before| count(before.chars().count())))
        },
    );
}

fn making(library: &mut Library) {
    library.add(
        ("sub_string", "(text: string, start: int) -> string", "The rest of a text from a character on."),
        Effect::Reads,
        |text: &str, start: i64| sub_string(text, start, i64::MAX),
    );
    library.add(
        ("sub_string", "(text: string, start: int, length: int) -> string", "A piece of a text."),
        Effect::Reads,
        sub_string,
    );
    library.add(
        ("trim", "(text: string) -> string", "The text without white space around it."),
        Effect::Reads,
        |text: &str| made_text(text.trim().to_owned()),
    );
    library.add(("to_upper", "(text: string) -> string", "The text in upper case."), Effect::Reads, |text: &str| {
        looked_at(text)?;
        made_text(text.to_uppercase())
    });
    library.add(("to_lower", "(text: string) -> string", "The text in lower case."), Effect::Reads, |text: &str| {
        looked_at(text)?;
        made_text(text.to_lowercase())
    });
    library.add(
        (
            "replace",
            "(text: string, part: string, by: string) -> string",
            "The text with each place where it has `part` replaced.",
        ),
        Effect::Reads,
        replace,
    );
    library.add(
        ("split", "(text: string, separator: string) -> array", "The pieces between separators."),
        Effect::Reads,
        split,
    );
    library.add(
        ("chars", "(text: string) -> array", "The characters of a text, each as a text."),
        Effect::Reads,
        chars,
    );
}

fn reading(library: &mut Library) {
    library.add(
        ("parse_int", "(text: string) -> int", "The whole number that a text is; throws if it is none."),
        Effect::Reads,
        |text: &str| text.trim().parse::<i64>().map_err(|_| Failed::from("the text is no whole number")),
    );
    library.add(
        ("parse_float", "(text: string) -> float", "The number that a text is; throws if it is none."),
        Effect::Reads,
        |text: &str| {
            let number = text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
            number.ok_or_else(|| Failed::from("the text is no number"))
        },
    );
    library.add(
        ("to_string", "(value) -> string", "A value as a text; arrays and maps as JSON."),
        Effect::Reads,
        |value: Dynamic| to_text(&value),
    );
}

/// A value as a text.
fn to_text(value: &Dynamic) -> Result<Text, Failed> {
    if let Ok(text) = value.as_immutable_string_ref() {
        return Ok((*text).clone());
    }
    let bounds = Bounds { depth: limits().value_depth, bytes: limits().string_bytes };
    let json = to_json(value, bounds).map_err(|problem| Failed::from(problem.to_string()))?;
    made_text(match json {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    })
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Negative positions count from the end, as in `text[-1]`.
fn sub_string(text: &str, start: i64, length: i64) -> Result<Text, Failed> {
    looked_at(text)?;
    let characters = count(text.chars().count());
    let start = if start < 0 { (characters + start).max(0) } else { start };
    let skip = usize::try_from(start).unwrap_or(usize::MAX);
    let take = usize::try_from(length).unwrap_or(0);
    made_text(text.chars().skip(skip).take(take).collect())
}

fn replace(text: &str, part: &str, by: &str) -> Result<Text, Failed> {
    looked_at(text)?;
    if part.is_empty() {
        return Err("what is replaced is empty".into());
    }
    let places = text.matches(part).count();
    let bytes = text.len().saturating_add(places.saturating_mul(by.len()));
    crate::size::check_text(bytes.saturating_sub(places * part.len()), limits())?;
    made_text(text.replace(part, by))
}

fn split(text: &str, separator: &str) -> Result<Array, Failed> {
    looked_at(text)?;
    if separator.is_empty() {
        return Err("the separator is empty; use chars".into());
    }
    pieces(text, text.matches(separator).count() + 1, || {
        text.split(separator).map(|piece| Dynamic::from(piece.to_owned())).collect()
    })
}

fn chars(text: &str) -> Result<Array, Failed> {
    let characters = text.chars().count();
    pieces(text, characters, || text.chars().map(|c| Dynamic::from(c.to_string())).collect())
}

/// Pieces of a text: checked and charged for before they are made.
fn pieces(text: &str, number: usize, make: impl FnOnce() -> Array) -> Result<Array, Failed> {
    check_items(number, limits())?;
    charge_work(number / 4)?;
    charge_bytes(text.len() + number * 48)?;
    Ok(make())
}
