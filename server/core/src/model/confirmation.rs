//! What a token is bound to: `cnf` (RFC 7800 section 3).

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use signet_jose::base64url;

/// The key that whoever uses a token proves to hold. Written as the value of the claim `cnf`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Confirmation {
    /// That of the certificate of the mutual TLS connection (RFC 8705 section 3.1).
    #[serde(rename = "x5t#S256")]
    Certificate(Thumbprint),
    /// That of the DPoP proof (RFC 9449 section 6.1).
    #[serde(rename = "jkt")]
    Key(Thumbprint),
}

/// A SHA-256 thumbprint, of a certificate (RFC 8705 section 3.1) or of a JWK (RFC 7638); base64url in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Thumbprint(pub [u8; 32]);

impl Confirmation {
    /// The type of tokens that are bound so (RFC 6750 section 6.1.1, RFC 9449 section 5).
    pub const fn token_type(confirmation: Option<Self>) -> &'static str {
        match confirmation {
            Some(Self::Key(_)) => "DPoP",
            Some(Self::Certificate(_)) | None => "Bearer",
        }
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&base64url::encode(self.0))
    }
}

impl Serialize for Thumbprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Thumbprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = base64url::decode(&text).map_err(D::Error::custom)?;
        let bytes = bytes.as_slice().try_into().map_err(|_| D::Error::custom("a SHA-256 thumbprint has 32 bytes"))?;
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rfc8705_3_1_and_rfc9449_6_1_the_members_of_cnf() {
        let thumbprint = Thumbprint([0; 32]);
        let text = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        for (confirmation, claim, token_type) in [
            (Confirmation::Certificate(thumbprint), json!({"x5t#S256": text}), "Bearer"),
            (Confirmation::Key(thumbprint), json!({"jkt": text}), "DPoP"),
        ] {
            assert_eq!(serde_json::to_value(confirmation).unwrap(), claim);
            assert_eq!(serde_json::from_value::<Confirmation>(claim).unwrap(), confirmation);
            assert_eq!(Confirmation::token_type(Some(confirmation)), token_type);
        }
        assert!(serde_json::from_value::<Confirmation>(json!({"jkt": "AAAA"})).is_err());
        assert!(serde_json::from_value::<Confirmation>(json!({"jwk": {}})).is_err());
    }
}
