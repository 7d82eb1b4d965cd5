//! Sealed values: state that travels through the browser or a client and comes back unread and unchanged (design
//! section 6). Single use is not proven here; that takes a used-record.
//!
//! Text form: type prefix, then base64url of `format (1) || key id (4) || salt (16) || ciphertext || tag (16)`. The
//! plaintext is `expiry (8) || payload`. Purpose, format, key id, realm and timeline are associated data.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use signet_protocol::time::UnixTime;
use zeroize::Zeroizing;

use crate::base64url;
use crate::derived_aead::{Binding, SALT, TAG, push_delimited};
use crate::random::{Random, random_bytes};

const FORMAT: u8 = 1;
const KEY_ID: std::ops::Range<usize> = 1..5;
const HEADER: usize = KEY_ID.end + SALT;
const EXPIRY: usize = 8;
const LABEL: &str = "signet sealed value";

/// Longest sealed value that is read, in bytes of its text form.
pub const LONGEST_VALUE: usize = 8 * 1024;

/// What a sealed value is. A value of one purpose never opens as another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A validated authorization request while its user logs in.
    Interaction,
    /// An authorization code.
    AuthorizationCode,
    /// An opaque access token.
    AccessToken,
    /// The member of a JWT access token that says what the token rests on.
    TokenReference,
    /// How far an application has come that asks for user name and password itself.
    AuthSession,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 5] =
        [Self::Interaction, Self::AuthorizationCode, Self::AccessToken, Self::TokenReference, Self::AuthSession];

    /// The prefix of the text form: lets endpoints and secret scanners tell values apart.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Interaction => "si_",
            Self::AuthorizationCode => "sc_",
            Self::AccessToken => "sa_",
            Self::TokenReference => "st_",
            Self::AuthSession => "ss_",
        }
    }

    /// The purpose that a value claims by its prefix.
    pub fn of(value: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| value.starts_with(purpose.prefix()))
    }
}

/// A realm's sealing key.
#[derive(Clone)]
pub struct SealingKey {
    id: u32,
    key: Zeroizing<[u8; 32]>,
}

impl SealingKey {
    /// A stored key.
    pub fn new(id: u32, key: [u8; 32]) -> Self {
        Self { id, key: Zeroizing::new(key) }
    }

    /// A new key with the given number.
    pub fn generate(id: u32, random: &dyn Random) -> Self {
        Self::new(id, random_bytes(random))
    }

    /// Its number, which sealed values carry.
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// The key itself, for storage under a data key.
    pub const fn bytes(&self) -> &Zeroizing<[u8; 32]> {
        &self.key
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SealingKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The sealing keys of a realm: one that seals, and all that open.
#[derive(Debug, Clone)]
pub struct SealingKeyRing {
    current: SealingKey,
    others: Vec<SealingKey>,
}

/// What a value is bound to beside its key. `timeline` is the realm's number that rises after a restore, so that values
/// from before cannot come back when their used-records are lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealContext<'a> {
    /// What the value is.
    pub purpose: Purpose,
    /// The realm's identifier.
    pub realm: &'a str,
    /// The realm's timeline number.
    pub timeline: u64,
}

/// A payload with the end of its life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened<T> {
    /// What was sealed.
    pub payload: T,
    /// When it expires or expired.
    pub expires_at: UnixTime,
}

/// A value could not be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value cannot be sealed: it does not serialise or is too long")]
pub struct SealError;

/// Why a value does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Not a sealed value of this purpose and a known format.
    #[error("the value is not a sealed value of this kind")]
    Malformed,
    /// Sealed under a key that the ring does not have; read the keys again before refusing.
    #[error("the value is sealed under a key that is not loaded (id {0})")]
    UnknownKey(u32),
    /// Changed, or sealed for another realm, timeline or purpose.
    #[error("the value was not sealed here for this purpose")]
    Forged,
    /// Its time is over.
    #[error("the value has expired")]
    Expired,
}

impl SealingKeyRing {
    /// A ring that seals with `current` and opens with it and `others`.
    pub fn new(current: SealingKey, others: Vec<SealingKey>) -> Self {
        Self { current, others }
    }

