//! One connection from its first HTTP byte to its close.
//!
//! ALPN has decided between HTTP/2 and HTTP/1.1; without TLS it is HTTP/1.1, because proxies speak that and a guess
//! from the first bytes is one more thing to get wrong.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper::server::conn::{http1, http2};
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::watch;
use tokio::time::{Duration, sleep, timeout};

use super::activity::{Activity, Overdue, Phase, WatchedStream};
use super::answer::Answer;
use super::limits::Limits;
use super::service::ServedConnection;

/// Time for the last bytes of a connection, after its last answer.
const CLOSING_TIME: Duration = Duration::from_secs(2);
/// Unread bytes of a refused request that are still taken, so that the refusal is not lost in a reset.
const LINGERING_BYTES: usize = 1024 * 1024;
/// The HTTP library's smallest buffer, and more than the largest head.
const LEAST_BUFFER: usize = 64 * 1024;
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 256 * 1024;
const REQUEST_TIMEOUT_ANSWER: &[u8] = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Becomes true when the listener drains, and closes when it is gone.
pub(super) type DrainSignal = watch::Receiver<bool>;

/// Serves HTTP/1.1 until either side ends the connection.
pub(super) async fn serve_http1<S>(stream: S, served: Arc<ServedConnection>, drain: DrainSignal)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = &served.service.limits;
    let mut builder = http1::Builder::new();
    // The activity of the connection is timed here, by phases that the library does not know.
    builder.timer(TokioTimer::new()).header_read_timeout(None);
    builder.max_header_size(limits.header_bytes).max_buf_size(LEAST_BUFFER.max(limits.header_bytes));
    if limits.header_count != Limits::default().header_count {
        // The library's own default is the same number and needs no allocation.
        builder.max_headers(limits.header_count);
    }
    let stream = WatchedStream::new(stream, Arc::clone(&served.activity));
    let mut connection = builder.serve_connection(TokioIo::new(stream), Requests(Arc::clone(&served)));
    let ending = drive(&mut connection, &served.activity, limits.connection_time, drain).await;
    let parts = connection.into_parts();
    let mut stream = parts.io.into_inner().into_inner();
    if ending == Ending::Overdue(Phase::Head) && !parts.read_buf.is_empty() {
        let _ = timeout(CLOSING_TIME, stream.write_all(REQUEST_TIMEOUT_ANSWER)).await;
    }
    let was_refused = ending == Ending::Failed || served.left_unread.load(Ordering::Relaxed);
    let _ = timeout(CLOSING_TIME, close(stream, was_refused)).await;
}

/// Serves HTTP/2 until either side ends the connection.
pub(super) async fn serve_http2<S>(stream: S, served: Arc<ServedConnection>, drain: DrainSignal)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = &served.service.limits;
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_pending_accept_reset_streams(limits.resets)
        .max_local_error_reset_streams(limits.resets)
        .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX))
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(LEAST_BUFFER);
    let stream = WatchedStream::new(stream, Arc::clone(&served.activity));
    let mut connection = builder.serve_connection(TokioIo::new(stream), Requests(Arc::clone(&served)));
    drive(&mut connection, &served.activity, limits.connection_time, drain).await;
}

/// The connection as the HTTP library calls it.
struct Requests(Arc<ServedConnection>);

impl Service<Request<Incoming>> for Requests {
    type Response = Response<Answer>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        Arc::clone(&self.0).answer(request).map(Ok).boxed()
    }
}

/// How a connection came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// By the rules of the protocol.
    InOrder,
    /// By an error of the peer or of the network.
    Failed,
    /// Because the phase took too long.
    Overdue(Phase),
}

/// What both versions of HTTP offer to the loop below.
trait HttpConnection {
    fn poll_requests(&mut self, context: &mut Context<'_>) -> Poll<hyper::Result<()>>;
    /// Finishes running requests and takes no new ones.
    fn close_in_order(&mut self);
}

impl<I: Read + Write + Unpin + 'static> HttpConnection for http1::Connection<I, Requests> {
    fn poll_requests(&mut self, context: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        self.poll_without_shutdown(context)
    }

    fn close_in_order(&mut self) {
        Pin::new(self).graceful_shutdown();
    }
}

impl<I: Read + Write + Unpin + 'static> HttpConnection for http2::Connection<I, Requests, TokioExecutor> {
    fn poll_requests(&mut self, context: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        Pin::new(self).poll(context)
    }

    fn close_in_order(&mut self) {
        Pin::new(self).graceful_shutdown();
    }
}

/// Drives a connection and ends it when it is idle, slow, old, or the listener drains.
async fn drive(
    connection: &mut impl HttpConnection,
    activity: &Arc<Activity>,
    connection_time: Duration,
    mut drain: DrainSignal,
) -> Ending {
    let mut overdue = Overdue::new(activity);
    let mut must_close = Box::pin(async move {
        tokio::select! {
            () = sleep(connection_time) => {}
            _ = drain.wait_for(|draining| *draining) => {}
        }
    });
    let mut is_closing = false;
    loop {
        tokio::select! {
            // The timer looks at what the connection has just read.
            biased;
            result = std::future::poll_fn(|context| connection.poll_requests(context)) => {
                return if result.is_ok() { Ending::InOrder } else { Ending::Failed };
            }
            () = &mut must_close, if !is_closing => {}
            () = &mut overdue => {
                let phase = activity.phase();
                if is_closing || phase != Phase::Idle {
                    return Ending::Overdue(phase);
                }
            }
        }
        is_closing = true;
        connection.close_in_order();
        activity.begin_closing();
    }
}

/// Closes the stream, and after a refusal first takes what the peer is still sending: a close with unread bytes
/// becomes a reset, which may overtake the answer.
async fn close<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, peer_may_still_send: bool) {
    if stream.shutdown().await.is_err() || !peer_may_still_send {
        return;
    }
    let mut discarded = 0;
    let mut buffer = vec![0; 8 * 1024];
    while discarded < LINGERING_BYTES {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(bytes) => discarded += bytes,
        }
    }
}
