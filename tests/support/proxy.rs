//! A TCP proxy between the store and its database: cuts connections, refuses them, swallows what passes.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the proxy does with bytes and connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Passes everything on.
    Pass,
    /// Closes what is open and refuses what is new: the server is down.
    Cut,
    /// Accepts everything and passes nothing on: the network has swallowed the server.
    Swallow,
    /// Passes what the client sends, and cuts the connection before the next answer gets back.
    LoseAnswers,
}

/// A proxy on a port of its own.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) port: u16,
    mode: Arc<watch::Sender<Mode>>,
}

impl Proxy {
    /// A proxy in front of the server of `url`, and the address that leads through it.
    pub(crate) async fn before(url: &str) -> (Self, String) {
        let (credentials, rest) = url.split_once('@').unwrap();
        let (server, name) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (mode, watched) = watch::channel(Mode::Pass);
        let server = server.to_owned();
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                if *watched.borrow() == Mode::Cut {
                    continue;
                }
                tokio::spawn(carry(client, server.clone(), watched.clone()));
            }
        });
        (Self { port, mode: Arc::new(mode) }, format!("{credentials}@127.0.0.1:{port}/{name}"))
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

/// Carries bytes both ways until one side ends or the mode says so.
async fn carry(mut client: TcpStream, server: String, mut mode: watch::Receiver<Mode>) {
    let mut server = TcpStream::connect(server).await.unwrap();
    let (mut from_client, mut from_server) = ([0_u8; 8192], [0_u8; 8192]);
    loop {
        let now = *mode.borrow_and_update();
        tokio::select! {
            _ = mode.changed() => {}
            read = client.read(&mut from_client), if now != Mode::Swallow => {
                let Ok(length @ 1..) = read else { return };
                if server.write_all(&from_client[..length]).await.is_err() {
                    return;
                }
            }
            read = server.read(&mut from_server), if now != Mode::Swallow => {
                let Ok(length @ 1..) = read else { return };
                if now == Mode::LoseAnswers || client.write_all(&from_server[..length]).await.is_err() {
                    return;
                }
            }
        }
        if *mode.borrow() == Mode::Cut {
            return;
        }
    }
}
