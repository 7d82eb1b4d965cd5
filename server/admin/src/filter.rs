//! What lists of events are narrowed by.

use std::str::FromStr;

use signet_core::protocol::rfc3339::{self, InvalidTime};
use signet_core::protocol::time::UnixMilliseconds;

/// A point in time as RFC 3339 writes it, or a day.
pub(crate) struct Moment(pub(crate) UnixMilliseconds);

/// In which order a list comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// What happened last comes first.
    NewestFirst,
    /// What happened first comes first.
    OldestFirst,
}

impl FromStr for Moment {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        rfc3339::read(text).map(Self)
    }
}

impl FromStr for Order {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "newest" => Ok(Self::NewestFirst),
            "oldest" => Ok(Self::OldestFirst),
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_orders_are_read_and_nothing_else() {
        assert_eq!("1970-01-02".parse().map(|moment: Moment| moment.0.0), Ok(86_400_000));
        assert!("yesterday".parse::<Moment>().is_err());
        assert_eq!("oldest".parse(), Ok(Order::OldestFirst));
        assert_eq!("Oldest".parse::<Order>(), Err(()));
    }
}
