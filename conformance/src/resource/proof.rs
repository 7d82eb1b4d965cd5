//! Whether a `DPoP` proof is good for a request with an access token (RFC 9449 section 4.3).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::rsa::{Padding, Rsa};
use openssl::sha::sha256;
use openssl::sign::{RsaPssSaltlen, Verifier};
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

/// How far the clock of a client may be off, in seconds.
const CLOCK_TOLERANCE: u64 = 60;
/// Half the length of an ES256 signature (RFC 7518 section 3.4).
const P256_BYTES: usize = 32;
/// Members of a key that are nobody's business (RFC 7518 section 6).
const PRIVATE_MEMBERS: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "k"];

/// The request that a proof is for.
pub(super) struct Proven<'a> {
    pub(super) method: &'a str,
    pub(super) url: &'a Url,
    pub(super) access_token: &'a str,
    /// Seconds since 1970.
    pub(super) now: u64,
}

/// What a good proof says.
#[derive(Debug)]
pub(super) struct Proof {
    /// The thumbprint of the key that signed (RFC 7638).
    pub(super) thumbprint: String,
    /// Nobody may use it again.
    pub(super) jti: String,
}

#[derive(Deserialize)]
struct Header {
    typ: String,
    alg: String,
    jwk: Map<String, Value>,
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: u64,
    ath: String,
}

