//! The end of an interaction about a deferred request: what was agreed to is kept until the client comes for it.

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::GrantType;
use signet_protocol::spec::rfc8628;

use super::content::DeferredAnswer;
use crate::authorize::AuthorizeError;
use crate::authorize::answer::answered_before;
use crate::authorize::issue::Agreed;
use crate::events::{Fact, Serving};
use crate::failure::Fault;
use crate::model::{DeferredReference, TokenBasis};
use crate::ports::{DeferredApproval, DeferredApprovalOutcome, StandingQuery};
use crate::realm::RealmContext;

/// Approves a request in the name of whoever agreed, if all that the tokens rest on stands.
pub(in crate::authorize) async fn approve(
    serving: &Serving<'_>,
    realm: &RealmContext,
    agreed: Agreed<'_>,
    reference: DeferredReference,
) -> Result<(), AuthorizeError> {
    let (client, session, parts) = (&agreed.accepted.client, agreed.session, &agreed.accepted.request.parts);
    let is_refreshable = client.metadata.grant_types().contains(&GrantType::RefreshToken);
    let offline = is_refreshable && parts.scope.contains("offline_access");
    let basis = TokenBasis { details: agreed.details.to_vec(), ..agreed.basis(serving, realm, offline) };
    let lineage = agreed.interaction.lineage;
    let standing = StandingQuery {
        session: Some(session.sid),
        ..StandingQuery::of_basis(&basis, (lineage, &client.client_id, Some(session.user_id)))
    };
    let approved = Fact::DeviceApproved {
        lineage: lineage.into(),
        scope: parts.scope.clone(),
        resources: parts.resources.clone(),
        authorization: basis.authorization_id,
    };
    let answer = DeferredAnswer {
        lineage,
        user_id: session.user_id,
        sid: Some(session.sid),
        nonce: parts.nonce.clone(),
        key: parts.key,
        basis,
    };
    let approval = DeferredApproval {
        reference,
        user_id: session.user_id,
        answer: answer.encrypt(serving, realm, reference)?,
        standing,
        now: serving.now(),
        notification: None,
    };
    let events = serving.with_event(realm, approved.concerning(agreed.parties()));
    match serving.store.approve_deferred_request(realm.id(), &approval, &events).await? {
        DeferredApprovalOutcome::Approved => {
            serving.written(&events);
            Ok(())
        }
        DeferredApprovalOutcome::NotPending => Err(AuthorizeError::Expired(answered_before())),
        DeferredApprovalOutcome::Fallen => Err(agreed.accepted.redirect.refuse(fallen())),
    }
}

/// Denies a request that is refused where a person answers. One that was answered before stays as it is.
pub(in crate::authorize) async fn deny(
    serving: &Serving<'_>,
    realm: &RealmContext,
    reference: DeferredReference,
) -> Result<(), Fault> {
    serving.store.deny_deferred_request(realm.id(), reference, None, &[]).await?;
    Ok(())
}

fn fallen() -> Refusal {
    let reason = "what the tokens would rest on was revoked just now; start again at the device";
    ErrorCode::AccessDenied.because(reason).per(rfc8628("3.5"))
}
