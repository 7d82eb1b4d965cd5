//! Backchannel authentication over real connections: real web servers are told by a real Signet, people answer on pages,
//! on every database.

use std::sync::Arc;

use http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::support::ciba::{CIBA, ciba_settings, is_ping, polling, without_pings};
use crate::support::client::Client;
use crate::support::databases::{Kind, TestDatabase};
use crate::support::device::{assert_connected, device_settings};
use crate::support::http::{Answer, Request};
use crate::support::jwt::read;
use crate::support::realm::{Realm, merged};
use crate::support::server::{Configuration, Server};
use crate::support::wait::{until, until_true};
use crate::support::web::{Received, WebServer};

const NOTIFICATION_TOKEN: &str = "8d67dc78-7faa-4d41-aabd-67707b374255";

fn answering(status: u16) -> impl Fn(&Received) -> Response<String> {
    move |_| {
        let mut response = Response::new(String::new());
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        if status == 301 {
            response.headers_mut().insert("location", "/elsewhere".parse().unwrap());
        }
        response
    }
}

async fn arrived(site: &WebServer, number: usize) -> Vec<Received> {
    until(&format!("{number} notifications"), async || {
        let received = site.received();
        (received.len() >= number).then_some(received)
    })
    .await
}

/// A client that is told at a site.
async fn told(realm: &Realm, site: &WebServer, mode: &str) -> Client {
    let own = json!({
        "backchannel_token_delivery_mode": mode,
        "backchannel_client_notification_endpoint": format!("{}/ciba", site.url),
    });
    realm.client(merged(polling(), own)).await
}

async fn begin(client: &Client) -> String {
    let parameters =
        [("scope", "openid offline_access"), ("login_hint", "ana"), ("client_notification_token", NOTIFICATION_TOKEN)];
    client.ask_user(&parameters).await.success()["auth_req_id"].as_str().unwrap().to_owned()
}

/// Answers the first request on the account page.
async fn answer_on_page(realm: &Realm, browser: &mut crate::support::browser::Browser, action: &str) -> Answer {
    let page = browser.get(&realm.url("/account/requests")).await;
    page.page("requests-page");
    browser.press(&page, action).await
}

#[tokio::test]
async fn ciba_10_2_a_ping_says_which_request_and_nothing_more() {
    // Whoever is told comes at once, however long the interval is.
    let settings = json!({"backchannel_authentication": true, "backchannel_poll_interval_seconds": 60});
    let (realm, site) = (Realm::with(settings).await, WebServer::start(answering(204)).await);
    let client = told(&realm, &site, "ping").await;
    let mut browser = realm.signed_in_browser().await;
    for (action, error) in [("allow", None), ("deny", Some("access_denied"))] {
        let before = site.received().len();
        let auth_req_id = begin(&client).await;
        client.poll_ciba(&auth_req_id).await.assert_refused("authorization_pending");
        answer_on_page(&realm, &mut browser, action).await.page("requests-page");
        let received = arrived(&site, before + 1).await.pop().unwrap();
        assert_eq!((received.method.as_str(), received.target.as_str()), ("POST", "/ciba"));
        assert_eq!(received.headers["authorization"], format!("Bearer {NOTIFICATION_TOKEN}"));
        assert_eq!(received.headers["content-type"], "application/json");
        assert_eq!(serde_json::from_str::<Value>(&received.body).unwrap(), json!({ "auth_req_id": auth_req_id }));
        let polled = client.poll_ciba(&auth_req_id).await;
        match error {
            None => drop(polled.tokens()),
            Some(error) => polled.assert_refused(error),
        }
    }
}

