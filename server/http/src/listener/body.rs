//! Reads request bodies before anything else looks at the request, within bounds of size, time and memory.
//!
//! A body that is read here can neither keep a handler waiting nor grow behind its back. The documents of OAuth are
//! small, so that nothing needs to be streamed.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Incoming};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Duration, timeout};

/// A complete body. Its bytes count as held until the permit is dropped.
pub(super) struct ReadBody {
    pub(super) bytes: Bytes,
    pub(super) held: Option<OwnedSemaphorePermit>,
}

/// How much of a body is read, and for how long.
pub(super) struct BodyBounds<'a> {
    /// Longest body in bytes.
    pub(super) longest: usize,
    /// Time for the whole body.
    pub(super) time: Duration,
    /// One permit for each byte that all bodies together may hold.
    pub(super) memory: &'a Arc<Semaphore>,
}

/// Reads the whole body, or says with which status it is refused.
pub(super) async fn read_body(body: Incoming, bounds: BodyBounds<'_>) -> Result<ReadBody, StatusCode> {
    if body.is_end_stream() {
        return Ok(ReadBody { bytes: Bytes::new(), held: None });
    }
    let announced = body.size_hint().lower();
    if announced > u64::try_from(bounds.longest).unwrap_or(u64::MAX) {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let time = bounds.time;
    timeout(time, collect(body, bounds)).await.unwrap_or(Err(StatusCode::REQUEST_TIMEOUT))
}

async fn collect(mut body: Incoming, bounds: BodyBounds<'_>) -> Result<ReadBody, StatusCode> {
    let mut collected = BytesMut::new();
    let mut held: Option<OwnedSemaphorePermit> = None;
    while let Some(frame) = body.frame().await {
        // Trailers say nothing that any endpoint reads.
        let Ok(data) = frame.map_err(|_| StatusCode::BAD_REQUEST)?.into_data() else { continue };
        if collected.len() + data.len() > bounds.longest {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        let bytes = u32::try_from(data.len()).map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
        let more = Arc::clone(bounds.memory).try_acquire_many_owned(bytes);
        let more = more.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
        match &mut held {
            Some(held) => held.merge(more),
            None => held = Some(more),
        }
        collected.extend_from_slice(&data);
    }
    Ok(ReadBody { bytes: collected.freeze(), held })
}
