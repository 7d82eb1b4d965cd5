//! The encryption algorithms that exist here: how the content key is found (RFC 7518 section 4) and how content is
//! encrypted (section 5). What attacks made history of cannot be said: `RSA1_5` answers questions about its padding, and
//! the `PBES2` family lets the sender choose how long the recipient computes (RFC 8725 sections 3.2 and 3.3).

use std::fmt;
use std::str::FromStr;

use crate::algorithm::UnknownAlgorithm;

/// A JWE `alg` value. The order of the variants is the order of RFC 7518 section 4.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyManagementAlgorithm {
    /// RSAES OAEP with SHA-1, which is not broken in this use.
    RsaOaep,
    /// RSAES OAEP with SHA-256.
    RsaOaep256,
    /// AES Key Wrap with a 128-bit key.
    A128Kw,
    /// AES Key Wrap with a 192-bit key.
    A192Kw,
    /// AES Key Wrap with a 256-bit key.
    A256Kw,
    /// The shared key itself encrypts the content.
    Dir,
    /// The agreed key itself encrypts the content.
    EcdhEs,
    /// The agreed key wraps the content key with 128 bits.
    EcdhEsA128Kw,
    /// The agreed key wraps the content key with 192 bits.
    EcdhEsA192Kw,
    /// The agreed key wraps the content key with 256 bits.
    EcdhEsA256Kw,
}

/// What an algorithm does with the recipient's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyManagement {
    /// Encrypts the content key to an RSA key (RFC 7518 section 4.3).
    RsaOaep,
    /// Wraps the content key with a shared key of so many octets (section 4.4).
    Wrap(usize),
    /// Uses a shared key as content key (section 4.5).
    Direct,
    /// Agrees on the content key, or on a key of so many octets that wraps it (section 4.6).
    Agreement(Option<usize>),
}

impl KeyManagementAlgorithm {
    /// Every algorithm, in the order in which metadata documents list them.
    pub const ALL: [Self; 10] = [
        Self::RsaOaep,
        Self::RsaOaep256,
        Self::A128Kw,
        Self::A192Kw,
        Self::A256Kw,
        Self::Dir,
        Self::EcdhEs,
        Self::EcdhEsA128Kw,
        Self::EcdhEsA192Kw,
        Self::EcdhEsA256Kw,
    ];

    /// The registered name, as in a JOSE header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RsaOaep => "RSA-OAEP",
            Self::RsaOaep256 => "RSA-OAEP-256",
            Self::A128Kw => "A128KW",
            Self::A192Kw => "A192KW",
            Self::A256Kw => "A256KW",
            Self::Dir => "dir",
            Self::EcdhEs => "ECDH-ES",
            Self::EcdhEsA128Kw => "ECDH-ES+A128KW",
            Self::EcdhEsA192Kw => "ECDH-ES+A192KW",
            Self::EcdhEsA256Kw => "ECDH-ES+A256KW",
        }
    }

    /// Whether both sides share one secret.
    pub const fn is_symmetric(self) -> bool {
        matches!(self.management(), KeyManagement::Wrap(_) | KeyManagement::Direct)
    }

    /// Length in octets of the shared key that a symmetric algorithm uses; nothing for others.
    pub const fn secret_length(self, content: ContentEncryptionAlgorithm) -> Option<usize> {
        match self.management() {
            KeyManagement::Wrap(length) => Some(length),
            KeyManagement::Direct => Some(content.key_length()),
            KeyManagement::RsaOaep | KeyManagement::Agreement(_) => None,
        }
    }

    pub(crate) const fn management(self) -> KeyManagement {
        match self {
            Self::RsaOaep | Self::RsaOaep256 => KeyManagement::RsaOaep,
            Self::A128Kw => KeyManagement::Wrap(16),
            Self::A192Kw => KeyManagement::Wrap(24),
            Self::A256Kw => KeyManagement::Wrap(32),
            Self::Dir => KeyManagement::Direct,
            Self::EcdhEs => KeyManagement::Agreement(None),
            Self::EcdhEsA128Kw => KeyManagement::Agreement(Some(16)),
            Self::EcdhEsA192Kw => KeyManagement::Agreement(Some(24)),
            Self::EcdhEsA256Kw => KeyManagement::Agreement(Some(32)),
        }
    }
}

