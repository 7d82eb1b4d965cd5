//! Encrypted tokens: which key is used for what, what a token may look like, and the one failure of a key that was used.

use std::sync::{LazyLock, Mutex, PoisonError};

use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::pkey::PKey;
use serde_json::{Value, json};
use signet_jose::{
    AllowedEncryption, ContentEncryptionAlgorithm as Enc, DecryptionError, DecryptionKey, EncryptError, EncryptedToken,
    Encryption, JweError, JwkError, JwkSet, KeyManagementAlgorithm as Alg, PublicJwkSet, Recipient, RecipientKey,
    SharedKey, SignatureAlgorithm, SigningKey, base64url, jwe,
};

use crate::seeded::{Seeded, signing_key};

/// What every test that is not about the permission allows.
pub(crate) const ANYTHING: AllowedEncryption<'static> =
    AllowedEncryption { algorithms: &Alg::ALL, contents: &Enc::ALL };

/// The secret of a client.
pub(crate) const SYMMETRIC_SECRET: &[u8] =
    b"a client secret, as long as every generated one: eighty-six characters or so";

pub(crate) fn random() -> Seeded {
    Seeded::new(7)
}

/// A private key for the algorithm, generated at its first use; the shared one for symmetric algorithms.
pub(crate) fn private_key(alg: Alg) -> DecryptionKey {
    static KEYS: LazyLock<Mutex<Vec<(Alg, DecryptionKey)>>> = LazyLock::new(Mutex::default);
    if alg.is_symmetric() {
        return DecryptionKey::shared(SharedKey::of_client_secret(SYMMETRIC_SECRET));
    }
    let mut keys = KEYS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, key)) = keys.iter().find(|(known, _)| *known == alg) {
        return key.clone();
    }
    let key = DecryptionKey::generate(alg).unwrap();
    keys.push((alg, key.clone()));
    key
}

/// A key of every kind that the algorithm can be used with.
pub(crate) fn private_keys(alg: Alg) -> Vec<DecryptionKey> {
    let mut keys = vec![private_key(alg)];
    if keys[0].public().is_some_and(|public| serde_json::to_value(public).unwrap()["kty"] == "EC") {
        for curve in [Nid::SECP384R1, Nid::SECP521R1] {
            let key = EcKey::generate(&EcGroup::from_curve_name(curve).unwrap()).unwrap();
            let pkcs8 = PKey::from_ec_key(key).unwrap().private_key_to_pkcs8().unwrap();
            keys.push(DecryptionKey::from_pkcs8("other curve", alg, &pkcs8).unwrap());
        }
        let pkcs8 = PKey::generate_x25519().unwrap().private_key_to_pkcs8().unwrap();
        keys.push(DecryptionKey::from_pkcs8("x25519", alg, &pkcs8).unwrap());
    }
    keys
}

pub(crate) fn recipient<'a>(key: &'a DecryptionKey, shared: &'a SharedKey) -> Recipient<'a> {
    key.public().map_or(Recipient::Shared(shared), Recipient::Public)
}

/// A token to the key of [`private_key`].
pub(crate) fn encrypted(alg: Alg, enc: Enc, plaintext: &[u8]) -> String {
    let (key, shared) = (private_key(alg), SharedKey::of_client_secret(SYMMETRIC_SECRET));
    let encryption = Encryption {
        algorithm: alg,
        content: enc,
        recipient: recipient(&key, &shared),
        content_type: None,
        issuer: None,
    };
    encryption.encrypt(plaintext, &random()).unwrap()
}

fn decrypt(token: &str, keys: &[DecryptionKey], allowed: &AllowedEncryption<'_>) -> Result<Vec<u8>, DecryptionError> {
    // Not the seed of the encryption: the stand-in for a content key would be the content key.
    let random = Seeded::new(8);
    Ok(EncryptedToken::parse(token)?.decrypt(keys, allowed, &random)?.plaintext().to_vec())
}

