//! Proofs that were used (RFC 9449 section 11.1), remembered in memory, exactly, until they are too old to be used.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};

use signet_protocol::time::UnixTime;

/// Parts of the memory that do not wait for each other.
const SHARDS: usize = 16;
/// Seconds of one bucket: what ends within it is forgotten together.
const BUCKET_SECONDS: i64 = 15;
/// Most marks of one part: with all parts, four million requests within the life of a proof.
const LARGEST_SHARD: usize = 1 << 18;

/// The memory is full: whether a proof was used before cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the memory of used DPoP proofs is full")]
pub struct NoRoom;

/// Marks of used proofs.
#[derive(Debug, Default)]
pub struct UsedProofs([Mutex<Shard>; SHARDS]);

/// Marks by the time that they are forgotten at. The same proof always has the same end, so only one bucket is looked at.
#[derive(Debug, Default)]
struct Shard {
    buckets: BTreeMap<i64, HashSet<[u8; 32]>>,
    count: usize,
}

impl UsedProofs {
    /// Marks a proof as used; says whether this use is the first. `mark` stands for its key and its `jti`, and ends with
    /// bytes of a hash.
    pub fn consume(&self, mark: [u8; 32], expires_at: UnixTime, now: UnixTime) -> Result<bool, NoRoom> {
        let shard = &self.0[usize::from(mark[31]) % SHARDS];
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        shard.forget(now);
        shard.insert(expires_at, mark)
    }
}

impl Shard {
    fn forget(&mut self, now: UnixTime) {
        while let Some(bucket) = self.buckets.first_entry()
            && *bucket.key() < bucket_of(now)
        {
            self.count -= bucket.remove().len();
        }
    }

    fn insert(&mut self, expires_at: UnixTime, mark: [u8; 32]) -> Result<bool, NoRoom> {
        if self.count >= LARGEST_SHARD {
            return Err(NoRoom);
        }
        let is_first = self.buckets.entry(bucket_of(expires_at)).or_default().insert(mark);
        self.count += usize::from(is_first);
        Ok(is_first)
    }
}

const fn bucket_of(moment: UnixTime) -> i64 {
    moment.0.div_euclid(BUCKET_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime(1_800_000_000);

    #[test]
    fn rfc9449_11_1_a_proof_counts_once_until_it_is_too_old() {
        let window = UsedProofs::default();
        for number in 0..100_u32 {
            let mark = crate::digest::sha256(&number.to_be_bytes());
            assert!(window.consume(mark, NOW.plus(70), NOW).unwrap());
            assert!(!window.consume(mark, NOW.plus(70), NOW.plus(69)).unwrap());
        }
    }

    #[test]
    fn marks_of_proofs_that_ended_are_forgotten() {
        let mut shard = Shard::default();
        for number in 0..50_u8 {
            assert!(shard.insert(NOW.plus(i64::from(number)), [number; 32]).unwrap());
        }
        shard.forget(NOW);
        assert_eq!(shard.count, 50);
        shard.forget(NOW.plus(50 + BUCKET_SECONDS));
        assert_eq!((shard.count, shard.buckets.len()), (0, 0));
    }

    #[test]
    fn without_room_nobody_can_tell() {
        let mut shard = Shard { count: LARGEST_SHARD, ..Shard::default() };
        assert!(shard.insert(NOW, [0; 32]).is_err());
    }

    #[test]
    fn of_many_at_once_one_is_first() {
        let window = UsedProofs::default();
        let first = || usize::from(window.consume([7; 32], NOW.plus(70), NOW).unwrap());
        let winners: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(first)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(winners, 1);
    }
}
