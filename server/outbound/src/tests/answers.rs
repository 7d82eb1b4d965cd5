//! What comes back: good documents, and everything a server can do instead.

use std::time::Duration;

use signet_core::ports::outbound::{Accept, OutboundError};

use super::server::{JSON, Reply, Server, answer, client, get};
use crate::{OutboundClient, OutboundSettings, SystemResolver, TrustError};

const HOST: &str = "127.0.0.1";

#[tokio::test]
async fn a_document_comes_with_its_type_and_is_asked_for_plainly() {
    let server = Server::start(|_| Reply::Bytes(answer("200 OK", "content-type: text/json; a=b\r\n", "{}"))).await;
    let response = server.get("/jwks?a=b#fragment").await.unwrap();
    assert_eq!(response.content_type.as_deref(), Some("text/json; a=b"));
    assert_eq!(&*response.body, b"{}");
    let expected = format!(
        "GET /jwks?a=b HTTP/1.1\r\nhost: {}\r\nuser-agent: signet\r\naccept-encoding: \
         identity\r\naccept: application/json, text/json\r\n\r\n",
        server.address
    );
    assert_eq!(server.requests(), [expected]);
}

#[tokio::test]
async fn kc47276_a_redirection_is_not_followed() {
    let target = Server::start(|_| Reply::Bytes(answer("200 OK", "", "{}"))).await;
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let location = format!("location: {}\r\n", target.url("/internal"));
        let server = Server::start(move |_| Reply::Bytes(answer(status, &location, ""))).await;
        assert_eq!(server.get("/").await, Err(OutboundError::Redirect(HOST.into())), "{status}");
        assert_eq!(server.connections(), 1);
    }
    assert_eq!(target.connections(), 0);
}

#[tokio::test]
async fn only_status_200_is_a_document() {
    for status in [201, 204, 206, 400, 404, 500, 503] {
        let server = Server::start(move |_| Reply::Bytes(answer(&format!("{status} x"), "", "{}"))).await;
        assert_eq!(server.get("/").await, Err(OutboundError::Status { host: HOST.into(), status }));
    }
}

#[tokio::test]
async fn a_long_body_is_refused_however_it_is_framed() {
    let longest = "b".repeat(JSON.max_bytes);
    let server = Server::start(move |path| {
        let chunk = format!("{:x}\r\n{longest}\r\n", longest.len());
        let chunked = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunk}");
        let endless = format!("HTTP/1.1 200 OK\r\n\r\n{longest}");
        match path {
            "/longest" => Reply::Bytes(answer("200 OK", "", &longest)),
            "/longest-chunked" => Reply::Bytes(format!("{chunked}0\r\n\r\n").into_bytes()),
            "/longest-until-close" => Reply::Bytes(endless.into_bytes()),
            // The rest never comes: the announced length is enough.
            "/announced" => Reply::BytesThenSilence(b"HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n".to_vec()),
            "/chunked" => Reply::BytesThenSilence(format!("{chunked}1\r\nb\r\n").into_bytes()),
            _ => Reply::BytesThenSilence(format!("{endless}b").into_bytes()),
        }
    })
    .await;
    for path in ["/longest", "/longest-chunked", "/longest-until-close"] {
        assert_eq!(server.get(path).await.unwrap().body.len(), JSON.max_bytes, "{path}");
    }
    for path in ["/announced", "/chunked", "/until-close"] {
        assert_eq!(server.get(path).await, Err(OutboundError::TooLarge(HOST.into())), "{path}");
    }
}

#[tokio::test]
async fn what_does_not_arrive_in_time_is_given_up() {
    let replies: [&[u8]; 3] = [b"", b"HTTP/1.1 200 OK\r\ncontent-", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"];
    let attempts = replies.map(|reply| async move {
        let server = Server::start(move |_| Reply::BytesThenSilence(reply.to_vec())).await;
        let settings = OutboundSettings { total_time: Duration::from_secs(2), ..server.settings() };
        let result = get(&client(settings), &server.url("/"), JSON).await;
        assert_eq!(result, Err(OutboundError::TimedOut(HOST.into())), "{:?}", String::from_utf8_lossy(reply));
        assert_eq!(server.requests().len(), 1, "the request had arrived");
    });
    futures_util::future::join_all(attempts).await;
}

#[tokio::test]
async fn what_is_no_acceptable_http_is_refused() {
    let replies = [
        b"not http at all\r\n\r\n".to_vec(),
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec(),
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n".to_vec(),
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}".to_vec(),
        format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(100_000)).into_bytes(),
        answer("200 OK", "content-encoding: gzip\r\n", "{}"),
        Vec::new(),
    ];
    for reply in replies {
        let shown = String::from_utf8_lossy(&reply[..reply.len().min(60)]).into_owned();
        let server = Server::start(move |_| Reply::Bytes(reply.clone())).await;
        assert_eq!(server.get("/").await, Err(OutboundError::Malformed(HOST.into())), "{shown:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_trusted_is_not_asked() {
    let server = Server::start(|_| Reply::Bytes(answer("200 OK", "", "{}"))).await;
    let other = Server::start(|_| Reply::Bytes(answer("200 OK", "", "{}"))).await;
    for ca_file in [None, Some(other.authority_file().to_owned())] {
        let settings = OutboundSettings { ca_file, ..server.settings() };
        let refused = get(&client(settings), &server.url("/"), JSON).await.unwrap_err();
        assert!(matches!(&refused, OutboundError::Tls { host, .. } if host == HOST), "{refused}");
    }
    assert_eq!((server.connections(), server.requests().len()), (2, 0));
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_trusted() {
    let server = Server::start_at("127.0.0.2:0", true, |_| Reply::Bytes(answer("200 OK", "", "{}"))).await;
    let refused = server.get("/").await.unwrap_err();
    assert!(refused.to_string().contains("IP address mismatch"), "{refused}");
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn authorities_that_cannot_be_loaded_are_noticed_at_the_start() {
    let folder = std::env::temp_dir();
    for (file, is_expected) in [
        (
            folder.join("signet-no-such-file.pem"),
            (|error| matches!(error, TrustError::Unreadable { .. })) as fn(&_) -> _,
        ),
        (std::env::current_exe().unwrap(), |error| matches!(error, TrustError::NotCertificates(_))),
    ] {
        let settings = OutboundSettings { ca_file: Some(file.clone()), ..OutboundSettings::default() };
        let error = OutboundClient::new(settings, std::sync::Arc::new(SystemResolver)).err().unwrap();
        assert!(is_expected(&error) && error.to_string().contains(file.to_str().unwrap()), "{error}");
    }
}

#[tokio::test]
async fn a_caller_may_accept_any_type() {
    let server = Server::start(|_| Reply::Bytes(answer("200 OK", "", ""))).await;
    let any = Accept { media_types: &[], ..JSON };
    let response = get(&client(server.settings()), &server.url("/"), any).await.unwrap();
    assert_eq!((response.content_type, response.body.len()), (None, 0));
    assert!(!server.requests()[0].contains("accept:"));
}
