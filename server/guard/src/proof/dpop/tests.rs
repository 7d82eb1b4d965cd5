use http::header::AUTHORIZATION;
use serde_json::{Value, json};
use signet_jose::{SigningKey, base64url};

use super::*;
use crate::{AccessToken, Confirmation, ConnectionCertificate, Guard, Requirement, ResourceRequest, TokenCheck};

const NOW: UnixTime = UnixTime(1_800_000_000);
const TOKEN: &str = "the.access.token";
const URI: &str = "https://api.test/accounts";

/// Knows one token, and what it is bound to.
struct Known(AccessToken);

impl TokenCheck for Known {
    type Token = AccessToken;
    type Fault = GuardFault;

    async fn check(&self, token: &str, _: UnixTime) -> Result<AccessToken, Denial<GuardFault>> {
        if token == TOKEN {
            return Ok(self.0.clone());
        }
        Err(ErrorCode::InvalidToken.because("unknown").into())
    }
}

struct Api {
    key: SigningKey,
    guard: Guard<Known, Dpop>,
}

impl Api {
    fn with(algorithm: SignatureAlgorithm, dpop: Dpop) -> Self {
        let key = SigningKey::generate(algorithm).unwrap();
        let cnf = json!({ "jkt": key.public_jwk().unwrap().thumbprint().unwrap() });
        Self { key, guard: Guard::new(known(&cnf), dpop) }
    }

    fn new() -> Self {
        Self::with(SignatureAlgorithm::ES256, Dpop::default())
    }

    async fn asked_at(&self, scheme: &str, proofs: &[&str], now: UnixTime) -> Result<(), Option<ErrorCode>> {
        asked(&self.guard, (scheme, None), proofs, now).await
    }

    async fn asked(&self, proof: &str) -> Result<(), Option<ErrorCode>> {
        self.asked_at("DPoP", &[proof], NOW).await
    }

    fn good(&self, jti: &str) -> String {
        proof(&self.key, &header(&self.key), &claims(jti))
    }

    fn with_claim(&self, name: &str, value: Value) -> String {
        proof(&self.key, &header(&self.key), &changed(claims("j"), name, value))
    }
}

fn known(cnf: &Value) -> Known {
    let Value::Object(claims) = json!({ "cnf": cnf }) else { panic!("claims are an object") };
    Known(AccessToken::read(claims).unwrap())
}

async fn asked(
    guard: &Guard<Known, Dpop>,
    (scheme, certificate): (&str, Option<ConnectionCertificate>),
    proofs: &[&str],
    now: UnixTime,
) -> Result<(), Option<ErrorCode>> {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, format!("{scheme} {TOKEN}").parse().unwrap());
    for proof in proofs {
        headers.append("dpop", proof.parse().unwrap());
    }
    let uris = [URI.to_owned()];
    let certificate = certificate.as_ref();
    let request = ResourceRequest { method: "GET", uris: &uris, headers: &headers, query: "", form: None, certificate };
    let admitted = guard.admit(&request, &Requirement::any_token(), now).await;
    admitted.map(drop).map_err(|denial| denial.code())
}

fn header(key: &SigningKey) -> Value {
    let public = serde_json::to_value(key.public_jwk().unwrap()).unwrap();
    let members =
        ["kty", "crv", "x", "y", "n", "e"].iter().filter_map(|name| Some((*name, public.get(*name)?.clone())));
    let jwk: serde_json::Map<String, Value> = members.map(|(name, value)| (name.to_owned(), value)).collect();
    json!({ "typ": "dpop+jwt", "alg": key.algorithm(), "jwk": jwk })
}

fn claims(jti: &str) -> Value {
    let hash = base64url::encode(digest::sha256(TOKEN.as_bytes()));
    json!({ "jti": jti, "htm": "GET", "htu": URI, "iat": NOW.0, "ath": hash })
}

fn changed(mut value: Value, name: &str, to: Value) -> Value {
    let members = value.as_object_mut().unwrap();
    if to.is_null() {
        members.remove(name)
    } else {
        members.insert(name.to_owned(), to)
    };
    value
}

fn proof(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let message = format!("{}.{}", base64url::encode(header.to_string()), base64url::encode(claims.to_string()));
    format!("{message}.{}", base64url::encode(key.sign_bytes(message.as_bytes()).unwrap()))
}

const NO_PROOF: Result<(), Option<ErrorCode>> = Err(Some(ErrorCode::InvalidDpopProof));
const NO_TOKEN: Result<(), Option<ErrorCode>> = Err(Some(ErrorCode::InvalidToken));

#[tokio::test]
async fn rfc9449_7_1_a_proof_for_the_request_and_the_token_opens_the_resource() {
    for algorithm in [SignatureAlgorithm::ES256, SignatureAlgorithm::PS256, SignatureAlgorithm::EdDSA] {
        let api = Api::with(algorithm, Dpop::default());
        assert_eq!(api.asked(&api.good("j")).await, Ok(()), "{algorithm}");
    }
}

