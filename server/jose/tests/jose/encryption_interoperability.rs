//! Every pair of algorithms against a second JOSE library, in both directions, and damaged tokens read by both.

use std::collections::BTreeMap;

use josekit::jwe::{self, A128KW, A192KW, A256KW, Dir, JweDecrypter, JweEncrypter, JweHeader, RSA_OAEP, RSA_OAEP_256};
use josekit::jwe::{ECDH_ES, ECDH_ES_A128KW, ECDH_ES_A192KW, ECDH_ES_A256KW};
use josekit::jwk::Jwk;
use serde_json::Value;
use signet_jose::{
    ContentEncryptionAlgorithm as Enc, DecryptionError, DecryptionKey, EncryptedToken, Encryption,
    KeyManagementAlgorithm as Alg, Recipient, SharedKey, base64url,
};

use crate::encryption::{ANYTHING, SYMMETRIC_SECRET, encrypted, private_key, private_keys, random, recipient};
use crate::seeded::Seeded;

const PLAINTEXT: &[u8] = b"eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl";

/// The key that both libraries share for these algorithms, as the client computes it from its secret.
fn shared_octets(alg: Alg, enc: Enc) -> Vec<u8> {
    let length = match alg {
        Alg::A128Kw => 16,
        Alg::A192Kw => 24,
        Alg::A256Kw => 32,
        _ => enc.key_length(),
    };
    let mut hash = match length {
        ..=32 => openssl::sha::sha256(SYMMETRIC_SECRET).to_vec(),
        33..=48 => openssl::sha::sha384(SYMMETRIC_SECRET).to_vec(),
        _ => openssl::sha::sha512(SYMMETRIC_SECRET).to_vec(),
    };
    hash.truncate(length);
    hash
}

fn foreign_encrypter(alg: Alg, enc: Enc, published: &Value) -> Box<dyn JweEncrypter> {
    let jwk = || Jwk::from_bytes(published.to_string()).unwrap();
    let octets = shared_octets(alg, enc);
    match alg {
        Alg::RsaOaep => Box::new(RSA_OAEP.encrypter_from_jwk(&jwk()).unwrap()),
        Alg::RsaOaep256 => Box::new(RSA_OAEP_256.encrypter_from_jwk(&jwk()).unwrap()),
        Alg::A128Kw => Box::new(A128KW.encrypter_from_bytes(octets).unwrap()),
        Alg::A192Kw => Box::new(A192KW.encrypter_from_bytes(octets).unwrap()),
        Alg::A256Kw => Box::new(A256KW.encrypter_from_bytes(octets).unwrap()),
        Alg::Dir => Box::new(Dir.encrypter_from_bytes(octets).unwrap()),
        Alg::EcdhEs => Box::new(ECDH_ES.encrypter_from_jwk(&jwk()).unwrap()),
        Alg::EcdhEsA128Kw => Box::new(ECDH_ES_A128KW.encrypter_from_jwk(&jwk()).unwrap()),
        Alg::EcdhEsA192Kw => Box::new(ECDH_ES_A192KW.encrypter_from_jwk(&jwk()).unwrap()),
        Alg::EcdhEsA256Kw => Box::new(ECDH_ES_A256KW.encrypter_from_jwk(&jwk()).unwrap()),
    }
}

fn foreign_decrypter(alg: Alg, enc: Enc, key: &DecryptionKey) -> Box<dyn JweDecrypter> {
    let pkcs8 = || key.pkcs8().unwrap().to_vec();
    let octets = shared_octets(alg, enc);
    match alg {
        Alg::RsaOaep => Box::new(RSA_OAEP.decrypter_from_der(pkcs8()).unwrap()),
        Alg::RsaOaep256 => Box::new(RSA_OAEP_256.decrypter_from_der(pkcs8()).unwrap()),
        Alg::A128Kw => Box::new(A128KW.decrypter_from_bytes(octets).unwrap()),
        Alg::A192Kw => Box::new(A192KW.decrypter_from_bytes(octets).unwrap()),
        Alg::A256Kw => Box::new(A256KW.decrypter_from_bytes(octets).unwrap()),
        Alg::Dir => Box::new(Dir.decrypter_from_bytes(octets).unwrap()),
        Alg::EcdhEs => Box::new(ECDH_ES.decrypter_from_der(pkcs8()).unwrap()),
        Alg::EcdhEsA128Kw => Box::new(ECDH_ES_A128KW.decrypter_from_der(pkcs8()).unwrap()),
        Alg::EcdhEsA192Kw => Box::new(ECDH_ES_A192KW.decrypter_from_der(pkcs8()).unwrap()),
        Alg::EcdhEsA256Kw => Box::new(ECDH_ES_A256KW.decrypter_from_der(pkcs8()).unwrap()),
    }
}

