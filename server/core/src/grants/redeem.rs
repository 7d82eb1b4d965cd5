//! Using a grant up: once, if everything that it rests on stands at that moment, in one transaction with everything that
//! its tokens need and with what is recorded of them.

use signet_protocol::identifiers::SessionId;

use super::GrantRequest;
use crate::binding::replayed;
use crate::events::Event;
use crate::failure::Failure;
use crate::model::RefreshFamily;
use crate::ports::{Redeemable, Redemption, RedemptionOutcome, StandingQuery};

/// What is used up, and what its tokens need.
pub(super) struct Use {
    pub(super) redeemable: Redeemable,
    /// What must still stand.
    pub(super) standing: StandingQuery,
    /// The refresh family to open, if the client gets a refresh token.
    pub(super) refresh_family: Option<RefreshFamily>,
    /// The session that the client takes part in from now on: it is told when that ends.
    pub(super) sid: Option<SessionId>,
}

/// What became of it.
pub(super) enum Redeemed {
    /// It was there to be used.
    Now,
    /// It was used before.
    Before,
    /// Something that it rests on does not stand any more.
    Fallen,
}

/// Uses it up, and records what was issued; the proofs of the request count in the same transaction.
///
/// # Errors
/// A proof was used before.
pub(super) async fn redeem(request: &GrantRequest<'_>, spent: Use, issued: Event) -> Result<Redeemed, Failure> {
    let client_id = &request.client.client().client_id;
    let redemption = Redemption {
        redeemable: spent.redeemable,
        standing: spent.standing,
        refresh_family: spent.refresh_family,
        participant: spent.sid.map(|sid| (sid, client_id.clone())),
        proofs: request.proofs(),
    };
    let events = request.serving.with_event(request.realm, issued);
    match request.serving.store.redeem(request.realm.id(), &redemption, &events).await? {
        RedemptionOutcome::Redeemed => {
            request.serving.written(&events);
            Ok(Redeemed::Now)
        }
        RedemptionOutcome::AlreadyUsed => Ok(Redeemed::Before),
        RedemptionOutcome::Fallen => Ok(Redeemed::Fallen),
        RedemptionOutcome::ProofReplayed(purpose) => Err(replayed(purpose).into()),
    }
}
