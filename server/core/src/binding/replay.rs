//! Proofs that were used at resources, where there is no transaction to mark them in (design section 6): remembered in
//! memory, exactly, until they are too old to be used.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};

use signet_protocol::identifiers::RealmId;
use signet_protocol::time::UnixTime;

use crate::failure::Fault;
use crate::model::UsedRecord;

/// Parts of the memory that do not wait for each other.
const SHARDS: usize = 16;
/// Seconds of one bucket: what ends within it is forgotten together.
const BUCKET_SECONDS: i64 = 15;
/// Most marks of one part: with all parts, four million requests within the life of a proof.
const LARGEST_SHARD: usize = 1 << 18;

/// Marks of used proofs.
#[derive(Debug, Default)]
pub struct ReplayWindow([Mutex<Shard>; SHARDS]);

/// Marks by the time that they are forgotten at. The same proof always has the same end, so only one bucket is looked at.
#[derive(Debug, Default)]
struct Shard {
    buckets: BTreeMap<i64, HashSet<(RealmId, [u8; 16])>>,
    count: usize,
}

impl ReplayWindow {
    /// Marks a proof as used; says whether this use is the first.
    ///
    /// # Errors
    /// There is no room: then nobody can tell.
    pub fn consume(&self, realm_id: RealmId, record: &UsedRecord, now: UnixTime) -> Result<bool, Fault> {
        let mut name = [0; 16];
        name.copy_from_slice(&record.key[..16]);
        let shard = &self.0[usize::from(record.key[31]) % SHARDS];
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        shard.forget(now);
        shard.insert(record.expires_at, (realm_id, name))
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

    fn insert(&mut self, expires_at: UnixTime, mark: (RealmId, [u8; 16])) -> Result<bool, Fault> {
        if self.count >= LARGEST_SHARD {
            return Err(Fault::Overloaded("the memory of used DPoP proofs"));
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
    use crate::model::Purpose;

    const NOW: UnixTime = UnixTime(1_800_000_000);

    fn record(number: u32, expires_at: UnixTime) -> UsedRecord {
        let key = signet_jose::digest::sha256(&number.to_be_bytes());
        UsedRecord { purpose: Purpose::DpopProof, key, expires_at }
    }

    #[test]
    fn rfc9449_11_1_a_proof_counts_once_until_it_is_too_old() {
        let window = ReplayWindow::default();
        let (here, there) = (RealmId([1; 16]), RealmId([2; 16]));
        for number in 0..100 {
            let record = record(number, NOW.plus(70));
            assert!(window.consume(here, &record, NOW).unwrap());
            assert!(!window.consume(here, &record, NOW.plus(69)).unwrap());
            assert!(window.consume(there, &record, NOW).unwrap());
        }
    }

    #[test]
    fn marks_of_proofs_that_ended_are_forgotten() {
        let mut shard = Shard::default();
        for number in 0..50_u8 {
            assert!(shard.insert(NOW.plus(i64::from(number)), (RealmId([1; 16]), [number; 16])).unwrap());
        }
        shard.forget(NOW);
        assert_eq!(shard.count, 50);
        shard.forget(NOW.plus(50 + BUCKET_SECONDS));
        assert_eq!((shard.count, shard.buckets.len()), (0, 0));
    }

    #[test]
    fn without_room_nobody_can_tell() {
        let mut shard = Shard { count: LARGEST_SHARD, ..Shard::default() };
        assert!(shard.insert(NOW, (RealmId([1; 16]), [0; 16])).is_err());
    }

    #[test]
    fn of_many_at_once_one_is_first() {
        let window = ReplayWindow::default();
        let record = record(1, NOW.plus(70));
        let first = || usize::from(window.consume(RealmId([1; 16]), &record, NOW).unwrap());
        let winners: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(first)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(winners, 1);
    }
}
