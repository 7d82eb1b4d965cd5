//! What listed proxies may say, over a connection. The finer rules are tested beside them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::certificates::{Folder, Identity, elliptic_curve_key};
use super::client::{Client, context, exchange, present, seen, status};
use super::server::{HOST, mutual_tls, plain, start, two_certificates};
use crate::listener::{AddressHeader, ListenerSettings, ProxySettings, RunningListener};

async fn behind_proxy(trusted: &str, certificate_headers: &[&str]) -> RunningListener {
    let proxies = ProxySettings {
        trusted: vec![trusted.parse().unwrap()],
        client_certificate_headers: certificate_headers.iter().map(|name| name.parse().unwrap()).collect(),
        address_header: AddressHeader::XForwardedFor,
    };
    start(ListenerSettings { proxies, ..plain() }).await
}

async fn get(listener: &RunningListener, headers: &str) -> String {
    let request = format!("GET / HTTP/1.1\r\nhost: signet.test\r\nconnection: close\r\n{headers}\r\n");
    exchange(listener.address(), request.as_bytes()).await
}

fn names(seen: &Value) -> Vec<&str> {
    seen["headers"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect()
}

fn client() -> Identity {
    Identity::new("client", &["client.test"], elliptic_curve_key(), None)
}

#[tokio::test]
async fn rfc9440_certificate_and_chain_come_from_a_listed_proxy() {
    let listener = behind_proxy("127.0.0.0/8", &["client-cert"]).await;
    let (leaf, authority) = (client(), Identity::authority("authority", None));
    let (leaf_text, authority_text) = (STANDARD.encode(leaf.der()), STANDARD.encode(authority.der()));
    let alone = seen(&get(&listener, &format!("client-cert: :{leaf_text}:\r\n")).await);
    assert_eq!(
        (&alone["leaf"], &alone["chain"], &alone["source"]),
        (&json!(leaf.der()), &json!(1), &json!("ProxyHeader"))
    );
    let chain = format!(
        "client-cert: :{leaf_text}:\r\nclient-cert-chain: :{authority_text}:, :{authority_text}:\r\n\
         client-cert-chain: :{authority_text}:\r\n"
    );
    let with_chain = seen(&get(&listener, &chain).await);
    assert_eq!((&with_chain["leaf"], &with_chain["chain"]), (&json!(leaf.der()), &json!(4)));
    assert_eq!(names(&with_chain), ["host", "connection"], "the endpoint sees no such header");
}

#[tokio::test]
async fn tk_036_certificate_headers_of_everyone_else_are_removed() {
    let listener = behind_proxy("192.0.2.0/24", &["client-cert", "x-my-cert"]).await;
    let text = STANDARD.encode(client().der());
    let headers = format!(
        "client-cert: :{text}:\r\nclient-cert-chain: :{text}:\r\nx-my-cert: {text}\r\nX_My_Cert: {text}\r\n\
         Client_Cert: :{text}:\r\nx-client-cert: {text}\r\nx-ssl-client-cert: {text}\r\nssl-client-cert: {text}\r\n\
         x-forwarded-client-cert: {text}\r\nx-forwarded-for: 203.0.113.9\r\nx-forwarded-host: evil.test\r\n\
         forwarded: for=203.0.113.9\r\nx-real-ip: 203.0.113.9\r\nx-original-uri: /admin\r\nx-request-id: chosen\r\n\
         accept: kept\r\n"
    );
    let seen = seen(&get(&listener, &headers).await);
    assert_eq!(names(&seen), ["host", "connection", "accept"]);
    assert_eq!((&seen["leaf"], &seen["client_address"]), (&json!(null), &json!("127.0.0.1")));
    assert_ne!(seen["request_id"], "chosen");
}

#[tokio::test]
async fn named_headers_carry_what_proxies_make_of_pem_and_der() {
    let listener = behind_proxy("127.0.0.1/32", &["x-ssl-cert"]).await;
    let identity = client();
    let pem = String::from_utf8(identity.certificate.to_pem().unwrap()).unwrap();
    let forms = [
        utf8_percent_encode(&pem, NON_ALPHANUMERIC).to_string(),
        pem.replace('\n', "%0A").replace(' ', "%20"),
        pem.replace('\n', " "),
        pem.replace('\n', "\t"),
        STANDARD.encode(identity.der()),
    ];
    for form in forms {
        let seen = seen(&get(&listener, &format!("x-ssl-cert: {form}\r\n")).await);
        assert_eq!(seen["leaf"], json!(identity.der()), "{form}");
    }
}

#[tokio::test]
async fn tk_037_a_proxy_header_that_is_doubtful_is_refused() {
    let listener = behind_proxy("127.0.0.1/32", &["client-cert", "x-ssl-cert"]).await;
    let text = STANDARD.encode(client().der());
    let longer = STANDARD.encode([client().der(), vec![0]].concat());
    let many = format!(":{text}:, ").repeat(10);
    let doubtful = [
        format!("client-cert: :{text}:\r\nclient-cert: :{text}:\r\n"),
        format!("client-cert: :{text}:\r\nx-ssl-cert: {text}\r\n"),
        format!("client-cert-chain: :{text}:\r\n"),
        format!("client-cert: {text}\r\n"),
        format!("client-cert: :{text}:;a=b\r\n"),
        "client-cert: ::\r\n".to_owned(),
        "client-cert: :AAAA:\r\n".to_owned(),
        format!("client-cert: :{longer}:\r\n"),
        format!("client-cert: :{text}:\r\nclient-cert-chain: {many}:{text}:\r\n"),
        "x-ssl-cert: -----BEGIN%20CERTIFICATE-----\r\n".to_owned(),
        "x-ssl-cert: %ff%fe\r\n".to_owned(),
        "x-ssl-cert: (null)\r\n".to_owned(),
    ];
    for headers in doubtful {
        assert_eq!(status(&get(&listener, &headers).await), 400, "{headers}");
    }
    let none = seen(&get(&listener, "x-ssl-cert:\r\n").await);
    assert_eq!(none["leaf"], json!(null), "an empty header is how a proxy says that there was none");
}

#[tokio::test]
async fn address_and_request_id_come_from_a_listed_proxy() {
    let listener = behind_proxy("127.0.0.1/32", &[]).await;
    let seen =
        seen(&get(&listener, "x-forwarded-for: 198.51.100.1, 203.0.113.9\r\nx-request-id: from-proxy\r\n").await);
    assert_eq!((&seen["client_address"], &seen["request_id"]), (&json!("203.0.113.9"), &json!("from-proxy")));
    for harmful in ["a b", "a\"b", "{}", &"x".repeat(65)] {
        let answer = get(&listener, &format!("x-request-id: {harmful}\r\n")).await;
        assert!(!answer.contains(harmful), "{answer}");
    }
}

#[tokio::test]
async fn the_certificate_of_a_proxy_is_not_that_of_its_client() {
    let folder = Folder::new();
    let mut settings = mutual_tls(two_certificates(&folder));
    settings.proxies = ProxySettings {
        trusted: vec!["127.0.0.1/32".parse().unwrap()],
        client_certificate_headers: vec!["client-cert".parse().unwrap()],
        ..ProxySettings::default()
    };
    let listener = start(settings).await;
    let proxy = Identity::new("proxy", &[], elliptic_curve_key(), None);
    let tls = context(|builder| present(builder, &proxy, &[]));
    let mut connection = Client::connect(listener.address(), &tls).await;
    assert_eq!(connection.seen().await["leaf"], json!(null));
    let identity = client();
    let request = http::Request::get("/")
        .header("host", "another.test")
        .header("client-cert", format!(":{}:", STANDARD.encode(identity.der())));
    let response = connection.send(request.body(http_body_util::Full::default()).unwrap()).await.unwrap();
    let seen: Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(seen["leaf"], json!(identity.der()));
    assert_eq!(seen["host"], "another.test", "a proxy's connection is for all hosts, whatever {HOST} it named");
}
