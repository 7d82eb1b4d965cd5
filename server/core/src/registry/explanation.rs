//! What became of one request.

use signet_protocol::identifiers::{RealmId, RequestId};
use signet_protocol::time::UnixTime;

use super::events::events_of_request;
use super::scripts::script_recordings_of_request;
use super::{RecordedRun, RegistryError};
use crate::events::ListedRecord;
use crate::provider::Provider;

/// What is known of a request.
#[derive(Debug)]
pub struct Explanation {
    /// Every event, in order: the rules that it passed, what scripts decided, and what became of it.
    pub events: Vec<ListedRecord>,
    /// What scripts were told and answered, redacted, where that was recorded; the oldest first.
    pub recordings: Vec<RecordedRun>,
}

/// What is known of the request with this support code, in a realm.
///
/// # Errors
/// `NotFound` where no event has it.
pub async fn explain_request(
    provider: &Provider,
    realm_id: RealmId,
    request: &RequestId,
) -> Result<Explanation, RegistryError> {
    let events = events_of_request(provider, realm_id, request).await?;
    let times = events.iter().map(|event| event.record.recorded_at.0.div_euclid(1000));
    let (Some(from), Some(to)) = (times.clone().min(), times.max()) else {
        return Err(RegistryError::NotFound("request"));
    };
    // An event may have been made at the end of a second in which the run began.
    let span = (request, UnixTime(from - 1), UnixTime(to + 1));
    let mut recordings = script_recordings_of_request(provider, realm_id, span).await?;
    recordings.reverse();
    Ok(Explanation { events, recordings })
}
