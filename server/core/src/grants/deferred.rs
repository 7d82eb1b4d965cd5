//! Polling for what is answered elsewhere (RFC 8628 section 3.5, CIBA Core 10.1 and 11). A poll that finds nothing new is
//! one read.

use signet_jose::digest;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::{GrantType, TokenDeliveryMode};
use signet_protocol::responses::TokenResponse;
use signet_protocol::spec::SpecRef;

use super::pace::longer;
use super::user_tokens::{Granted, check_key, invalid_grant, issue};
use super::{GrantRequest, details, resources};
use crate::authorize::DeferredAnswer;
use crate::failure::Failure;
use crate::model::{DeferredKind, DeferredReference, DeferredRequest, DeferredState};
use crate::ports::Redeemable;

/// In which words a grant polls, and which standard has them.
pub(super) struct Polled {
    pub(super) grant_type: GrantType,
    pub(super) kind: DeferredKind,
    /// The parameter with the secret.
    pub(super) parameter: &'static str,
    pub(super) missing: &'static str,
    pub(super) invalid: &'static str,
    /// Where the answers to polls stand.
    pub(super) spec: SpecRef,
    pub(super) missing_spec: SpecRef,
    pub(super) invalid_spec: SpecRef,
}

/// Exchanges an answer for tokens, once there is one.
pub(super) async fn redeem(request: &GrantRequest<'_>, polled: &Polled) -> Result<TokenResponse, Failure> {
    let stored = find(request, polled).await?;
    request.serving.passed(polled.parameter);
    if request.serving.now() >= stored.expires_at {
        let reason = "the time to answer is over; begin anew";
        return Err(ErrorCode::ExpiredToken.because(reason).per(polled.spec).into());
    }
    if has_a_pace(request, &stored) {
        keep_pace(request, &stored, polled).await?;
    }
    let answer = match stored.state {
        DeferredState::Approved => DeferredAnswer::decrypt(request.realm, &stored)?,
        // RFC 6749 section 5.2: invalid_grant is for what was revoked, too.
        DeferredState::Pending if stored.is_revoked(&request.realm.realm, request.client.client()) => {
            let detail = "made before everything was revoked";
            return Err(invalid_grant(polled.invalid, polled.invalid_spec).detail(detail).into());
        }
        // Nothing is written but, as for every refusal, the marks of proofs that came along.
        DeferredState::Pending => {
            return Err(ErrorCode::AuthorizationPending
                .because("the user has not answered yet")
                .per(polled.spec)
                .into());
        }
        DeferredState::Denied => {
            return Err(ErrorCode::AccessDenied.because("the user or the server refused").per(polled.spec).into());
        }
        DeferredState::Redeemed => return Err(used(polled).into()),
    };
    check_key(request, answer.key)?;
    request.serving.passed("dpop_jkt");
    let resources = resources::narrowed(request, &answer.basis.resources)?;
    request.serving.passed("resource");
    let details = details::narrowed(request, &answer.basis.details)?;
    let granted = Granted {
        grant_type: polled.grant_type,
        redeemable: Redeemable::Deferred(stored.reference),
        lineage: answer.lineage,
        user_id: answer.user_id,
        sid: answer.sid,
        nonce: answer.nonce.as_deref(),
        basis: &answer.basis,
        pushed: None,
    };
    issue(request, &granted, (&resources, &details)).await?.ok_or_else(|| used(polled).into())
}

/// Unknown and foreign secrets are one answer; none of them is changed by asking.
async fn find(request: &GrantRequest<'_>, polled: &Polled) -> Result<DeferredRequest, Failure> {
    let text = request
        .parameters
        .get(polled.parameter)
        .ok_or_else(|| ErrorCode::InvalidRequest.because(polled.missing).per(polled.missing_spec))?;
    let refused = |detail: &'static str| invalid_grant(polled.invalid, polled.invalid_spec).detail(detail);
    let reference = DeferredReference(digest::sha256(text.as_bytes()));
    let stored = request.serving.store.deferred_request(request.realm.id(), reference).await?;
    let stored = stored.ok_or_else(|| refused("no such request"))?;
    if stored.client_id != request.client.client().client_id {
        return Err(refused("it was issued to another client").into());
    }
    if stored.kind != polled.kind {
        return Err(refused("it belongs to another grant type").into());
    }
    Ok(stored)
}

/// What is over stays over at any pace, and a client that was told of its answer comes at once (CIBA Core 10.2).
fn has_a_pace(request: &GrantRequest<'_>, stored: &DeferredRequest) -> bool {
    let is_told = stored.kind == DeferredKind::Backchannel
        && request.client.client().metadata.backchannel_token_delivery_mode == Some(TokenDeliveryMode::Ping);
    match stored.state {
        DeferredState::Pending => true,
        DeferredState::Approved => !is_told,
        DeferredState::Denied | DeferredState::Redeemed => false,
    }
}

/// RFC 8628 section 3.5: whoever polls too fast waits longer from now on, and gets nothing now, whatever was answered.
async fn keep_pace(request: &GrantRequest<'_>, stored: &DeferredRequest, polled: &Polled) -> Result<(), Failure> {
    let (serving, realm_id) = (request.serving, request.realm.id());
    let poll = (realm_id, stored.reference);
    if !serving.poll_pace.is_too_fast(poll, stored.interval, serving.now()) {
        return Ok(());
    }
    if let Some(interval) = longer(stored.interval) {
        serving.store.slow_deferred_request(realm_id, stored.reference, interval).await?;
    }
    let reason = "the interval between two polls was not over; it is 5 seconds longer from now on";
    Err(ErrorCode::SlowDown.because(reason).per(polled.spec).into())
}

fn used(polled: &Polled) -> Refusal {
    invalid_grant(polled.invalid, polled.invalid_spec).detail("used before")
}
