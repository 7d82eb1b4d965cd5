//! Requests that two parsers might read differently, and requests for nobody.

use poem::endpoint::make;
use poem::{Request, Response};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::certificates::Folder;
use super::client::{Client, context, exchange, one_answer, status};
use super::server::{HOST, plain, serve, start, tls, two_certificates};

#[tokio::test]
async fn ht004_ambiguous_framing_is_refused_and_never_gives_a_second_answer() {
    let listener = start(plain()).await;
    let smuggled = "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n";
    let framings = [
        "content-length: 1\r\ncontent-length: 2\r\n",
        "content-length: +1\r\n",
        "content-length: -1\r\n",
        "content-length: 1, 2\r\n",
        "transfer-encoding: xchunked\r\n",
        "transfer-encoding: chunked, identity\r\n",
        "transfer-encoding: identity\r\n",
        "content-length : 1\r\n",
        "x: y\r\n folded\r\n",
        "x\r\n",
    ];
    for framing in framings {
        let request = format!("POST / HTTP/1.1\r\nhost: a\r\n{framing}\r\n{smuggled}");
        let answer = exchange(listener.address(), request.as_bytes()).await;
        assert_eq!(status(&answer), 400, "{framing:?}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{framing:?}: {answer}");
    }
    assert_eq!(listener.counts().requests, 0);
}

#[tokio::test]
async fn rfc9112_6_3_length_and_chunks_together_end_the_connection() {
    let listener = start(plain()).await;
    let smuggled = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n";
    for framing in
        ["content-length: 4\r\ntransfer-encoding: chunked", "transfer-encoding: chunked\r\ncontent-length: 4"]
    {
        let request = format!("POST / HTTP/1.1\r\nhost: a\r\n{framing}\r\n\r\n{smuggled}");
        let answer = exchange(listener.address(), request.as_bytes()).await;
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{framing:?}: {answer}");
        assert!(!answer.contains("smuggled"), "{answer}");
    }
}

#[tokio::test]
async fn a_chunk_size_that_overflows_is_refused() {
    let listener = start(plain()).await;
    let request = b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n10000000000000001\r\nx";
    assert_eq!(status(&exchange(listener.address(), request).await), 400);
}

#[tokio::test]
async fn ht012_a_request_has_exactly_one_host() {
    let listener = start(plain()).await;
    let requests = [
        ("GET / HTTP/1.1\r\nhost: a.test\r\n", 200),
        ("GET / HTTP/1.1\r\nhost: a.test:8443\r\n", 200),
        ("GET / HTTP/1.1\r\nhost: [::1]:8443\r\n", 200),
        ("GET http://a.test/ HTTP/1.1\r\nhost: a.test\r\n", 200),
        ("GET / HTTP/1.1\r\n", 400),
        ("GET / HTTP/1.0\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: a.test\r\nhost: b.test\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: a.test\r\nhost: a.test\r\n", 400),
        ("GET / HTTP/1.1\r\nhost:\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: user@a.test\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: a.test/path\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: a test\r\n", 400),
        ("GET http://evil.test/ HTTP/1.1\r\nhost: a.test\r\n", 400),
        ("CONNECT a.test:443 HTTP/1.1\r\nhost: a.test:443\r\n", 405),
    ];
    for (head, expected) in requests {
        let answer = exchange(listener.address(), format!("{head}connection: close\r\n\r\n").as_bytes()).await;
        assert_eq!(status(&answer), expected, "{head:?}");
    }
}

#[tokio::test]
async fn http2_host_and_authority_must_agree() {
    let folder = Folder::new();
    let listener = start(tls(two_certificates(&folder))).await;
    let http2 = context(|builder| builder.set_alpn_protos(b"\x02h2").unwrap());
    let mut client = Client::connect(listener.address(), &http2).await;
    for (host, expected) in [(HOST, 200), ("evil.test", 400)] {
        let request = http::Request::get(format!("https://{HOST}/")).header("host", host);
        let response = client.send(request.body(http_body_util::Full::default()).unwrap()).await.unwrap();
        assert_eq!(response.status(), expected, "{host}");
    }
}

#[tokio::test]
async fn ht022_a_handler_that_panics_loses_only_its_own_request() {
    let endpoint = make(|request: Request| async move {
        assert_ne!(request.uri().path(), "/defect", "this panic is part of the test");
        Response::builder().body("well")
    });
    let listener = serve(plain(), endpoint).await;
    let mut stream = TcpStream::connect(listener.address()).await.unwrap();
    for (path, expected) in [("/defect", 500), ("/fine", 200)] {
        stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes()).await.unwrap();
        let answer = one_answer(&mut stream).await;
        assert_eq!(status(&answer), expected);
        assert!(!answer.contains("part of the test"), "{answer}");
    }
}

#[tokio::test]
async fn ht014_refusals_carry_safe_headers_and_no_server_name() {
    let listener = start(plain()).await;
    let answer = exchange(listener.address(), b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n").await;
    for header in
        ["x-content-type-options: nosniff", "cache-control: no-store", "frame-ancestors 'none'", "x-request-id: "]
    {
        assert!(answer.contains(header), "{header} in {answer}");
    }
    assert!(!answer.to_lowercase().contains("\r\nserver:"), "{answer}");
}