#[tokio::test]
async fn tk_042_rfc9449_11_1_a_proof_opens_a_resource_once() {
    let api = Api::new();
    let good = api.good("j");
    let all = futures_util::future::join_all((0..16).map(|_| api.asked(&good))).await;
    assert_eq!(all.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for seconds in [0, 30, 60, 89] {
        assert_eq!(api.asked_at("DPoP", &[&good], NOW.plus(seconds)).await, NO_PROOF, "{seconds}");
    }
    assert_eq!(api.asked(&api.good("k")).await, Ok(()));
}

#[tokio::test]
async fn tk_044_rfc9449_4_3_the_address_is_compared_as_addresses_are() {
    let api = Api::new();
    for (number, same) in ["HTTPS://API.test/accounts", "https://api.test:443/accounts?a=b#c"].iter().enumerate() {
        let claims = changed(claims(&number.to_string()), "htu", json!(same));
        assert_eq!(api.asked(&proof(&api.key, &header(&api.key), &claims)).await, Ok(()), "{same}");
    }
    for other in ["http://api.test/accounts", "https://api.test/accounts/", "https://api.test", "/accounts", ""] {
        assert_eq!(api.asked(&api.with_claim("htu", json!(other))).await, NO_PROOF, "{other}");
    }
}

#[tokio::test]
async fn tk_045_rfc9449_11_1_a_proof_is_young_and_clocks_differ_a_little() {
    let api = Api::new();
    for (number, seconds) in [-10, 10, -90, 30].iter().enumerate() {
        let claims = changed(claims(&number.to_string()), "iat", json!(NOW.0 + seconds));
        assert_eq!(api.asked(&proof(&api.key, &header(&api.key), &claims)).await, Ok(()), "{seconds}");
    }
    for seconds in [-3600, -91, 31, 3600] {
        assert_eq!(api.asked(&api.with_claim("iat", json!(NOW.0 + seconds))).await, NO_PROOF, "{seconds}");
    }
}

#[tokio::test]
async fn tk_046_rfc9449_9_where_nonces_are_demanded_a_proof_has_one_of_this_time() {
    let dpop = || Dpop::default().with_nonces(Zeroizing::new([7; 32]));
    let (api, neighbour) = (Api::with(SignatureAlgorithm::ES256, dpop()), dpop());
    let wanted = Err(Some(ErrorCode::UseDpopNonce));
    let nonce_at = |now: UnixTime| ProofCheck::<AccessToken, GuardFault>::nonce(&neighbour, false, now).unwrap();
    let with = |nonce: Value| api.with_claim("nonce", nonce);
    for wrong in [json!(null), json!(""), json!("AAAAAAAAAAAAAAAAAAAAAA"), json!(nonce_at(NOW.minus(300)))] {
        assert_eq!(api.asked(&with(wrong.clone())).await, wanted, "{wrong}");
    }
    // Of another process of the API, which has the same key; a proof with it counts once as well.
    let good = with(json!(nonce_at(NOW)));
    assert_eq!(api.asked(&good).await, Ok(()));
    assert_eq!(api.asked(&good).await, NO_PROOF);
    let denial = Denial::Refused(ErrorCode::UseDpopNonce.because("r"));
    assert_eq!(api.guard.nonce(&denial, NOW).unwrap(), nonce_at(NOW).as_str());
    assert_eq!(Api::new().guard.nonce(&denial, NOW), None);
}

#[tokio::test]
async fn tk_048_and_tk_049_rfc9449_4_3_whatever_is_missing_or_wrong_is_refused() {
    let api = Api::new();
    let other = SigningKey::generate(SignatureAlgorithm::ES256).unwrap();
    let good_header = header(&api.key);
    let mut private = good_header["jwk"].clone();
    private["d"] = json!("AAAA");
    let off_curve = changed(good_header["jwk"].clone(), "x", json!(base64url::encode([1; 32])));
    for (name, value) in [
        ("typ", json!(null)),
        ("typ", json!("JWT")),
        ("alg", json!("none")),
        ("alg", json!("HS256")),
        ("alg", json!("RS256")),
        ("jwk", json!(null)),
        ("jwk", private),
        ("jwk", off_curve),
        ("jwk", json!({ "kty": "oct", "k": "AAAA" })),
        ("jwk", header(&other)["jwk"].clone()),
        ("crit", json!(["b64"])),
    ] {
        let proof = proof(&api.key, &changed(good_header.clone(), name, value.clone()), &claims("j"));
        assert_eq!(api.asked(&proof).await, NO_PROOF, "{name} {value}");
    }
    for (name, value) in [
        ("jti", json!(null)),
        ("jti", json!("")),
        ("jti", json!("x".repeat(10_000))),
        ("htm", json!(null)),
        ("htm", json!("POST")),
        ("htm", json!("get")),
        ("htu", json!(null)),
        ("iat", json!(null)),
        ("iat", json!("1800000000")),
        ("ath", json!(null)),
        ("ath", json!("")),
        ("ath", json!(base64url::encode(digest::sha256(b"another token")))),
    ] {
        assert_eq!(api.asked(&api.with_claim(name, value.clone())).await, NO_PROOF, "{name} {value}");
    }
    let good = api.good("j");
    let (signed, _) = good.rsplit_once('.').unwrap();
    for garbage in ["", "x", "a.b.c", signed, &format!("{signed}."), &"x".repeat(100_000)] {
        assert_eq!(api.asked(garbage).await, NO_PROOF, "{garbage}");
    }
    assert_eq!(api.asked(&good).await, Ok(()), "none of them has used it up");
}

#[tokio::test]
async fn tk_050_rfc9449_4_3_there_is_one_proof() {
    let api = Api::new();
    assert_eq!(api.asked_at("DPoP", &[], NOW).await, NO_PROOF);
    assert_eq!(api.asked_at("DPoP", &[&api.good("a"), &api.good("b")], NOW).await, NO_PROOF);
}

#[tokio::test]
async fn tk_053_rfc9449_7_1_another_keys_proof_opens_nothing() {
    let (api, thief) = (Api::new(), Api::new());
    assert_eq!(api.asked(&thief.good("j")).await, NO_TOKEN);
    assert_eq!(api.asked(&api.good("j")).await, Ok(()));
}

#[tokio::test]
async fn rfc9449_7_2_no_token_is_taken_for_another_kind_than_it_is() {
    let api = Api::new();
    assert_eq!(api.asked_at("Bearer", &[&api.good("j")], NOW).await, NO_TOKEN);
    let Value::Object(claims) = json!({}) else { panic!("claims are an object") };
    let bearer = Guard::new(Known(AccessToken::read(claims).unwrap()), Dpop::default());
    assert_eq!(asked(&bearer, ("DPoP", None), &[&api.good("j")], NOW).await, NO_TOKEN);
    assert_eq!(asked(&bearer, ("bearer", None), &[], NOW).await, Ok(()));
}

#[tokio::test]
async fn tk_041_rfc8705_3_a_token_needs_the_certificate_that_it_is_bound_to() {
    let (own, other) = (ConnectionCertificate::of_der(b"own"), ConnectionCertificate::of_der(b"other"));
    let guard = Guard::new(known(&json!({ "x5t#S256": base64url::encode(own.0) })), Dpop::default());
    assert_eq!(asked(&guard, ("Bearer", Some(own)), &[], NOW).await, Ok(()));
    for certificate in [None, Some(other)] {
        assert_eq!(asked(&guard, ("Bearer", certificate), &[], NOW).await, NO_TOKEN);
    }
    assert_eq!(asked(&guard, ("DPoP", Some(own)), &[], NOW).await, NO_TOKEN);
}

#[tokio::test]
async fn what_a_token_is_bound_to_twice_is_proved_twice() {
    let own = ConnectionCertificate::of_der(b"own");
    let api = Api::new();
    let key = Confirmation { key: api.guard.tokens.0.confirmation().key, certificate: Some(own.0) };
    let cnf = json!({ "jkt": base64url::encode(key.key.unwrap()), "x5t#S256": base64url::encode(own.0) });
    let guard = Guard::new(known(&cnf), Dpop::default());
    let good = api.good("j");
    assert_eq!(asked(&guard, ("DPoP", None), &[&good], NOW).await, NO_TOKEN);
    assert_eq!(asked(&guard, ("DPoP", Some(own)), &[], NOW).await, NO_PROOF);
    assert_eq!(asked(&guard, ("Bearer", Some(own)), &[&good], NOW).await, NO_TOKEN);
    assert_eq!(asked(&guard, ("DPoP", Some(own)), &[&good], NOW).await, Ok(()));
}

#[tokio::test]
async fn where_replays_cannot_be_told_nobody_is_let_through() {
    struct Away;
    impl ReplayWindow for Away {
        async fn consume(&self, _: [u8; 32], _: UnixTime, _: UnixTime) -> Result<bool, GuardFault> {
            Err(GuardFault::new("away"))
        }
    }
    let api = Api::new();
    let guard = Guard::new(api.guard.tokens, Dpop::remembering(Away));
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, format!("DPoP {TOKEN}").parse().unwrap());
    headers.insert("dpop", proof(&api.key, &header(&api.key), &claims("j")).parse().unwrap());
    let uris = [URI.to_owned()];
    let request =
        ResourceRequest { method: "GET", uris: &uris, headers: &headers, query: "", form: None, certificate: None };
    let denial = guard.admit(&request, &Requirement::any_token(), NOW).await.unwrap_err();
    assert!(matches!(denial, Denial::Fault(_)));
}
