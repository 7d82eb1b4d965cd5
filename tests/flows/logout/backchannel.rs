//! Back-Channel Logout 1.0: a real web server receives what a real Signet sends.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{client, logout_url};
use crate::support::client::Client;
use crate::support::databases::connect_directly;
use crate::support::http::decode;
use crate::support::jwe::EncryptionKey;
use crate::support::jwt::read;
use crate::support::realm::{Realm, merged};
use crate::support::server::{Configuration, Server};
use crate::support::wait::{until, until_true};
use crate::support::web::{Received, WebServer};

/// The event that logout tokens are about (Back-Channel Logout 2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

fn ok(_: &Received) -> Response<String> {
    Response::new(String::new())
}

/// A client that is told at `/logout` of a server.
async fn told(realm: &Realm, site: &WebServer, metadata: Value) -> Client {
    let own = json!({
        "backchannel_logout_uri": format!("{}/logout", site.url), "backchannel_logout_session_required": true,
    });
    client(realm, merged(own, metadata)).await
}

/// The logout token of a request.
fn token_of(received: &Received) -> String {
    assert_eq!(received.method, http::Method::POST);
    assert_eq!(received.headers["content-type"], "application/x-www-form-urlencoded");
    let mut fields = decode(&received.body);
    assert_eq!(fields.len(), 1, "{fields:?}");
    let (name, token) = fields.remove(0);
    assert_eq!(name, "logout_token");
    token
}

/// Waits until that many requests have arrived.
async fn arrived(site: &WebServer, number: usize) -> Vec<Received> {
    until(&format!("{number} logouts"), async || {
        let received = site.received();
        (received.len() >= number).then_some(received)
    })
    .await
}

async fn sign_out(realm: &Realm, browser: &mut crate::support::browser::Browser) {
    let page = browser.get(&logout_url(realm, &[])).await;
    browser.press(&page, "sign-out").await;
}

async fn deliveries(realm: &Realm, query: &str) -> Vec<Value> {
    let path = format!("/realms/{}/logout-deliveries{query}", realm.name);
    let listed = realm.server.administration.ask(http::Method::GET, &path, &Value::Null).await;
    listed.success()["items"].as_array().unwrap().clone()
}

/// ValidateLogoutTokenClaims, CheckLogoutTokenNoNonce, CheckLogoutTokenHasSubOrSid.
#[tokio::test]
async fn lo_006_a_logout_token_says_who_and_nothing_more() {
    let (realm, site) = (Realm::new().await, WebServer::start(ok).await);
    let client = told(&realm, &site, json!({})).await;
    let mut browser = realm.browser();
    let tokens = client.obtain(&mut browser, &client.request(), &realm.user).await;
    let id_token = read(tokens.id_token()).claims;
    sign_out(&realm, &mut browser).await;
    let received = arrived(&site, 1).await;
    let token = realm.verify(&token_of(&received[0])).await;
    assert_eq!(token.header["typ"], "logout+jwt");
    assert_eq!(token.header["alg"], "RS256");
    let claims = token.claims.as_object().unwrap();
    let names: BTreeSet<&str> = claims.keys().map(String::as_str).collect();
    assert_eq!(names, BTreeSet::from(["iss", "aud", "sub", "sid", "iat", "exp", "jti", "events"]));
    assert_eq!(claims["events"], json!({ EVENT: {} }));
    for name in ["iss", "sub", "sid"] {
        assert_eq!(claims[name], id_token[name], "{name}");
    }
    assert_eq!(claims["aud"], client.id.as_str());
    let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert!((1..=120).contains(&life), "{life}");
    assert!(claims["jti"].as_str().unwrap().len() >= 16);
    // It is no hint and no access token: its typ is another (RFC 8725 section 3.11).
    let hint = logout_url(&realm, &[("id_token_hint", &token_of(&received[0]))]);
    realm.browser().get(&hint).await.page("error-page");
    // The site has the token before this server has the answer.
    until_true("an end of the delivery", async || realm.rows().await.count("logout_deliveries") == 0).await;
}

#[tokio::test]
async fn back_channel_logout_2_4_tokens_are_signed_as_id_tokens_are() {
    let (realm, site) = (Realm::new().await, WebServer::start(ok).await);
    let mut metadata = json!({"id_token_signed_response_alg": "ES256"});
    // LO-005: whatever looks like a placeholder stands for itself.
    let literal = "/logout?to=$sid&user=%7Bsub%7D&at=${iss}";
    metadata["backchannel_logout_uri"] = json!(format!("{}{literal}", site.url));
    let elliptic = told(&realm, &site, metadata).await;
    let mut browser = realm.browser();
    elliptic.obtain(&mut browser, &elliptic.request(), &realm.user).await;
    sign_out(&realm, &mut browser).await;
    let received = arrived(&site, 1).await;
    assert_eq!(received[0].target, literal);
    assert_eq!(realm.verify(&token_of(&received[0])).await.header["alg"], "ES256");
}

