//! What a stranger may cost: sizes, counts, and times. Short limits make the end of a time an event to wait for.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use poem::endpoint::make;
use poem::{Body, Response};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};
use tokio::time::Duration;

use super::certificates::Folder;
use super::client::{Client, connect, context, exchange, one_answer, rest, seen, soon, status, until};
use super::server::{HOST, plain, serve, start, tls, two_certificates};
use crate::listener::{LargeBody, Limits, ListenerSettings};

/// Where the test only waits for the end.
const SHORT: Duration = Duration::from_millis(150);
/// Where something must happen before the end, also on a busy machine.
const LONGER: Duration = Duration::from_secs(2);
const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: signet.test\r\n\r\n";

fn limited(limits: Limits) -> ListenerSettings {
    ListenerSettings { limits, ..plain() }
}

fn post(path: &str, framing: &str, body: &str) -> Vec<u8> {
    format!("POST {path} HTTP/1.1\r\nhost: signet.test\r\n{framing}\r\n\r\n{body}").into_bytes()
}

#[tokio::test]
async fn ht002_large_heads_are_refused() {
    let listener = start(plain()).await;
    let field = |bytes: usize| format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "v".repeat(bytes));
    let fields = |count: usize| format!("GET / HTTP/1.1\r\nhost: a\r\n{}\r\n", "x: y\r\n".repeat(count - 1));
    let target = |bytes: usize| format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "p".repeat(bytes - 1));
    let heads = [
        (field(16_000), 200),
        (field(16_384), 431),
        (field(1_000_000), 431),
        (fields(100), 200),
        (fields(101), 431),
        (target(8_000), 200),
        (target(8_001), 414),
        (target(8_192), 414),
    ];
    for (head, expected) in heads {
        let mut stream = TcpStream::connect(listener.address()).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let answer = one_answer(&mut stream).await;
        assert_eq!(status(&answer), expected, "{} bytes", head.len());
    }
}

#[tokio::test]
async fn ht002_large_heads_are_refused_on_http2() {
    let folder = Folder::new();
    let listener = start(tls(two_certificates(&folder))).await;
    let http2 = context(|builder| builder.set_alpn_protos(b"\x02h2").unwrap());
    for (name, bytes, fields, expected) in
        [("x", 1_000, 1, 200), ("x", 17_000, 1, 431), ("x", 1, 101, 431), ("x", 1, 100, 200)]
    {
        let mut client = Client::connect(listener.address(), &http2).await;
        let mut request = Request::get(format!("https://{HOST}/"));
        for _ in 0..fields {
            request = request.header(name, "v".repeat(bytes));
        }
        let response = client.send(request.body(Full::default()).unwrap()).await.unwrap();
        assert_eq!(response.status(), expected, "{fields} fields of {bytes} bytes");
    }
    let mut client = Client::connect(listener.address(), &http2).await;
    assert_eq!(client.get(HOST, &format!("/{}", "p".repeat(8_000))).await.status(), 414);
}

#[tokio::test]
async fn a_head_that_trickles_in_is_cut_with_408() {
    let listener = start(limited(Limits { header_time: SHORT, ..Limits::default() })).await;
    let mut stream = TcpStream::connect(listener.address()).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: signet.test\r\nx-slow").await.unwrap();
    assert_eq!(status(&rest(&mut stream).await), 408);
}

#[tokio::test]
async fn a_head_that_trickles_in_after_a_request_is_cut_too() {
    let listener = start(limited(Limits { header_time: LONGER, ..Limits::default() })).await;
    let mut stream = TcpStream::connect(listener.address()).await.unwrap();
    stream.write_all(GET).await.unwrap();
    assert_eq!(status(&one_answer(&mut stream).await), 200);
    stream.write_all(b"GET /second").await.unwrap();
    assert_eq!(status(&rest(&mut stream).await), 408);
}