    /// Seals a payload, written as JSON, until `expires_at`.
    pub fn seal(
        &self,
        context: SealContext<'_>,
        expires_at: UnixTime,
        payload: &impl Serialize,
        random: &dyn Random,
    ) -> Result<String, SealError> {
        let salt = random_bytes(random);
        let mut message = vec![FORMAT];
        message.extend_from_slice(&self.current.id.to_be_bytes());
        message.extend_from_slice(&salt);
        message.extend_from_slice(&expires_at.0.to_be_bytes());
        serde_json::to_writer(&mut message, payload).map_err(|_| SealError)?;
        self.current.binding(&salt, &associated_data(context, self.current.id)).seal(&mut message, HEADER)?;

        let mut text = String::with_capacity(context.purpose.prefix().len() + message.len().div_ceil(3) * 4);
        text.push_str(context.purpose.prefix());
        base64url::encode_onto(&message, &mut text);
        if text.len() > LONGEST_VALUE { Err(SealError) } else { Ok(text) }
    }

    /// Opens a value whose time is not over.
    pub fn open<T: DeserializeOwned>(
        &self,
        context: SealContext<'_>,
        value: &str,
        now: UnixTime,
    ) -> Result<T, OpenError> {
        let opened = self.open_even_expired(context, value)?;
        if now >= opened.expires_at { Err(OpenError::Expired) } else { Ok(opened.payload) }
    }

    /// Opens a value whatever its expiry: for what must be read once more, such as a code that is used again late.
    pub fn open_even_expired<T: DeserializeOwned>(
        &self,
        context: SealContext<'_>,
        value: &str,
    ) -> Result<Opened<T>, OpenError> {
        let mut message = decode(context.purpose, value)?;
        let (header, ciphertext) = message.split_at_mut_checked(HEADER).ok_or(OpenError::Malformed)?;
        let id = key_id(header).ok_or(OpenError::Malformed)?;
        let salt = header.get(KEY_ID.end..).and_then(|salt| salt.try_into().ok()).ok_or(OpenError::Malformed)?;
        let key = self.find(id).ok_or(OpenError::UnknownKey(id))?;
        let plaintext = key.binding(salt, &associated_data(context, id)).open(ciphertext);
        let plaintext = plaintext.map_err(|_| OpenError::Forged)?;
        let (expiry, payload) = plaintext.split_first_chunk::<EXPIRY>().ok_or(OpenError::Malformed)?;
        // The payload is ours, but perhaps of another version of this server.
        let payload = serde_json::from_slice(payload).map_err(|_| OpenError::Malformed)?;
        Ok(Opened { payload, expires_at: UnixTime(i64::from_be_bytes(*expiry)) })
    }

    fn find(&self, id: u32) -> Option<&SealingKey> {
        std::iter::once(&self.current).chain(&self.others).find(|key| key.id == id)
    }
}

impl SealingKey {
    fn binding<'a>(&'a self, salt: &'a [u8; SALT], associated_data: &'a [u8]) -> Binding<'a> {
        Binding { key: &self.key, salt, label: LABEL, associated_data }
    }
}

impl From<crate::derived_aead::CipherFailed> for SealError {
    fn from(_: crate::derived_aead::CipherFailed) -> Self {
        Self
    }
}

fn decode(purpose: Purpose, value: &str) -> Result<Vec<u8>, OpenError> {
    if value.len() > LONGEST_VALUE {
        return Err(OpenError::Malformed);
    }
    let encoded = value.strip_prefix(purpose.prefix()).ok_or(OpenError::Malformed)?;
    let message = base64url::decode(encoded).map_err(|_| OpenError::Malformed)?;
    if message.first() == Some(&FORMAT) && message.len() >= HEADER + EXPIRY + TAG {
        Ok(message)
    } else {
        Err(OpenError::Malformed)
    }
}

fn key_id(header: &[u8]) -> Option<u32> {
    header.get(KEY_ID)?.try_into().map(u32::from_be_bytes).ok()
}

fn associated_data(context: SealContext<'_>, key_id: u32) -> Vec<u8> {
    let mut data = vec![FORMAT];
    data.extend_from_slice(&key_id.to_be_bytes());
    data.extend_from_slice(&context.timeline.to_be_bytes());
    push_delimited(&mut data, context.purpose.prefix().as_bytes());
    push_delimited(&mut data, context.realm.as_bytes());
    data
}