/// The token with members of its header set, or removed where null. Its tag no longer fits.
fn with_header(token: &str, members: &Value) -> String {
    let (header, rest) = token.split_once('.').unwrap();
    let mut header: Value = serde_json::from_slice(&base64url::decode(header).unwrap()).unwrap();
    for (name, value) in members.as_object().unwrap() {
        if value.is_null() {
            header.as_object_mut().unwrap().remove(name);
        } else {
            header[name] = value.clone();
        }
    }
    format!("{}.{rest}", base64url::encode(header.to_string()))
}

fn with_part(token: &str, index: usize, octets: &[u8]) -> String {
    let encoded = base64url::encode(octets);
    let mut parts: Vec<&str> = token.split('.').collect();
    parts[index] = &encoded;
    parts.join(".")
}

const UNDECRYPTABLE: Option<DecryptionError> = Some(DecryptionError::Undecryptable);

#[test]
fn rfc8725_3_1_an_algorithm_that_is_not_allowed_is_refused_before_a_key_is_used() {
    for alg in Alg::ALL {
        let token = encrypted(alg, Enc::A128Gcm, b"x");
        let others: Vec<Alg> = Alg::ALL.into_iter().filter(|other| *other != alg).collect();
        let allowed = AllowedEncryption { algorithms: &others, contents: &Enc::ALL };
        assert_eq!(decrypt(&token, &[private_key(alg)], &allowed), Err(DecryptionError::AlgorithmNotAllowed));
        let allowed = AllowedEncryption { algorithms: &Alg::ALL, contents: &[Enc::A256Gcm] };
        assert_eq!(decrypt(&token, &[private_key(alg)], &allowed), Err(DecryptionError::AlgorithmNotAllowed));
    }
}

#[test]
fn rfc8725_3_1_a_key_is_never_used_with_another_algorithm() {
    for key_alg in Alg::ALL {
        for token_alg in Alg::ALL {
            let result = decrypt(&encrypted(token_alg, Enc::A128Gcm, b"x"), &[private_key(key_alg)], &ANYTHING);
            if key_alg == token_alg || key_alg.is_symmetric() && token_alg.is_symmetric() {
                assert_eq!(result, Ok(b"x".to_vec()), "{key_alg} {token_alg}");
            } else {
                assert_eq!(result, Err(DecryptionError::UnknownKey), "{key_alg} {token_alg}");
            }
        }
    }
    let rsa = private_key(Alg::RsaOaep);
    let secret = SharedKey::of_client_secret(SYMMETRIC_SECRET);
    for (algorithm, recipient) in [
        (Alg::RsaOaep256, Recipient::Public(rsa.public().unwrap())),
        (Alg::EcdhEs, Recipient::Public(rsa.public().unwrap())),
        (Alg::Dir, Recipient::Public(rsa.public().unwrap())),
        (Alg::RsaOaep, Recipient::Shared(&secret)),
    ] {
        let encryption = Encryption { algorithm, content: Enc::A128Gcm, recipient, content_type: None, issuer: None };
        assert_eq!(encryption.encrypt(b"x", &random()).err(), Some(EncryptError::WrongKey(algorithm)));
    }
}

#[test]
fn rfc7516_4_1_6_kid_names_the_key_and_without_it_every_fitting_key_is_tried() {
    let (ours, other) = (private_key(Alg::EcdhEs), DecryptionKey::generate(Alg::EcdhEs).unwrap());
    let token = encrypted(Alg::EcdhEs, Enc::A128Gcm, b"x");
    assert_eq!(decrypt(&token, &[other.clone(), ours.clone()], &ANYTHING), Ok(b"x".to_vec()));
    assert_eq!(decrypt(&token, std::slice::from_ref(&other), &ANYTHING), Err(DecryptionError::UnknownKey));
    let mut jwk = serde_json::to_value(ours.public().unwrap()).unwrap();
    jwk.as_object_mut().unwrap().remove("kid");
    let nameless = RecipientKey::parse(jwk.to_string().as_bytes()).unwrap();
    let recipient = Recipient::Public(&nameless);
    let encryption =
        Encryption { algorithm: Alg::EcdhEs, content: Enc::A128Gcm, recipient, content_type: None, issuer: None };
    let token = encryption.encrypt(b"x", &random()).unwrap();
    assert_eq!(decrypt(&token, &[other.clone(), ours], &ANYTHING), Ok(b"x".to_vec()));
    assert_eq!(decrypt(&token, &[other], &ANYTHING).err(), UNDECRYPTABLE);
}

