//! Keys that are made for the clients of a plan, as JSON Web Keys (RFC 7517, RFC 7518 section 6): the suite signs with
//! them, Signet knows their public parts.

use crate::certificate::ClientCertificate;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::Private;
use openssl::rsa::Rsa;
use openssl::x509::X509;
use serde::Deserialize;
use serde_json::{Value, json};

const RSA_BITS: u32 = 2048;
/// Length of the coordinates and the private value of P-256.
const P256_BYTES: i32 = 32;

/// What a key signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum KeyAlgorithm {
    PS256,
    ES256,
}

/// A key that was made for a client.
#[derive(Debug, Clone)]
pub(crate) struct ClientKey {
    pub(crate) public: Value,
    pub(crate) private: Value,
}

impl ClientKey {
    /// Makes a key with the identifier `kid`.
    pub(crate) fn generate(algorithm: KeyAlgorithm, kid: &str) -> Result<Self, ErrorStack> {
        match algorithm {
            KeyAlgorithm::PS256 => rsa(kid),
            KeyAlgorithm::ES256 => elliptic(kid),
        }
    }
}

fn rsa(kid: &str) -> Result<ClientKey, ErrorStack> {
    let key = Rsa::generate(RSA_BITS)?;
    let mut public = rsa_public(key.n(), key.e());
    describe(&mut public, "PS256", kid);
    let mut private = public.clone();
    private["d"] = encoded(&key.d().to_vec());
    let parts = [("p", key.p()), ("q", key.q()), ("dp", key.dmp1()), ("dq", key.dmq1()), ("qi", key.iqmp())];
    for (name, number) in parts.into_iter().filter_map(|(name, number)| Some((name, number?))) {
        private[name] = encoded(&number.to_vec());
    }
    Ok(ClientKey { public, private })
}

fn elliptic(kid: &str) -> Result<ClientKey, ErrorStack> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    let key: EcKey<Private> = EcKey::generate(&group)?;
    let (mut x, mut y, mut context) = (BigNum::new()?, BigNum::new()?, BigNumContext::new()?);
    key.public_key().affine_coordinates(&group, &mut x, &mut y, &mut context)?;
    let padded = |number: &openssl::bn::BigNumRef| Ok::<_, ErrorStack>(encoded(&number.to_vec_padded(P256_BYTES)?));
    let mut public = json!({ "kty": "EC", "crv": "P-256", "x": padded(&x)?, "y": padded(&y)? });
    describe(&mut public, "ES256", kid);
    let mut private = public.clone();
    private["d"] = padded(key.private_key())?;
    Ok(ClientKey { public, private })
}

/// The certificate as a key of a client that authenticates with a certificate of its own (RFC 8705 section 2.2.2).
pub(crate) fn certificate_key(certificate: &ClientCertificate, kid: &str) -> Result<Value, ErrorStack> {
    let key = X509::from_der(&certificate.der)?.public_key()?.rsa()?;
    let mut public = rsa_public(key.n(), key.e());
    describe(&mut public, "PS256", kid);
    public["x5c"] = json!([STANDARD.encode(&certificate.der)]);
    Ok(public)
}

fn rsa_public(modulus: &openssl::bn::BigNumRef, exponent: &openssl::bn::BigNumRef) -> Value {
    json!({ "kty": "RSA", "n": encoded(&modulus.to_vec()), "e": encoded(&exponent.to_vec()) })
}

fn describe(key: &mut Value, algorithm: &str, kid: &str) {
    key["alg"] = algorithm.into();
    key["use"] = "sig".into();
    key["kid"] = kid.into();
}

fn encoded(bytes: &[u8]) -> Value {
    URL_SAFE_NO_PAD.encode(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::{ClientAuthority, common_name};

    fn members(key: &Value) -> Vec<&str> {
        let mut names: Vec<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn rfc7518_6_3_an_rsa_key_has_all_its_numbers_and_its_public_part_two() {
        let key = ClientKey::generate(KeyAlgorithm::PS256, "k").unwrap();
        assert_eq!(members(&key.public), ["alg", "e", "kid", "kty", "n", "use"]);
        let all = ["alg", "d", "dp", "dq", "e", "kid", "kty", "n", "p", "q", "qi", "use"];
        assert_eq!(members(&key.private), all);
        assert_eq!(URL_SAFE_NO_PAD.decode(key.public["n"].as_str().unwrap()).unwrap().len(), 256);
    }

    #[test]
    fn rfc7518_6_2_the_numbers_of_an_elliptic_key_have_their_full_length() {
        let key = ClientKey::generate(KeyAlgorithm::ES256, "k").unwrap();
        assert_eq!(members(&key.public), ["alg", "crv", "kid", "kty", "use", "x", "y"]);
        for name in ["x", "y", "d"] {
            assert_eq!(URL_SAFE_NO_PAD.decode(key.private[name].as_str().unwrap()).unwrap().len(), 32, "{name}");
        }
    }

    #[test]
    fn rfc5280_a_1_a_name_that_is_too_long_for_a_certificate_is_cut() {
        assert!(ClientAuthority::new().unwrap().issue(&"fapi2-security-".repeat(10)).is_ok());
        assert_eq!(common_name(&("x".to_owned() + &"y".repeat(64))), "y".repeat(64));
        assert_eq!(common_name("short"), "short");
    }

    #[test]
    fn rfc8705_2_2_2_a_certificate_is_registered_as_a_key_with_x5c() {
        let certificate = ClientAuthority::new().unwrap().issue("one").unwrap();
        let key = certificate_key(&certificate, "k").unwrap();
        assert_eq!(members(&key), ["alg", "e", "kid", "kty", "n", "use", "x5c"]);
        assert_eq!(STANDARD.decode(key["x5c"][0].as_str().unwrap()).unwrap(), certificate.der);
    }
}
