//! How fast clients poll (RFC 8628 section 3.5, CIBA Core 7.3): watched by each node in memory. Only a client that polls
//! too fast costs a write: the longer interval then holds at every node.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use signet_protocol::identifiers::RealmId;
use signet_protocol::time::UnixTime;

use crate::model::DeferredReference;

/// Parts of the memory that do not wait for each other.
const SHARDS: usize = 16;
/// Most polls that one half of a part remembers.
const LARGEST_HALF: usize = 1 << 16;
/// Seconds after which a poll has no bearing on the next: the longest interval, and as much again.
const REMEMBERED_SECONDS: i64 = 2 * LONGEST_INTERVAL_SECONDS;
/// By how much the interval grows where a client polls too fast (RFC 8628 section 3.5).
const STEP_SECONDS: i64 = 5;
/// The interval grows no longer than this: whoever goes on then is told so, but costs no write any more.
pub(crate) const LONGEST_INTERVAL_SECONDS: i64 = 120;

type Polls = HashMap<(RealmId, [u8; 16]), UnixTime>;

/// When clients polled last.
#[derive(Debug, Default)]
pub(crate) struct PollPace([Mutex<Shard>; SHARDS]);

/// Two generations: the older one is forgotten as a whole.
#[derive(Debug, Default)]
struct Shard {
    recent: Polls,
    older: Polls,
    began_at: UnixTime,
}

impl PollPace {
    /// Notes a poll; says whether it came too early. Times are in whole seconds, so that a second is granted.
    pub(crate) fn is_too_fast(
        &self,
        (realm_id, reference): (RealmId, DeferredReference),
        interval: i64,
        now: UnixTime,
    ) -> bool {
        let mut name = [0; 16];
        name.copy_from_slice(&reference.0[..16]);
        let shard = &self.0[usize::from(reference.0[31]) % SHARDS];
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let before = shard.note((realm_id, name), now);
        before.is_some_and(|before| now.since(before) < interval - 1)
    }
}

impl Shard {
    fn note(&mut self, poll: (RealmId, [u8; 16]), now: UnixTime) -> Option<UnixTime> {
        if now.since(self.began_at) > REMEMBERED_SECONDS || self.recent.len() >= LARGEST_HALF {
            self.older = std::mem::take(&mut self.recent);
            self.began_at = now;
        }
        self.recent.insert(poll, now).or_else(|| self.older.get(&poll).copied())
    }
}

/// The interval from now on of a client that polled too fast; nothing where it is the longest already.
pub(crate) const fn longer(interval: i64) -> Option<i64> {
    if interval >= LONGEST_INTERVAL_SECONDS {
        return None;
    }
    let more = interval + STEP_SECONDS;
    Some(if more > LONGEST_INTERVAL_SECONDS { LONGEST_INTERVAL_SECONDS } else { more })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime(1_800_000_000);

    fn poll(number: u8) -> (RealmId, DeferredReference) {
        (RealmId([1; 16]), DeferredReference([number; 32]))
    }

    #[test]
    fn rfc8628_3_5_whoever_polls_before_the_interval_is_over_is_too_fast() {
        let pace = PollPace::default();
        assert!(!pace.is_too_fast(poll(1), 5, NOW));
        assert!(pace.is_too_fast(poll(1), 5, NOW));
        assert!(pace.is_too_fast(poll(1), 5, NOW.plus(3)));
        // The next is measured from the last, whatever became of it.
        assert!(pace.is_too_fast(poll(1), 5, NOW.plus(6)));
        assert!(!pace.is_too_fast(poll(1), 5, NOW.plus(11)));
        assert!(!pace.is_too_fast(poll(2), 5, NOW.plus(11)));
        assert!(!pace.is_too_fast((RealmId([2; 16]), DeferredReference([1; 32])), 5, NOW.plus(11)));
    }

    #[test]
    fn rfc8628_3_5_the_interval_grows_by_five_seconds_up_to_a_bound() {
        assert_eq!(longer(5), Some(10));
        assert_eq!(longer(118), Some(120));
        assert_eq!(longer(120), None);
    }

    #[test]
    fn polls_of_long_ago_are_forgotten() {
        let mut shard = Shard::default();
        for number in 0..50 {
            assert_eq!(shard.note((RealmId([1; 16]), [number; 16]), NOW), None);
        }
        let name = (RealmId([1; 16]), [1; 16]);
        assert_eq!(shard.note(name, NOW.plus(REMEMBERED_SECONDS + 1)), Some(NOW));
        assert_eq!(shard.note(name, NOW.plus(2 * REMEMBERED_SECONDS + 2)), Some(NOW.plus(REMEMBERED_SECONDS + 1)));
        assert_eq!((shard.recent.len(), shard.older.len()), (1, 1));
    }
}