fn published(key: &DecryptionKey) -> Value {
    key.public().map_or(Value::Null, |public| serde_json::to_value(public).unwrap())
}

#[test]
fn rfc7518_4_and_5_a_second_library_decrypts_everything_we_encrypt() {
    for alg in Alg::ALL {
        for key in private_keys(alg) {
            for enc in Enc::ALL {
                let shared = SharedKey::of_client_secret(SYMMETRIC_SECRET);
                let encryption = Encryption {
                    algorithm: alg,
                    content: enc,
                    recipient: recipient(&key, &shared),
                    content_type: Some("JWT"),
                    issuer: None,
                };
                let token = encryption.encrypt(PLAINTEXT, &random()).unwrap();
                let (plaintext, header) =
                    jwe::deserialize_compact(&token, foreign_decrypter(alg, enc, &key).as_ref()).unwrap();
                assert_eq!(plaintext, PLAINTEXT, "{alg} {enc}");
                assert_eq!(header.algorithm(), Some(alg.as_str()));
                assert_eq!(header.content_encryption(), Some(enc.as_str()));
                assert_eq!(header.content_type(), Some("JWT"));
                assert_eq!(header.key_id(), key.key_id());
            }
        }
    }
}

#[test]
fn rfc7518_4_and_5_we_decrypt_everything_a_second_library_encrypts_to_our_published_keys() {
    for alg in Alg::ALL {
        for key in private_keys(alg) {
            for enc in Enc::ALL {
                let mut header = JweHeader::new();
                header.set_content_encryption(enc.as_str());
                header.set_content_type("JWT");
                header.set_agreement_partyuinfo(b"Alice");
                header.set_agreement_partyvinfo(b"Bob");
                let encrypter = foreign_encrypter(alg, enc, &published(&key));
                let token = jwe::serialize_compact(PLAINTEXT, &header, encrypter.as_ref()).unwrap();
                let parsed = EncryptedToken::parse(&token).unwrap();
                assert_eq!((parsed.algorithm(), parsed.content()), (alg, enc));
                let decrypted = parsed.decrypt(std::slice::from_ref(&key), &ANYTHING, &random()).unwrap();
                assert_eq!(decrypted.plaintext(), PLAINTEXT, "{alg} {enc}");
                assert!(decrypted.is_nested());
            }
        }
    }
}

const DAMAGED: usize = 4_000;

/// Where we refuse and the other library accepts, with the reason.
const STRICTER: [(&str, &str); 3] = [
    ("Header", "duplicate members, or a member of the wrong type that the other library does not look at"),
    ("ShortTag", "the other library takes AES-GCM tags of any length, RFC 7518 section 5.3 wants 128 bits"),
    ("Extension", "crit and b64 are refused whatever they hold: RFC 7516 section 4.1.13"),
];

const HEADER_MEMBERS: [&str; 20] = [
    r#""zip":"DEF""#,
    r#""zip":null"#,
    r#""crit":["exp"]"#,
    r#""crit":[]"#,
    r#""b64":false"#,
    r#""alg":"RSA1_5""#,
    r#""alg":"dir""#,
    r#""enc":"A128GCM""#,
    r#""enc":"A256CBC""#,
    r#""a":1,"a":2"#,
    r#""typ":1"#,
    r#""cty":1"#,
    r#""kid":1"#,
    r#""kid":"other""#,
    r#""epk":{"kty":"EC"}"#,
    r#""epk":1"#,
    r#""apu":"!""#,
    r#""apv":"Qm9i""#,
    r#""p2c":1000000000,"p2s":"AAAA""#,
    r#""jku":"https://attacker.test/""#,
];

