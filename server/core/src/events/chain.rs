//! Checking a chain, row after row, without a database.

use std::fmt;

use super::keys::{BEGINNING, EventKeys};
use super::record::SealedRecord;
use crate::ports::Chain;
use signet_jose::digest;

/// Most breaks that are told one by one.
const MOST_BREAKS: usize = 100;

/// What is wrong at a place of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// The event was changed, or no server of this realm wrote it.
    Changed,
    /// The event is authentic, but not in the place it was sealed in.
    Moved,
    /// The event is gone.
    Removed,
    /// The event has a number that was never sealed.
    Inserted,
    /// What says how far the chain is sealed was changed.
    HeadChanged,
    /// What says where the chain begins was changed.
    BeginningChanged,
}

impl fmt::Display for Damage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Changed => "the event was changed, or was not written by this server",
            Self::Moved => "the event is not in the place it was sealed in",
            Self::Removed => "the event is gone",
            Self::Inserted => "the event was never sealed under this number",
            Self::HeadChanged => "the record of how far the chain is sealed was changed",
            Self::BeginningChanged => "the record of where the chain begins was changed",
        })
    }
}

/// A place where the chain does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Break {
    /// The number of the event.
    pub sequence: i64,
    /// What is wrong there.
    pub damage: Damage,
}

/// A check that is under way: rows are handed in by their numbers, as they are read.
pub struct ChainCheck<'a> {
    keys: &'a EventKeys,
    /// The number that is to come next.
    next: i64,
    /// The link before it; nothing where the event that had it is gone.
    previous: Option<Vec<u8>>,
    breaks: Vec<Break>,
    broken: u64,
    checked: u64,
}

impl<'a> ChainCheck<'a> {
    /// A check that begins where the chain begins.
    pub fn begin(keys: &'a EventKeys, chain: &Chain) -> Self {
        let mut check = Self {
            keys,
            next: chain.first,
            previous: Some(chain.previous.clone()),
            breaks: Vec::new(),
            broken: 0,
            checked: 0,
        };
        let mac = keys.kept_mac(chain.realm_id, chain.first, &chain.previous);
        let begins_well = chain.first > 1 || (chain.first == 1 && chain.previous == BEGINNING);
        if !begins_well || !digest::equal_in_constant_time(&mac, &chain.kept_mac) {
            check.found(chain.first, Damage::BeginningChanged);
        }
        check
    }

    /// The number that is to come next.
    pub const fn next(&self) -> i64 {
        self.next
    }

    /// Takes the next rows, ordered by number. `sealed` is how far the chain was sealed when or after they were read.
    pub fn take(&mut self, rows: &[SealedRecord], sealed: i64) {
        for row in rows {
            self.take_one(row, sealed);
        }
    }

    fn take_one(&mut self, row: &SealedRecord, sealed: i64) {
        self.checked += 1;
        if row.sequence < self.next {
            self.found(row.sequence, Damage::Inserted);
            return;
        }
        if row.sequence > sealed {
            self.missing_until(sealed + 1);
            self.found(row.sequence, Damage::Inserted);
            return;
        }
        self.missing_until(row.sequence);
        let damage = self.damage(row);
        if let Some(damage) = damage {
            self.found(row.sequence, damage);
        }
        // The stored link, so that one changed event is one break and what follows is still checked against it.
        self.previous = Some(row.hash.clone());
        self.next = row.sequence + 1;
    }

    fn damage(&self, row: &SealedRecord) -> Option<Damage> {
        let Some(record) = &row.record else { return Some(Damage::Changed) };
        if !self.keys.is_authentic(record) {
            return Some(Damage::Changed);
        }
        let previous = self.previous.as_ref()?;
        let link = self.keys.link(previous, row.sequence, record);
        (!digest::equal_in_constant_time(&link, &row.hash)).then_some(Damage::Moved)
    }

    fn missing_until(&mut self, sequence: i64) {
        if self.next < sequence {
            // A long gap is told as one break: what it is worth knowing is where it begins.
            self.found(self.next, Damage::Removed);
            self.next = sequence;
            self.previous = None;
        }
    }

    fn found(&mut self, sequence: i64, damage: Damage) {
        self.broken += 1;
        if self.breaks.len() < MOST_BREAKS {
            self.breaks.push(Break { sequence, damage });
        }
    }

    /// Ends the check: nothing more comes up to where the chain says that it is sealed. Answers the breaks by number,
    /// how many there are in all, and how many rows were looked at.
    pub fn end(mut self, chain: &Chain) -> (Vec<Break>, u64, u64) {
        self.missing_until(chain.sealed + 1);
        let is_head = self.previous.as_ref().is_none_or(|previous| *previous == chain.head);
        if self.next != chain.sealed + 1 || !is_head {
            self.found(chain.sealed, Damage::HeadChanged);
        }
        self.breaks.sort_by_key(|found| found.sequence);
        (self.breaks, self.broken, self.checked)
    }
}
