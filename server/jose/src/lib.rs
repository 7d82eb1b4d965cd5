//! JOSE and cryptography for Signet: the only crate that names a crypto library for tokens.
//!
//! What belongs here: algorithms, keys and key sets (RFC 7517, 7518, 7638, 8037), compact JWS and its one verifier
//! (RFC 7515, 7519, 8725), compact JWE (RFC 7516), sealed values, encryption of columns, refresh-token secrets and certificates.
//! What does not: rules about clients, users and grants (`signet-core`), and anything that reads a clock or a
//! socket. Time and randomness are arguments.
//!
//! Strangers' input is read by [`strict_json`] and the parsers here; `biscuit` only models what this server issues.

pub mod algorithm;
pub mod base64url;
pub mod certificate;
pub mod certificate_authority;
pub mod claim_set;
pub mod column;
pub mod decryption_key;
pub mod digest;
pub mod distinguished_name;
pub mod dpop;
pub mod dpop_nonce;
pub mod encryption_algorithm;
pub mod envelope;
pub mod jwe;
pub mod jwk;
pub mod jwks;
pub mod jws;
pub mod profile;
pub mod random;
pub mod recipient_key;
pub mod refresh_token;
pub mod revocation;
pub mod sealed;
pub mod shared_key;
pub mod signing_key;
pub mod strict_json;
pub mod used_proofs;
pub mod verified_claims;
pub mod verify;
pub mod verifying_key;

mod der;
mod derived_aead;
mod ed25519_point;
mod elliptic_curve;
mod roca;

pub use algorithm::{SignatureAlgorithm, UnknownAlgorithm};
pub use certificate::{CertificateError, ClientCertificate, TrustAnchors};
pub use column::{ColumnCipher, ColumnPlace};
pub use decryption_key::DecryptionKey;
pub use dpop::{ExpectedProof, ProofError, ProofKeys, UnverifiedProof, VerifiedProof};
pub use dpop_nonce::DpopNonceKey;
pub use encryption_algorithm::{ContentEncryptionAlgorithm, KeyManagementAlgorithm};
pub use envelope::{DataKey, EnvelopeError, RootKey};
pub use jwe::{
    AllowedEncryption, Decrypted, DecryptionError, EncryptError, EncryptedToken, Encryption, JweError, Recipient,
};
pub use jwk::{Jwk, JwkError};
pub use jwks::{JwkSet, JwkSetError, PublicJwkSet, RejectedKey};
pub use jws::{SignError, TokenError, UnsecuredToken, UnverifiedToken, sign};
pub use profile::{AudienceRule, TypeRule, VerificationProfile};
pub use random::{Random, SystemRandom, random_token};
pub use recipient_key::RecipientKey;
pub use refresh_token::{RefreshToken, RefreshTokenKey};
pub use revocation::{RevocationListError, RevocationLists, RevocationProblem, UnlistedAuthorities};
pub use sealed::{OpenError, Purpose, SealContext, SealingKey, SealingKeyRing};
pub use shared_key::SharedKey;
pub use signing_key::{KeyError, SigningKey};
pub use used_proofs::UsedProofs;
pub use verified_claims::VerifiedClaims;
pub use verify::{VerificationError, accept_unsecured, verify};
pub use verifying_key::VerifyingKey;
