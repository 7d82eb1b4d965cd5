//! The examples printed in RFC 7515 appendix A, RFC 7638 section 3.1 and RFC 8037 appendix A.

use openssl::bn::BigNum;
use openssl::pkey::{Id, PKey};
use openssl::rsa::RsaPrivateKeyBuilder;
use serde_json::json;
use signet_jose::base64url::decode;
use signet_jose::{Jwk, SignatureAlgorithm, SigningKey, UnverifiedToken, VerifyingKey};

const A1_TOKEN: &str = "\
     eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9\
     leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const A1_KEY: &str = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
const A2_TOKEN: &str = "\
     eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19\
     yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt\
     _O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb\
     1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI\
     8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
const A2_N: &str = "\
     ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yR\
     T-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXB\
     dQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9ia\
     GNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const A2_D: &str = "\
     Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46su\
     i395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4\
     qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB\
     4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ";
const A2_P: &str = "\
     4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8\
     cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc";
const A2_Q: &str = "\
     uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t\
     62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc";
const A2_DP: &str = "\
     BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE2e9YkxvuxdBfpT_PI7Yz-FOKnu1R6HsJeDCj\
     n12Sk3vmAktV2zb34MCdy7cpdTh_YVr7tss2u6vneTwrA86rZtu5Mbr1C1XsmvkxHQAdYo0";
const A2_DQ: &str = "\
     h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKgB719rrmI2oKr6N3Do9U0ajaHF-NKJnw\
     gjMd2w9cjz3_-kyNlxAr2v4IKhGNpmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqvd0tIiTHU";
const A2_QI: &str = "\
     IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd_QJQ3ydy5cY7YIBi87w93\
     IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U";
const A3_TOKEN: &str = "\
     eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19\
     yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU\
     1Q";
const A3_X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
const A3_Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
const A4_TOKEN: &str = "\
     eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2\
     SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXo\
     lLzeO_Jn";
const A4_X: &str = "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk";
const A4_Y: &str = "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2";
const RFC7638_N: &str = "\
     0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjB\
     ZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8\
     KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_\
     xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
const RFC8037_TOKEN: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCj\
     P0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
const RFC8037_D: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
const RFC8037_X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

/// Signing input and signature, for payloads that are no claims.
fn parts(token: &str) -> (&[u8], Vec<u8>) {
    let (signing_input, signature) = token.rsplit_once('.').unwrap();
    (signing_input.as_bytes(), decode(signature).unwrap())
}

fn public_key(jwk: &serde_json::Value) -> VerifyingKey {
    VerifyingKey::from_jwk(Jwk::parse(jwk.to_string().as_bytes()).unwrap()).unwrap()
}

/// The example verifies, and no longer does when a bit of signature or message is changed.
fn assert_verifies(key: &VerifyingKey, algorithm: SignatureAlgorithm, token: &str) {
    let (message, signature) = parts(token);
    assert!(key.verifies(algorithm, message, &signature));
    let mut changed = signature.clone();
    changed[5] ^= 0x10;
    assert!(!key.verifies(algorithm, message, &changed));
    assert!(!key.verifies(algorithm, &message[1..], &signature));
}

#[test]
fn rfc7515_a_1_hs256() {
    let secret = decode(A1_KEY).unwrap();
    assert_verifies(&VerifyingKey::symmetric(&secret), SignatureAlgorithm::HS256, A1_TOKEN);
    let key = SigningKey::symmetric(SignatureAlgorithm::HS256, &secret).unwrap();
    let (message, signature) = parts(A1_TOKEN);
    assert_eq!(key.sign_bytes(message).unwrap(), signature);
    let token = UnverifiedToken::parse(A1_TOKEN).unwrap();
    assert_eq!((token.typ(), token.unverified_issuer()), (Some("JWT"), Some("joe")));
}

#[test]
fn rfc7515_a_2_rs256() {
    let number = |text| BigNum::from_slice(&decode(text).unwrap()).unwrap();
    let rsa = RsaPrivateKeyBuilder::new(number(A2_N), number("AQAB"), number(A2_D)).unwrap();
    let rsa = rsa.set_factors(number(A2_P), number(A2_Q)).unwrap();
    let rsa = rsa.set_crt_params(number(A2_DP), number(A2_DQ), number(A2_QI)).unwrap().build();
    let pkcs8 = PKey::from_rsa(rsa).unwrap().private_key_to_pkcs8().unwrap();

    let key = SigningKey::from_pkcs8("a2", SignatureAlgorithm::RS256, &pkcs8).unwrap();
    let (message, signature) = parts(A2_TOKEN);
    assert_eq!(key.sign_bytes(message).unwrap(), signature);
    assert_verifies(key.verifying_key().unwrap(), SignatureAlgorithm::RS256, A2_TOKEN);
    assert_verifies(&public_key(&json!({ "kty": "RSA", "n": A2_N, "e": "AQAB" })), SignatureAlgorithm::RS256, A2_TOKEN);
}

#[test]
fn rfc7515_a_3_es256() {
    let key = public_key(&json!({ "kty": "EC", "crv": "P-256", "x": A3_X, "y": A3_Y }));
    assert_verifies(&key, SignatureAlgorithm::ES256, A3_TOKEN);
}

#[test]
fn rfc7515_a_4_es512() {
    let key = public_key(&json!({ "kty": "EC", "crv": "P-521", "x": A4_X, "y": A4_Y }));
    assert_verifies(&key, SignatureAlgorithm::ES512, A4_TOKEN);
}

#[test]
fn rfc8037_a_4_ed25519() {
    let public = json!({ "kty": "OKP", "crv": "Ed25519", "x": RFC8037_X });
    assert_verifies(&public_key(&public), SignatureAlgorithm::EdDSA, RFC8037_TOKEN);
    let seed = PKey::private_key_from_raw_bytes(&decode(RFC8037_D).unwrap(), Id::ED25519).unwrap();
    let key = SigningKey::from_pkcs8("a4", SignatureAlgorithm::EdDSA, &seed.private_key_to_pkcs8().unwrap()).unwrap();
    let (message, signature) = parts(RFC8037_TOKEN);
    assert_eq!(key.sign_bytes(message).unwrap(), signature);
}

#[test]
fn rfc8037_a_3_thumbprint() {
    let public = json!({ "kty": "OKP", "crv": "Ed25519", "x": RFC8037_X, "kid": "ignored" });
    let key = Jwk::parse(public.to_string().as_bytes()).unwrap();
    assert_eq!(key.thumbprint().unwrap(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn rfc7638_3_1_thumbprint() {
    let public = json!({ "kty": "RSA", "n": RFC7638_N, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29" });
    let key = Jwk::parse(public.to_string().as_bytes()).unwrap();
    assert_eq!(key.thumbprint().unwrap(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}
