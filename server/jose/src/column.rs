//! Encryption of single columns (design section 6, Columns): secrets that must be recovered, such as symmetric client
//! secrets and private keys. The value is bound to the place where it is stored: copied elsewhere it does not open.

use std::fmt;

use zeroize::Zeroizing;

use crate::derived_aead::{Binding, SALT, TAG, push_delimited};
use crate::envelope::DataKey;
use crate::random::{Random, random_bytes};

const FORMAT: u8 = 1;
const KEY_ID: usize = 4;
const LABEL: &str = "signet column";

/// Where a value is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnPlace<'a> {
    /// The realm's identifier.
    pub realm: &'a str,
    /// Table name.
    pub table: &'a str,
    /// Column name.
    pub column: &'a str,
    /// The row's key within realm and table.
    pub row: &'a [u8],
}

/// A column could not be encrypted or decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ColumnError {
    /// Not a value that this cipher made.
    #[error("the stored value is not an encrypted column")]
    Malformed,
    /// Encrypted under another data key.
    #[error("the stored value is encrypted under data key {0}, which is not loaded")]
    UnknownKey(u32),
    /// Changed, or moved from another row, column, table or realm.
    #[error("the stored value does not belong to this row, or was changed")]
    Forged,
    /// The cipher failed.
    #[error("the crypto library could not encrypt")]
    Library,
}

/// Encrypts and decrypts the columns of one realm.
#[derive(Clone)]
pub struct ColumnCipher {
    current: (u32, DataKey),
    others: Vec<(u32, DataKey)>,
}

impl ColumnCipher {
    /// A cipher that encrypts under the data key with this number.
    pub const fn new(key_id: u32, key: DataKey) -> Self {
        Self { current: (key_id, key), others: Vec::new() }
    }

    /// Adds an older data key that only decrypts.
    #[must_use]
    pub fn with_older_key(mut self, key_id: u32, key: DataKey) -> Self {
        self.others.push((key_id, key));
        self
    }

    /// Encrypts: `format (1) || key id (4) || salt (16) || ciphertext || tag`.
    pub fn encrypt(
        &self,
        place: ColumnPlace<'_>,
        plaintext: &[u8],
        random: &dyn Random,
    ) -> Result<Vec<u8>, ColumnError> {
        let (key_id, key) = &self.current;
        let salt = random_bytes(random);
        let mut message = Vec::with_capacity(1 + KEY_ID + SALT + plaintext.len() + TAG);
        message.push(FORMAT);
        message.extend_from_slice(&key_id.to_be_bytes());
        message.extend_from_slice(&salt);
        let start = message.len();
        message.extend_from_slice(plaintext);
        let associated_data = associated_data(place, *key_id);
        let binding = Binding { key: key.bytes(), salt: &salt, label: LABEL, associated_data: &associated_data };
        binding.seal(&mut message, start).map_err(|_| ColumnError::Library)?;
        Ok(message)
    }

    /// Decrypts a value stored at `place`.
    pub fn decrypt(&self, place: ColumnPlace<'_>, stored: &[u8]) -> Result<Zeroizing<Vec<u8>>, ColumnError> {
        let Some(([FORMAT], rest)) = stored.split_first_chunk() else { return Err(ColumnError::Malformed) };
        let (key_id, rest) = rest.split_first_chunk::<KEY_ID>().ok_or(ColumnError::Malformed)?;
        let (salt, ciphertext) = rest.split_first_chunk::<SALT>().ok_or(ColumnError::Malformed)?;
        let key_id = u32::from_be_bytes(*key_id);
        let known = std::iter::once(&self.current).chain(&self.others).find(|(id, _)| *id == key_id);
        let (_, key) = known.ok_or(ColumnError::UnknownKey(key_id))?;
        let mut buffer = Zeroizing::new(ciphertext.to_vec());
        let associated_data = associated_data(place, key_id);
        let binding = Binding { key: key.bytes(), salt, label: LABEL, associated_data: &associated_data };
        let length = binding.open(&mut buffer).map_err(|_| ColumnError::Forged)?.len();
        buffer.truncate(length);
        Ok(buffer)
    }
}

impl fmt::Debug for ColumnCipher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ColumnCipher").field("key_id", &self.current.0).finish_non_exhaustive()
    }
}

fn associated_data(place: ColumnPlace<'_>, key_id: u32) -> Vec<u8> {
    let mut data = vec![FORMAT];
    data.extend_from_slice(&key_id.to_be_bytes());
    for part in [place.realm.as_bytes(), place.table.as_bytes(), place.column.as_bytes(), place.row] {
        push_delimited(&mut data, part);
    }
    data
}
