//! A server that answers exactly what a test says, over real TLS, and a name server that lies.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::ssl::{Ssl, SslContext, SslMethod};
use openssl::x509::extension::SubjectAlternativeName;
use openssl::x509::{X509Builder, X509Name};
use signet_core::ports::outbound::{Accept, Freshness, OutboundError, OutboundHttp as _, OutboundResponse};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_openssl::SslStream;
use url::Url;

use crate::{OutboundClient, OutboundSettings, Resolve};

pub(super) const JSON: Accept =
    Accept { media_types: &["application/json", "text/json"], max_bytes: 1_000, freshness: Freshness::Cached };

static UNIQUE: AtomicU32 = AtomicU32::new(1);

/// What a server does with a connection once it has read the head of a request.
#[derive(Clone)]
pub(super) enum Reply {
    /// Sends these bytes and closes.
    Bytes(Vec<u8>),
    /// Sends these bytes and awaits the next request.
    BytesAndMore(Vec<u8>),
    /// Sends these bytes and then nothing, without closing.
    BytesThenSilence(Vec<u8>),
    /// Waits for a sign before it sends these bytes.
    WhenTold(Arc<Notify>, Vec<u8>),
}

/// A complete answer with this status line, these header lines and this body.
pub(super) fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

pub(super) struct Server {
    pub(super) address: SocketAddr,
    authority_file: PathBuf,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
        let _ = std::fs::remove_file(&self.authority_file);
    }
}

impl Server {
    /// A TLS server for `server.test` and 127.0.0.1.
    pub(super) async fn start(replies: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_at("127.0.0.1:0", true, replies).await
    }

    pub(super) async fn start_plain(replies: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_at("127.0.0.1:0", false, replies).await
    }

    pub(super) async fn start_at(
        address: &str,
        with_tls: bool,
        replies: impl Fn(&str) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let unique = UNIQUE.fetch_add(1, Ordering::Relaxed);
        let authority_file = std::env::temp_dir().join(format!("signet-outbound-{}-{unique}.pem", std::process::id()));
        let tls = self_signed(&authority_file);
        let socket = TcpListener::bind(address).await.unwrap();
        let address = socket.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (counted, recorded, replies) = (Arc::clone(&connections), Arc::clone(&requests), Arc::new(replies));
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = socket.accept().await.unwrap();
                counted.fetch_add(1, Ordering::SeqCst);
                let (recorded, replies) = (Arc::clone(&recorded), Arc::clone(&replies));
                let mut stream = SslStream::new(Ssl::new(&tls).unwrap(), stream).unwrap();
                tokio::spawn(async move {
                    if !with_tls {
                        serve(stream.get_mut(), &recorded, replies.as_ref()).await;
                    } else if Pin::new(&mut stream).accept().await.is_ok() {
                        serve(&mut stream, &recorded, replies.as_ref()).await;
                    }
                });
            }
        });
        Self { address, authority_file, connections, requests, task }
    }

    /// Connections made so far, whatever became of them.
    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The requests so far: head and body.
    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub(super) fn url(&self, path: &str) -> Url {
        Url::parse(&format!("https://{}{path}", self.address)).unwrap()
    }

    pub(super) fn authority_file(&self) -> &Path {
        &self.authority_file
    }

    /// Settings that trust this server and let the client reach it.
    pub(super) fn settings(&self) -> OutboundSettings {
        OutboundSettings {
            allow_private_addresses: true,
            ca_file: Some(self.authority_file.clone()),
            ..OutboundSettings::default()
        }
    }

    /// What a client with these settings gets for `path`.
    pub(super) async fn get(&self, path: &str) -> Result<OutboundResponse, OutboundError> {
        get(&client(self.settings()), &self.url(path), JSON).await
    }
}

pub(super) fn client(settings: OutboundSettings) -> OutboundClient {
    OutboundClient::new(settings, Arc::new(NameServer::default())).unwrap()
}

pub(super) async fn get(client: &OutboundClient, url: &Url, accept: Accept) -> Result<OutboundResponse, OutboundError> {
    timeout(Duration::from_secs(30), client.get(url, accept)).await.expect("waited too long")
}

async fn serve(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    requests: &Mutex<Vec<String>>,
    replies: &(impl Fn(&str) -> Reply + ?Sized),
) {
    while answered(stream, requests, replies).await {}
}

/// Answers one request; says whether there may be another.
async fn answered(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    requests: &Mutex<Vec<String>>,
    replies: &(impl Fn(&str) -> Reply + ?Sized),
) -> bool {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { return false };
        head.push(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap().to_owned();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    if stream.read_exact(&mut body).await.is_err() {
        return false;
    }
    requests.lock().unwrap().push(head + std::str::from_utf8(&body).unwrap());
    match replies(&path) {
        Reply::BytesAndMore(bytes) => return stream.write_all(&bytes).await.is_ok(),
        Reply::Bytes(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Reply::BytesThenSilence(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.read_u8().await;
        }
        Reply::WhenTold(sign, bytes) => {
            sign.notified().await;
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
    }
    false
}

/// A context with a certificate of its own making, which is also written to a file as an authority.
fn self_signed(authority_file: &Path) -> SslContext {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let mut name = X509Name::builder().unwrap();
    name.append_entry_by_nid(Nid::COMMONNAME, "server").unwrap();
    let name = name.build();
    let mut builder = X509Builder::new().unwrap();
    builder.set_version(2).unwrap();
    let serial = BigNum::from_u32(UNIQUE.fetch_add(1, Ordering::Relaxed)).unwrap();
    builder.set_serial_number(&serial.to_asn1_integer().unwrap()).unwrap();
    builder.set_subject_name(&name).unwrap();
    builder.set_issuer_name(&name).unwrap();
    builder.set_pubkey(&key).unwrap();
    builder.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::days_from_now(2).unwrap()).unwrap();
    let mut hosts = SubjectAlternativeName::new();
    hosts.dns("server.test").ip("127.0.0.1");
    let hosts = hosts.build(&builder.x509v3_context(None, None)).unwrap();
    builder.append_extension(hosts).unwrap();
    builder.sign(&key, MessageDigest::sha256()).unwrap();
    let certificate = builder.build();
    std::fs::write(authority_file, certificate.to_pem().unwrap()).unwrap();
    let mut context = SslContext::builder(SslMethod::tls_server()).unwrap();
    context.set_certificate(&certificate).unwrap();
    context.set_private_key(&key).unwrap();
    context.build()
}

/// Answers each question with the next prepared answer, and with an error when there is none.
#[derive(Default)]
pub(super) struct NameServer {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
}

impl NameServer {
    pub(super) fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
        Arc::new(Self { answers: Mutex::new(answers.iter().map(parse).collect()) })
    }

    pub(super) fn unused_answers(&self) -> usize {
        self.answers.lock().unwrap().len()
    }
}

#[async_trait]
impl Resolve for NameServer {
    async fn resolve(&self, _host: &str) -> io::Result<Vec<IpAddr>> {
        self.answers.lock().unwrap().pop_front().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}
