use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use signet_jose::{PublicJwkSet, SigningKey, base64url, sign};

use super::*;
use crate::BoxError;

const NOW: UnixTime = UnixTime(1_800_000_000);
const ISSUER: &str = "https://as.test";
const API: &str = "https://api.test";

/// An issuer with its published keys, which counts how often they are fetched. Without keys it does not answer.
#[derive(Clone)]
struct Issuer {
    key: SigningKey,
    published: Arc<Mutex<Option<Vec<SigningKey>>>>,
    fetched: Arc<AtomicUsize>,
}

impl Issuer {
    fn new() -> Self {
        let key = generate();
        let published = Arc::new(Mutex::new(Some(vec![key.clone()])));
        Self { key, published, fetched: Arc::default() }
    }

    fn publish(&self, keys: Option<Vec<SigningKey>>) {
        *self.published.lock().unwrap() = keys;
    }

    fn fetched(&self) -> usize {
        self.fetched.load(Ordering::SeqCst)
    }

    fn check(&self) -> JwtCheck<Self> {
        JwtCheck::new(ISSUER, API, self.clone())
    }
}

impl KeySource for Issuer {
    async fn fetch(&self) -> Result<Vec<u8>, BoxError> {
        self.fetched.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        let published = self.published.lock().unwrap().clone().ok_or("the issuer does not answer")?;
        Ok(serde_json::to_vec(&PublicJwkSet::new(&published))?)
    }
}

fn generate() -> SigningKey {
    SigningKey::generate(SignatureAlgorithm::ES256).unwrap()
}

fn claims() -> Value {
    json!({ "iss": ISSUER, "aud": API, "sub": "u", "client_id": "c", "jti": "j", "iat": NOW.0, "exp": NOW.0 + 600 })
}

fn changed(name: &str, value: Value) -> Value {
    let mut claims = claims();
    if value.is_null() {
        claims.as_object_mut().unwrap().remove(name)
    } else {
        claims.as_object_mut().unwrap().insert(name.to_owned(), value)
    };
    claims
}

fn token(key: &SigningKey, claims: &Value) -> String {
    sign(key, Some("at+jwt"), claims).unwrap()
}

/// The code of the denial; nothing where the resource could not tell.
async fn checked(check: &JwtCheck<Issuer>, token: &str, now: UnixTime) -> Result<AccessToken, Option<ErrorCode>> {
    check.check(token, now).await.map_err(|denial| denial.code())
}

const REFUSED: Option<ErrorCode> = Some(ErrorCode::InvalidToken);

#[tokio::test]
async fn rfc9068_4_a_token_of_the_issuer_for_the_api_is_good() {
    let issuer = Issuer::new();
    let check = issuer.check().or_audience("https://other.test");
    let good = checked(&check, &token(&issuer.key, &claims()), NOW).await.unwrap();
    assert_eq!((good.subject(), good.client_id(), good.text("jti")), (Some("u"), Some("c"), Some("j")));
    for audience in [json!(["https://x.test", API]), json!("https://other.test")] {
        assert!(checked(&check, &token(&issuer.key, &changed("aud", audience)), NOW).await.is_ok());
    }
    let typed = sign(&issuer.key, Some("application/at+jwt"), &claims()).unwrap();
    assert!(checked(&check, &typed, NOW).await.is_ok());
    assert_eq!(issuer.fetched(), 1);
}

#[tokio::test]
async fn rfc9068_4_whatever_is_missing_or_wrong_is_refused() {
    let issuer = Issuer::new();
    let check = issuer.check();
    for (name, value) in [
        ("iss", json!("https://as.test/")),
        ("aud", json!("https://api.test/")),
        ("aud", json!([])),
        ("exp", json!(NOW.0)),
        ("exp", json!("1900000000")),
        ("nbf", json!(NOW.0 + 3600)),
        ("iat", json!(NOW.0 + 3600)),
        ("cnf", json!({})),
        ("scope", json!(["a"])),
    ] {
        let token = token(&issuer.key, &changed(name, value));
        assert_eq!(checked(&check, &token, NOW).await, Err(REFUSED), "{name}");
    }
    for name in ["iss", "aud", "exp", "sub", "client_id", "iat", "jti"] {
        let token = token(&issuer.key, &changed(name, Value::Null));
        assert_eq!(checked(&check, &token, NOW).await, Err(REFUSED), "without {name}");
    }
    for typ in [None, Some("JWT"), Some("dpop+jwt"), Some("logout+jwt")] {
        let token = sign(&issuer.key, typ, &claims()).unwrap();
        assert_eq!(checked(&check, &token, NOW).await, Err(REFUSED), "{typ:?}");
    }
}

