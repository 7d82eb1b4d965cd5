//! The grant of CIBA (CIBA Core 10.1): the client asks until the user has answered, or is sent the tokens (section 10.3).

use std::sync::Arc;

use signet_protocol::error::ErrorCode;
use signet_protocol::names::{GrantType, TokenDeliveryMode};
use signet_protocol::parameters::Parameters;
use signet_protocol::responses::TokenResponse;
use signet_protocol::spec::ciba;

use super::deferred::{Polled, redeem};
use super::user_tokens::{Granted, Pushed, issue};
use super::{GrantRequest, details, resources};
use crate::authorize::DeferredAnswer;
use crate::binding::{Binding, is_demanded};
use crate::client_auth::AuthenticatedClient;
use crate::events::Serving;
use crate::failure::Failure;
use crate::model::{Client, DeferredKind, DeferredRequest};
use crate::ports::Redeemable;
use crate::realm::RealmContext;

const POLLED: Polled = Polled {
    grant_type: GrantType::Ciba,
    kind: DeferredKind::Backchannel,
    parameter: "auth_req_id",
    missing: "auth_req_id is missing",
    invalid: "auth_req_id is not valid for this client",
    spec: ciba("11"),
    missing_spec: ciba("10.1"),
    invalid_spec: ciba("11"),
};

pub(super) async fn exchange(request: &GrantRequest<'_>) -> Result<TokenResponse, Failure> {
    if request.client.client().metadata.backchannel_token_delivery_mode == Some(TokenDeliveryMode::Push) {
        let reason = "the client is sent its tokens, and does not ask for them";
        return Err(ErrorCode::UnauthorizedClient.because(reason).per(ciba("11")).into());
    }
    redeem(request, &POLLED).await
}

/// The tokens of an approved request, for a client that is sent them; nothing if they were issued before. They are issued
/// once: whoever calls this sends them once.
///
/// # Errors
/// `invalid_grant` where something that they rest on does not stand any more; `unauthorized_client` where the client's
/// tokens must be bound to what nobody proves here.
pub(crate) async fn push_tokens(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Arc<Client>,
    (stored, answer, auth_req_id): (&DeferredRequest, &DeferredAnswer, &str),
) -> Result<Option<TokenResponse>, Failure> {
    if is_demanded(realm, client) || answer.key.is_some() {
        let reason = "tokens that are sent cannot be bound to a certificate or a key";
        return Err(ErrorCode::UnauthorizedClient.because(reason).per(ciba("10.3")).into());
    }
    let (client, parameters) = (AuthenticatedClient::called(client), Parameters::default());
    let request = GrantRequest { serving, realm, client: &client, binding: Binding::none(), parameters: &parameters };
    let resources = resources::narrowed(&request, &answer.basis.resources)?;
    let details = details::narrowed(&request, &answer.basis.details)?;
    let granted = Granted {
        grant_type: GrantType::Ciba,
        redeemable: Redeemable::Deferred(stored.reference),
        lineage: answer.lineage,
        user_id: answer.user_id,
        sid: answer.sid,
        nonce: None,
        basis: &answer.basis,
        pushed: Some(Pushed { auth_req_id }),
    };
    issue(&request, &granted, (&resources, &details)).await
}
