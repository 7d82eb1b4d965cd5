//! Points in time as texts for people and programs (RFC 3339).

use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, Time};

use crate::time::UnixMilliseconds;

/// Text that is not a point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a time is written like 2027-01-15T08:00:00Z, 2027-01-15T08:00:00.123+01:00 or 2027-01-15")]
pub struct InvalidTime;

/// `2027-01-15T08:00:00.123Z`; times beyond the year 9999 are written as its end, those before year 0 as its beginning.
pub fn write(at: UnixMilliseconds) -> String {
    let date = OffsetDateTime::UNIX_EPOCH
        .checked_add(Duration::milliseconds(at.0))
        .unwrap_or_else(|| if at.0 < 0 { OffsetDateTime::UNIX_EPOCH } else { PrimitiveDateTime::MAX.assume_utc() });
    let (year, month, day) = date.to_calendar_date();
    let (hour, minute, second, millisecond) = date.to_hms_milli();
    format!("{year:04}-{:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z", u8::from(month))
}

/// Reads a time of RFC 3339 section 5.6, or a date alone, which is its first moment in UTC.
///
/// # Errors
/// It is neither, or no calendar has it.
pub fn read(text: &str) -> Result<UnixMilliseconds, InvalidTime> {
    parse(text).ok_or(InvalidTime)
}

fn parse(text: &str) -> Option<UnixMilliseconds> {
    if !text.is_ascii() {
        return None;
    }
    let (date, rest) = text.split_at_checked(10)?;
    let date = parse_date(date)?;
    let Some((separator, rest)) = rest.split_at_checked(1) else { return Some(moment(date, Time::MIDNIGHT, 0)) };
    let zone_at = rest.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = rest.split_at(zone_at);
    let time = parse_time(clock)?;
    matches!(separator, "T" | "t" | " ").then_some(moment(date, time, parse_zone(zone)?))
}

fn moment(date: Date, time: Time, offset_minutes: i64) -> UnixMilliseconds {
    let since = PrimitiveDateTime::new(date, time).assume_utc() - OffsetDateTime::UNIX_EPOCH;
    let milliseconds = since.whole_seconds().saturating_mul(1000) + i64::from(since.subsec_milliseconds());
    UnixMilliseconds(milliseconds - offset_minutes * 60_000)
}

/// Exactly as many digits.
fn number<T: std::str::FromStr>(text: &str, digits: usize) -> Option<T> {
    (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn parse_date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let month = Month::try_from(number::<u8>(month, 2)?).ok()?;
    parts.next().is_none().then(|| Date::from_calendar_date(number(year, 4)?, month, number(day, 2)?).ok())?
}

fn parse_time(text: &str) -> Option<Time> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "000"));
    let mut parts = clock.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    let is_fraction = (1..=9).contains(&fraction.len()) && fraction.bytes().all(|byte| byte.is_ascii_digit());
    if parts.next().is_some() || !is_fraction {
        return None;
    }
    let milliseconds = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    Time::from_hms_milli(number(hour, 2)?, number(minute, 2)?, number(second, 2)?, milliseconds).ok()
}

/// Minutes east of Greenwich.
fn parse_zone(text: &str) -> Option<i64> {
    if matches!(text, "Z" | "z") {
        return Some(0);
    }
    let (sign, offset) = text.split_at_checked(1)?;
    let (hours, minutes) = offset.split_once(':')?;
    let (hours, minutes): (i64, i64) = (number(hours, 2)?, number(minutes, 2)?);
    let minutes = (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)?;
    Some(if sign == "-" { -minutes } else { minutes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_5_6_times_are_read_as_they_are_written() {
        for (text, milliseconds) in [
            ("1970-01-01T00:00:00.000Z", 0),
            ("2024-02-29T12:34:56.789Z", 1_709_210_096_789),
            ("1969-12-31T23:59:59.999Z", -1),
        ] {
            assert_eq!(write(UnixMilliseconds(milliseconds)), text);
            assert_eq!(read(text), Ok(UnixMilliseconds(milliseconds)));
        }
        assert_eq!(write(UnixMilliseconds(i64::MAX)), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn rfc3339_5_8_the_examples_are_read() {
        assert_eq!(read("1985-04-12T23:20:50.52Z"), Ok(UnixMilliseconds(482_196_050_520)));
        assert_eq!(read("1996-12-19T16:39:57-08:00"), read("1996-12-20T00:39:57Z"));
        assert_eq!(read("1937-01-01T12:00:27.87+00:20"), read("1937-01-01T11:40:27.870z"));
        assert_eq!(read("2024-02-29"), read("2024-02-29 00:00:00Z"));
    }

    #[test]
    fn what_no_calendar_has_is_not_read() {
        for text in [
            "",
            "now",
            "2024-02-30",
            "2023-02-29T00:00:00Z",
            "2024-1-01",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:00Z",
            "2024-01-01T00:00:00",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00+1:00",
            "2024-01-01T00:00:00+00:60",
            "2024-01-01T00:00:00ZZ",
            "+024-01-01",
            "2024-01-01X00:00:00Z",
            "\u{661}024-01-01",
        ] {
            assert_eq!(read(text), Err(InvalidTime), "{text}");
        }
    }
}
