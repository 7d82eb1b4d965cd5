//! The key hierarchy of stored secrets (design section 6): a root key in a file outside the database wraps data keys,
//! one per realm, which encrypt columns ([`crate::column`]). A canary record tells a wrong root key at start.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::derived_aead::{Binding, CipherFailed, SALT, push_delimited};
use crate::random::{Random, random_bytes, random_token};

const FILE_PREFIX: &str = "signet-root-key-v1";
const FORMAT: u8 = 1;
const WRAP_LABEL: &str = "signet wrapped data key";
const CANARY_LABEL: &str = "signet root key canary";
const CANARY: &[u8] = b"this root key belongs to this database";
const LONGEST_ID: usize = 64;

/// What can go wrong with root keys and what they wrap.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// The file is not a root key file.
    #[error("the root key file must hold one line signet-root-key-v1:<id>:<base64 of 32 bytes>")]
    KeyFile,
    /// The database was made with a root key of another id.
    #[error("this needs root key {needed}, but the loaded one is {loaded}; point keys.root_key_file at the right file")]
    OtherKey {
        /// The id that the stored value names.
        needed: String,
        /// The id of the loaded key.
        loaded: String,
    },
    /// The id is right and the key is not, or the stored value was changed or moved.
    #[error("root key {id} does not open this; the key file or the stored value was changed: restore it from a backup")]
    WrongKey {
        /// The id of the loaded key.
        id: String,
    },
    /// The stored bytes are not a wrapped key.
    #[error("the stored value is not one that a root key made")]
    Malformed,
    /// The cipher failed.
    #[error("the crypto library could not encrypt")]
    Library,
}

/// The key above all others. It never encrypts data, only data keys.
#[derive(Clone)]
pub struct RootKey {
    id: String,
    key: Zeroizing<[u8; 32]>,
}

/// A key that encrypts columns, wrapped by the root key where it is stored.
#[derive(Clone)]
pub struct DataKey(Zeroizing<[u8; 32]>);

impl RootKey {
    /// A new key with a random id.
    pub fn generate(random: &dyn Random) -> Self {
        Self { id: random_token(random, 6), key: Zeroizing::new(random_bytes(random)) }
    }

    /// Parses the key file's content: one line.
    pub fn parse(content: &str) -> Result<Self, EnvelopeError> {
        let mut parts = content.trim_ascii_end().split(':');
        let (Some(FILE_PREFIX), Some(id), Some(key), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(EnvelopeError::KeyFile);
        };
        let id_is_plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if id.is_empty() || id.len() > LONGEST_ID || !id_is_plain {
            return Err(EnvelopeError::KeyFile);
        }
        let decoded = Zeroizing::new(STANDARD.decode(key).map_err(|_| EnvelopeError::KeyFile)?);
        let key = decoded.as_slice().try_into().map_err(|_| EnvelopeError::KeyFile)?;
        Ok(Self { id: id.to_owned(), key: Zeroizing::new(key) })
    }

    /// The key file's content.
    pub fn to_file_content(&self) -> Zeroizing<String> {
        let key = Zeroizing::new(STANDARD.encode(self.key.as_slice()));
        Zeroizing::new(format!("{FILE_PREFIX}:{}:{}\n", self.id, *key))
    }

    /// The id that wrapped keys name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Encrypts a data key for storage, bound to its realm.
    pub fn wrap(&self, realm: &str, key: &DataKey, random: &dyn Random) -> Result<Vec<u8>, EnvelopeError> {
        self.seal(WRAP_LABEL, realm, key.0.as_slice(), random)
    }

    /// Decrypts a stored data key of the realm.
    pub fn unwrap_key(&self, realm: &str, wrapped: &[u8]) -> Result<DataKey, EnvelopeError> {
        let plaintext = self.open(WRAP_LABEL, realm, wrapped)?;
        let key = plaintext.as_slice().try_into().map_err(|_| EnvelopeError::Malformed)?;
        Ok(DataKey(Zeroizing::new(key)))
    }

