//! How many refusals are recorded one by one. Whoever floods an endpoint with nonsense must not be able to fill the
//! disk, and a flood at one realm must not hide what happens at another.

use std::collections::HashMap;

use signet_protocol::identifiers::RealmId;
use signet_protocol::time::UnixTime;

/// Most refusals of a realm a second that are recorded one by one.
const OF_EACH_REALM: u32 = 200;
/// Most of all realms together: ten floods at a time leave the others their own. Bounds the memory, too.
const OF_ALL: u32 = 2_000;

/// What was recorded in the current second.
#[derive(Default)]
pub(super) struct RefusalBudget {
    second: UnixTime,
    all: u32,
    by_realm: HashMap<RealmId, u32>,
}

impl RefusalBudget {
    /// Whether one more is recorded by itself.
    pub(super) fn admits(&mut self, realm_id: RealmId, now: UnixTime) -> bool {
        if self.second != now {
            *self = Self { second: now, ..Self::default() };
        }
        if self.all >= OF_ALL {
            return false;
        }
        let recorded = self.by_realm.entry(realm_id).or_default();
        if *recorded >= OF_EACH_REALM {
            return false;
        }
        *recorded += 1;
        self.all += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(budget: &mut RefusalBudget, realm: u8, of: u32) -> usize {
        (0..of).filter(|_| budget.admits(RealmId([realm; 16]), UnixTime(7))).count()
    }

    #[test]
    fn a_flood_at_one_realm_takes_nothing_from_another() {
        let mut budget = RefusalBudget::default();
        assert_eq!(admitted(&mut budget, 1, 5_000), 200);
        assert_eq!(admitted(&mut budget, 2, 150), 150);
        assert!(!budget.admits(RealmId([1; 16]), UnixTime(7)));
        assert!(budget.admits(RealmId([1; 16]), UnixTime(8)), "the next second is another one");
    }

    #[test]
    fn there_is_a_ceiling_of_all_and_no_more_memory_than_that() {
        let mut budget = RefusalBudget::default();
        let all: usize = (0..=u8::MAX).map(|realm| admitted(&mut budget, realm, 10)).sum();
        assert_eq!(all, 2_000);
        assert_eq!(budget.by_realm.len(), 200);
    }
}
