//! The parameters of RSAES-OAEP (RFC 7518 section 4.3): one hash for label and mask.

use openssl::encrypt::{Decrypter, Encrypter};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Public};
use openssl::rsa::Padding;

use crate::encryption_algorithm::KeyManagementAlgorithm;

fn hash(algorithm: KeyManagementAlgorithm) -> MessageDigest {
    if algorithm == KeyManagementAlgorithm::RsaOaep { MessageDigest::sha1() } else { MessageDigest::sha256() }
}

/// Prepares a decryption.
pub(crate) fn set_padding(algorithm: KeyManagementAlgorithm, decrypter: &mut Decrypter<'_>) -> Result<(), ErrorStack> {
    decrypter.set_rsa_padding(Padding::PKCS1_OAEP)?;
    decrypter.set_rsa_oaep_md(hash(algorithm))?;
    decrypter.set_rsa_mgf1_md(hash(algorithm))
}

/// Encrypts a content key.
pub(super) fn encrypt(
    algorithm: KeyManagementAlgorithm,
    key: &PKey<Public>,
    content_key: &[u8],
) -> Result<Vec<u8>, ErrorStack> {
    let mut encrypter = Encrypter::new(key)?;
    encrypter.set_rsa_padding(Padding::PKCS1_OAEP)?;
    encrypter.set_rsa_oaep_md(hash(algorithm))?;
    encrypter.set_rsa_mgf1_md(hash(algorithm))?;
    let mut ciphertext = vec![0; encrypter.encrypt_len(content_key)?];
    let length = encrypter.encrypt(content_key, &mut ciphertext)?;
    ciphertext.truncate(length);
    Ok(ciphertext)
}