#[test]
fn rfc7516_5_2_what_is_no_compact_token_is_refused() {
    let token = encrypted(Alg::Dir, Enc::A128Gcm, b"x");
    let header = |members: &Value| EncryptedToken::parse(&with_header(&token, members)).err();
    assert_eq!(header(&json!({})), None);
    assert_eq!(header(&json!({ "zip": "DEF" })), Some(JweError::Compressed));
    assert_eq!(header(&json!({ "crit": [] })), Some(JweError::Extension));
    assert_eq!(header(&json!({ "b64": true })), Some(JweError::Extension));
    assert_eq!(header(&json!({ "enc": null })), Some(JweError::ContentEncryption));
    for alg in [json!("RSA1_5"), json!("none"), json!("PBES2-HS256+A128KW"), json!("HS256"), json!(null)] {
        assert_eq!(header(&json!({ "alg": alg, "p2c": 1_000_000_000 })), Some(JweError::Algorithm), "{alg}");
    }
    for name in ["alg", "enc", "kid", "typ", "cty", "epk", "apu", "apv"] {
        assert_eq!(header(&json!({ name: 1 })), Some(JweError::Header), "{name}");
    }
    assert_eq!(header(&json!({ "apu": "not base64url!" })), Some(JweError::Header));
    assert_eq!(header(&json!({ "apv": base64url::encode([0; 513]) })), Some(JweError::Header));
    assert_eq!(header(&json!({ "x": "x".repeat(4096) })), Some(JweError::TooLong));
    let duplicate = base64url::encode(r#"{"alg":"dir","enc":"A128GCM","alg":"RSA-OAEP"}"#);
    assert_eq!(EncryptedToken::parse(&format!("{duplicate}....")).err(), Some(JweError::Header));
    for other in
        ["", ".", "....", "a.b.c", "e30.e30.e30.e30", &format!("{token}."), &format!("{token}.AA"), &token[1..]]
    {
        assert!(EncryptedToken::parse(other).is_err(), "{other}");
    }
    let long = format!("{token}{}", "A".repeat(jwe::LONGEST_TOKEN));
    assert_eq!(EncryptedToken::parse(&long).err(), Some(JweError::TooLong));
    let dots = ".".repeat(1_000_000);
    assert_eq!(EncryptedToken::parse(&dots).err(), Some(JweError::TooLong));
    assert!(EncryptedToken::is_meant(&token) && !EncryptedToken::is_meant("a.b.c") && !EncryptedToken::is_meant(&dots));
}

#[test]
fn rfc7516_11_5_every_failure_of_a_used_key_is_the_same() {
    for alg in [Alg::RsaOaep, Alg::RsaOaep256, Alg::A256Kw, Alg::EcdhEsA128Kw, Alg::EcdhEs, Alg::Dir] {
        for enc in [Enc::A128CbcHs256, Enc::A256Gcm] {
            let token = encrypted(alg, enc, b"plaintext");
            let key = [private_key(alg)];
            for (index, octets) in [(1, &[][..]), (1, &[0; 8]), (1, &[0; 256]), (1, &[0xff; 256]), (1, &[7; 2048])] {
                let unchanged = octets.is_empty() && matches!(alg, Alg::EcdhEs | Alg::Dir);
                if !unchanged {
                    assert_eq!(decrypt(&with_part(&token, index, octets), &key, &ANYTHING).err(), UNDECRYPTABLE);
                }
            }
            for index in 2..5 {
                let part = base64url::decode(token.split('.').nth(index).unwrap()).unwrap();
                let mut changed = part.clone();
                *changed.last_mut().unwrap() ^= 1;
                let shorter = &part[..part.len() - 1];
                for octets in [&changed, shorter, &[], &part[..1], &[part.as_slice(), &[0]].concat()] {
                    let result = decrypt(&with_part(&token, index, octets), &key, &ANYTHING);
                    assert_eq!(result.err(), UNDECRYPTABLE, "{alg} {enc} part {index}");
                }
            }
            let changed = with_header(&token, &json!({ "cty": "JWT" }));
            assert_eq!(decrypt(&changed, &key, &ANYTHING).err(), UNDECRYPTABLE);
        }
    }
}

/// A padding oracle needs two answers. A content key that decrypts but has the wrong length is one more way to fail.
#[test]
fn rfc7516_11_5_a_content_key_of_the_wrong_length_is_no_other_failure() {
    let token = encrypted(Alg::A128Kw, Enc::A128Gcm, b"x");
    let longer = encrypted(Alg::A128Kw, Enc::A256CbcHs512, b"x");
    let wrapped = base64url::decode(longer.split('.').nth(1).unwrap()).unwrap();
    assert_eq!(decrypt(&with_part(&token, 1, &wrapped), &[private_key(Alg::A128Kw)], &ANYTHING).err(), UNDECRYPTABLE);
}

#[test]
fn cve_2016_9121_an_ephemeral_key_that_is_not_a_point_of_our_curve_is_refused() {
    let token = encrypted(Alg::EcdhEs, Enc::A128Gcm, b"x");
    let coordinate = |octet: u8, length| base64url::encode(vec![octet; length]);
    let p384 = serde_json::to_value(private_keys(Alg::EcdhEs)[1].public().unwrap()).unwrap();
    let signature = serde_json::to_value(signing_key(SignatureAlgorithm::EdDSA).public_jwk().unwrap()).unwrap();
    for epk in [
        json!(null),
        json!({}),
        json!({ "kty": "EC", "crv": "P-256", "x": coordinate(1, 32), "y": coordinate(1, 32) }),
        json!({ "kty": "EC", "crv": "P-256", "x": coordinate(0, 32), "y": coordinate(0, 32) }),
        json!({ "kty": "EC", "crv": "P-256", "x": coordinate(0xff, 32), "y": coordinate(0xff, 32) }),
        json!({ "kty": "EC", "crv": "P-256", "x": coordinate(1, 31), "y": coordinate(1, 32) }),
        json!({ "kty": "EC", "crv": "P-256", "x": "", "y": "" }),
        json!({ "kty": "EC", "crv": "secp256k1", "x": coordinate(1, 32), "y": coordinate(1, 32) }),
        json!({ "kty": "OKP", "crv": "X25519", "x": coordinate(9, 32) }),
        json!({ "kty": "oct", "k": coordinate(9, 32) }),
        p384,
        signature,
    ] {
        let changed = with_header(&token, &json!({ "epk": epk }));
        assert_eq!(decrypt(&changed, &[private_key(Alg::EcdhEs)], &ANYTHING).err(), UNDECRYPTABLE, "{epk}");
    }
}

#[test]
fn rfc8037_3_2_points_of_small_order_agree_on_nothing() {
    let pkcs8 = PKey::generate_x25519().unwrap().private_key_to_pkcs8().unwrap();
    let key = DecryptionKey::from_pkcs8("x", Alg::EcdhEs, &pkcs8).unwrap();
    let recipient = Recipient::Public(key.public().unwrap());
    let encryption =
        Encryption { algorithm: Alg::EcdhEs, content: Enc::A128Gcm, recipient, content_type: None, issuer: None };
    let token = encryption.encrypt(b"x", &random()).unwrap();
    let mut one = [0; 32];
    one[0] = 1;
    for point in [[0; 32], one] {
        let epk = json!({ "kty": "OKP", "crv": "X25519", "x": base64url::encode(point) });
        let changed = with_header(&token, &json!({ "epk": epk }));
        assert_eq!(decrypt(&changed, std::slice::from_ref(&key), &ANYTHING).err(), UNDECRYPTABLE);
        let weak = RecipientKey::parse(epk.to_string().as_bytes()).unwrap();
        let recipient = Recipient::Public(&weak);
        let encryption = Encryption { recipient, ..encryption };
        assert_eq!(encryption.encrypt(b"x", &random()).err(), Some(EncryptError::Library));
    }
}

/// Errors that OpenSSL leaves behind would cut the next TLS connection that the thread serves.
#[test]
fn design_7_failures_leave_no_error_behind_in_the_crypto_library() {
    for alg in [Alg::RsaOaep, Alg::A128Kw, Alg::EcdhEs] {
        let token = encrypted(alg, Enc::A128CbcHs256, b"x");
        assert!(decrypt(&with_part(&token, 1, &[9; 256]), &[private_key(alg)], &ANYTHING).is_err());
        assert!(openssl::error::ErrorStack::get().errors().is_empty(), "{alg}");
    }
}

#[test]
fn rfc7517_4_keys_to_encrypt_to_are_read_as_strictly_as_others() {
    let rsa = serde_json::to_value(private_key(Alg::RsaOaep).public().unwrap()).unwrap();
    let error = |members: &Value| {
        let mut key = rsa.clone();
        for (name, value) in members.as_object().unwrap() {
            key[name] = value.clone();
        }
        RecipientKey::parse(key.to_string().as_bytes()).err()
    };
    assert_eq!(error(&json!({})), None);
    assert_eq!(error(&json!({ "key_ops": ["wrapKey"] })), None);
    assert_eq!(error(&json!({ "use": "sig" })), Some(JwkError::NotForEncryption));
    assert_eq!(error(&json!({ "key_ops": ["verify", "decrypt"] })), Some(JwkError::NotForEncryption));
    assert_eq!(error(&json!({ "alg": "RS256" })), Some(JwkError::UnsupportedAlgorithm));
    assert_eq!(error(&json!({ "alg": "RSA1_5" })), Some(JwkError::UnsupportedAlgorithm));
    assert_eq!(error(&json!({ "alg": "ECDH-ES" })), Some(JwkError::AlgorithmMismatch));
    assert_eq!(error(&json!({ "d": "AQAB" })), Some(JwkError::PrivateMember));
    assert_eq!(error(&json!({ "n": "AQAB" })), Some(JwkError::WeakRsaKey));
    let okp = |x: &str| json!({ "kty": "OKP", "crv": "X25519", "x": x });
    assert_eq!(error(&okp("AA")), Some(JwkError::InvalidPoint));
    let ed25519 = json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url::encode([9; 32]) });
    assert_eq!(error(&ed25519), Some(JwkError::UnsupportedKeyType));
}

