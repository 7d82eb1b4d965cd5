//! Arrays. Functions that call functions of the script pay for what those do.

use rhai::{Array, Dynamic, FnPtr, NativeCallContext};

use super::library::{Effect, Library};
use super::operators::{equal, number};
use crate::meter::{Failed, charge_value, charge_work, limits};
use crate::size::{check_items, made_text};

pub(super) fn register(library: &mut Library) {
    asking(library);
    changing(library);
    calling(library);
    ordering(library);
    library.module.set_iterable::<Array>();
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn asking(library: &mut Library) {
    library.add(("len", "(list: array) -> int", "How many items an array has."), Effect::Reads, |list: &mut Array| {
        count(list.len())
    });
    library.add(
        ("is_empty", "(list: array) -> bool", "Whether an array has no item."),
        Effect::Reads,
        |list: &mut Array| list.is_empty(),
    );
    library.add(
        ("contains", "(list: array, item) -> bool", "Whether an item is in an array; also `item in list`."),
        Effect::Reads,
        |list: &mut Array, item: Dynamic| position(list, &item).map(|found| found.is_some()),
    );
    library.add(
        ("index_of", "(list: array, item) -> int", "Where an item is first in an array; -1 if nowhere."),
        Effect::Reads,
        |list: &mut Array, item: Dynamic| position(list, &item).map(|found| found.map_or(-1, count)),
    );
    library.add(
        ("join", "(list: array, separator: string) -> string", "The items as one text with a separator between."),
        Effect::Reads,
        join,
    );
}

fn position(list: &Array, item: &Dynamic) -> Result<Option<usize>, Failed> {
    for (index, candidate) in list.iter().enumerate() {
        if equal(candidate, item)? {
            return Ok(Some(index));
        }
    }
    Ok(None)
}

fn join(list: &mut Array, separator: &str) -> Result<rhai::ImmutableString, Failed> {
    let mut joined = String::new();
    for (index, item) in list.iter().enumerate() {
        if index > 0 {
            joined.push_str(separator);
        }
        match item.as_immutable_string_ref() {
            Ok(text) => joined.push_str(&text),
            Err(_) if item.is_array() || item.is_map() || item.is_unit() => {
                return Err("only texts, numbers and booleans can be joined".into());
            }
            Err(_) => joined.push_str(&item.to_string()),
        }
        crate::size::check_text(joined.len(), limits())?;
    }
    made_text(joined)
}

fn changing(library: &mut Library) {
    library.add(("push", "(list: array, item)", "Adds an item at the end."), Effect::Changes, push);
    library.add(
        ("pop", "(list: array) -> value", "Takes the last item away and returns it; () from an empty array."),
        Effect::Changes,
        |list: &mut Array| list.pop().unwrap_or(Dynamic::UNIT),
    );
    library.add(
        (
            "remove",
            "(list: array, index: int) -> value",
            "Takes the item of an index away and returns it; () if there is none.",
        ),
        Effect::Changes,
        |list: &mut Array, index: i64| {
            charge_work(list.len() / 16)?;
            let index = usize::try_from(index).ok().filter(|index| *index < list.len());
            Ok::<_, Failed>(index.map_or(Dynamic::UNIT, |index| list.remove(index)))
        },
    );
    library.add(
        ("reverse", "(list: array)", "Turns the order of the items around."),
        Effect::Changes,
        |list: &mut Array| {
            charge_work(list.len() / 16)?;
            list.reverse();
            Ok::<_, Failed>(())
        },
    );
    library.add(
        ("sort", "(list: array)", "Puts texts, or numbers, in order; throws if an array has others or both."),
        Effect::Changes,
        |list: &mut Array| sort(list, natural_order),
    );
    library.add(
        ("slice", "(list: array, start: int, length: int) -> array", "A piece of an array."),
        Effect::Reads,
        |list: &mut Array, start: i64, length: i64| {
            charge_work(list.len() / 16)?;
            let skip = usize::try_from(start).unwrap_or(0);
            let take = usize::try_from(length).unwrap_or(0);
            Ok::<_, Failed>(list.iter().skip(skip).take(take).cloned().collect::<Array>())
        },
    );
}

/// Adds an item. The item is paid for: a literal as argument costs one operation whatever its size.
pub(super) fn push(list: &mut Array, item: Dynamic) -> Result<(), Failed> {
    check_items(list.len() + 1, limits())?;
    charge_value(&item)?;
    list.push(item);
    Ok(())
}

fn calling(library: &mut Library) {
    library.add(
        ("filter", "(list: array, keep: function) -> array", "The items for which a function says true."),
        Effect::Reads,
        |context: NativeCallContext<'_>, list: &mut Array, keep: FnPtr| {
            let mut kept = Array::new();
            for item in list.iter() {
                if holds(&context, &keep, item)? {
                    kept.push(item.clone());
                }
            }
            Ok::<_, Failed>(kept)
        },
    );
    library.add(
        ("map", "(list: array, change: function) -> array", "What a function makes of each item."),
        Effect::Reads,
        |context: NativeCallContext<'_>, list: &mut Array, change: FnPtr| {
            let made = list.iter().map(|item| {
                let made = change.call_within_context::<Dynamic>(&context, (item.clone(),))?;
                charge_value(&made)?;
                Ok(made)
            });
            made.collect::<Result<Array, Failed>>()
        },
    );
    library.add(
        ("some", "(list: array, holds: function) -> bool", "Whether a function says true for any item."),
        Effect::Reads,
        |context: NativeCallContext<'_>, list: &mut Array, test: FnPtr| {
            for item in list.iter() {
                if holds(&context, &test, item)? {
                    return Ok::<_, Failed>(true);
                }
            }
            Ok(false)
        },
    );
    library.add(
        ("all", "(list: array, holds: function) -> bool", "Whether a function says true for every item."),
        Effect::Reads,
        |context: NativeCallContext<'_>, list: &mut Array, test: FnPtr| {
            for item in list.iter() {
                if !holds(&context, &test, item)? {
                    return Ok::<_, Failed>(false);
                }
            }
            Ok(true)
        },
    );
}

