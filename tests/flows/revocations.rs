//! Everything that was issued until now ends at a word of an administrator: in a realm, to a client, for a user.

use http::{Method, Response};
use serde_json::{Value, json};

use crate::support::administration::{Administration, CLIENT_ID};
use crate::support::ciba::ciba_settings;
use crate::support::client::Client;
use crate::support::device::device_settings;
use crate::support::http::{HttpClient, Request};
use crate::support::realm::{Realm, merged};
use crate::support::server::{Configuration, Server};
use crate::support::wait::until;
use crate::support::web::WebServer;

/// Revokes everything of what is at a path below the realm.
async fn revoke(realm: &Realm, of: &str) {
    let path = format!("/realms/{}{of}/revocation", realm.name);
    let answer = realm.server.administration.ask(Method::POST, &path, &Value::Null).await;
    assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{answer:?}");
}

/// A client that is told of logouts at a site.
async fn told(realm: &Realm, site: &WebServer) -> Client {
    let grants = ["authorization_code", "refresh_token"];
    let told = json!({"grant_types": grants, "backchannel_logout_uri": format!("{}/logout", site.url)});
    realm.client(told).await
}

#[tokio::test]
async fn st_not_before_of_a_realm_ends_every_session_and_its_clients_are_told() {
    let (realm, site) = (Realm::new().await, WebServer::start(|_| Response::new(String::new())).await);
    let client = told(&realm, &site).await;
    let mut browsers = vec![realm.browser(), realm.browser()];
    let mut tokens = Vec::new();
    for browser in &mut browsers {
        tokens.push(client.obtain(browser, &client.request(), &realm.user).await);
    }
    revoke(&realm, "").await;
    for (browser, tokens) in browsers.iter_mut().zip(&tokens) {
        assert!(!client.is_active(tokens.access_token()).await);
        // At once, whether or not the row has gone already.
        let silent = client.request().with("prompt", "none");
        browser.authorize(&silent).await.assert_error_response(&silent, "login_required");
    }
    until("two logouts", async || (site.received().len() >= 2).then_some(())).await;
    assert_eq!(realm.rows().await.count("sessions"), 0);
    let revoked = until("the event", async || {
        let changes = realm.events_in(&realm.name, "kind=administrative_change").await;
        changes.into_iter().find(|change| change["details"]["action"] == "everything_revoked")
    })
    .await;
    assert_eq!((&revoked["details"]["object"], &revoked["details"]["id"]), (&json!("realm"), &json!(realm.name)));
    let ended = realm.events("kind=sessions_ended", 1).await;
    assert_eq!(ended[0]["details"]["reason"], "administrator_decided");
    // What is issued afterwards is good.
    let tokens = client.obtain(&mut browsers[0], &client.request(), &realm.user).await;
    assert!(client.is_active(tokens.access_token()).await);
}

#[tokio::test]
async fn st_not_before_of_realm_and_client_ends_requests_that_wait() {
    for of in ["", "/clients/both"] {
        let realm = Realm::with(merged(device_settings(), ciba_settings())).await;
        let grants = json!(["urn:ietf:params:oauth:grant-type:device_code", "urn:openid:params:grant-type:ciba"]);
        let client = realm
            .client(json!({
                "client_id": "both", "grant_types": grants, "redirect_uris": [], "response_types": [],
                "backchannel_token_delivery_mode": "poll", "settings": {"skip_consent": true},
            }))
            .await;
        let codes = client.codes("openid").await;
        let asked = [("scope", "openid"), ("login_hint", "ana")];
        let auth_req_id = client.ask_user(&asked).await.success()["auth_req_id"].as_str().unwrap().to_owned();
        client.poll(&codes.device_code).await.assert_refused("authorization_pending");
        client.poll_ciba(&auth_req_id).await.assert_refused("authorization_pending");
        revoke(&realm, of).await;
        let mut browser = realm.signed_in_browser().await;
        browser.enter_code(&realm, &codes.user_code).await.page("device-page");
        let page = browser.get(&realm.url("/account/requests")).await;
        page.page("requests-page");
        assert!(page.body.contains("id=\"requests-none\""), "{page:?}");
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        client.poll(&codes.device_code).await.assert_refused("invalid_grant");
        client.poll_ciba(&auth_req_id).await.assert_refused("invalid_grant");
        // One that is made afterwards waits.
        let codes = client.codes("openid").await;
        client.poll(&codes.device_code).await.assert_refused("authorization_pending");
    }
}

#[tokio::test]
async fn st_not_before_of_a_user_ends_what_is_theirs_and_nothing_of_others() {
    let (realm, site) = (Realm::new().await, WebServer::start(|_| Response::new(String::new())).await);
    let client = told(&realm, &site).await;
    let bob = realm.add_user("bob").await;
    let (mut of_ana, mut of_bob) = (realm.browser(), realm.browser());
    let request = client.request().with("scope", "openid offline_access");
    let anas = client.obtain(&mut of_ana, &request, &realm.user).await;
    let bobs = client.obtain(&mut of_bob, &request, &bob).await;
    revoke(&realm, &format!("/users/{}", realm.user.id)).await;
    client.refresh(anas.refresh_token()).await.assert_refused("invalid_grant");
    assert!(!client.is_active(anas.access_token()).await && client.is_active(bobs.access_token()).await);
    until("one logout", async || (!site.received().is_empty()).then_some(())).await;
    assert_eq!(realm.rows().await.count("sessions"), 1);
    // The password is the same as before.
    client.obtain(&mut of_ana, &request, &realm.user).await;
}

/// RFC 7592 section 5: whoever registered the client would be locked out.
#[tokio::test]
async fn rfc7592_5_a_registration_access_token_stays_good() {
    let realm = Realm::with(json!({"registration": {"mode": "open"}})).await;
    let document = json!({"redirect_uris": ["https://client.test/cb"], "client_name": "Own"}).to_string();
    let answer = realm.http.send(Request::post(&realm.url("/register"), "application/json", document)).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let registered = answer.json();
    let text = |name: &str| registered[name].as_str().unwrap().to_owned();
    for of in [String::new(), format!("/clients/{}", text("client_id"))] {
        revoke(&realm, &of).await;
        let read = Request::get(&text("registration_client_uri")).bearer(&text("registration_access_token"));
        assert_eq!(realm.http.send(read).await.success()["client_id"], registered["client_id"]);
    }
}

#[tokio::test]
async fn st_not_before_of_the_admin_realm_ends_the_token_that_asked_for_it() {
    let server = Server::start(Configuration::default()).await;
    let Administration::Api { base, secret } = &server.administration else { panic!("no admin API here") };
    let http = HttpClient::new();
    let grant = [("grant_type", "client_credentials"), ("scope", "signet.admin")];
    let request = || Request::form(&format!("{base}/realms/admin/token"), &grant).basic(CLIENT_ID, secret);
    let token = http.send(request()).await.tokens();
    let list = Request::get(&format!("{base}/admin/api/v1/realms"));
    http.send(list.clone().bearer(token.access_token())).await.success();
    let path = "/realms/admin/revocation";
    assert_eq!(server.administration.ask(Method::POST, path, &Value::Null).await.status, 204);
    assert_eq!(http.send(list.clone().bearer(token.access_token())).await.status, 401);
    // The client that administers gets another.
    let token = http.send(request()).await.tokens();
    http.send(list.bearer(token.access_token())).await.success();
}