/// Checks everything but that the proof was not used before and that the token is bound to the key.
pub(super) fn check(text: &str, proven: &Proven<'_>) -> Result<Proof, &'static str> {
    let parts: Vec<&str> = text.split('.').collect();
    let [head, body, signature] = parts[..] else { return Err("the proof has not three parts") };
    let header: Header = decoded(head).ok_or("the header of the proof does not read")?;
    let claims: Claims = decoded(body).ok_or("the claims of the proof do not read")?;
    if header.typ != "dpop+jwt" {
        return Err("typ is not dpop+jwt");
    }
    if PRIVATE_MEMBERS.iter().any(|name| header.jwk.contains_key(*name)) {
        return Err("jwk has a private part");
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| "the signature does not read")?;
    let signed = [head, body].join(".");
    if !is_signed(&header, signed.as_bytes(), &signature) {
        return Err("the signature is not by the key in jwk");
    }
    concerns(&claims, proven)?;
    let thumbprint = thumbprint(&header.jwk).ok_or("jwk has no thumbprint")?;
    Ok(Proof { thumbprint, jti: claims.jti })
}

fn concerns(claims: &Claims, proven: &Proven<'_>) -> Result<(), &'static str> {
    if claims.htm != proven.method {
        return Err("htm is another method");
    }
    let asked = Url::parse(&claims.htu).map(|url| without_query(&url));
    if asked.ok() != Some(without_query(proven.url)) {
        return Err("htu is another address");
    }
    if claims.iat.abs_diff(proven.now) > CLOCK_TOLERANCE {
        return Err("iat is too old or too new");
    }
    if claims.ath != URL_SAFE_NO_PAD.encode(sha256(proven.access_token.as_bytes())) {
        return Err("ath is of another token");
    }
    Ok(())
}

/// RFC 9449 section 4.3: query and fragment do not count. Case and default port are alike once parsed.
fn without_query(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url
}

fn decoded<T: for<'a> Deserialize<'a>>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// The algorithms that the suite's FAPI plans use; no key that does not read has signed anything.
fn is_signed(header: &Header, signed: &[u8], signature: &[u8]) -> bool {
    let verified = match header.alg.as_str() {
        "PS256" => rsa_signed(&header.jwk, signed, signature),
        "ES256" => elliptic_signed(&header.jwk, signed, signature),
        _ => None,
    };
    verified.unwrap_or(false)
}

fn rsa_signed(jwk: &Map<String, Value>, signed: &[u8], signature: &[u8]) -> Option<bool> {
    let verify = |modulus, exponent| {
        let key = PKey::from_rsa(Rsa::from_public_components(modulus, exponent)?)?;
        let mut verifier = Verifier::new(MessageDigest::sha256(), &key)?;
        verifier.set_rsa_padding(Padding::PKCS1_PSS)?;
        verifier.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
        verifier.verify_oneshot(signature, signed)
    };
    verify(number(jwk, "n")?, number(jwk, "e")?).ok()
}

fn elliptic_signed(jwk: &Map<String, Value>, signed: &[u8], signature: &[u8]) -> Option<bool> {
    if jwk.get("crv") != Some(&Value::from("P-256")) || signature.len() != 2 * P256_BYTES {
        return None;
    }
    let verify = |x: BigNum, y: BigNum| -> Result<bool, ErrorStack> {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
        let key = EcKey::from_public_key_affine_coordinates(&group, &x, &y)?;
        let (r, s) = signature.split_at(P256_BYTES);
        let signature = EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?;
        signature.verify(&sha256(signed), &key)
    };
    verify(number(jwk, "x")?, number(jwk, "y")?).ok()
}

fn number(jwk: &Map<String, Value>, name: &str) -> Option<BigNum> {
    BigNum::from_slice(&URL_SAFE_NO_PAD.decode(jwk.get(name)?.as_str()?).ok()?).ok()
}

/// RFC 7638 section 3: the members that make the key, by name.
fn thumbprint(jwk: &Map<String, Value>) -> Option<String> {
    let required: &[&str] = match jwk.get("kty")?.as_str()? {
        "RSA" => &["e", "kty", "n"],
        "EC" => &["crv", "kty", "x", "y"],
        _ => return None,
    };
    let members: Option<Map<String, Value>> =
        required.iter().map(|name| Some(((*name).to_owned(), jwk.get(*name)?.clone()))).collect();
    let text = serde_json::to_string(&members?).ok()?;
    Some(URL_SAFE_NO_PAD.encode(sha256(text.as_bytes())))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::credentials::{ClientKey, KeyAlgorithm};
    use openssl::bn::BigNumRef;
    use openssl::pkey::Private;
    use openssl::rsa::RsaPrivateKeyBuilder;
    use openssl::sign::Signer;
    use serde_json::json;

    pub(crate) const TOKEN: &str = "token";

    fn part(value: &Value) -> String {
        URL_SAFE_NO_PAD.encode(value.to_string())
    }

    pub(crate) fn claims(url: &str, now: u64) -> Value {
        let ath = URL_SAFE_NO_PAD.encode(sha256(TOKEN.as_bytes()));
        json!({ "jti": "j", "htm": "GET", "htu": url, "iat": now, "ath": ath })
    }

    fn header(key: &ClientKey) -> Value {
        json!({ "typ": "dpop+jwt", "alg": key.public["alg"], "jwk": key.public })
    }

    fn big(key: &ClientKey, name: &str) -> BigNum {
        number(key.private.as_object().unwrap(), name).unwrap()
    }

    fn sign_rsa(key: &ClientKey, input: &[u8]) -> Vec<u8> {
        let (modulus, exponents) = (big(key, "n"), (big(key, "e"), big(key, "d")));
        let key = RsaPrivateKeyBuilder::new(modulus, exponents.0, exponents.1).unwrap().build();
        let key = PKey::from_rsa(key).unwrap();
        let mut signer = Signer::new(MessageDigest::sha256(), &key).unwrap();
        signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
        signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH).unwrap();
        signer.sign_oneshot_to_vec(input).unwrap()
    }

    fn sign_elliptic(key: &ClientKey, signed: &[u8]) -> Vec<u8> {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let public = EcKey::from_public_key_affine_coordinates(&group, &big(key, "x"), &big(key, "y")).unwrap();
        let private: EcKey<Private> =
            EcKey::from_private_components(&group, &big(key, "d"), public.public_key()).unwrap();
        let signature = EcdsaSig::sign(&sha256(signed), &private).unwrap();
        let padded = |number: &BigNumRef| number.to_vec_padded(32).unwrap();
        [padded(signature.r()), padded(signature.s())].concat()
    }

    pub(crate) fn proof(key: &ClientKey, header: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = match key.public["kty"].as_str().unwrap() {
            "RSA" => sign_rsa(key, signed.as_bytes()),
            _ => sign_elliptic(key, signed.as_bytes()),
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    pub(crate) fn good(key: &ClientKey, url: &str, now: u64) -> String {
        proof(key, &header(key), &claims(url, now))
    }

    fn checked(text: &str) -> Result<Proof, &'static str> {
        let url = Url::parse("https://localhost:1/accounts").unwrap();
        check(text, &Proven { method: "GET", url: &url, access_token: TOKEN, now: 1000 })
    }

    #[test]
    fn rfc9449_4_3_a_proof_of_either_algorithm_is_good() {
        for algorithm in [KeyAlgorithm::PS256, KeyAlgorithm::ES256] {
            let key = ClientKey::generate(algorithm, "k").unwrap();
            for url in ["https://localhost:1/accounts", "HTTPS://LOCALHOST:1/accounts?a=b#c"] {
                for now in [990, 1008] {
                    assert_eq!(checked(&good(&key, url, now)).unwrap().jti, "j");
                }
            }
        }
    }

    #[test]
    fn rfc7638_3_the_thumbprint_is_of_the_members_that_make_the_key() {
        let modulus = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebW\
            KRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQM\
            icAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcR\
            wr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let jwk = json!({ "kty": "RSA", "alg": "RS256", "kid": "2011-04-29", "e": "AQAB", "n": modulus });
        let expected = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
        assert_eq!(thumbprint(jwk.as_object().unwrap()).as_deref(), Some(expected));
    }

    #[test]
    fn rfc9449_4_3_whatever_is_missing_or_wrong_is_refused() {
        let (key, other) =
            (ClientKey::generate(KeyAlgorithm::ES256, "k"), ClientKey::generate(KeyAlgorithm::ES256, "o"));
        let (key, other) = (key.unwrap(), other.unwrap());
        let (head, body) = (header(&key), claims("https://localhost:1/accounts", 1000));
        let changed = |value: &Value, name: &str, to: Value| {
            let mut value = value.clone();
            value[name] = to;
            value
        };
        for (name, to) in [
            ("typ", json!("jwt")),
            ("typ", json!(null)),
            ("alg", json!("RS256")),
            ("alg", json!("none")),
            ("jwk", json!(null)),
            ("jwk", key.private.clone()),
            ("jwk", other.public.clone()),
        ] {
            assert!(checked(&proof(&key, &changed(&head, name, to.clone()), &body)).is_err(), "{name} {to}");
        }
        for (name, to) in [
            ("jti", json!(null)),
            ("htm", json!("PUT")),
            ("htm", json!(null)),
            ("htu", json!("https://localhost:1/a")),
            ("htu", json!("https://localhost:1/accountsx")),
            ("iat", json!(4600)),
            ("iat", json!(null)),
            ("ath", json!("x")),
            ("ath", json!(null)),
        ] {
            assert!(checked(&proof(&key, &head, &changed(&body, name, to.clone()))).is_err(), "{name} {to}");
        }
        let text = good(&key, "https://localhost:1/accounts", 1000);
        let (unsigned, _) = text.rsplit_once('.').unwrap();
        for text in [unsigned.to_owned(), format!("{unsigned}."), good(&other, "https://x/", 1000), String::new()] {
            assert!(checked(&text).is_err(), "{text}");
        }
    }
}
