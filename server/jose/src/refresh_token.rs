//! The secret part of refresh tokens (design section 6, What lives where): a token names its family and generation and
//! proves them by an HMAC under a key derived for the family, so that the current token of a family can be computed
//! again and nothing secret about it is stored.

use std::fmt;

use zeroize::Zeroizing;

use crate::random::{Random, random_bytes};
use crate::{base64url, digest};

const PREFIX: &str = "sr_";
const FAMILY: usize = 16;
const GENERATION: usize = 8;
const LABEL: &[u8] = b"signet refresh token family";

/// A realm's key for refresh tokens. Its number is stored with each family.
#[derive(Clone)]
pub struct RefreshTokenKey {
    id: u32,
    key: Zeroizing<[u8; digest::LENGTH]>,
}

/// A refresh token as presented: nothing is proven before [`RefreshToken::is_genuine`].
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    family: [u8; FAMILY],
    generation: u64,
    mac: [u8; digest::LENGTH],
}

/// The text is not a refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value is not a refresh token")]
pub struct NotARefreshToken;

impl RefreshTokenKey {
    /// A stored key.
    pub fn new(id: u32, key: [u8; digest::LENGTH]) -> Self {
        Self { id, key: Zeroizing::new(key) }
    }

    /// A new key with the given number.
    pub fn generate(id: u32, random: &dyn Random) -> Self {
        Self::new(id, random_bytes(random))
    }

    /// Its number.
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// The key itself, for storage under a data key.
    pub const fn bytes(&self) -> &Zeroizing<[u8; digest::LENGTH]> {
        &self.key
    }

    /// The token of this family and generation: always the same text.
    pub fn token(&self, family: [u8; FAMILY], generation: u64) -> String {
        let mut message = [0; FAMILY + GENERATION + digest::LENGTH];
        let (identity, mac) = message.split_at_mut(FAMILY + GENERATION);
        identity[..FAMILY].copy_from_slice(&family);
        identity[FAMILY..].copy_from_slice(&generation.to_be_bytes());
        mac.copy_from_slice(&self.mac(family, generation));
        let mut text = String::with_capacity(PREFIX.len() + message.len().div_ceil(3) * 4);
        text.push_str(PREFIX);
        base64url::encode_onto(&message, &mut text);
        text
    }

    fn mac(&self, family: [u8; FAMILY], generation: u64) -> [u8; digest::LENGTH] {
        let family_key = digest::derive_key(self.key.as_slice(), &family, &[LABEL]);
        digest::hmac_sha256(family_key.as_slice(), &generation.to_be_bytes())
    }
}

impl RefreshToken {
    /// Reads the parts of a token.
    pub fn parse(text: &str) -> Result<Self, NotARefreshToken> {
        let encoded = text.strip_prefix(PREFIX).ok_or(NotARefreshToken)?;
        if encoded.len() != (FAMILY + GENERATION + digest::LENGTH).div_ceil(3) * 4 - 1 {
            return Err(NotARefreshToken);
        }
        let message = base64url::decode(encoded).map_err(|_| NotARefreshToken)?;
        let (family, rest) = message.split_first_chunk().ok_or(NotARefreshToken)?;
        let (generation, mac) = rest.split_first_chunk().ok_or(NotARefreshToken)?;
        let mac = mac.try_into().map_err(|_| NotARefreshToken)?;
        Ok(Self { family: *family, generation: u64::from_be_bytes(*generation), mac })
    }

    /// The family, which is the lineage.
    pub const fn family(&self) -> [u8; FAMILY] {
        self.family
    }

    /// The generation within the family.
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// Whether the key made this token; compared in constant time.
    pub fn is_genuine(&self, key: &RefreshTokenKey) -> bool {
        digest::equal_in_constant_time(&key.mac(self.family, self.generation), &self.mac)
    }
}

impl fmt::Debug for RefreshTokenKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RefreshTokenKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RefreshToken").field("generation", &self.generation).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandom;

    #[test]
    fn rfc6749_10_4_a_refresh_token_is_recomputed_and_each_change_is_noticed() {
        let key = RefreshTokenKey::generate(3, &SystemRandom::new());
        let text = key.token([7; 16], 41);
        assert_eq!(text, key.token([7; 16], 41));
        let token = RefreshToken::parse(&text).unwrap();
        assert_eq!((token.family(), token.generation()), ([7; 16], 41));
        assert!(token.is_genuine(&key));
        assert!(!token.is_genuine(&RefreshTokenKey::generate(3, &SystemRandom::new())));

        let message = base64url::decode(&text[3..]).unwrap();
        for index in 0..message.len() {
            let mut changed = message.clone();
            changed[index] ^= 1;
            let changed = RefreshToken::parse(&format!("sr_{}", base64url::encode(changed))).unwrap();
            assert!(!changed.is_genuine(&key), "byte {index}");
        }
    }

    #[test]
    fn rfc6749_10_4_only_the_one_spelling_is_read() {
        let text = RefreshTokenKey::new(1, [9; 32]).token([1; 16], u64::MAX);
        for refused in [
            "",
            "sr_",
            &text[3..],
            &text[..text.len() - 1],
            &format!("{text}A"),
            &format!("{text}="),
            &text.replace("sr_", "sc_"),
        ] {
            assert_eq!(RefreshToken::parse(refused), Err(NotARefreshToken), "{refused}");
        }
    }

    #[test]
    fn design_6_debug_output_shows_no_secret() {
        let key = RefreshTokenKey::new(1, [9; 32]);
        assert_eq!(format!("{key:?}"), "RefreshTokenKey { id: 1, .. }");
        let token = RefreshToken::parse(&key.token([0; 16], 5)).unwrap();
        assert_eq!(format!("{token:?}"), "RefreshToken { generation: 5, .. }");
    }
}