    /// Wraps a stored data key under `new` instead: the rotation of the root key. The columns stay as they are.
    pub fn rewrap(
        &self,
        new: &Self,
        realm: &str,
        wrapped: &[u8],
        random: &dyn Random,
    ) -> Result<Vec<u8>, EnvelopeError> {
        new.wrap(realm, &self.unwrap_key(realm, wrapped)?, random)
    }

    /// The record that a database keeps to recognise its root key.
    pub fn make_canary(&self, random: &dyn Random) -> Result<Vec<u8>, EnvelopeError> {
        self.seal(CANARY_LABEL, "", CANARY, random)
    }

    /// Whether this is the database's root key; the error says what is wrong.
    pub fn check_canary(&self, canary: &[u8]) -> Result<(), EnvelopeError> {
        let plaintext = self.open(CANARY_LABEL, "", canary)?;
        if plaintext.as_slice() == CANARY { Ok(()) } else { Err(EnvelopeError::Malformed) }
    }

    /// `format (1) || length of id (1) || id || salt (16) || ciphertext || tag`.
    fn seal(
        &self,
        label: &'static str,
        realm: &str,
        plaintext: &[u8],
        random: &dyn Random,
    ) -> Result<Vec<u8>, EnvelopeError> {
        let salt = random_bytes(random);
        let mut message = vec![FORMAT, u8::try_from(self.id.len()).map_err(|_| EnvelopeError::Library)?];
        message.extend_from_slice(self.id.as_bytes());
        message.extend_from_slice(&salt);
        let start = message.len();
        message.extend_from_slice(plaintext);
        let associated_data = self.associated_data(realm);
        let binding = Binding { key: &self.key, salt: &salt, label, associated_data: &associated_data };
        binding.seal(&mut message, start).map_err(|CipherFailed| EnvelopeError::Library)?;
        Ok(message)
    }

    fn open(&self, label: &'static str, realm: &str, message: &[u8]) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
        let Some(([FORMAT, id_length], rest)) = message.split_first_chunk() else {
            return Err(EnvelopeError::Malformed);
        };
        let (id, rest) = rest.split_at_checked(usize::from(*id_length)).ok_or(EnvelopeError::Malformed)?;
        let (salt, ciphertext) = rest.split_first_chunk::<SALT>().ok_or(EnvelopeError::Malformed)?;
        if id != self.id.as_bytes() {
            let needed = String::from_utf8_lossy(id).into_owned();
            return Err(EnvelopeError::OtherKey { needed, loaded: self.id.clone() });
        }
        let mut buffer = Zeroizing::new(ciphertext.to_vec());
        let associated_data = self.associated_data(realm);
        let binding = Binding { key: &self.key, salt, label, associated_data: &associated_data };
        let plaintext = binding.open(&mut buffer);
        let plaintext = plaintext.map_err(|CipherFailed| EnvelopeError::WrongKey { id: self.id.clone() })?;
        Ok(Zeroizing::new(plaintext.to_vec()))
    }

    fn associated_data(&self, realm: &str) -> Vec<u8> {
        let mut data = vec![FORMAT];
        push_delimited(&mut data, self.id.as_bytes());
        push_delimited(&mut data, realm.as_bytes());
        data
    }
}

impl DataKey {
    /// A new key.
    pub fn generate(random: &dyn Random) -> Self {
        Self(Zeroizing::new(random_bytes(random)))
    }

    /// A key for one more purpose, named by `label`, that the data key alone determines.
    pub fn derive(&self, label: &[u8]) -> Zeroizing<[u8; 32]> {
        crate::digest::derive_key(self.0.as_slice(), &[], &[label])
    }

    /// The key itself, for deriving others.
    pub(crate) const fn bytes(&self) -> &Zeroizing<[u8; 32]> {
        &self.0
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RootKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("DataKey").finish_non_exhaustive()
    }
}
