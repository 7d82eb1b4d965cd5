//! Numbers.

use std::ops::{Range, RangeInclusive};

use rhai::Dynamic;

use super::library::{Effect, Library};
use super::operators::{OVERFLOW, number};
use crate::meter::Failed;

pub(super) fn register(library: &mut Library) {
    ranges(library);
    library.add(("abs", "(number: int) -> int", "The number without its sign."), Effect::Reads, |number: i64| {
        number.checked_abs().ok_or_else(|| Failed::from(OVERFLOW))
    });
    library.overload("abs", Effect::Reads, f64::abs);
    library.add(
        ("min", "(one, other) -> number", "The smaller of two numbers."),
        Effect::Reads,
        |one: i64, other: i64| one.min(other),
    );
    library.overload("min", Effect::Reads, |one: f64, other: f64| one.min(other));
    library.add(
        ("max", "(one, other) -> number", "The larger of two numbers."),
        Effect::Reads,
        |one: i64, other: i64| one.max(other),
    );
    library.overload("max", Effect::Reads, |one: f64, other: f64| one.max(other));
    library.add(("floor", "(number: float) -> float", "The next whole number below."), Effect::Reads, f64::floor);
    library.add(("ceiling", "(number: float) -> float", "The next whole number above."), Effect::Reads, f64::ceil);
    library.add(("round", "(number: float) -> float", "The nearest whole number."), Effect::Reads, f64::round);
    library.add(("to_int", "(number) -> int", "The whole part of a number."), Effect::Reads, to_int);
    library.add(("to_float", "(number) -> float", "The number as a floating-point number."), Effect::Reads, to_float);
}

/// Ranges are walked one number an operation, however far they go.
fn ranges(library: &mut Library) {
    library.module.set_iterator::<Range<i64>>();
    library.module.set_iterator::<RangeInclusive<i64>>();
    library.overload("contains", Effect::Reads, |range: &mut Range<i64>, number: i64| range.contains(&number));
    library.overload("contains", Effect::Reads, |range: &mut RangeInclusive<i64>, number: i64| range.contains(&number));
}

#[expect(clippy::needless_pass_by_value, reason = "the signature is the engine's")]
fn to_int(value: Dynamic) -> Result<i64, Failed> {
    if let Ok(whole) = value.as_int() {
        return Ok(whole);
    }
    let number = value.as_float().map_err(|_| Failed::from("only a number has a whole part"))?;
    // The bounds are the nearest floating-point numbers; what is between fits.
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&number) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the fraction is to be cut off, and the range was checked"
        )]
        return Ok(number as i64);
    }
    Err(OVERFLOW.into())
}

#[expect(clippy::needless_pass_by_value, reason = "the signature is the engine's")]
fn to_float(value: Dynamic) -> Result<f64, Failed> {
    number(&value).ok_or_else(|| "only a number becomes one".into())
}