#[test]
fn oidcc_10_2_the_key_whose_owner_was_clearest_is_the_recipient() {
    let jwk = |alg: Alg, members: &Value| {
        let mut key = serde_json::to_value(private_key(alg).public().unwrap()).unwrap();
        for (name, value) in members.as_object().unwrap() {
            if value.is_null() {
                key.as_object_mut().unwrap().remove(name);
            } else {
                key[name] = value.clone();
            }
        }
        key
    };
    let signature = serde_json::to_value(signing_key(SignatureAlgorithm::RS256).public_jwk().unwrap()).unwrap();
    let set = json!({ "keys": [
        signature,
        jwk(Alg::RsaOaep, &json!({ "kid": "for anything", "use": null, "alg": null })),
        jwk(Alg::RsaOaep, &json!({ "kid": "for encryption", "alg": null })),
        jwk(Alg::RsaOaep256, &json!({ "kid": "for one algorithm", "use": null })),
        jwk(Alg::EcdhEs, &json!({ "kid": "old algorithm", "alg": "ECDH-1PU" })),
        { "kty": "OKP", "crv": "X25519", "x": base64url::encode([9; 32]), "kid": "x25519" },
    ] });
    let set = JwkSet::parse(set.to_string().as_bytes()).unwrap();
    let chosen = |alg| set.recipient(alg).and_then(RecipientKey::key_id);
    assert_eq!(chosen(Alg::RsaOaep), Some("for encryption"));
    assert_eq!(chosen(Alg::RsaOaep256), Some("for one algorithm"));
    assert_eq!(chosen(Alg::EcdhEsA256Kw), Some("x25519"));
    assert_eq!(chosen(Alg::Dir), None);
    assert_eq!(set.keys().len(), 2);
    assert_eq!(set.rejected().iter().map(|key| key.reason).collect::<Vec<_>>(), [JwkError::UnsupportedAlgorithm]);
}