fn damaged(token: &str, random: &Seeded) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let index = random.below(parts.len());
    match random.below(5) {
        0 => parts.swap(index, random.below(5)),
        1 => parts[index].clear(),
        2 => {
            let header = String::from_utf8(base64url::decode(&parts[0]).unwrap()).unwrap();
            let members = random.pick(&HEADER_MEMBERS);
            parts[0] = base64url::encode(header.replacen('{', &format!("{{{members},"), 1));
        }
        3 => {
            let mut bytes = base64url::decode(&parts[index]).unwrap();
            if !bytes.is_empty() {
                let at = random.below(bytes.len());
                bytes[at] ^= 1 << random.below(8);
                bytes.truncate(bytes.len() - random.below(2));
            }
            parts[index] = base64url::encode(bytes);
        }
        _ => {
            let text = random.pick(&[".", "=", " ", "A", "AAAA", "é"]);
            parts[index].push_str(text);
        }
    }
    parts.join(".")
}

fn is_full_tag(encoded: &str) -> bool {
    base64url::decode(encoded).is_ok_and(|tag| tag.len() == 16)
}

#[test]
fn rfc7516_5_2_whatever_we_decrypt_of_damaged_tokens_a_second_library_decrypts_to_the_same() {
    let seeded = Seeded::new(20_260_202);
    let pairs = [(Alg::EcdhEs, Enc::A256Gcm), (Alg::EcdhEsA256Kw, Enc::A128CbcHs256), (Alg::A128Kw, Enc::A256CbcHs512)];
    let pairs = [pairs[0], pairs[1], pairs[2], (Alg::Dir, Enc::A128Gcm), (Alg::RsaOaep256, Enc::A192CbcHs384)];
    let (mut both, mut stricter) = (0, BTreeMap::<String, usize>::new());
    for round in 0..DAMAGED {
        // RSA is slow without optimisation.
        let (alg, enc) = if round % 40 == 0 { pairs[4] } else { pairs[seeded.below(4)] };
        let key = private_key(alg);
        let token = encrypted(alg, enc, PLAINTEXT);
        let token = if seeded.below(10) == 0 { token } else { damaged(&token, &seeded) };
        let ours = EncryptedToken::parse(&token)
            .map_err(DecryptionError::from)
            .and_then(|parsed| parsed.decrypt(std::slice::from_ref(&key), &ANYTHING, &seeded));
        let iv = token.split('.').nth(2).and_then(|part| base64url::decode(part).ok()).unwrap_or_default();
        if iv.len() < if enc.as_str().ends_with("GCM") { 12 } else { 16 } {
            // The other library panics at a short initialization vector.
            assert!(ours.is_err(), "{token}");
            continue;
        }
        let theirs = jwe::deserialize_compact(&token, foreign_decrypter(alg, enc, &key).as_ref());
        match (ours, theirs) {
            (Ok(ours), Ok((theirs, _))) => {
                assert_eq!(ours.plaintext(), theirs, "{token}");
                assert_eq!(ours.plaintext(), PLAINTEXT, "{token}");
                both += 1;
            }
            (Ok(_), Err(error)) => panic!("{error}: {token}"),
            (Err(error), Ok(_)) => {
                let has_short_tag = enc.as_str().ends_with("GCM") && !token.rsplit('.').next().is_some_and(is_full_tag);
                let label = if has_short_tag && error == DecryptionError::Undecryptable {
                    "ShortTag".to_owned()
                } else {
                    format!("{error:?}").replace("Unreadable(", "").replace(')', "")
                };
                assert!(STRICTER.iter().any(|(listed, _)| *listed == label), "{error:?}: {token}");
                *stricter.entry(label).or_default() += 1;
            }
            (Err(_), Err(_)) => {}
        }
    }
    println!("both decrypt {both}; only they {stricter:?}");
    assert!(both > DAMAGED / 20, "{both}");
}

#[test]
fn oidcc_10_2_a_recipient_without_kid_gets_a_token_without_kid() {
    let mut jwk = published(&private_key(Alg::EcdhEs));
    jwk.as_object_mut().unwrap().remove("kid");
    let key = signet_jose::RecipientKey::parse(jwk.to_string().as_bytes()).unwrap();
    let recipient = Recipient::Public(&key);
    let encryption =
        Encryption { algorithm: Alg::EcdhEs, content: Enc::A128Gcm, recipient, content_type: None, issuer: None };
    let token = encryption.encrypt(PLAINTEXT, &random()).unwrap();
    assert_eq!(EncryptedToken::parse(&token).unwrap().key_id(), None);
}
