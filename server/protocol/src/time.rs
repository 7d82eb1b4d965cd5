//! Points in time as the protocols write them: `NumericDate` (RFC 7519 section 2).

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Whole seconds since 1970-01-01T00:00:00Z, leap seconds ignored (RFC 7519 section 2, `NumericDate`).
///
/// Arithmetic saturates, so that a hostile `exp` of `i64::MAX` is a date far away and never a panic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixTime(pub i64);

impl UnixTime {
    /// The instant `seconds` later.
    #[must_use]
    pub const fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// The instant `seconds` earlier.
    #[must_use]
    pub const fn minus(self, seconds: i64) -> Self {
        Self(self.0.saturating_sub(seconds))
    }

    /// Seconds from `earlier` to `self`; negative when `earlier` is the later one.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Whole milliseconds since 1970-01-01T00:00:00Z. For records of what happened; no protocol has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixMilliseconds(pub i64);

impl UnixMilliseconds {
    /// The second it is in.
    pub const fn seconds(self) -> UnixTime {
        UnixTime(self.0.div_euclid(1000))
    }
}

impl From<UnixTime> for UnixMilliseconds {
    fn from(time: UnixTime) -> Self {
        Self(time.0.saturating_mul(1000))
    }
}

/// Where the current time comes from. Only the binary owns a real clock; everything else is handed one.
pub trait Clock: Send + Sync {
    /// The current time.
    fn now(&self) -> UnixTime;

    /// The current time, finer where the clock is.
    fn now_in_milliseconds(&self) -> UnixMilliseconds {
        self.now().into()
    }

    /// The time since a moment that stays the same while the process runs. It never goes back and tells no date: for
    /// limits and pauses, which a clock that is set must neither shorten nor lengthen.
    fn monotonic(&self) -> Duration;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc7519_2_arithmetic_saturates() {
        assert_eq!(UnixTime(i64::MAX).plus(60), UnixTime(i64::MAX));
        assert_eq!(UnixTime(i64::MIN).minus(60), UnixTime(i64::MIN));
        assert_eq!(UnixTime(90).since(UnixTime(100)), -10);
    }
}
