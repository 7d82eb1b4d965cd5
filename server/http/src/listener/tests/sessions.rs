//! Resumed sessions, with the command `openssl s_client` as the client: it keeps sessions in files.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

use super::certificates::{Folder, Identity, elliptic_curve_key};
use super::client::{seen, soon, status};
use super::server::{HOST, mutual_tls, mutual_tls_for, start, tls, two_certificates};
use crate::listener::RunningListener;

const VERSIONS: [&str; 2] = ["-tls1_3", "-tls1_2"];

/// A client that speaks one version of TLS and remembers one session.
struct CommandClient {
    version: &'static str,
    session: PathBuf,
    identity: Vec<String>,
}

impl CommandClient {
    fn new(folder: &Folder, version: &'static str) -> Self {
        Self { version, session: folder.path().join(format!("session{version}")), identity: Vec::new() }
    }

    /// The answer to one request for `host`, on a connection made for `name`.
    async fn get(&self, address: SocketAddr, session: &str, name: &str, host: &str) -> String {
        let mut command = Command::new("openssl");
        command.args(["s_client", "-quiet", self.version, "-servername", name, "-connect", &address.to_string()]);
        command.arg(session).arg(&self.session).args(&self.identity).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("this test needs the command openssl");
        let request = format!("GET / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        let mut input = child.stdin.take().unwrap();
        input.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        soon(child.stdout.take().unwrap().read_to_string(&mut answer)).await.unwrap();
        drop(input);
        soon(child.wait()).await.unwrap();
        answer
    }

    async fn remember(&self, address: SocketAddr) -> String {
        self.get(address, "-sess_out", HOST, HOST).await
    }

    async fn resume(&self, address: SocketAddr, name: &str, host: &str) -> String {
        self.get(address, "-sess_in", name, host).await
    }
}

#[tokio::test]
async fn sessions_resume_on_their_own_listener_only() {
    let folder = Folder::new();
    let certificates = two_certificates(&folder);
    let pages = start(tls(certificates.clone())).await;
    let mutual = start(mutual_tls(certificates)).await;
    for version in VERSIONS {
        let client = CommandClient::new(&folder, version);
        assert_eq!(seen(&client.remember(pages.address()).await)["resumed"], false);
        assert_eq!(seen(&client.resume(pages.address(), HOST, HOST).await)["resumed"], true, "{version}");
        assert_eq!(seen(&client.resume(mutual.address(), HOST, HOST).await)["resumed"], false, "{version}");
    }
}

#[tokio::test]
async fn rfc6066_3_a_session_of_one_name_does_not_open_another() {
    let folder = Folder::new();
    let listener = start(tls(two_certificates(&folder))).await;
    for version in VERSIONS {
        let client = CommandClient::new(&folder, version);
        client.remember(listener.address()).await;
        let answers = [
            status(&client.resume(listener.address(), "other.test", HOST).await),
            status(&client.resume(listener.address(), "other.test", "other.test").await),
        ];
        // TLS 1.2 keeps the name of the session, TLS 1.3 takes that of the new handshake; neither serves both.
        let expected = if version == "-tls1_2" { [200, 421] } else { [421, 200] };
        assert_eq!(answers, expected, "{version}");
    }
}

#[tokio::test]
async fn a_reload_ends_old_sessions_but_no_client() {
    let folder = Folder::new();
    let listener = start(tls(two_certificates(&folder))).await;
    for version in VERSIONS {
        let client = CommandClient::new(&folder, version);
        client.remember(listener.address()).await;
        listener.reload().unwrap();
        assert_eq!(seen(&client.resume(listener.address(), HOST, HOST).await)["resumed"], false, "{version}");
    }
}

#[tokio::test]
async fn the_client_certificate_and_its_chain_survive_a_resumption() {
    let folder = Folder::new();
    for settings in [mutual_tls(two_certificates(&folder)), mutual_tls_for(HOST, two_certificates(&folder))] {
        assert_certificate_survives(&folder, &start(settings).await).await;
    }
}

async fn assert_certificate_survives(folder: &Folder, listener: &RunningListener) {
    let root = Identity::authority("root", None);
    let between = Identity::authority("between", Some(&root));
    let identity = Identity::new("client", &["client.test"], elliptic_curve_key(), Some(&between));
    let files = identity.write(folder, "client");
    let chain = between.write(folder, "between").chain;
    for version in VERSIONS {
        let mut client = CommandClient::new(folder, version);
        for (option, file) in [("-cert", &files.chain), ("-key", &files.key), ("-cert_chain", &chain)] {
            client.identity.extend([option.to_owned(), file.to_str().unwrap().to_owned()]);
        }
        for (resumed, answer) in [
            (false, client.remember(listener.address()).await),
            (true, client.resume(listener.address(), HOST, HOST).await),
        ] {
            let seen = seen(&answer);
            assert_eq!(seen["resumed"], resumed, "{version}");
            assert_eq!((&seen["leaf"], &seen["chain"]), (&json!(identity.der()), &json!(2)), "{version}");
        }
    }
}
