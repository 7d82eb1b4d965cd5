//! What became of one request, by the support code that a person reads from an error page.

use poem_openapi::{Object, OpenApi};
use signet_core::protocol::identifiers::{RealmName, RequestId};
use signet_core::registry;

use crate::administrator::Administrator;
use crate::answer::Shown;
use crate::events::AuditEvent;
use crate::openapi::Tag;
use crate::path::Path;
use crate::problem::Problem;
use crate::script_recordings::ScriptRecording;

/// What is known of a request.
#[derive(Object)]
pub(crate) struct RequestExplanation {
    /// Every event, in order: the rules that it passed, what scripts decided (version, decision, operations, time), and what
    /// became of it.
    events: Vec<AuditEvent>,
    /// The runs of scripts in it that were recorded, the oldest first.
    recordings: Vec<ScriptRecording>,
}

/// The operation on requests.
pub(crate) struct Explanations;

#[OpenApi(tag = "Tag::Audit")]
impl Explanations {
    /// Shows what became of a request. 404 where no event has the support code: it may be older than
    /// `audit.retention_days`, or of another realm.
    #[oai(path = "/realms/:realm/requests/:request_id", method = "get", operation_id = "explainRequest")]
    async fn explain(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        request_id: Path<RequestId>,
    ) -> Result<Shown<RequestExplanation>, Problem> {
        let (provider, realm) = (administrator.provider(), administrator.realm(&realm.0).await?);
        let found = registry::explain_request(provider, realm.id(), &request_id.0).await?;
        Ok(Shown::of(RequestExplanation {
            events: found.events.into_iter().map(AuditEvent::of).collect(),
            recordings: found.recordings.iter().map(ScriptRecording::of).collect(),
        }))
    }
}
