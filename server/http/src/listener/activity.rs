//! Watches what happens on a connection, so that one on which too little happens can be closed.
//!
//! The HTTP library has one timer for HTTP/1.1 heads and none for HTTP/2; neither tells a pause between requests from
//! a head that trickles in (slow-loris) or from an answer that nobody takes.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Duration, Instant, Sleep, sleep_until};

use super::limits::Limits;
use super::moment;

/// What a connection is waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The next request. Nothing of it has arrived.
    Idle,
    /// The rest of a head, or the first request of the connection.
    Head,
    /// The answers of this many requests.
    Answering(usize),
}

/// The phase of a connection and since when it lasts; shared by its stream, its requests and its timer.
#[derive(Debug)]
pub(super) struct Activity {
    header_time: Duration,
    idle_time: Duration,
    answer_time: Duration,
    /// HTTP/2 has frames between requests, so that bytes alone do not begin a head there.
    bytes_begin_a_head: bool,
    state: Mutex<(Phase, Instant)>,
}

impl Activity {
    pub(super) fn new(limits: &Limits, is_http2: bool) -> Arc<Self> {
        Arc::new(Self {
            header_time: limits.header_time,
            idle_time: limits.idle_time,
            answer_time: limits.answer_time,
            bytes_begin_a_head: !is_http2,
            state: Mutex::new((Phase::Head, moment::now())),
        })
    }

    fn change(&self, next: impl FnOnce(Phase) -> Option<Phase>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(phase) = next(state.0) {
            *state = (phase, moment::now());
        }
    }

    fn bytes_arrived(&self) {
        if self.bytes_begin_a_head {
            self.change(|phase| (phase == Phase::Idle).then_some(Phase::Head));
        }
    }

    /// A complete head has arrived. The request counts until the guard is dropped.
    pub(super) fn begin_request(self: &Arc<Self>) -> RunningRequest {
        self.change(|phase| match phase {
            Phase::Answering(requests) => Some(Phase::Answering(requests + 1)),
            Phase::Idle | Phase::Head => Some(Phase::Answering(1)),
        });
        RunningRequest(Arc::clone(self))
    }

    /// An idle connection was asked to close: what is left of it may take as long as a head.
    pub(super) fn begin_closing(&self) {
        self.change(|phase| (phase == Phase::Idle).then_some(Phase::Head));
    }

    pub(super) fn phase(&self) -> Phase {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    fn deadline(&self) -> Instant {
        let (phase, since) = *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        since
            + match phase {
                Phase::Idle => self.idle_time,
                Phase::Head => self.header_time,
                Phase::Answering(_) => self.answer_time,
            }
    }
}

/// Keeps a connection in [`Phase::Answering`] while its request runs and its answer is being sent.
#[derive(Debug)]
pub(super) struct RunningRequest(Arc<Activity>);

impl Drop for RunningRequest {
    fn drop(&mut self) {
        self.0.change(|phase| match phase {
            Phase::Answering(requests) if requests > 1 => Some(Phase::Answering(requests - 1)),
            _ => Some(Phase::Idle),
        });
    }
}

/// Ready when a phase has lasted too long. It looks at the phase whenever it is polled, so poll it after the
/// connection in the same task: every change of phase that brings the deadline nearer comes with bytes.
pub(super) struct Overdue {
    activity: Arc<Activity>,
    timer: Pin<Box<Sleep>>,
}

impl Overdue {
    pub(super) fn new(activity: &Arc<Activity>) -> Self {
        Self { activity: Arc::clone(activity), timer: Box::pin(sleep_until(activity.deadline())) }
    }
}

impl Future for Overdue {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let deadline = self.activity.deadline();
        if self.timer.deadline() != deadline {
            self.timer.as_mut().reset(deadline);
        }
        self.timer.as_mut().poll(context)
    }
}

/// The decrypted stream of a connection; reports arriving bytes.
pub(super) struct WatchedStream<S> {
    stream: S,
    activity: Arc<Activity>,
}

impl<S> WatchedStream<S> {
    pub(super) fn new(stream: S, activity: Arc<Activity>) -> Self {
        Self { stream, activity }
    }

    pub(super) fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WatchedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            self.activity.bytes_arrived();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WatchedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
