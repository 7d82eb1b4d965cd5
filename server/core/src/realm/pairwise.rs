//! Pairwise subjects (OpenID Connect Core 8.1): HMAC-SHA-256 of sector and user under a salt that nobody else has.
//!
//! A salt that may have become known is replaced for users to come; those who are there keep theirs, so that no client
//! loses its users. Which one a user has follows from when the user was added, and from nothing that could be lost.

use signet_jose::{ColumnCipher, ColumnPlace, base64url, digest};
use signet_protocol::time::UnixTime;
use zeroize::Zeroizing;

use crate::failure::Fault;
use crate::model::{PairwiseSaltRecord, Realm, User};

/// The salts of a realm, oldest first.
pub(crate) struct PairwiseSalts(Vec<(UnixTime, Zeroizing<[u8; 32]>)>);

/// Where an encrypted salt is stored; `row` is its number in big-endian order.
pub(crate) const fn pairwise_salt_place<'a>(realm: &'a str, row: &'a [u8; 8]) -> ColumnPlace<'a> {
    ColumnPlace { realm, table: "pairwise_salts", column: "encrypted_salt", row }
}

impl PairwiseSalts {
    pub(super) fn load(realm: &Realm, records: &[PairwiseSaltRecord], columns: &ColumnCipher) -> Result<Self, Fault> {
        let realm_text = realm.id.to_string();
        let decrypt = |record: &PairwiseSaltRecord| {
            let row = record.id.to_be_bytes();
            let plaintext = columns
                .decrypt(pairwise_salt_place(&realm_text, &row), &record.encrypted_salt)
                .map_err(|error| Fault::internal("a pairwise salt does not decrypt", error))?;
            let salt = <[u8; 32]>::try_from(plaintext.as_slice())
                .map_err(|error| Fault::internal("a pairwise salt has the wrong length", error))?;
            Ok((record.since, Zeroizing::new(salt)))
        };
        Ok(Self(records.iter().map(decrypt).collect::<Result<_, Fault>>()?))
    }

    /// Whether there is none yet.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    /// The name of a user in a sector. Sectors are host names, so that the zero byte ends one.
    pub(crate) fn subject(&self, sector: &str, user: &User) -> Option<String> {
        let is_old_enough = |(since, _): &&(UnixTime, Zeroizing<[u8; 32]>)| *since <= user.created_at;
        let (_, salt) = self.0.iter().rev().find(is_old_enough).or_else(|| self.0.first())?;
        let message = [sector.as_bytes(), &[0], &user.id.0].concat();
        Some(base64url::encode(digest::hmac_sha256(salt.as_slice(), &message)))
    }
}

#[cfg(test)]
mod tests {
    use signet_protocol::identifiers::{RealmId, UserId};

    use super::*;

    fn user(number: u8, created_at: i64) -> User {
        User {
            realm_id: RealmId([0; 16]),
            id: UserId([number; 16]),
            username: "ana".to_owned(),
            username_normalised: "ana".to_owned(),
            enabled: true,
            claims: serde_json::Map::new(),
            attributes: serde_json::Map::new(),
            epoch: 0,
            created_at: UnixTime(created_at),
            updated_at: UnixTime(created_at),
            revision: 0,
        }
    }

    fn salts(since: &[i64]) -> PairwiseSalts {
        let numbered = since.iter().zip(1u8..);
        PairwiseSalts(numbered.map(|(since, number)| (UnixTime(*since), Zeroizing::new([number; 32]))).collect())
    }

    #[test]
    fn oidc_core_8_1_subjects_differ_by_sector_and_by_user_and_come_out_the_same_again() {
        let salts = salts(&[0]);
        let subject = |sector: &str, number| salts.subject(sector, &user(number, 5)).unwrap();
        assert_eq!(subject("a.test", 1), subject("a.test", 1));
        let others = [subject("a.test", 1), subject("b.test", 1), subject("a.test", 2), subject("b.test", 2)];
        for (index, one) in others.iter().enumerate() {
            assert_eq!(one.len(), 43);
            assert!(!others[..index].contains(one));
        }
        assert_ne!(subject("a.test", 1), user(1, 5).id.to_string());
    }

    #[test]
    fn oidc_core_8_a_new_salt_leaves_the_subjects_of_those_who_are_there() {
        let (one, two) = (salts(&[0]), salts(&[0, 100]));
        assert_eq!(one.subject("a.test", &user(1, 99)), two.subject("a.test", &user(1, 99)));
        assert_ne!(one.subject("a.test", &user(1, 100)), two.subject("a.test", &user(1, 100)));
        assert_eq!(salts(&[]).subject("a.test", &user(1, 5)), None);
    }
}