#[tokio::test]
async fn cb_006_a_ping_that_is_refused_or_redirected_is_sent_once_and_costs_nobody_tokens() {
    let realm = Realm::with(ciba_settings()).await;
    let mut browser = realm.signed_in_browser().await;
    for status in [401, 403, 301] {
        let site = WebServer::start(answering(status)).await;
        let client = told(&realm, &site, "ping").await;
        let auth_req_id = begin(&client).await;
        answer_on_page(&realm, &mut browser, "allow").await;
        arrived(&site, 1).await;
        client.poll_ciba(&auth_req_id).await.tokens();
        let undelivered = until("it is given up", async || {
            let path = format!("/realms/{}/audit-events?kind=backchannel_undelivered&limit=50", realm.name);
            let listed = realm.server.administration.ask(http::Method::GET, &path, &Value::Null).await.success();
            let items = listed["items"].as_array().unwrap().clone();
            items.iter().find(|item| item["client_id"] == client.id).cloned()
        })
        .await;
        assert_eq!(undelivered["details"]["attempts"], 1, "{undelivered}");
        assert_eq!(site.received().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn ciba_10_3_1_pushed_tokens_say_which_request_they_answer() {
    let (realm, site) = (Realm::with(ciba_settings()).await, WebServer::start(answering(204)).await);
    let client = told(&realm, &site, "push").await;
    let mut browser = realm.signed_in_browser().await;
    let auth_req_id = begin(&client).await;
    client.poll_ciba(&auth_req_id).await.assert_refused("unauthorized_client");
    answer_on_page(&realm, &mut browser, "allow").await;
    let received = arrived(&site, 1).await.pop().unwrap();
    assert_eq!(received.headers["authorization"], format!("Bearer {NOTIFICATION_TOKEN}"));
    let body: Value = serde_json::from_str(&received.body).unwrap();
    assert_eq!(body["auth_req_id"], auth_req_id);
    let claims = realm.verify(body["id_token"].as_str().unwrap()).await.claims;
    assert_eq!(claims["urn:openid:params:jwt:claim:auth_req_id"], auth_req_id);
    assert!(claims["at_hash"].is_string() && claims["urn:openid:params:jwt:claim:rt_hash"].is_string(), "{claims}");
    assert_eq!(client.userinfo(body["access_token"].as_str().unwrap()).await.success()["sub"], realm.user.id);
    client.refresh(body["refresh_token"].as_str().unwrap()).await.tokens();
    let auth_req_id = begin(&client).await;
    answer_on_page(&realm, &mut browser, "deny").await;
    let body: Value = serde_json::from_str(&arrived(&site, 2).await.pop().unwrap().body).unwrap();
    assert_eq!((&body["auth_req_id"], &body["error"]), (&json!(auth_req_id), &json!("access_denied")));
}

#[tokio::test]
async fn ciba_12_a_client_is_told_as_it_is_registered_and_that_its_tokens_are_refused() {
    let (realm, site) = (Realm::with(ciba_settings()).await, WebServer::start(without_pings).await);
    let client = told(&realm, &site, "ping").await;
    let mut browser = realm.signed_in_browser().await;
    let mut last = async |change: Value| {
        let auth_req_id = begin(&client).await;
        answer_on_page(&realm, &mut browser, "allow").await;
        let is_about = |received: &Received| received.body.contains(&auth_req_id);
        until_true("a ping that is not taken", async || site.received().iter().any(is_about)).await;
        realm.update_client(&client, merged(json!({"backchannel_token_delivery_mode": "push"}), change)).await;
        let pushed = async || site.received().into_iter().find(|received| is_about(received) && !is_ping(received));
        let pushed = until("what is pushed", pushed).await;
        realm.update_client(&client, json!({"backchannel_token_delivery_mode": "ping"})).await;
        serde_json::from_str::<Value>(&pushed.body).unwrap()
    };
    let tokens = last(json!({})).await;
    client.userinfo(tokens["access_token"].as_str().unwrap()).await.success();
    let refused = last(json!({"grant_types": ["client_credentials"]})).await;
    assert_eq!(
        (&refused["error"], &refused["access_token"]),
        (&json!("transaction_failed"), &Value::Null),
        "{refused}"
    );
    let event = realm.last_event("token_refused", 1).await;
    assert_eq!((&event["client_id"], &event["user_id"]), (&json!(client.id), &json!(realm.user.id)), "{event}");
    assert_eq!((&event["details"]["grant"], &event["details"]["error"]), (&json!(CIBA), &json!("unauthorized_client")));
}

#[tokio::test]
async fn ciba_8_the_service_that_reaches_users_is_told_and_answers_with_the_token_of_the_request() {
    let service = WebServer::start(answering(204)).await;
    let settings = json!({"backchannel_device_service": {"url": format!("{}/tell", service.url), "amr": "hwk mca"}});
    let realm = Realm::with(merged(ciba_settings(), settings)).await;
    let client = realm.ciba_client(json!({"client_name": "Harbour Savings"})).await;
    let parameters = [("scope", "openid"), ("login_hint", "ana"), ("binding_message", "W4SCT"), ("acr_values", "x")];
    let auth_req_id = client.ask_user(&parameters).await.success()["auth_req_id"].as_str().unwrap().to_owned();
    let message: Value = serde_json::from_str(&arrived(&service, 1).await[0].body).unwrap();
    let token = realm.verify(message["request"].as_str().unwrap()).await;
    assert_eq!(token.header["typ"], "signet-approval+jwt");
    let claims = &token.claims;
    assert_eq!((&claims["sub"], &claims["username"]), (&json!(realm.user.id), &json!("ana")));
    assert_eq!((&claims["binding_message"], &claims["client_name"]), (&json!("W4SCT"), &json!("Harbour Savings")));
    assert!(!message.to_string().contains(&auth_req_id) && !claims.to_string().contains(&auth_req_id));
    let answer = async |token: &str, decision: &str| {
        let body = json!({ "decision": decision }).to_string();
        let url = claims["approval_uri"].as_str().unwrap();
        realm.http.send(Request::post(url, "application/json", body).bearer(token)).await
    };
    let wrong = format!("{}A", &claims["approval_token"].as_str().unwrap()[..45]);
    assert_eq!(answer(&wrong, "allow").await.status, 401);
    client.poll_ciba(&auth_req_id).await.assert_refused("authorization_pending");
    assert_eq!(answer(claims["approval_token"].as_str().unwrap(), "allow").await.status, 204);
    answer(claims["approval_token"].as_str().unwrap(), "deny").await.assert_refused("invalid_request");
    let tokens = client.poll_ciba(&auth_req_id).await.tokens();
    let id_token = read(tokens.id_token()).claims;
    assert!(id_token["acr"].is_null(), "nobody says what class that reaches: {id_token}");
}

#[tokio::test]
async fn cb_006_the_addresses_that_are_called_are_https_and_no_others() {
    let realm = Realm::with(ciba_settings()).await;
    let administration = &realm.server.administration;
    for uri in ["http://client.test/ciba", "https://client.test/ciba#x", "https://u:p@client.test/ciba", "file:///x"] {
        let client = merged(
            polling(),
            json!({"backchannel_token_delivery_mode": "ping", "backchannel_client_notification_endpoint": uri}),
        );
        let path = format!("/realms/{}/clients", realm.name);
        assert_eq!(administration.try_ask(http::Method::POST, &path, &client).await.status, 422, "{uri}");
        let change = json!({"backchannel_device_service": {"url": uri, "amr": "mca"}});
        let path = format!("/realms/{}", realm.name);
        assert_eq!(administration.try_ask(http::Method::PATCH, &path, &change).await.status, 422, "{uri}");
    }
}

#[tokio::test]
async fn cb_005_a_person_who_blocks_an_application_is_asked_no_more_by_it() {
    let realm = Realm::with(ciba_settings()).await;
    let (client, other) = (realm.ciba_client(json!({})).await, realm.ciba_client(json!({})).await);
    let mut browser = realm.signed_in_browser().await;
    let account = browser.get(&realm.url("/account")).await;
    assert!(account.body.contains("account&#x2f;requests"), "{}", account.body);
    let asked = [("scope", "openid"), ("login_hint", "ana")];
    let auth_req_id = client.begin_ciba("ana").await;
    let page = answer_on_page(&realm, &mut browser, "block").await;
    assert!(page.body.contains("cannot ask you any more"), "{}", page.body);
    client.poll_ciba(&auth_req_id).await.assert_refused("access_denied");
    let refused = client.ask_user(&asked).await;
    assert_eq!((refused.status, &refused.json()["error"]), (403, &json!("access_denied")));
    other.ask_user(&asked).await.success();
    // Forms of others do nothing.
    let page = browser.get(&realm.url("/account/requests")).await;
    let form = page.page("requests-page").form().with("action", "allow");
    assert_eq!(browser.submit(&page, &form.clone().with("csrf", "x")).await.status, 403);
    let mut stranger = realm.browser();
    let bea = realm.add_user("bea").await;
    let app = realm.client(json!({})).await;
    stranger.complete(&app.request(), &bea).await;
    let own = stranger.get(&realm.url("/account/requests")).await;
    assert!(own.page("requests-page").text_of("requests-none").is_some());
    let unblock = page.page("requests-page").forms().pop().unwrap().with("action", "unblock");
    browser.submit(&page, &unblock).await.page("requests-page");
    client.ask_user(&asked).await.success();
}

/// CB-006: a client has the time that it is registered with, and nobody else waits for it.
#[tokio::test]
async fn cb_006_ciba_10_3_each_client_has_its_own_time_to_take_its_tokens() {
    let realm = Realm::with(ciba_settings()).await;
    let answers = Arc::new(tokio::sync::Semaphore::new(0));
    let site = WebServer::for_the_patient(Arc::clone(&answers)).await;
    let mut browser = realm.signed_in_browser().await;
    // Who has least time is asked last, so that the order in which they fail is that of their times.
    let mut ids = Vec::new();
    for (name, seconds) in [("patient", Some(20)), ("plain", None), ("hasty", Some(1))] {
        let settings = json!({"skip_consent": true, "backchannel_notification_timeout_seconds": seconds});
        let own = json!({
            "backchannel_token_delivery_mode": "push",
            "backchannel_client_notification_endpoint": format!("{}/{name}", site.url), "settings": settings,
        });
        let client = realm.client(merged(polling(), own)).await;
        begin(&client).await;
        answer_on_page(&realm, &mut browser, "allow").await.page("requests-page");
        ids.push(client.id);
    }
    let failed = async |number: usize| {
        let events = realm.events("kind=backchannel_undelivered", number).await;
        events.into_iter().map(|event| event["client_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(failed(1).await, [ids[2].clone()]);
    assert_eq!(failed(2).await, [ids[2].clone(), ids[1].clone()]);
    answers.add_permits(1);
    let waiting = async || realm.rows().await.count("backchannel_notifications");
    until("the patient client has its tokens", async || (waiting().await == 2).then_some(())).await;
    assert_eq!(failed(2).await.len(), 2);
    assert_eq!(
        site.received().iter().filter(|received| received.target == "/patient").count(),
        1,
        "at the first attempt"
    );
}

/// Device authorization and backchannel authentication on a database; of many polls one gets the tokens.
async fn works_on(kind: Kind) {
    let database = TestDatabase::empty(kind).await;
    let server =
        Server::start(Configuration { database: Some(database.url.clone()), ..Configuration::default() }).await;
    let realm = Realm::on(&server, merged(device_settings(), ciba_settings())).await;
    let device = realm.device(json!({})).await;
    let codes = device.codes("openid offline_access").await;
    device.poll(&codes.device_code).await.assert_refused("authorization_pending");
    let mut browser = realm.browser();
    assert_connected(&browser.verify(&realm, &codes.user_code, &realm.user).await);
    let polls = crate::support::http::at_once(12, async || device.poll(&codes.device_code).await).await;
    assert_eq!(polls.iter().filter(|answer| answer.status == 200).count(), 1, "{polls:?}");

    let site = WebServer::start(answering(204)).await;
    let client = told(&realm, &site, "ping").await;
    let auth_req_id = begin(&client).await;
    client.poll_ciba(&auth_req_id).await.assert_refused("authorization_pending");
    answer_on_page(&realm, &mut browser, "allow").await;
    arrived(&site, 1).await;
    let tokens = client.poll_ciba(&auth_req_id).await.tokens();
    assert!(client.is_active(tokens.access_token()).await);
    drop(server);
    database.remove().await;
}

#[tokio::test]
async fn devices_and_backchannel_authentication_work_on_postgres() {
    works_on(Kind::Postgres).await;
}

#[tokio::test]
async fn devices_and_backchannel_authentication_work_on_mariadb() {
    works_on(Kind::MariaDb).await;
}
