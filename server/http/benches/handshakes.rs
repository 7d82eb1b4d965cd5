//! What connections cost the server: without TLS, with it, with a client's certificate, and resumed.
//!
//! `cargo bench -p signet-http --bench handshakes [SECONDS]` prints the processor time of the server's one thread a
//! connection, each with one small request. The client is `openssl s_time`, in a process of its own; whether its sessions
//! were resumed and its certificates seen is counted at the server's end.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a bench is a program")]

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};

use poem::endpoint::make_sync;
use signet_http::listener::{
    AskForCertificates, CertificateFiles, Listener, ListenerSettings, PeerCertificate, TlsFacts, TlsSettings, Transport,
};
use signet_jose::SystemRandom;
use signet_jose::certificate_authority::{CertificateAuthority, LeafKey, LeafPurpose, LeafRequest, local_names};
use signet_protocol::time::UnixTime;

/// Connections before the measurement begins are these many seconds.
const WARM_UP: &str = "1";

/// What the endpoint has seen.
#[derive(Default)]
struct Seen {
    requests: AtomicU64,
    resumed: AtomicU64,
    certificates: AtomicU64,
}

impl Seen {
    fn numbers(&self) -> [u64; 3] {
        [&self.requests, &self.resumed, &self.certificates].map(|number| number.load(Ordering::Relaxed))
    }
}

/// A listener on a thread of its own.
struct Server {
    address: SocketAddr,
    seen: Arc<Seen>,
    /// The kernel's account of the thread.
    account: PathBuf,
}

impl Server {
    fn start(transport: Transport) -> Self {
        let seen = Arc::new(Seen::default());
        let (tell, told) = mpsc::channel();
        let seen_there = Arc::clone(&seen);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let next = AtomicU64::new(1);
                let ids = Arc::new(move || u128::from(next.fetch_add(1, Ordering::Relaxed)).to_be_bytes());
                let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
                let listener = Listener::bind(ListenerSettings::new("bench", anywhere, transport, ids)).await.unwrap();
                let thread = std::fs::read_link("/proc/thread-self").expect("the bench needs Linux");
                tell.send((listener.address(), Path::new("/proc").join(thread).join("schedstat"))).unwrap();
                let _running = listener.serve(make_sync(move |request| {
                    let extensions = request.extensions();
                    let is_resumed = extensions.get::<TlsFacts>().is_some_and(|facts| facts.resumed);
                    seen_there.requests.fetch_add(1, Ordering::Relaxed);
                    seen_there.resumed.fetch_add(u64::from(is_resumed), Ordering::Relaxed);
                    let has_certificate = extensions.get::<PeerCertificate>().is_some();
                    seen_there.certificates.fetch_add(u64::from(has_certificate), Ordering::Relaxed);
                    "ok"
                }));
                std::future::pending::<()>().await;
            });
        });
        let (address, account) = told.recv().unwrap();
        Self { address, seen, account }
    }

    /// Nanoseconds that the thread has run so far.
    fn processor_time(&self) -> u64 {
        let account = std::fs::read_to_string(&self.account).unwrap();
        account.split(' ').next().unwrap().parse().unwrap()
    }

    /// Runs a client, and prints what each of its connections cost.
    fn measure(&self, name: &str, client: impl Fn(&str), seconds: &str) {
        client(WARM_UP);
        let (before, seen) = (self.processor_time(), self.seen.numbers());
        client(seconds);
        let spent = self.processor_time() - before;
        let [requests, resumed, certificates] = self.seen.numbers();
        let count = requests - seen[0];
        assert!(count > 0, "{name}: no connection");
        let micros = spent / count / 1000;
        let share = |number: u64| 100 * number / count;
        println!(
            "{name:<44} {micros:>6} us {count:>8} connections, {:>3} % resumed, {:>3} % with certificate",
            share(resumed - seen[1]),
            share(certificates - seen[2]),
        );
    }
}

/// Connections without TLS, one after the other.
fn plain_client(address: SocketAddr, seconds: &str) {
    for _ in 0..seconds.parse::<usize>().unwrap() * 2_000 {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

/// Connections with TLS for some seconds.
fn tls_client(address: SocketAddr, arguments: &[&str], seconds: &str) {
    // What the client puts behind the path ends the last header.
    let path = "/ HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nx:";
    let ended = Command::new("openssl")
        .args(["s_time", "-connect", &address.to_string(), "-www", path, "-time", seconds])
        .args(arguments)
        .output()
        .expect("the bench needs the command openssl");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}

/// Writes a new certificate of the authority, and answers where.
fn files(authority: &CertificateAuthority, folder: &Path, (key, purpose): (LeafKey, LeafPurpose)) -> CertificateFiles {
    let request = LeafRequest { common_name: "localhost", alternative_names: &local_names(), key, purpose };
    let issued = authority.issue(&request, now(), &SystemRandom::new()).unwrap();
    let named = |kind: &str| folder.join(format!("{key:?}-{purpose:?}.{kind}"));
    std::fs::write(named("pem"), issued.chain).unwrap();
    std::fs::write(named("key"), issued.private_key.as_bytes()).unwrap();
    CertificateFiles { chain: named("pem"), key: named("key") }
}

#[expect(clippy::disallowed_methods, reason = "a bench is no part of the server")]
fn now() -> UnixTime {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    UnixTime(i64::try_from(since.as_secs()).unwrap())
}

fn main() {
    // Cargo passes `--bench`.
    let seconds = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or("5".to_owned());
    let folder = std::env::temp_dir().join(format!("signet-handshakes-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let authority = CertificateAuthority::generate("Bench", now(), &SystemRandom::new()).unwrap();
    let client = files(&authority, &folder, (LeafKey::Ecdsa, LeafPurpose::Client));
    let presented = ["-cert", client.chain.to_str().unwrap(), "-key", client.key.to_str().unwrap()];
    let server = Server::start(Transport::Plain);
    server.measure("without TLS", |seconds| plain_client(server.address, seconds), &seconds);
    for key in [LeafKey::Ecdsa, LeafKey::Rsa] {
        let certificates = vec![files(&authority, &folder, (key, LeafPurpose::Server))];
        let start = |client_certificates| {
            Server::start(Transport::Tls(TlsSettings { certificates: certificates.clone(), client_certificates }))
        };
        let pages = start(AskForCertificates::Nobody);
        let mutual = start(AskForCertificates::Everybody);
        for version in ["-tls1_3", "-tls1_2"] {
            for (server, kind) in [(&pages, "TLS"), (&mutual, "mutual TLS")] {
                for (mode, how) in [("-new", "full"), ("-reuse", "resumed")] {
                    let arguments = [&[version, mode][..], if kind == "TLS" { &[] } else { &presented }].concat();
                    let name = format!(
                        "{kind} {}, server {key:?}, {how}",
                        version.trim_start_matches("-tls").replace('_', ".")
                    );
                    server.measure(&name, |seconds| tls_client(server.address, &arguments, seconds), &seconds);
                }
            }
        }
    }
    std::fs::remove_dir_all(folder).unwrap();
}
