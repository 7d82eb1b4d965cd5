//! Operators that have a price, and those the engine leaves to its packages. The engine's own operators on numbers,
//! booleans and characters check for overflow and cost one operation.

use rhai::{Array, Dynamic, ImmutableString, Map};

use super::library::{Effect, Library};
use crate::meter::{Failed, charge_work, limits};
use crate::size::{check_items, check_members, made_text};

type Text = ImmutableString;

pub(super) fn register(library: &mut Library) {
    unary(library);
    joining(library);
    comparing(library);
    growing(library);
}

fn unary(library: &mut Library) {
    library.overload("-", Effect::Reads, |number: i64| number.checked_neg().ok_or_else(|| Failed::from(OVERFLOW)));
    library.overload("-", Effect::Reads, |number: f64| -number);
    library.overload("+", Effect::Reads, |number: i64| number);
    library.overload("+", Effect::Reads, |number: f64| number);
    library.overload("!", Effect::Reads, |flag: bool| !flag);
}

/// What is thrown where a whole number does not fit.
pub(super) const OVERFLOW: &str = "a whole number is too large";

macro_rules! joins_with {
    ($library:ident, $($other:ty),+) => {$(
        $library.overload("+", Effect::Reads, |one: Text, other: $other| made_text(format!("{one}{other}")));
        $library.overload("+", Effect::Reads, |one: $other, other: Text| made_text(format!("{one}{other}")));
    )+};
}

fn joining(library: &mut Library) {
    library.overload("+", Effect::Reads, |one: Text, other: Text| made_text(format!("{one}{other}")));
    library.overload("+=", Effect::Changes, |one: &mut Text, other: Text| -> Result<(), Failed> {
        *one = made_text(format!("{one}{other}"))?;
        Ok(())
    });
    library.overload("+=", Effect::Changes, |one: &mut Text, other: char| -> Result<(), Failed> {
        *one = made_text(format!("{one}{other}"))?;
        Ok(())
    });
    joins_with!(library, i64, f64, bool, char);
    library.overload("+", Effect::Reads, |one: char, other: char| made_text(format!("{one}{other}")));
    library.overload("-", Effect::Reads, |one: Text, other: Text| without(&one, &other));
    library.overload("-", Effect::Reads, |one: Text, other: char| without(&one, &other.to_string()));
}

/// A text without the places where it has another in it.
fn without(text: &str, part: &str) -> Result<Text, Failed> {
    charge_work(text.len() / 64)?;
    made_text(if part.is_empty() { text.to_owned() } else { text.replace(part, "") })
}

fn comparing(library: &mut Library) {
    library.overload("==", Effect::Reads, |one: Array, other: Array| equal_items(&one, &other));
    library.overload("!=", Effect::Reads, |one: Array, other: Array| equal_items(&one, &other).map(|equal| !equal));
    library.overload("==", Effect::Reads, |one: Map, other: Map| equal_members(&one, &other));
    library.overload("!=", Effect::Reads, |one: Map, other: Map| equal_members(&one, &other).map(|equal| !equal));
}

fn growing(library: &mut Library) {
    library.overload("+", Effect::Reads, |one: Array, other: Array| joined(one, other));
    library.overload("+=", Effect::Changes, |one: &mut Array, other: Array| -> Result<(), Failed> {
        *one = joined(std::mem::take(one), other)?;
        Ok(())
    });
    library.overload("+=", Effect::Changes, super::arrays::push);
    library.overload("+", Effect::Reads, |one: Map, other: Map| mixed(one, other));
    library.overload("+=", Effect::Changes, |one: &mut Map, other: Map| -> Result<(), Failed> {
        *one = mixed(std::mem::take(one), other)?;
        Ok(())
    });
}

fn joined(mut one: Array, mut other: Array) -> Result<Array, Failed> {
    check_items(one.len() + other.len(), limits())?;
    charge_work(other.len() / 16)?;
    one.append(&mut other);
    Ok(one)
}

/// The members of both; where both have one, that of the second.
pub(super) fn mixed(mut one: Map, other: Map) -> Result<Map, Failed> {
    check_members(one.len() + other.len(), limits())?;
    charge_work(other.len())?;
    one.extend(other);
    Ok(one)
}

/// Whether two values are the same. Each item that is looked at costs.
pub(super) fn equal(one: &Dynamic, other: &Dynamic) -> Result<bool, Failed> {
    if let (Ok(one), Ok(other)) = (one.as_immutable_string_ref(), other.as_immutable_string_ref()) {
        charge_work(1 + one.len().min(other.len()) / 256)?;
        return Ok(*one == *other);
    }
    if let (Ok(one), Ok(other)) = (one.as_array_ref(), other.as_array_ref()) {
        return equal_items(&one, &other);
    }
    if let (Ok(one), Ok(other)) = (one.as_map_ref(), other.as_map_ref()) {
        return equal_members(&one, &other);
    }
    charge_work(1)?;
    Ok(equal_scalars(one, other))
}

#[expect(clippy::float_cmp, reason = "what scripts compare, they compare exactly")]
fn equal_scalars(one: &Dynamic, other: &Dynamic) -> bool {
    match (one.as_int(), other.as_int()) {
        (Ok(one), Ok(other)) => return one == other,
        (Ok(_), _) | (_, Ok(_)) => {}
        _ => {
            if let (Ok(one), Ok(other)) = (one.as_bool(), other.as_bool()) {
                return one == other;
            }
            if let (Ok(one), Ok(other)) = (one.as_char(), other.as_char()) {
                return one == other;
            }
        }
    }
    match (number(one), number(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one.is_unit() && other.is_unit(),
    }
}

/// A number of either kind.
#[expect(clippy::cast_precision_loss, reason = "as the engine compares whole numbers with others")]
pub(super) fn number(value: &Dynamic) -> Option<f64> {
    value.as_float().ok().or_else(|| value.as_int().ok().map(|number| number as f64))
}

fn equal_items(one: &Array, other: &Array) -> Result<bool, Failed> {
    if one.len() != other.len() {
        return Ok(false);
    }
    for (one, other) in one.iter().zip(other) {
        if !equal(one, other)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn equal_members(one: &Map, other: &Map) -> Result<bool, Failed> {
    if one.len() != other.len() {
        return Ok(false);
    }
    for ((name, one), (other_name, other)) in one.iter().zip(other) {
        if name != other_name || !equal(one, other)? {
            return Ok(false);
        }
    }
    Ok(true)
}
