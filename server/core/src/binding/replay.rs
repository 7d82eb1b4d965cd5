//! Proofs that were used at resources, where there is no transaction to mark them in (design section 6): remembered in
//! memory.

use signet_jose::UsedProofs;
use signet_protocol::identifiers::RealmId;
use signet_protocol::time::UnixTime;

use crate::failure::Fault;
use crate::model::UsedRecord;

/// Marks of used proofs, of every realm.
#[derive(Debug, Default)]
pub struct ReplayWindow(UsedProofs);

impl ReplayWindow {
    /// Marks a proof as used; says whether this use is the first.
    ///
    /// # Errors
    /// There is no room: then nobody can tell.
    pub fn consume(&self, realm_id: RealmId, record: &UsedRecord, now: UnixTime) -> Result<bool, Fault> {
        let mut mark = [0; 32];
        mark[..16].copy_from_slice(&realm_id.0);
        mark[16..].copy_from_slice(&record.key[..16]);
        let first = self.0.consume(mark, record.expires_at, now);
        first.map_err(|_| Fault::Overloaded("the memory of used DPoP proofs"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Purpose;

    const NOW: UnixTime = UnixTime(1_800_000_000);

    #[test]
    fn rfc9449_11_1_a_proof_counts_once_in_each_realm() {
        let window = ReplayWindow::default();
        let (here, there) = (RealmId([1; 16]), RealmId([2; 16]));
        for number in 0..100_u32 {
            let key = signet_jose::digest::sha256(&number.to_be_bytes());
            let record = UsedRecord { purpose: Purpose::DpopProof, key, expires_at: NOW.plus(70) };
            assert!(window.consume(here, &record, NOW).unwrap());
            assert!(!window.consume(here, &record, NOW.plus(69)).unwrap());
            assert!(window.consume(there, &record, NOW).unwrap());
        }
    }
}
