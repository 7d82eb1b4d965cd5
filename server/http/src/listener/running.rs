//! The accept loop, and the handle to a listener that answers.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use openssl::ssl::SslRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Duration, sleep, timeout, timeout_at};
use tokio_openssl::SslStream;

use super::activity::Activity;
use super::admission::Admission;
use super::connection::{DrainSignal, serve_http1, serve_http2};
use super::counts::{Counters, ListenerCounts};
use super::error::CertificateError;
use super::moment;
use super::peer_certificate::PeerCertificate;
use super::service::{ServedConnection, Service};
use super::tls::{self, TlsContexts};

/// Pause after an accept that failed for want of file descriptors or memory, which another attempt does not bring.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const BUSY_ANSWER: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// A listener that answers. Dropping it cuts all connections; [`RunningListener::drain`] lets them finish.
pub struct RunningListener {
    name: &'static str,
    address: SocketAddr,
    tls: Option<Arc<TlsContexts>>,
    counters: Arc<Counters>,
    drain: watch::Sender<bool>,
    accepting: JoinHandle<JoinSet<()>>,
}

/// What became of the connections that were open when a listener was drained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrainReport {
    /// Connections that ended in order, their requests answered.
    pub finished: usize,
    /// Connections cut at the deadline.
    pub cut: usize,
}

impl RunningListener {
    pub(super) fn start(
        name: &'static str,
        socket: TcpListener,
        address: SocketAddr,
        (service, tls): (Arc<Service>, Option<Arc<TlsContexts>>),
    ) -> Self {
        let (drain, draining) = watch::channel(false);
        let counters = Arc::clone(&service.counters);
        let acceptor = Acceptor { admission: Admission::new(&service.limits), service, tls: tls.clone() };
        let accepting = tokio::spawn(accept(socket, Arc::new(acceptor), draining));
        Self { name, address, tls, counters, drain, accepting }
    }

    /// The address that is listened on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the listener has seen so far.
    pub fn counts(&self) -> ListenerCounts {
        self.counters.snapshot()
    }

    /// Reads the certificate files again. New connections get the new certificates; open ones go on undisturbed.
    /// After an error everything is as before. Without TLS there is nothing to do.
    pub fn reload(&self) -> Result<(), CertificateError> {
        let Some(tls) = &self.tls else { return Ok(()) };
        tls.reload()?;
        tracing::info!(listener = self.name, "certificates reloaded");
        Ok(())
    }

    /// Stops accepting at once, lets running requests finish, and cuts what is left after `patience`.
    pub async fn drain(self, patience: Duration) -> DrainReport {
        let deadline = moment::now() + patience;
        self.drain.send_replace(true);
        let Ok(mut connections) = self.accepting.await else {
            return DrainReport { finished: 0, cut: 0 };
        };
        let mut finished = 0;
        while let Ok(Some(_)) = timeout_at(deadline, connections.join_next()).await {
            finished += 1;
        }
        let cut = connections.len();
        connections.shutdown().await;
        tracing::info!(listener = self.name, finished, cut, "listener drained");
        DrainReport { finished, cut }
    }
}

struct Acceptor {
    admission: Arc<Admission>,
    service: Arc<Service>,
    tls: Option<Arc<TlsContexts>>,
}

/// Accepts until the listener drains, then gives back the connections that are still open.
async fn accept(socket: TcpListener, acceptor: Arc<Acceptor>, mut drain: DrainSignal) -> JoinSet<()> {
    let mut connections = JoinSet::new();
    let draining = drain.clone();
    let mut stopped = Box::pin(async move {
        let _ = drain.wait_for(|draining| *draining).await;
    });
    loop {
        tokio::select! {
            // Connections that end because of the drain are counted by whoever drains.
            biased;
            () = &mut stopped => return connections,
            accepted = socket.accept() => match accepted {
                Ok((stream, peer)) => acceptor.admit(stream, peer, &draining, &mut connections),
                Err(cause) => {
                    tracing::warn!(%cause, "a connection could not be accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

impl Acceptor {
    fn admit(self: &Arc<Self>, stream: TcpStream, peer: SocketAddr, drain: &DrainSignal, open: &mut JoinSet<()>) {
        let counters = &self.service.counters;
        let Some(admitted) = self.admission.admit(peer.ip(), self.service.proxies.lists(peer.ip())) else {
            counters.refused();
            if self.tls.is_none() {
                let _ = stream.try_write(BUSY_ANSWER);
            }
            return;
        };
        counters.accepted();
        let (acceptor, drain) = (Arc::clone(self), drain.clone());
        open.spawn(async move {
            let closed = ClosedOnDrop(&acceptor.service.counters);
            acceptor.serve(stream, peer, drain).await;
            drop((closed, admitted));
        });
    }

    async fn serve(&self, stream: TcpStream, peer: SocketAddr, mut drain: DrainSignal) {
        // Small answers must not wait for the acknowledgement of earlier ones.
        let (Ok(()), Ok(local)) = (stream.set_nodelay(true), stream.local_addr()) else { return };
        let Some(tls) = &self.tls else {
            let served = self.served(peer, local, None);
            return serve_http1(stream, served, drain).await;
        };
        let handshake = timeout(self.service.limits.handshake_time, handshake(tls, stream));
        let stream = tokio::select! {
            stream = handshake => stream,
            _ = drain.wait_for(|draining| *draining) => return,
        };
        let Ok(Ok(stream)) = stream else {
            self.service.counters.handshake_failed();
            return;
        };
        let served = self.served(peer, local, Some(stream.ssl()));
        if speaks_http2(stream.ssl()) {
            serve_http2(stream, served, drain).await;
        } else {
            serve_http1(stream, served, drain).await;
        }
    }

    fn served(&self, peer: SocketAddr, local: SocketAddr, ssl: Option<&SslRef>) -> Arc<ServedConnection> {
        Arc::new(ServedConnection {
            service: Arc::clone(&self.service),
            activity: Activity::new(&self.service.limits, ssl.is_some_and(speaks_http2)),
            peer,
            local,
            tls: ssl.map(tls::facts),
            certificate: ssl.and_then(PeerCertificate::from_handshake),
            left_unread: AtomicBool::new(false),
        })
    }
}

fn speaks_http2(ssl: &SslRef) -> bool {
    ssl.selected_alpn_protocol() == Some(b"h2")
}

struct ClosedOnDrop<'a>(&'a Counters);

impl Drop for ClosedOnDrop<'_> {
    fn drop(&mut self) {
        self.0.closed();
    }
}

/// Any failure has been answered with its alert by OpenSSL; why it failed is the peer's affair.
async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(tls: &TlsContexts, stream: S) -> Result<SslStream<S>, ()> {
    let ssl = tls.new_connection().map_err(|cause| tracing::error!(%cause, "no TLS connection can be made"))?;
    let mut stream = SslStream::new(ssl, stream).map_err(|_| ())?;
    match Pin::new(&mut stream).accept().await {
        Ok(()) => Ok(stream),
        Err(cause) => {
            tracing::debug!(%cause, "TLS handshake failed");
            Err(())
        }
    }
}
