//! The `request_uri` of a pushed request (RFC 9126 section 2.2).

use signet_jose::{Random, digest, random_token};
use signet_protocol::parameters::Parameters;

use crate::model::PushedReference;

/// What every reference of this server begins with.
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// Random bytes of a reference.
const BYTES: usize = 32;

/// A reference as the client and its browser have it.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::authorize) struct Reference {
    random: String,
}

impl Reference {
    /// One that nobody can guess.
    pub(super) fn new(random: &dyn Random) -> Self {
        Self { random: random_token(random, BYTES) }
    }

    /// The reference that a request names. Other addresses may be those of request objects.
    pub(in crate::authorize) fn of_request(parameters: &Parameters) -> Option<Self> {
        let random = parameters.get("request_uri")?.strip_prefix(PREFIX)?;
        Some(Self { random: random.to_owned() })
    }

    /// The `request_uri`.
    pub(super) fn to_uri(&self) -> String {
        format!("{PREFIX}{}", self.random)
    }

    /// The name under which it is stored.
    pub(super) fn hash(&self) -> PushedReference {
        PushedReference(digest::sha256(self.random.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use signet_jose::SystemRandom;

    use super::*;

    #[test]
    fn rfc9126_2_2_a_reference_reads_back_and_is_no_other() {
        let random = SystemRandom::new();
        let reference = Reference::new(&random);
        let uri = reference.to_uri();
        assert_eq!(uri.len(), PREFIX.len() + 43);
        let parameters = Parameters::default().with("request_uri", &uri);
        assert!(Reference::of_request(&parameters).is_some_and(|read| read.hash() == reference.hash()));
        assert_ne!(Reference::new(&random).hash(), reference.hash());
        for other in ["https://c.test/r", "urn:ietf:params:oauth:request_ur", ""] {
            assert!(Reference::of_request(&Parameters::default().with("request_uri", other)).is_none(), "{other}");
        }
    }
}
