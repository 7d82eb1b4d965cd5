//! The `auth_session`: once, for one client, request and key; and how often a password may be tried.

use serde_json::json;

use super::{PATH, begin, credentials, first_party, go_on, parameters, realm, redeem, request_of};
use crate::support::databases::{Kind, TestDatabase};
use crate::support::dpop::ProofKey;
use crate::support::http::{Request, at_once};
use crate::support::provider::TimedProvider;
use crate::support::realm::Realm;
use crate::support::server::{Configuration, Server};

#[tokio::test]
async fn first_party_5_3_1_an_auth_session_counts_once_and_is_another_after_each_try() {
    let realm = realm().await;
    let client = first_party(&realm, json!({})).await;
    let request = request_of(&client);
    let first = begin(&client, &request, &[]).await.auth_session(None);
    let wrong = [("username", "ana"), ("password", "wrong and 9 mussels")];
    let second = go_on(&client, &first, &wrong).await.auth_session(Some("wrong_credentials"));
    assert_ne!(first, second);
    // Not even with the right password.
    go_on(&client, &first, &credentials(&realm.user)).await.assert_refused("invalid_session");
    let half = go_on(&client, &second, &[("username", "ana")]).await;
    let third = half.auth_session(None);
    let code = go_on(&client, &third, &credentials(&realm.user)).await.authorization_code();
    go_on(&client, &third, &credentials(&realm.user)).await.assert_refused("invalid_session");
    redeem(&client, &request, &code).await.tokens();
    for text in ["x", "ss_x", &format!("{third}A"), &code] {
        go_on(&client, text, &credentials(&realm.user)).await.assert_refused("invalid_session");
    }
    let refused = realm.events("kind=login_refused", 1).await;
    assert_eq!(refused[0]["details"]["reason"], "wrong_password");
}

#[tokio::test]
async fn first_party_5_3_1_an_auth_session_belongs_to_its_client_realm_and_request() {
    let realm = realm().await;
    let (client, other) = (first_party(&realm, json!({})).await, first_party(&realm, json!({})).await);
    let request = request_of(&client);
    let session = begin(&client, &request, &[]).await.auth_session(None);
    go_on(&other, &session, &credentials(&realm.user)).await.assert_refused("invalid_session");
    let elsewhere = self::realm().await;
    let stranger = first_party(&elsewhere, json!({"client_id": client.id})).await;
    go_on(&stranger, &session, &credentials(&elsewhere.user)).await.assert_refused("invalid_session");
    // Neither use has used it up. What is asked for stays as it was.
    for changed in [("scope", "openid email"), ("nonce", "other"), ("redirect_uri", "https://evil.test/cb"), ("x", "y")]
    {
        let more = [&credentials(&realm.user)[..], &[changed]].concat();
        go_on(&client, &session, &more).await.assert_refused("invalid_request");
    }
    let again = [&credentials(&realm.user)[..], &parameters(&request)].concat();
    go_on(&client, &session, &again).await.authorization_code();
    // An application that does not authenticate is known by its auth_session (section 5.1).
    let session = begin(&client, &request, &[]).await.auth_session(None);
    let form = [&[("auth_session", session.as_str())], &credentials(&realm.user)[..]].concat();
    realm.http.post(&realm.url(PATH), &form).await.authorization_code();
}

#[tokio::test]
async fn first_party_9_3_pages_and_applications_share_the_limits_of_guessing() {
    let settings = json!({"authorization_challenge": true, "password_attempts_per_account": 3});
    let realm = Realm::with(settings).await;
    let client = first_party(&realm, json!({})).await;
    let wrong = [("username", "ana"), ("password", "wrong and 9 mussels")];
    let mut session = begin(&client, &request_of(&client), &[]).await.auth_session(None);
    for _ in 0..3 {
        session = go_on(&client, &session, &wrong).await.auth_session(Some("wrong_credentials"));
    }
    session = go_on(&client, &session, &credentials(&realm.user)).await.auth_session(Some("too_many_attempts"));
    // A new auth_session is no new budget, and a page is none either.
    begin(&client, &request_of(&client), &credentials(&realm.user)).await.auth_session(Some("too_many_attempts"));
    let mut browser = realm.browser();
    let page = browser.authorize(&client.request()).await;
    browser.log_in(&page, &realm.user).await.page("login-page");
    // The other way round.
    let bob = realm.add_user("bob").await;
    let mut page = browser.authorize(&client.request()).await;
    for _ in 0..3 {
        page = browser.log_in_as(&page, "bob", "wrong and 9 mussels").await;
    }
    go_on(&client, &session, &credentials(&bob)).await.auth_session(Some("too_many_attempts"));
    assert_eq!(realm.rows().await.count("sessions"), 0);
}

