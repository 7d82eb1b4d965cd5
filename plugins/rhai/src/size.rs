//! How large a value is.

use rhai::{Dynamic, FnPtr, ImmutableString};
use signet_hooks::{Limits, RunFailureKind};

use crate::meter::{Failed, Stop};

/// Deepest nesting of a value. Values are walked and dropped recursively.
const MAXIMUM_DEPTH: usize = 32;

/// Bytes of an item of an array.
const ITEM: usize = size_of::<Dynamic>();

/// Bytes of a member of a map besides a long name: name, value, and a share of the tree.
pub(crate) const MEMBER: usize = 64;

/// What a value consists of.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Weight {
    /// Bytes it takes.
    pub(crate) bytes: usize,
    items: usize,
    members: usize,
}

/// Whether a value is of a type that has always the same size.
pub(crate) fn is_small(value: &Dynamic) -> bool {
    !(value.is_string() || value.is_array() || value.is_map() || value.is_fnptr())
}

/// Adds up what a value consists of.
pub(crate) fn weigh(value: &Dynamic, limits: &Limits, weight: &mut Weight) -> Result<(), Failed> {
    weigh_within(value, limits, (weight, MAXIMUM_DEPTH))
}

fn weigh_within(value: &Dynamic, limits: &Limits, (weight, depth): (&mut Weight, usize)) -> Result<(), Failed> {
    if depth == 0 {
        let message = format!("a value is nested more than {MAXIMUM_DEPTH} deep");
        return Err(Stop::new(RunFailureKind::Depth, message).into());
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        weight.bytes += text.len();
    } else if let Ok(items) = value.as_array_ref() {
        weight.items += items.len();
        weight.bytes += items.len() * ITEM;
        within(weight.items, limits.array_items, "an array has more than", "items")?;
        for item in items.iter().filter(|item| !is_small(item)) {
            weigh_within(item, limits, (weight, depth - 1))?;
        }
    } else if let Ok(members) = value.as_map_ref() {
        weight.members += members.len();
        within(weight.members, limits.map_members, "a map has more than", "members")?;
        for (name, member) in members.iter() {
            weight.bytes += MEMBER + name.len();
            if !is_small(member) {
                weigh_within(member, limits, (weight, depth - 1))?;
            }
        }
    } else if let Some(function) = value.read_lock::<FnPtr>() {
        weight.items += function.curry().len();
        within(weight.items, limits.array_items, "a function has more than", "curried values")?;
        for held in function.curry() {
            weight.bytes += ITEM;
            weigh_within(held, limits, (weight, depth - 1))?;
        }
    }
    Ok(())
}

fn within(count: usize, maximum: usize, what: &str, unit: &str) -> Result<(), Failed> {
    if count > maximum {
        return Err(Stop::new(RunFailureKind::Size, format!("{what} {maximum} {unit}")).into());
    }
    Ok(())
}

/// Refuses a string that would be too long, before it is made.
pub(crate) fn check_text(bytes: usize, limits: &Limits) -> Result<(), Failed> {
    within(bytes, limits.string_bytes, "a string has more than", "bytes")
}

/// Refuses an array that would be too long, before it is made.
pub(crate) fn check_items(items: usize, limits: &Limits) -> Result<(), Failed> {
    within(items, limits.array_items, "an array has more than", "items")
}

/// Refuses a map that would be too large, before it is made.
pub(crate) fn check_members(members: usize, limits: &Limits) -> Result<(), Failed> {
    within(members, limits.map_members, "a map has more than", "members")
}

/// A string that a function made: checked and charged for.
pub(crate) fn made_text(text: String) -> Result<ImmutableString, Failed> {
    check_text(text.len(), crate::meter::limits())?;
    crate::meter::charge_bytes(text.len())?;
    Ok(text.into())
}