#[tokio::test]
async fn rfc8725_2_1_and_2_2_only_signatures_by_the_issuers_keys_count() {
    let issuer = Issuer::new();
    let check = issuer.check();
    let good = token(&issuer.key, &claims());
    let (signed, _) = good.rsplit_once('.').unwrap();
    let imposter = generate();
    let header = base64url::encode(r#"{"alg":"none","typ":"at+jwt"}"#);
    let payload = base64url::encode(claims().to_string());
    let named = json!({ "alg": "ES256", "typ": "at+jwt", "kid": issuer.key.key_id(), "jwk": imposter.public_jwk() });
    let message = format!("{}.{payload}", base64url::encode(named.to_string()));
    let forged = format!("{message}.{}", base64url::encode(imposter.sign_bytes(message.as_bytes()).unwrap()));
    let public = serde_json::to_vec(issuer.key.public_jwk().unwrap()).unwrap();
    let confused = SigningKey::symmetric(SignatureAlgorithm::HS256, &public).unwrap();
    for wrong in [
        signed.to_owned(),
        format!("{signed}."),
        format!("{signed}.{}", base64url::encode([0; 64])),
        format!("{header}.{payload}."),
        forged,
        token(&confused, &claims()),
        token(&imposter, &claims()),
    ] {
        assert_eq!(checked(&check, &wrong, NOW).await.err(), Some(REFUSED), "{wrong}");
    }
    let strict = issuer.check().algorithms(&[SignatureAlgorithm::PS256, SignatureAlgorithm::HS256]);
    assert_eq!(checked(&strict, &good, NOW).await, Err(REFUSED));
    assert_eq!(checked(&strict, &token(&confused, &claims()), NOW).await, Err(REFUSED));
}

#[tokio::test]
async fn what_is_no_access_token_of_anybodys_has_nothing_fetched() {
    let issuer = Issuer::new();
    let check = issuer.check();
    for junk in ["", "a", "a.b.c", &sign(&issuer.key, Some("JWT"), &claims()).unwrap()] {
        assert_eq!(checked(&check, junk, NOW).await, Err(REFUSED), "{junk}");
    }
    assert_eq!(issuer.fetched(), 0);
}

#[tokio::test]
async fn a_new_key_is_found_and_a_removed_one_forgotten() {
    let issuer = Issuer::new();
    let check = issuer.check();
    let (old, next) = (token(&issuer.key, &claims()), generate());
    assert!(checked(&check, &old, NOW).await.is_ok());
    issuer.publish(Some(vec![next.clone()]));
    // Not before the pause is over.
    assert_eq!(checked(&check, &token(&next, &claims()), NOW.plus(29)).await, Err(REFUSED));
    assert!(checked(&check, &token(&next, &claims()), NOW.plus(30)).await.is_ok());
    assert_eq!(checked(&check, &old, NOW.plus(31)).await, Err(REFUSED));
    issuer.publish(Some(vec![issuer.key.clone()]));
    assert!(checked(&check, &token(&next, &claims()), NOW.plus(329)).await.is_ok());
    assert_eq!(checked(&check, &token(&next, &claims()), NOW.plus(330)).await, Err(REFUSED));
}

#[tokio::test]
async fn strangers_have_keys_fetched_no_oftener_than_every_30_seconds() {
    let issuer = Issuer::new();
    let check = issuer.check();
    for second in 0..90 {
        let unknown = token(&generate(), &claims());
        assert_eq!(checked(&check, &unknown, NOW.plus(second)).await, Err(REFUSED));
    }
    assert_eq!(issuer.fetched(), 3);
}

#[tokio::test]
async fn many_at_once_have_keys_fetched_once() {
    let issuer = Issuer::new();
    let check = issuer.check();
    let good = token(&issuer.key, &claims());
    let all = futures_util::future::join_all((0..16).map(|_| checked(&check, &good, NOW))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(issuer.fetched(), 1);
}

#[tokio::test]
async fn where_the_issuer_does_not_answer_its_keys_count_for_an_hour() {
    let issuer = Issuer::new();
    let check = issuer.check();
    issuer.publish(None);
    let lasting = token(&issuer.key, &changed("exp", json!(NOW.0 + 10_000)));
    assert_eq!(checked(&check, &lasting, NOW).await, Err(None));
    issuer.publish(Some(vec![issuer.key.clone()]));
    assert!(checked(&check, &lasting, NOW.plus(1)).await.is_ok());
    issuer.publish(None);
    assert!(checked(&check, &lasting, NOW.plus(3600)).await.is_ok());
    assert_eq!(checked(&check, &lasting, NOW.plus(3601)).await, Err(None));
    // Whether an unknown key is the issuer's cannot be told either.
    issuer.publish(Some(vec![issuer.key.clone()]));
    assert!(checked(&check, &lasting, NOW.plus(3640)).await.is_ok());
    issuer.publish(None);
    let unknown = token(&generate(), &changed("exp", json!(NOW.0 + 10_000)));
    assert_eq!(checked(&check, &unknown, NOW.plus(3670)).await, Err(None));
}