#[tokio::test]
async fn first_party_9_6_1_session_and_code_are_bound_to_the_key_of_the_first_request() {
    let realm = realm().await;
    let client = first_party(&realm, json!({"dpop_bound_access_tokens": true})).await;
    let (key, thief) = (ProofKey::generate("ES256"), ProofKey::generate("ES256"));
    let request = request_of(&client);
    let send = async |key: Option<&ProofKey>, form: &[(&str, &str)]| {
        let request = client.authenticated(PATH, form);
        let proof = key.map(|key| key.post(&client.endpoint(PATH)));
        client.http.send(proof.iter().fold(request, |request: Request, proof| request.dpop(proof))).await
    };
    let session = send(Some(&key), &parameters(&request)).await.auth_session(None);
    let form = [&[("auth_session", session.as_str())], &credentials(&realm.user)[..]].concat();
    for other in [Some(&thief), None] {
        send(other, &form).await.assert_refused("invalid_session");
    }
    let code = send(Some(&key), &form).await.authorization_code();
    let redemption = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("code_verifier", request.verifier.as_deref().unwrap()),
    ];
    client.ask_with(&thief, &redemption).await.assert_refused("invalid_grant");
    client.ask_with(&key, &redemption).await.bound_tokens();
    // A proof that comes only later proves nothing about who began.
    let session = send(None, &parameters(&request)).await.auth_session(None);
    let form = [&[("auth_session", session.as_str())], &credentials(&realm.user)[..]].concat();
    send(Some(&key), &form).await.assert_refused("invalid_session");
    // A proof counts once, here as everywhere.
    let proof = key.post(&client.endpoint(PATH));
    let replayed = || client.authenticated(PATH, &parameters(&request)).dpop(&proof);
    client.http.send(replayed()).await.auth_session(None);
    client.http.send(replayed()).await.assert_refused("invalid_dpop_proof");
    let named = request_of(&client).with("dpop_jkt", &thief.thumbprint());
    send(Some(&key), &parameters(&named)).await.assert_refused("invalid_dpop_proof");
}

#[tokio::test]
async fn first_party_9_6_2_an_auth_session_ends_with_the_time_to_log_in() {
    let timed = TimedProvider::start().await;
    let realm = timed.realm(json!({"authorization_challenge": true, "interaction_seconds": 60})).await;
    let client = first_party(&realm, json!({})).await;
    let session = begin(&client, &request_of(&client), &[]).await.auth_session(None);
    timed.advance(59);
    let session = go_on(&client, &session, &[]).await.auth_session(None);
    timed.advance(60);
    go_on(&client, &session, &credentials(&realm.user)).await.assert_refused("invalid_session");
    timed.stop().await;
}

/// Of requests at the same time with one `auth_session` one gets a code, and one session begins, on every database.
async fn one_wins_on(kind: Kind) {
    let database = TestDatabase::empty(kind).await;
    let own = Configuration { database: Some(database.url.clone()), ..Configuration::default() };
    let server = Server::start(own).await;
    let realm = Realm::on(&server, json!({"authorization_challenge": true})).await;
    let client = first_party(&realm, json!({})).await;
    let request = request_of(&client);
    let session = begin(&client, &request, &[]).await.auth_session(None);
    let answers = at_once(8, async || go_on(&client, &session, &credentials(&realm.user)).await).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(won.len(), 1);
    for answer in &lost {
        answer.assert_refused("invalid_session");
    }
    redeem(&client, &request, &won[0].authorization_code()).await.tokens();
    assert_eq!(database.count("sessions").await, 1);
    drop((realm, client, server));
    database.remove().await;
}

#[tokio::test]
async fn first_party_5_3_1_one_request_wins_on_sqlite() {
    one_wins_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn first_party_5_3_1_one_request_wins_on_postgres() {
    one_wins_on(Kind::Postgres).await;
}

#[tokio::test]
async fn first_party_5_3_1_one_request_wins_on_mariadb() {
    one_wins_on(Kind::MariaDb).await;
}
