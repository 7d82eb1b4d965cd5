//! A TCP proxy between the store and its database: cuts connections, refuses them, swallows what passes.

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
    /// What is open stays open for ever, and nothing passes: the network has swallowed the server.
    Swallow,
    /// Passes everything on until a transaction is to be committed; passes that on as well, and cuts the connection
    /// instead of bringing back the answer.
    LoseCommit,
}

/// A proxy on a port of its own.
#[derive(Debug)]
pub(crate) struct Proxy {
    mode: watch::Sender<Mode>,
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
        (Self { mode }, format!("{credentials}@127.0.0.1:{port}/{name}"))
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

/// Carries bytes both ways until one side ends or the mode says so.
async fn carry(mut client: TcpStream, server: String, mut mode: watch::Receiver<Mode>) {
    let mut server = TcpStream::connect(server).await.unwrap();
    let (mut from_client, mut from_server) = ([0_u8; 8192], [0_u8; 8192]);
    let mut committing = false;
    loop {
        let now = *mode.borrow_and_update();
        match now {
            Mode::Pass | Mode::LoseCommit => {}
            Mode::Cut => return,
            Mode::Swallow => std::future::pending().await,
        }
        tokio::select! {
            changed = mode.changed() => changed.unwrap(),
            read = client.read(&mut from_client) => {
                let Ok(length @ 1..) = read else { return };
                let sent = &from_client[..length];
                committing = *mode.borrow() == Mode::LoseCommit && sent.windows(6).any(|word| word == b"COMMIT");
                if server.write_all(sent).await.is_err() {
                    return;
                }
            }
            read = server.read(&mut from_server) => {
                let Ok(length @ 1..) = read else { return };
                if committing || client.write_all(&from_server[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
