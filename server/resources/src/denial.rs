//! Why a request to a resource of this server was not let through, and the record of it.

use signet_core::events::{RefusedAt, Serving};
use signet_core::failure::{Failure, Fault};
use signet_core::realm::RealmContext;

/// Why a request was not let through.
pub type Denial = signet_guard::Denial<Fault>;

/// The denial of a request that failed.
pub fn denied(failure: Failure) -> Denial {
    match failure {
        Failure::Refusal(refusal) => Denial::Refused(refusal),
        Failure::Fault(fault) => Denial::Fault(fault),
    }
}

pub(crate) async fn recorded(
    denial: Denial,
    (serving, realm): (&Serving<'_>, &RealmContext),
    place: RefusedAt,
) -> Denial {
    match &denial {
        Denial::Fault(fault) => serving.note_fault(realm, fault),
        other => serving.note_refusal(realm, (place, None), &other.refusal()),
    }
    match serving.hand_over().await {
        Ok(()) => denial,
        Err(fault) => Denial::Fault(fault),
    }
}
