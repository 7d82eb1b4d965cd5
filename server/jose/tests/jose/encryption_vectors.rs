//! The examples of encryption printed in RFC 7516 appendix A and RFC 7520 section 5, and those of RFC 7518 appendix B in
//! the tokens that they are part of.

use josekit::jwk::alg::rsa::RsaKeyPair;
use josekit::jwk::{Jwk, KeyPair as _};
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::pkey::PKey;
use serde::Deserialize;
use serde_json::Value;
use signet_jose::base64url::decode;
use signet_jose::{DecryptionKey, EncryptedToken, SharedKey};

use crate::encryption::{ANYTHING, random};

#[derive(Deserialize)]
struct Vectors {
    decrypt: Vec<Good>,
    refuse: Vec<Refused>,
}

#[derive(Deserialize)]
struct Good {
    section: String,
    key: Value,
    token: String,
    plaintext: String,
}

#[derive(Deserialize)]
struct Refused {
    section: String,
    token: String,
    error: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("encryption_vectors.json")).unwrap()
}

/// The private key of an example. The other library turns it into the form in which keys are stored.
fn private_key(key: &Value, token: &EncryptedToken<'_>) -> DecryptionKey {
    if key["kty"] == "oct" {
        return DecryptionKey::shared(SharedKey::new(&decode(key["k"].as_str().unwrap()).unwrap()));
    }
    let pkcs8 = if key["kty"] == "RSA" {
        RsaKeyPair::from_jwk(&Jwk::from_bytes(key.to_string()).unwrap()).unwrap().to_der_private_key()
    } else {
        let number = |name: &str| BigNum::from_slice(&decode(key[name].as_str().unwrap()).unwrap()).unwrap();
        let curve = if key["crv"] == "P-384" { Nid::SECP384R1 } else { Nid::X9_62_PRIME256V1 };
        let group = EcGroup::from_curve_name(curve).unwrap();
        let public = EcKey::from_public_key_affine_coordinates(&group, &number("x"), &number("y")).unwrap();
        let private = EcKey::from_private_components(&group, &number("d"), public.public_key()).unwrap();
        PKey::from_ec_key(private).unwrap().private_key_to_pkcs8().unwrap()
    };
    DecryptionKey::from_pkcs8(key["kid"].as_str().unwrap_or("a1"), token.algorithm(), &pkcs8).unwrap()
}

#[test]
fn rfc7516_a_and_rfc7520_5_every_example_decrypts_and_no_longer_does_when_changed() {
    for Good { section, key, token, plaintext } in vectors().decrypt {
        let parsed = EncryptedToken::parse(&token).unwrap();
        let key = [private_key(&key, &parsed)];
        let decrypted = parsed.decrypt(&key, &ANYTHING, &random()).unwrap();
        assert_eq!(decrypted.plaintext(), plaintext.as_bytes(), "{section}");
        for (index, part) in token.split('.').enumerate().skip(1).filter(|(_, part)| !part.is_empty()) {
            let mut changed = decode(part).unwrap();
            changed[0] ^= 1;
            let mut parts: Vec<&str> = token.split('.').collect();
            let encoded = signet_jose::base64url::encode(&changed);
            parts[index] = &encoded;
            let changed = parts.join(".");
            let result = EncryptedToken::parse(&changed).unwrap().decrypt(&key, &ANYTHING, &random());
            assert_eq!(result.err(), Some(signet_jose::DecryptionError::Undecryptable), "{section}, part {index}");
        }
    }
}

#[test]
fn rfc7520_5_rsa1_5_pbes2_gcm_key_wrapping_and_compression_are_refused() {
    for Refused { section, token, error } in vectors().refuse {
        let refused = EncryptedToken::parse(&token).err().map(|error| format!("{error:?}"));
        assert_eq!(refused, Some(error), "{section}");
    }
}
