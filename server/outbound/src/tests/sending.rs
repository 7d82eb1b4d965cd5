//! Requests that are sent as they are.

use std::sync::Arc;
use std::time::Duration;

use signet_core::ports::outbound::{OutboundBody, OutboundError, OutboundHttp as _, OutboundReply, OutboundRequest};
use tokio::sync::Notify;
use tokio::time::timeout;
use url::Url;
use zeroize::Zeroizing;

use super::server::{NameServer, Reply, Server, answer, client};
use crate::{OutboundClient, OutboundSettings};

fn request(url: Url) -> OutboundRequest {
    OutboundRequest { url, bearer: None, body: None, max_bytes: 1_000, time: Duration::from_secs(30) }
}

async fn send(client: &OutboundClient, request: OutboundRequest) -> Result<OutboundReply, OutboundError> {
    timeout(Duration::from_mins(1), client.send(request)).await.expect("waited too long")
}

#[tokio::test]
async fn a_request_is_sent_once_and_any_final_status_is_a_reply() {
    let server = Server::start(|path| Reply::Bytes(answer(&format!("{} x", &path[1..]), "", "body"))).await;
    let client = client(server.settings());
    for status in [200, 201, 204, 400, 404, 500, 503] {
        let reply = send(&client, request(server.url(&format!("/{status}")))).await.unwrap();
        let body = if status == 204 { Vec::new() } else { b"body".to_vec() };
        assert_eq!(reply, OutboundReply { status, body });
    }
    send(&client, request(server.url("/200"))).await.unwrap();
    assert_eq!(server.connections(), 8, "nothing is kept, and failures of a host stop nothing");
}

#[tokio::test]
async fn a_post_carries_its_json_and_the_token_of_the_connection() {
    let server = Server::start(|_| Reply::Bytes(answer("200 OK", "", "{}"))).await;
    let client = client(server.settings());
    let post = OutboundRequest {
        bearer: Some(Zeroizing::new("t0ken".to_owned())),
        body: Some(OutboundBody::Json(b"{\"a\":1}".to_vec())),
        ..request(server.url("/v1?x=y"))
    };
    send(&client, post).await.unwrap();
    let expected = format!(
        "POST /v1?x=y HTTP/1.1\r\nhost: {}\r\nuser-agent: signet\r\naccept-encoding: \
         identity\r\naccept: application/json\r\nauthorization: Bearer t0ken\r\ncontent-type: application/json\r\n\
         content-length: 7\r\n\r\n{{\"a\":1}}",
        server.address
    );
    assert_eq!(server.requests(), [expected]);
}

#[tokio::test]
async fn sc_014_what_documents_are_not_fetched_from_is_not_asked_either() {
    let canary = Server::start(|_| Reply::Bytes(answer("200 OK", "", "{}"))).await;
    let port = canary.address.port();
    let guarded = OutboundSettings { allow_private_addresses: false, ..canary.settings() };
    // The name leads to a public address when it is looked at first, and inside when it is looked at again.
    let names = NameServer::new(&[&["127.0.0.1"], &["169.254.169.254"], &["10.0.0.1"]]);
    let outbound = OutboundClient::new(guarded, names).unwrap();
    for host in ["rebound.test", "metadata.test", "inside.test", "127.0.0.1", "[::ffff:127.0.0.1]", "169.254.169.254"] {
        let url = Url::parse(&format!("https://{host}:{port}/")).unwrap();
        let refused = send(&outbound, request(url)).await.unwrap_err();
        assert!(matches!(refused, OutboundError::AddressRefused { .. }), "{host}: {refused}");
    }
    let plain = send(&outbound, request(Url::parse("http://127.0.0.1/").unwrap())).await;
    assert!(matches!(plain, Err(OutboundError::UrlRefused(_))));
    assert_eq!(canary.connections(), 0);
}

#[tokio::test]
async fn sc_014_a_redirection_is_not_followed() {
    let target = Server::start(|_| Reply::Bytes(answer("200 OK", "", "{}"))).await;
    for status in ["301 Moved", "303 See Other", "307 Temporary"] {
        let location = format!("location: {}\r\n", target.url("/internal"));
        let server = Server::start(move |_| Reply::Bytes(answer(status, &location, ""))).await;
        let refused = send(&client(server.settings()), request(server.url("/"))).await;
        assert_eq!(refused, Err(OutboundError::Redirect("127.0.0.1".to_owned())), "{status}");
    }
    assert_eq!(target.connections(), 0);
}

#[tokio::test]
async fn size_and_time_are_bounded() {
    let longer = "b".repeat(1_001);
    let server = Server::start(move |path| match path {
        "/long" => Reply::Bytes(answer("200 OK", "", &longer)),
        "/encoded" => Reply::Bytes(answer("200 OK", "content-encoding: gzip\r\n", "x")),
        _ => Reply::WhenTold(Arc::new(Notify::new()), Vec::new()),
    })
    .await;
    let client = client(server.settings());
    let host = "127.0.0.1".to_owned();
    assert_eq!(send(&client, request(server.url("/long"))).await, Err(OutboundError::TooLarge(host.clone())));
    assert_eq!(send(&client, request(server.url("/encoded"))).await, Err(OutboundError::Malformed(host.clone())));
    let hurried = OutboundRequest { time: Duration::from_millis(100), ..request(server.url("/silent")) };
    assert_eq!(send(&client, hurried).await, Err(OutboundError::TimedOut(host)));
}