#[tokio::test]
async fn back_channel_logout_2_4_tokens_are_encrypted_as_id_tokens_are() {
    let (realm, site) = (Realm::new().await, WebServer::start(ok).await);
    let key = EncryptionKey::generate("ECDH-ES+A256KW");
    let metadata = json!({
        "id_token_encrypted_response_alg": "ECDH-ES+A256KW", "id_token_encrypted_response_enc": "A256GCM",
        "jwks": {"keys": [key.public_jwk()]},
    });
    let client = told(&realm, &site, metadata).await;
    let mut browser = realm.browser();
    let tokens = client.obtain(&mut browser, &client.request(), &realm.user).await;
    sign_out(&realm, &mut browser).await;
    let received = arrived(&site, 1).await;
    let opened = key.open(&token_of(&received[0]));
    assert_eq!(opened.header.content_encryption(), Some("A256GCM"));
    assert_eq!((opened.header.content_type(), opened.header.issuer()), (Some("JWT"), Some(realm.issuer.as_str())));
    let token = realm.verify(&opened.plaintext).await;
    assert_eq!((&token.header["typ"], &token.claims["aud"]), (&json!("logout+jwt"), &json!(client.id)));
    let id_token = read(&key.open(tokens.id_token()).plaintext).claims;
    assert_eq!(token.claims["sid"], id_token["sid"]);
}

/// Nothing is sent in the clear instead: the delivery waits until the client publishes a key.
#[tokio::test]
async fn back_channel_logout_2_4_without_a_key_nothing_is_sent_until_there_is_one() {
    let realm = Realm::new().await;
    let site = WebServer::start(ok).await;
    let document = Arc::new(Mutex::new(json!({"keys": []})));
    let keys = WebServer::of_json(Arc::clone(&document)).await;
    let client = told(&realm, &site, json!({"jwks_uri": format!("{}/jwks", keys.url)})).await;
    let mut browser = realm.browser();
    client.obtain(&mut browser, &client.request(), &realm.user).await;
    realm.update_client(&client, json!({"id_token_encrypted_response_alg": "RSA-OAEP-256"})).await;
    sign_out(&realm, &mut browser).await;
    let waiting = until("an attempt that failed", async || {
        deliveries(&realm, "").await.into_iter().find(|delivery| delivery["problem"].is_string())
    });
    let problem = waiting.await["problem"].as_str().unwrap().to_owned();
    assert!(problem.contains("id_token_encrypted_response_alg"), "{problem}");
    assert!(site.received().is_empty());
    let key = EncryptionKey::generate("RSA-OAEP-256");
    *document.lock().unwrap() = json!({"keys": [key.public_jwk()]});
    let received = arrived(&site, 1).await;
    assert_eq!(realm.verify(&key.open(&token_of(&received[0])).plaintext).await.header["typ"], "logout+jwt");
}

#[tokio::test]
async fn whatever_ends_a_session_is_told() {
    let (realm, site) = (Realm::new().await, WebServer::start(ok).await);
    let client = told(&realm, &site, json!({})).await;
    let administration = &realm.server.administration;
    let ask = async |method, path: &str| {
        let answer = administration.ask(method, &format!("/realms/{}{path}", realm.name), &json!({})).await;
        assert_eq!(answer.status, 204, "{answer:?}");
    };
    let mut expected = Vec::new();
    for way in ["client", "session", "sessions", "everywhere", "password", "another user", "disabled", "deleted"] {
        let user = realm.add_user(&format!("user-{}", expected.len())).await;
        let mut browser = realm.browser();
        let tokens = client.obtain(&mut browser, &client.request(), &user).await;
        let sid = read(tokens.id_token()).claims["sid"].as_str().unwrap().to_owned();
        match way {
            // oidcc-backchannel-rp-initiated-logout: the browser goes on, and the client is told.
            "client" => {
                let hint = [("id_token_hint", tokens.id_token()), ("post_logout_redirect_uri", super::LOGGED_OUT)];
                let answer = browser.get(&logout_url(&realm, &hint)).await;
                assert_eq!(answer.location(), Some(super::LOGGED_OUT), "{answer:?}");
            }
            "session" => ask(http::Method::DELETE, &format!("/sessions/{sid}")).await,
            "sessions" => ask(http::Method::POST, &format!("/users/{}/sign-out", user.id)).await,
            "everywhere" => {
                let page = browser.get(&realm.url("/account/sign-out")).await;
                browser.press(&page, "everywhere").await.page("signed-out-page");
            }
            "password" => administration.set_password(&realm.name, &user.id, "another 9 mussels").await,
            "another user" => {
                let page = browser.authorize(&client.request().with("prompt", "login")).await;
                browser.log_in(&page, &realm.user).await;
            }
            "disabled" => administration.update_user(&realm.name, &user.id, &json!({"enabled": false})).await,
            _ => administration.delete_user(&realm.name, &user.id).await,
        }
        expected.push(sid);
        let received = arrived(&site, expected.len()).await;
        let claims = read(&token_of(received.last().unwrap())).claims;
        assert_eq!(claims["sid"], expected.last().unwrap().as_str(), "{way}");
        assert_eq!(claims["sub"], user.id.as_str(), "{way}");
        assert!(!client.is_active(tokens.access_token()).await, "{way}");
    }
}

