//! The end of a listener, and its beginning where it cannot begin.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use poem::endpoint::make;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};
use tokio::time::Duration;

use super::certificates::Folder;
use super::client::{Client, context, one_answer, rest, soon, status, until};
use super::server::{HOST, anywhere, plain, serve, start, tls, two_certificates};
use crate::listener::{DrainReport, ListenError, Listener, ListenerSettings};

const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: signet.test\r\n\r\n";
const LONG: Duration = Duration::from_secs(30);

#[tokio::test]
async fn running_requests_finish_and_idle_connections_close() {
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
    let listener = serve(plain(), endpoint).await;
    let address = listener.address();
    let mut idle = TcpStream::connect(address).await.unwrap();
    let mut running = TcpStream::connect(address).await.unwrap();
    running.write_all(GET).await.unwrap();
    soon(arrivals.recv()).await.unwrap();
    until(|| listener.counts().connections_open == 2).await;

    let draining = tokio::spawn(listener.drain(LONG));
    assert_eq!(rest(&mut idle).await, "");
    assert!(TcpStream::connect(address).await.is_err(), "nothing listens any more");
    go_on.notify_one();
    let answer = one_answer(&mut running).await;
    assert_eq!(status(&answer), 200);
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    assert_eq!(soon(draining).await.unwrap(), DrainReport { finished: 2, cut: 0 });
}

#[tokio::test]
async fn http2_connections_are_told_to_go() {
    let folder = Folder::new();
    let listener = start(tls(two_certificates(&folder))).await;
    let http2 = context(|builder| builder.set_alpn_protos(b"\x02h2").unwrap());
    let mut client = Client::connect(listener.address(), &http2).await;
    assert_eq!(client.get(HOST, "/").await.status(), 200);
    assert_eq!(soon(listener.drain(LONG)).await, DrainReport { finished: 1, cut: 0 });
}

#[tokio::test]
async fn what_does_not_finish_is_cut_and_counted() {
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    let endpoint = make(move |_| {
        let arrived = arrived.clone();
        async move {
            arrived.send(()).unwrap();
            std::future::pending::<()>().await;
        }
    });
    let listener = serve(plain(), endpoint).await;
    let mut stream = TcpStream::connect(listener.address()).await.unwrap();
    stream.write_all(GET).await.unwrap();
    soon(arrivals.recv()).await.unwrap();
    assert_eq!(listener.drain(Duration::ZERO).await, DrainReport { finished: 0, cut: 1 });
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn a_handshake_under_way_does_not_hold_up_the_end() {
    let folder = Folder::new();
    let listener = start(tls(two_certificates(&folder))).await;
    let mut stream = TcpStream::connect(listener.address()).await.unwrap();
    until(|| listener.counts().connections_open == 1).await;
    assert_eq!(soon(listener.drain(LONG)).await, DrainReport { finished: 1, cut: 0 });
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn a_dropped_listener_lets_go_of_everything() {
    let listener = start(plain()).await;
    let address = listener.address();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(GET).await.unwrap();
    assert_eq!(status(&one_answer(&mut stream).await), 200);
    drop(listener);
    assert_eq!(rest(&mut stream).await, "");
    soon(async {
        while Listener::bind(ListenerSettings { address, ..plain() }).await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_port_that_cannot_be_had_is_one_clear_sentence() {
    let first = start(plain()).await;
    let address = first.address();
    let busy = Listener::bind(ListenerSettings { address, ..plain() }).await.err().unwrap();
    assert_eq!(
        busy.to_string(),
        format!(
            "cannot listen on {address}: another process already uses this port; stop that process or configure \
             another address"
        )
    );
    let address: SocketAddr = "192.0.2.1:8443".parse().unwrap();
    let elsewhere = Listener::bind(ListenerSettings { address, ..plain() }).await.err().unwrap();
    assert!(matches!(elsewhere, ListenError::NoSuchAddress(named) if named == address));
}

#[test]
fn a_privileged_port_is_one_clear_sentence() {
    let denied = ListenError::bind(anywhere(), io::ErrorKind::PermissionDenied.into());
    assert!(denied.to_string().starts_with("cannot listen on 127.0.0.1:0: permission denied; "), "{denied}");
}
