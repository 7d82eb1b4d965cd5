//! The calendar. The time itself is `ctx.now`.

use rhai::{Dynamic, Map};

use super::library::{Effect, Library};

const DAY: i64 = 86_400;

pub(super) fn register(library: &mut Library) {
    library.add(
        (
            "utc",
            "(seconds: int) -> map",
            "What calendar and clock say in UTC at a time in Unix seconds: year, month, day, hour, minute, second, and weekday from 1 (Monday) to 7.",
        ),
        Effect::Reads,
        utc,
    );
}

/// The proleptic Gregorian calendar, by days since 0000-03-01: so the leap day is the last of its year.
fn utc(seconds: i64) -> Map {
    let (days, time) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let since_march = days.saturating_add(719_468);
    let era = since_march.div_euclid(146_097);
    let day_of_era = since_march.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let parts = [
        ("year", year),
        ("month", month),
        ("day", day),
        ("hour", time / 3_600),
        ("minute", time % 3_600 / 60),
        ("second", time % 60),
        ("weekday", (days + 3).rem_euclid(7) + 1),
    ];
    parts.into_iter().map(|(name, value)| (name.into(), Dynamic::from(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(seconds: i64) -> Vec<i64> {
        let map = utc(seconds);
        ["year", "month", "day", "hour", "minute", "second", "weekday"].map(|name| map[name].as_int().unwrap()).to_vec()
    }

    #[test]
    fn the_calendar_is_right_at_its_corners() {
        assert_eq!(parts(0), [1970, 1, 1, 0, 0, 0, 4]);
        assert_eq!(parts(951_782_399), [2000, 2, 28, 23, 59, 59, 1]);
        assert_eq!(parts(951_782_400), [2000, 2, 29, 0, 0, 0, 2]);
        assert_eq!(parts(1_767_225_600), [2026, 1, 1, 0, 0, 0, 4]);
        assert_eq!(parts(4_107_542_400), [2100, 3, 1, 0, 0, 0, 1]);
        assert_eq!(parts(-1), [1969, 12, 31, 23, 59, 59, 3]);
    }

    #[test]
    fn no_time_is_too_large() {
        assert_eq!(parts(i64::MAX).len(), 7);
        assert_eq!(parts(i64::MIN).len(), 7);
    }
}