#[tokio::test]
async fn a_connection_that_never_asks_is_closed_without_a_word() {
    let listener = start(limited(Limits { header_time: SHORT, ..Limits::default() })).await;
    let mut stream = TcpStream::connect(listener.address()).await.unwrap();
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn a_handshake_that_trickles_in_is_cut() {
    let folder = Folder::new();
    let mut settings = tls(two_certificates(&folder));
    settings.limits.handshake_time = SHORT;
    let listener = start(settings).await;
    let mut stream = TcpStream::connect(listener.address()).await.unwrap();
    stream.write_all(&[22, 3, 1, 2]).await.unwrap();
    assert_eq!(rest(&mut stream).await, "");
    assert_eq!(listener.counts().handshakes_failed, 1);
}

#[tokio::test]
async fn an_http2_connection_that_never_asks_is_closed() {
    let folder = Folder::new();
    let mut settings = tls(two_certificates(&folder));
    settings.limits.header_time = SHORT;
    let listener = start(settings).await;
    let http2 = context(|builder| builder.set_alpn_protos(b"\x02h2").unwrap());
    let mut stream = connect(listener.address(), &http2).await.unwrap();
    let mut received = Vec::new();
    let _ = soon(stream.read_to_end(&mut received)).await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_in_order() {
    let listener = start(limited(Limits { idle_time: SHORT, ..Limits::default() })).await;
    let mut stream = TcpStream::connect(listener.address()).await.unwrap();
    stream.write_all(GET).await.unwrap();
    assert_eq!(status(&one_answer(&mut stream).await), 200);
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn an_old_connection_is_closed_in_order() {
    let listener = start(limited(Limits { connection_time: LONGER, ..Limits::default() })).await;
    let mut stream = TcpStream::connect(listener.address()).await.unwrap();
    stream.write_all(GET).await.unwrap();
    assert_eq!(status(&one_answer(&mut stream).await), 200);
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn ht001_long_bodies_are_refused_and_no_longer_read() {
    let large = LargeBody { path_prefix: "/admin/".into(), bytes: 100_000 };
    let listener = start(limited(Limits { body_bytes: 1_000, large_bodies: vec![large], ..Limits::default() })).await;
    let chunk = format!("1f5\r\n{}\r\n", "c".repeat(501));
    let chunked = "transfer-encoding: chunked";
    let refused = [
        (post("/token", "content-length: 1001", ""), 413),
        (post("/token", "content-length: 18446744073709551613", ""), 413),
        (post("/token", chunked, &chunk.repeat(2)), 413),
        (post("/admin/api", "content-length: 100001", ""), 413),
        (post("/token", "content-length: 18446744073709551616", ""), 400),
    ];
    for (request, expected) in refused {
        // The connection is closed although the body never ended.
        let answer = exchange(listener.address(), &request).await;
        assert_eq!(status(&answer), expected, "{answer}");
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    }
    let accepted = [
        (post("/token", "connection: close\r\ncontent-length: 1000", &"b".repeat(1_000)), 1_000),
        (post("/token", &format!("connection: close\r\n{chunked}"), &format!("{chunk}0\r\n\r\n")), 501),
        (post("/admin/api", "connection: close\r\ncontent-length: 100000", &"b".repeat(100_000)), 100_000),
    ];
    for (request, bytes) in accepted {
        assert_eq!(seen(&exchange(listener.address(), &request).await)["body"], bytes);
    }
}

#[tokio::test]
async fn a_refused_client_may_finish_sending() {
    let listener = start(plain()).await;
    let mut stream = TcpStream::connect(listener.address()).await.unwrap();
    stream.write_all(&post("/token", "content-length: 100000", "")).await.unwrap();
    assert_eq!(status(&rest(&mut stream).await), 413);
    // Bytes for a connection already closed come back as a reset, which on some systems overtakes the answer.
    for _ in 0..100 {
        stream.write_all(&[b'b'; 1_000]).await.unwrap();
    }
}

#[tokio::test]
async fn a_body_that_trickles_in_is_answered_408() {
    let listener = start(limited(Limits { body_time: SHORT, ..Limits::default() })).await;
    let answer = exchange(listener.address(), &post("/token", "content-length: 100", "only this")).await;
    assert_eq!(status(&answer), 408);
}

#[tokio::test]
async fn bodies_share_a_bounded_memory() {
    let listener = start(limited(Limits { body_bytes_at_once: 1_000, ..Limits::default() })).await;
    let mut holding = TcpStream::connect(listener.address()).await.unwrap();
    holding.write_all(&post("/", "content-length: 901", &"b".repeat(900))).await.unwrap();
    let second = post("/", "connection: close\r\ncontent-length: 500", &"b".repeat(500));
    // The first body is held by another task of the server: ask until it has arrived there.
    let refused = loop {
        let answer = exchange(listener.address(), &second).await;
        if status(&answer) != 200 {
            break answer;
        }
    };
    assert_eq!(status(&refused), 503);
    assert!(refused.contains("\r\nretry-after: 1\r\n"), "{refused}");
    holding.write_all(b"b").await.unwrap();
    assert_eq!(seen(&one_answer(&mut holding).await)["body"], 901);
    assert_eq!(status(&exchange(listener.address(), &second).await), 200, "the memory is free again");
}

#[tokio::test]
async fn ht020_running_requests_are_bounded() {
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    let go_on = Arc::new(Notify::new());
    let gate = Arc::clone(&go_on);
    let endpoint = make(move |_| {
        let (arrived, gate) = (arrived.clone(), Arc::clone(&gate));
        async move {
            arrived.send(()).unwrap();
            gate.notified().await;
        }
    });
    let listener = serve(limited(Limits { requests_at_once: 1, ..Limits::default() }), endpoint).await;
    let mut first = TcpStream::connect(listener.address()).await.unwrap();
    first.write_all(GET).await.unwrap();
    soon(arrivals.recv()).await.unwrap();

    let mut second = TcpStream::connect(listener.address()).await.unwrap();
    second.write_all(GET).await.unwrap();
    let busy = one_answer(&mut second).await;
    assert_eq!(status(&busy), 503);
    assert!(busy.contains("\r\nretry-after: 1\r\n"), "{busy}");

    go_on.notify_one();
    assert_eq!(status(&one_answer(&mut first).await), 200);
    go_on.notify_one();
    second.write_all(GET).await.unwrap();
    assert_eq!(status(&one_answer(&mut second).await), 200, "the same connection may try again");
}

#[tokio::test]
async fn connections_of_one_address_are_bounded() {
    let listener = start(limited(Limits { connections_per_address: 2, ..Limits::default() })).await;
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(listener.address()).await.unwrap();
        stream.write_all(GET).await.unwrap();
        assert_eq!(status(&one_answer(&mut stream).await), 200);
        open.push(stream);
    }
    let mut refused = TcpStream::connect(listener.address()).await.unwrap();
    assert_eq!(status(&rest(&mut refused).await), 503);
    assert_eq!(listener.counts().connections_refused, 1);

    drop(open.pop());
    until(|| listener.counts().connections_open == 1).await;
    let mut again = TcpStream::connect(listener.address()).await.unwrap();
    again.write_all(GET).await.unwrap();
    assert_eq!(status(&one_answer(&mut again).await), 200);
}

#[tokio::test]
async fn over_the_total_tls_is_closed_before_a_handshake() {
    let folder = Folder::new();
    let mut settings = tls(two_certificates(&folder));
    settings.limits.connections = 1;
    let listener = start(settings).await;
    let mut first = Client::connect(listener.address(), &context(|_| {})).await;
    assert!(connect(listener.address(), &context(|_| {})).await.is_err());
    assert_eq!(listener.counts().handshakes_failed, 0);
    assert_eq!(first.get(HOST, "/").await.status(), 200);
}

#[tokio::test]
async fn a_peer_that_does_not_take_its_answer_is_cut() {
    let (gone, mut dropped) = mpsc::unbounded_channel::<()>();
    let endpoint = make(move |_| {
        let gone = gone.clone();
        async move {
            let endless = futures_util::stream::repeat_with(move || {
                let _held = &gone;
                Ok::<_, std::io::Error>(Bytes::from_static(&[0; 16 * 1024]))
            });
            Response::builder().body(Body::from_bytes_stream(endless))
        }
    });
    let listener = serve(limited(Limits { answer_time: SHORT, ..Limits::default() }), endpoint).await;
    let mut stream = TcpStream::connect(listener.address()).await.unwrap();
    stream.write_all(GET).await.unwrap();
    until(|| listener.counts().requests == 1 && listener.counts().connections_open == 0).await;
    drop(listener);
    assert!(soon(dropped.recv()).await.is_none(), "the answer and its endpoint are gone");
}

#[tokio::test]
async fn cve_2023_44487_rapid_reset_ends_the_connection() {
    const RESETS: u32 = 15;
    let folder = Folder::new();
    let mut settings = tls(two_certificates(&folder));
    settings.limits.resets = 5;
    let listener = start(settings).await;
    let http2 = context(|builder| builder.set_alpn_protos(b"\x02h2").unwrap());
    let mut stream = connect(listener.address(), &http2).await.unwrap();
    let mut attack = http2_opening(&[]);
    for stream_id in (1..).step_by(2).take(RESETS as usize) {
        attack.extend(http2_get(stream_id));
        attack.extend(http2_frame(3, 0, stream_id, &[0, 0, 0, 8]));
    }
    stream.write_all(&attack).await.unwrap();
    let mut received = Vec::new();
    let _ = soon(stream.read_to_end(&mut received)).await;
    assert!(went_away_for(&received, 11), "GOAWAY with ENHANCE_YOUR_CALM");
    assert!(listener.counts().requests < u64::from(RESETS));
}

#[tokio::test]
async fn an_http2_peer_that_opens_no_window_is_cut() {
    let folder = Folder::new();
    let mut settings = tls(two_certificates(&folder));
    settings.limits.answer_time = SHORT;
    let listener = start(settings).await;
    let http2 = context(|builder| builder.set_alpn_protos(b"\x02h2").unwrap());
    let mut stream = connect(listener.address(), &http2).await.unwrap();
    // SETTINGS_INITIAL_WINDOW_SIZE = 0: the answer has a head and may never have a body.
    let opening = [http2_opening(&[0, 4, 0, 0, 0, 0]), http2_get(1)].concat();
    stream.write_all(&opening).await.unwrap();
    let mut received = Vec::new();
    let _ = soon(stream.read_to_end(&mut received)).await;
    assert_eq!(listener.counts().requests, 1);
}

fn http2_frame(kind: u8, flags: u8, stream_id: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream_id.to_be_bytes());
    frame.extend(payload);
    frame
}

fn http2_opening(settings: &[u8]) -> Vec<u8> {
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), http2_frame(4, 0, 0, settings)].concat()
}

/// HPACK: GET, https, /, and a literal authority.
fn http2_get(stream_id: u32) -> Vec<u8> {
    let block = [&[0x82, 0x87, 0x84, 0x41, 11][..], HOST.as_bytes()].concat();
    http2_frame(1, 5, stream_id, &block)
}

/// Whether the frames hold a GOAWAY with this error code (RFC 9113 section 6.8).
fn went_away_for(mut frames: &[u8], code: u32) -> bool {
    while let [a, b, c, kind, _flags, _, _, _, _, rest @ ..] = frames {
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        if *kind == 7 && rest[4..8] == code.to_be_bytes() {
            return true;
        }
        frames = rest.get(length..).unwrap_or_default();
    }
    false
}