#[tokio::test]
async fn a_login_of_the_same_user_is_no_logout() {
    let (realm, site) = (Realm::new().await, WebServer::start(ok).await);
    let client = told(&realm, &site, json!({})).await;
    let mut browser = realm.browser();
    client.obtain(&mut browser, &client.request(), &realm.user).await;
    let page = browser.authorize(&client.request().with("prompt", "login")).await;
    browser.log_in(&page, &realm.user).await;
    assert_eq!(realm.rows().await.count("logout_deliveries"), 0);
    // The next delivery is the first.
    sign_out(&realm, &mut browser).await;
    arrived(&site, 1).await;
}

#[tokio::test]
async fn lo_005_a_client_that_refuses_is_given_up_and_can_be_tried_again() {
    let realm = Realm::new().await;
    let site = WebServer::start(|received| {
        // A redirection is not followed, wherever it leads.
        let builder = Response::builder().status(StatusCode::FOUND).header("location", "/elsewhere");
        assert_ne!(received.target, "/elsewhere");
        builder.body(String::new()).unwrap()
    })
    .await;
    let client = told(&realm, &site, json!({})).await;
    let mut browser = realm.browser();
    client.obtain(&mut browser, &client.request(), &realm.user).await;
    sign_out(&realm, &mut browser).await;
    arrived(&site, 1).await;
    let waiting = until("a failed attempt", async || {
        let waiting = deliveries(&realm, "?dead=false").await;
        waiting.into_iter().find(|delivery| delivery["problem"].is_string())
    })
    .await;
    assert_eq!((&waiting["attempts"], &waiting["client_id"]), (&json!(1), &json!(client.id)));
    assert!(waiting["problem"].as_str().unwrap().contains("redirection"), "{waiting}");
    // Five attempts take half a minute; then it is given up.
    let dead = until("a delivery that was given up", async || deliveries(&realm, "?dead=true").await.pop()).await;
    assert_eq!(dead["attempts"], 5);
    let event = realm.last_event("logout_undelivered", 1).await;
    assert_eq!((&event["client_id"], &event["details"]["attempts"]), (&json!(client.id), &json!(5)));
    let number = dead["id"].as_str().unwrap();
    let path = format!("/realms/{}/logout-deliveries/{number}/retry", realm.name);
    let answer = realm.server.administration.ask(http::Method::POST, &path, &json!({})).await;
    assert_eq!(answer.status, 204, "{answer:?}");
    arrived(&site, 6).await;
}

#[tokio::test]
async fn lo_008_kill_9_between_the_end_and_the_delivery_loses_nothing() {
    let server = Server::start(Configuration::default()).await;
    let realm = Realm::on(&server, json!({})).await;
    // The site takes the first request and never answers; the process dies meanwhile.
    let (first, answered) = (Arc::new(Notify::new()), Arc::new(std::sync::atomic::AtomicBool::new(false)));
    let site = {
        let (first, answered) = (Arc::clone(&first), Arc::clone(&answered));
        WebServer::answering(move |_| {
            let (first, answered) = (Arc::clone(&first), Arc::clone(&answered));
            async move {
                if !answered.load(std::sync::atomic::Ordering::SeqCst) {
                    first.notify_one();
                    std::future::pending::<()>().await;
                }
                Response::new(String::new())
            }
        })
        .await
    };
    let client = told(&realm, &site, json!({})).await;
    let mut browser = realm.browser();
    let tokens = client.obtain(&mut browser, &client.request(), &realm.user).await;
    sign_out(&realm, &mut browser).await;
    tokio::time::timeout(Duration::from_secs(30), first.notified()).await.expect("a first attempt");
    answered.store(true, std::sync::atomic::Ordering::SeqCst);
    server.kill_and_restart().await;
    let received = arrived(&site, 2).await;
    let sid = read(tokens.id_token()).claims["sid"].clone();
    for attempt in &received {
        assert_eq!(read(&token_of(attempt)).claims["sid"], sid);
    }
    let ids: BTreeSet<String> = received.iter().map(|one| read(&token_of(one)).claims["jti"].to_string()).collect();
    assert_eq!(ids.len(), received.len(), "each attempt has an identifier of its own");
    until("the delivery is done", async || (realm.rows().await.count("logout_deliveries") == 0).then_some(())).await;
}