#[test]
fn oidcd_3_our_set_says_of_each_key_what_it_is_for() {
    let signing: Vec<SigningKey> = vec![signing_key(SignatureAlgorithm::ES256)];
    let decryption = [private_key(Alg::RsaOaep256), private_key(Alg::EcdhEs), private_key(Alg::Dir)];
    let document = serde_json::to_value(PublicJwkSet::new(&signing).with_recipients(&decryption)).unwrap();
    let published = document["keys"].as_array().unwrap();
    let said: Vec<_> = published.iter().map(|key| (key["use"].as_str(), key["alg"].as_str())).collect();
    let (sig, enc) = (Some("sig"), Some("enc"));
    assert_eq!(said, [(sig, Some("ES256")), (enc, Some("RSA-OAEP-256")), (enc, Some("ECDH-ES"))]);
    let allowed = ["kty", "use", "alg", "kid", "crv", "x", "y", "n", "e"];
    for key in published {
        assert_eq!(key["kid"].as_str().unwrap().len(), 43);
        assert!(key.as_object().unwrap().keys().all(|name| allowed.contains(&name.as_str())), "{key}");
    }
    let read_back = JwkSet::parse(document.to_string().as_bytes()).unwrap();
    assert_eq!((read_back.keys().len(), read_back.recipients().len(), read_back.rejected().len()), (1, 2, 0));
}

