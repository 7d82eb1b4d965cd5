use std::sync::Arc;

use serde_json::json;

use super::*;

const NOW: UnixTime = UnixTime(1_800_000_000);

/// An issuer that answers everything alike, and remembers what it was asked. Without an answer it is not there.
#[derive(Clone, Default)]
struct Issuer {
    answer: Arc<Mutex<Option<IntrospectionAnswer>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Issuer {
    fn answering(body: &Value) -> Self {
        let issuer = Self::default();
        issuer.answer(200, &body.to_string());
        issuer
    }

    fn answer(&self, status: u16, body: &str) {
        *self.answer.lock().unwrap() = Some(IntrospectionAnswer { status, body: body.into() });
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

impl IntrospectionCall for Issuer {
    async fn post(&self, form: String) -> Result<IntrospectionAnswer, BoxError> {
        self.asked.lock().unwrap().push(form);
        Ok(self.answer.lock().unwrap().clone().ok_or("the issuer is not there")?)
    }
}

/// The code of the denial; nothing where the resource could not tell.
async fn checked(check: &IntrospectionCheck<Issuer>, now: UnixTime) -> Result<AccessToken, Option<ErrorCode>> {
    check.check("t+/=", now).await.map_err(|denial| denial.code())
}

const REFUSED: Option<ErrorCode> = Some(ErrorCode::InvalidToken);

#[tokio::test]
async fn rfc7662_2_1_the_token_is_sent_in_a_form() {
    let issuer = Issuer::answering(&json!({ "active": true, "sub": "u", "scope": "a b" }));
    let check = IntrospectionCheck::new(issuer.clone()).parameter("client_id", "rs");
    assert_eq!(checked(&check, NOW).await.unwrap().subject(), Some("u"));
    assert_eq!(*issuer.asked.lock().unwrap(), ["token=t%2B%2F%3D&client_id=rs"]);
    let answer = || async { Ok(IntrospectionAnswer { status: 200, body: br#"{"active":true}"#.to_vec() }) };
    assert!(IntrospectionCheck::new(move |_: String| answer()).check("t", NOW).await.is_ok());
}

#[tokio::test]
async fn rfc7662_2_2_a_token_that_is_not_active_is_refused_whatever_else_is_said() {
    for body in [
        json!({ "active": false }),
        json!({ "active": false, "sub": "u", "scope": "a" }),
        json!({ "active": true, "exp": NOW.0 }),
        json!({ "active": true, "nbf": NOW.0 + 1 }),
    ] {
        let check = IntrospectionCheck::new(Issuer::answering(&body));
        assert_eq!(checked(&check, NOW).await, Err(REFUSED), "{body}");
    }
}

#[tokio::test]
async fn rfc7662_4_what_does_not_say_that_a_token_is_good_lets_nobody_through() {
    let issuer = Issuer::default();
    let check = IntrospectionCheck::new(issuer.clone()).kept_for(60);
    assert_eq!(checked(&check, NOW).await, Err(None));
    for (status, body) in [
        (200, ""),
        (200, "[]"),
        (200, "{}"),
        (200, r#"{"active":"true"}"#),
        (200, r#"{"active":1}"#),
        (200, r#"{"active":null}"#),
        (200, r#"{"active":false,"active":true}"#),
        (200, r#"{"active":true} x"#),
        (200, r#"{"active":true,"cnf":{"kid":"unknown"}}"#),
        (200, r#"{"active":true,"scope":1}"#),
        (201, r#"{"active":true}"#),
        (302, r#"{"active":true}"#),
        (401, r#"{"active":true}"#),
        (500, r#"{"active":true}"#),
    ] {
        issuer.answer(status, body);
        assert_eq!(checked(&check, NOW).await, Err(None), "{status} {body}");
    }
    issuer.answer(200, &format!(r#"{{"active":true,"x":"{}"}}"#, "x".repeat(LARGEST_ANSWER)));
    assert_eq!(checked(&check, NOW).await, Err(None));
}

#[tokio::test]
async fn rfc7662_2_2_issuer_and_audience_are_compared_where_they_are_configured() {
    let check = |body: Value| IntrospectionCheck::new(Issuer::answering(&body)).issuer("https://as.test");
    let with_both = |body: Value| check(body).audience("https://api.test");
    for (body, is_good) in [
        (json!({ "active": true, "iss": "https://as.test", "aud": "https://api.test" }), true),
        (json!({ "active": true, "iss": "https://as.test", "aud": ["https://x.test", "https://api.test"] }), true),
        (json!({ "active": true, "iss": "https://as.test", "aud": "https://x.test" }), false),
        (json!({ "active": true, "iss": "https://as.test" }), false),
        (json!({ "active": true, "iss": "https://as.test/", "aud": "https://api.test" }), false),
        (json!({ "active": true, "aud": "https://api.test" }), false),
    ] {
        let found = checked(&with_both(body.clone()), NOW).await.map(drop);
        assert_eq!(found, if is_good { Ok(()) } else { Err(REFUSED) }, "{body}");
    }
    assert!(checked(&check(json!({ "active": true, "iss": "https://as.test" })), NOW).await.is_ok());
}

#[tokio::test]
async fn every_request_asks_unless_answers_are_kept() {
    let issuer = Issuer::answering(&json!({ "active": true, "exp": NOW.0 + 100 }));
    let check = IntrospectionCheck::new(issuer.clone());
    for _ in 0..3 {
        checked(&check, NOW).await.unwrap();
    }
    assert_eq!(issuer.asked(), 3);
    issuer.answer(200, r#"{"active":false}"#);
    assert_eq!(checked(&check, NOW).await, Err(REFUSED));
}

#[tokio::test]
async fn an_answer_is_kept_for_its_time_and_never_beyond_the_tokens_end() {
    for (kept_for, expires_in, counts_for) in [(5, 100, 5), (5, 3, 3), (600, 100, 60)] {
        let issuer = Issuer::answering(&json!({ "active": true, "exp": NOW.0 + expires_in }));
        let check = IntrospectionCheck::new(issuer.clone()).kept_for(kept_for);
        checked(&check, NOW).await.unwrap();
        issuer.answer(200, r#"{"active":false}"#);
        assert!(checked(&check, NOW.plus(counts_for - 1)).await.is_ok(), "{kept_for} {expires_in}");
        assert_eq!(checked(&check, NOW.plus(counts_for)).await, Err(REFUSED), "{kept_for} {expires_in}");
        // That one is not active is never kept.
        issuer.answer(200, r#"{"active":true}"#);
        assert!(checked(&check, NOW.plus(counts_for)).await.is_ok());
    }
}

#[tokio::test]
async fn no_more_answers_are_kept_than_there_is_room_for() {
    let issuer = Issuer::answering(&json!({ "active": true }));
    let check = IntrospectionCheck::new(issuer).kept_for(60);
    for number in 0..=MOST_KEPT {
        check.check(&number.to_string(), NOW).await.unwrap();
    }
    assert_eq!(check.kept.lock().unwrap().len(), MOST_KEPT);
    check.check("later", NOW.plus(60)).await.unwrap();
    assert_eq!(check.kept.lock().unwrap().len(), 1);
}
