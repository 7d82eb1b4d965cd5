//! Behind a reverse proxy: TLS ends there, and what it says of clients counts (RFC 9440, RFC 7239).

use std::sync::Arc;

use serde_json::json;

use crate::support::certificates::{Identity, Subject};
use crate::support::client::Credential;
use crate::support::http::Request;
use crate::support::realm::Realm;
use crate::support::server::{Configuration, Server, free_ports};
use crate::support::web::{TEST_ADDRESS, WebServer};

/// A server behind two proxies, one of which asks for certificates.
async fn behind_proxies() -> (Arc<Server>, [WebServer; 2]) {
    let ports: [u16; 2] = free_ports();
    let server = Server::start(Configuration { behind_proxies: Some(ports), ..Configuration::default() }).await;
    let [public, mutual] = ports;
    let proxies = [
        WebServer::proxy(public, server.base.clone(), false).await,
        WebServer::proxy(mutual, server.base.clone(), true).await,
    ];
    (server, proxies)
}

#[tokio::test]
async fn a_proxy_may_stand_in_front() {
    let authority = Identity::authority("Client authority");
    let (server, _proxies) = behind_proxies().await;
    let settings = json!({"client_certificate_authorities": authority.certificate_pem()});
    let realm = Realm::on(&server, settings).await;
    // The whole code flow, with a secret.
    let client = realm.versatile_client().await;
    let request = client.request().with("scope", "openid offline_access");
    let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    assert_eq!(client.userinfo(tokens.access_token()).await.success()["sub"], realm.user.id);
    assert_eq!(realm.discovery().await["issuer"], realm.issuer);

    // RFC 9440: the certificate of the connection to the proxy.
    let body = json!({
        "token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=client one,O=Example",
        "grant_types": ["client_credentials"],
    });
    let client = realm.client(body).await;
    let with = |subject: &str| {
        let identity = Identity::issued(&Subject::named(subject), Some(&authority));
        client.with_credential(Credential::Certificate(Box::new(identity)))
    };
    with("client one").client_credentials("").await.tokens();
    with("client two").client_credentials("").await.assert_refused("invalid_client");
    client.client_credentials("").await.assert_refused("invalid_client");

    // ASVS 4.1.3: a second copy is smuggled, whatever it says.
    let twice = client.authenticated("/token", &[("grant_type", "client_credentials")]);
    let url = twice.url.replacen(&server.public_url, &server.base, 1);
    let certificate = ":MIIB:";
    let twice = Request { url, ..twice }.header("client-cert", certificate).header("client-cert", certificate);
    assert_eq!(realm.http.send(twice).await.status, 400);
}

#[tokio::test]
async fn ghsa_cq42_guesses_from_one_network_do_not_lock_the_user_out_of_another() {
    let (server, _proxies) = behind_proxies().await;
    let realm = Realm::on(&server, json!({"password_attempts_per_account": 3})).await;
    let client = realm.client(json!({})).await;
    let from = async |address: &str, password: &str| {
        let mut browser = realm.browser();
        let page = browser.authorize(&client.request()).await;
        let form = page.page("login-page").form().with("username", "ana").with("password", password);
        let request = page.submission(&form.with("action", "login"));
        let answer = browser.send(request.header(TEST_ADDRESS, address)).await;
        browser.follow(answer).await
    };
    for _ in 0..5 {
        from("192.0.2.1", "wrong").await.page("login-page");
    }
    let throttled = from("192.0.2.1", &realm.user.password).await;
    throttled.page("login-page");
    from("198.51.100.7", &realm.user.password).await.page("consent-page");
    // An IPv6 network counts as one, whatever its addresses.
    for host in 1..=4 {
        from(&format!("2001:db8::{host}"), "wrong").await.page("login-page");
    }
    from("2001:db8::ffff", &realm.user.password).await.page("login-page");
    from("2001:db8:0:1::1", &realm.user.password).await.page("consent-page");
}