#[test]
fn design_7_a_stored_decryption_key_is_the_same_key_and_only_for_its_kind() {
    for alg in [Alg::RsaOaep, Alg::EcdhEs] {
        let key = private_key(alg);
        let pkcs8 = key.pkcs8().unwrap();
        let loaded = DecryptionKey::from_pkcs8(key.key_id().unwrap(), alg, pkcs8).unwrap();
        assert_eq!(loaded.public(), key.public());
        assert_eq!(decrypt(&encrypted(alg, Enc::A128Gcm, b"x"), &[loaded], &ANYTHING), Ok(b"x".to_vec()));
        let other = if alg == Alg::EcdhEs { Alg::RsaOaep } else { Alg::EcdhEs };
        for wrong in [other, Alg::Dir, Alg::A128Kw] {
            assert!(DecryptionKey::from_pkcs8("kid", wrong, pkcs8).is_err(), "{alg} as {wrong}");
        }
        assert!(DecryptionKey::from_pkcs8("kid", alg, &pkcs8[1..]).is_err());
    }
    assert!(DecryptionKey::generate(Alg::Dir).is_err());
    let signature = signing_key(SignatureAlgorithm::EdDSA);
    assert!(DecryptionKey::from_pkcs8("kid", Alg::EcdhEs, signature.pkcs8().unwrap()).is_err());
    let key = private_key(Alg::Dir);
    assert_eq!(format!("{key:?}"), "DecryptionKey { algorithm: None, key_id: None, .. }");
}