/// A JWE `enc` value. The order of the variants is the order of RFC 7518 section 5.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContentEncryptionAlgorithm {
    /// AES-128 in CBC mode with HMAC SHA-256: the default of OpenID Connect Registration 2.
    A128CbcHs256,
    /// AES-192 in CBC mode with HMAC SHA-384.
    A192CbcHs384,
    /// AES-256 in CBC mode with HMAC SHA-512.
    A256CbcHs512,
    /// AES-128 in Galois/Counter mode.
    A128Gcm,
    /// AES-192 in Galois/Counter mode.
    A192Gcm,
    /// AES-256 in Galois/Counter mode.
    A256Gcm,
}

impl ContentEncryptionAlgorithm {
    /// Every algorithm, in the order in which metadata documents list them.
    pub const ALL: [Self; 6] =
        [Self::A128CbcHs256, Self::A192CbcHs384, Self::A256CbcHs512, Self::A128Gcm, Self::A192Gcm, Self::A256Gcm];

    /// The registered name, as in a JOSE header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A128CbcHs256 => "A128CBC-HS256",
            Self::A192CbcHs384 => "A192CBC-HS384",
            Self::A256CbcHs512 => "A256CBC-HS512",
            Self::A128Gcm => "A128GCM",
            Self::A192Gcm => "A192GCM",
            Self::A256Gcm => "A256GCM",
        }
    }

    /// Length of the content key in octets (RFC 7518 sections 5.2 and 5.3).
    pub const fn key_length(self) -> usize {
        match self {
            Self::A128Gcm => 16,
            Self::A192Gcm => 24,
            Self::A128CbcHs256 | Self::A256Gcm => 32,
            Self::A192CbcHs384 => 48,
            Self::A256CbcHs512 => 64,
        }
    }

    /// Length of the initialization vector in octets.
    pub(crate) const fn iv_length(self) -> usize {
        match self {
            Self::A128CbcHs256 | Self::A192CbcHs384 | Self::A256CbcHs512 => 16,
            Self::A128Gcm | Self::A192Gcm | Self::A256Gcm => 12,
        }
    }

    /// Length of the authentication tag in octets. A shorter one proves less and is refused.
    pub(crate) const fn tag_length(self) -> usize {
        match self {
            Self::A128Gcm | Self::A192Gcm | Self::A256Gcm | Self::A128CbcHs256 => 16,
            Self::A192CbcHs384 => 24,
            Self::A256CbcHs512 => 32,
        }
    }
}

impl fmt::Display for KeyManagementAlgorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for KeyManagementAlgorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name).ok_or(UnknownAlgorithm)
    }
}

impl fmt::Display for ContentEncryptionAlgorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for ContentEncryptionAlgorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name).ok_or(UnknownAlgorithm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc7518_4_1_every_name_parses_back_and_the_dangerous_ones_do_not_exist() {
        for algorithm in KeyManagementAlgorithm::ALL {
            assert_eq!(algorithm.as_str().parse(), Ok(algorithm));
        }
        for unknown in ["RSA1_5", "PBES2-HS256+A128KW", "PBES2-HS512+A256KW", "A128GCMKW", "none", "", "DIR", "HS256"] {
            assert_eq!(unknown.parse::<KeyManagementAlgorithm>(), Err(UnknownAlgorithm), "{unknown}");
        }
    }

    #[test]
    fn rfc7518_5_1_every_name_parses_back_and_nothing_unauthenticated_exists() {
        for algorithm in ContentEncryptionAlgorithm::ALL {
            assert_eq!(algorithm.as_str().parse(), Ok(algorithm));
        }
        for unknown in ["A128CBC", "A128CTR", "none", "", "a128gcm", "dir"] {
            assert_eq!(unknown.parse::<ContentEncryptionAlgorithm>(), Err(UnknownAlgorithm), "{unknown}");
        }
    }
}