fn ordering(library: &mut Library) {
    library.add(
        (
            "sort",
            "(list: array, before: function)",
            "Puts items in the order in which a function says that one comes before the other.",
        ),
        Effect::Changes,
        |context: NativeCallContext<'_>, list: &mut Array, before: FnPtr| {
            sort(list, |one, other| {
                let answer = before.call_within_context::<Dynamic>(&context, (one.clone(), other.clone()))?;
                answer.as_bool().map_err(|_| Failed::from("the function for sort says true or false"))
            })
        },
    );
}

fn holds(context: &NativeCallContext<'_>, test: &FnPtr, item: &Dynamic) -> Result<bool, Failed> {
    charge_work(1)?;
    let answer = test.call_within_context::<Dynamic>(context, (item.clone(),))?;
    answer.as_bool().map_err(|_| Failed::from("the function says true or false"))
}

/// Texts by their characters, numbers by size.
fn natural_order(one: &Dynamic, other: &Dynamic) -> Result<bool, Failed> {
    if let (Ok(one), Ok(other)) = (one.as_immutable_string_ref(), other.as_immutable_string_ref()) {
        charge_work(1 + one.len().min(other.len()) / 256)?;
        return Ok(*one < *other);
    }
    charge_work(1)?;
    match (one.as_int(), other.as_int(), number(one), number(other)) {
        (Ok(one), Ok(other), ..) => Ok(one < other),
        (_, _, Some(one), Some(other)) if !one.is_nan() && !other.is_nan() => Ok(one < other),
        _ => Err("only texts, or only numbers, have an order of their own; sort with a function".into()),
    }
}

/// Merges sorted halves, ever longer. Stable; ends whatever the function answers, also where it contradicts itself.
fn sort(list: &mut Array, before: impl Fn(&Dynamic, &Dynamic) -> Result<bool, Failed>) -> Result<(), Failed> {
    let mut sorted = list.clone();
    let mut width = 1;
    while width < sorted.len() {
        let mut merged = Array::with_capacity(sorted.len());
        for run in sorted.chunks(2 * width) {
            let (left, right) = run.split_at(width.min(run.len()));
            merge((left, right), &before, &mut merged)?;
        }
        sorted = merged;
        width *= 2;
    }
    *list = sorted;
    Ok(())
}

fn merge(
    (mut left, mut right): (&[Dynamic], &[Dynamic]),
    before: &impl Fn(&Dynamic, &Dynamic) -> Result<bool, Failed>,
    merged: &mut Array,
) -> Result<(), Failed> {
    charge_work((left.len() + right.len()) / 8)?;
    while let ([one, rest @ ..], [other, others @ ..]) = (left, right) {
        if before(other, one)? {
            merged.push(other.clone());
            right = others;
        } else {
            merged.push(one.clone());
            left = rest;
        }
    }
    merged.extend(left.iter().chain(right).cloned());
    Ok(())
}