#[tokio::test]
async fn a_slow_client_delays_nobody_else() {
    const CLIENTS: usize = 1_000;
    let realm = Realm::new().await;
    let site = WebServer::answering(|received: Received| async move {
        if received.target == "/slow" {
            std::future::pending::<()>().await;
        }
        Response::new(String::new())
    })
    .await;
    let slow = json!({"backchannel_logout_uri": format!("{}/slow", site.url)});
    let slow = client(&realm, slow).await;
    let mut browser = realm.browser();
    slow.obtain(&mut browser, &slow.request(), &realm.user).await;
    insert_participants(&realm, &site.url, CLIENTS).await;
    sign_out(&realm, &mut browser).await;
    let told = until("everybody else is told", async || {
        let targets: BTreeSet<String> = site.received().into_iter().map(|received| received.target).collect();
        (targets.len() > CLIENTS).then_some(targets)
    })
    .await;
    assert!(told.contains("/slow"));
    let quick = site.received().into_iter().filter(|received| received.target != "/slow").count();
    assert_eq!(quick, CLIENTS, "somebody was told twice");
    until("only the slow one waits", async || (realm.rows().await.count("logout_deliveries") == 1).then_some(())).await;
}

/// LO-005: a client has the time that it is registered with, and nobody else waits for it.
#[tokio::test]
async fn lo_005_back_channel_logout_2_5_each_client_has_its_own_time_to_answer() {
    let realm = Realm::new().await;
    let answers = Arc::new(tokio::sync::Semaphore::new(0));
    let site = WebServer::for_the_patient(Arc::clone(&answers)).await;
    let mut browser = realm.browser();
    let mut ids = Vec::new();
    for (name, seconds) in [("hasty", Some(1)), ("plain", None), ("patient", Some(20))] {
        let settings = json!({"skip_consent": true, "backchannel_logout_timeout_seconds": seconds});
        let uri = format!("{}/{name}", site.url);
        let client = client(&realm, json!({"backchannel_logout_uri": uri, "settings": settings})).await;
        client.obtain(&mut browser, &client.request(), &realm.user).await;
        ids.push(client.id);
    }
    sign_out(&realm, &mut browser).await;
    // What each of them is waited for, or why not any more, at one moment.
    let seen = async || -> Vec<Option<Value>> {
        let listed = deliveries(&realm, "").await;
        let of = |id: &String| listed.iter().find(|delivery| delivery["client_id"] == **id).cloned();
        ids.iter().map(of).collect()
    };
    let failed = |of: &Option<Value>| of.as_ref().is_some_and(|delivery| delivery["problem"].is_string());
    // They began together, so that the order in which they end is that of their times.
    let first = until("an attempt has ended", async || Some(seen().await).filter(|all| all.iter().any(failed))).await;
    assert_eq!(first.iter().map(failed).collect::<Vec<_>>(), [true, false, false], "{first:?}");
    let then = until("another has ended", async || Some(seen().await).filter(|all| failed(&all[1]))).await;
    assert!(then[2].as_ref().is_some_and(|delivery| delivery["problem"].is_null()), "{then:?}");
    answers.add_permits(1);
    until_true("the patient client was told", async || seen().await[2].is_none()).await;
    assert_eq!(
        site.received().iter().filter(|received| received.target == "/patient").count(),
        1,
        "at the first attempt"
    );
}

/// Clients that take part in the one session of the realm, written past the server: registering so many takes a while.
async fn insert_participants(realm: &Realm, site: &str, number: usize) {
    use sea_orm::{ConnectionTrait as _, Statement};
    let connection = connect_directly(&format!("{}?mode=rw", realm.server.database)).await;
    let backend = connection.get_database_backend();
    let run = async |sql: String| connection.execute_raw(Statement::from_string(backend, sql)).await.unwrap();
    let realm_id = format!("(SELECT realm_id FROM realms WHERE name = '{}')", realm.name);
    run(format!(
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {number}) \
         INSERT INTO clients (realm_id, client_id, enabled, metadata, settings, epoch, created_at, updated_at, revision) \
         SELECT {realm_id}, 'many-' || n, 1, \
         '{{\"redirect_uris\":[\"https://client.test/callback\"],\"backchannel_logout_uri\":\"{site}/' || n || '\"}}', \
         '{{}}', 0, 0, 0, 0 FROM n"
    ))
    .await;
    run(format!(
        "INSERT INTO session_participants (realm_id, sid, client_id, expires_at) \
         SELECT s.realm_id, s.sid, c.client_id, s.expires_at FROM sessions s JOIN clients c ON c.realm_id = s.realm_id \
         WHERE s.realm_id = {realm_id} AND c.client_id LIKE 'many-%'"
    ))
    .await;
    connection.close().await.unwrap();
}
