//! Authorization details at the token endpoint (RFC 9396 section 6).

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::rfc9396;

use super::GrantRequest;
use crate::details::{self, parse, requested, still_open};
use crate::failure::Failure;
use crate::hooks::Subject;
use crate::model::AuthorizationDetail;

/// What a token request may name: what was granted, or less, as far as it is still open to the client; all of it, where
/// it names nothing.
pub(super) fn narrowed(
    request: &GrantRequest<'_>,
    granted: &[AuthorizationDetail],
) -> Result<Vec<AuthorizationDetail>, Refusal> {
    let granted = still_open(request.realm, request.client.client(), granted);
    let Some(text) = request.parameters.get("authorization_details") else { return Ok(granted) };
    let wider = || {
        let reason = "the authorization details are wider than what was granted";
        ErrorCode::InvalidAuthorizationDetails.because(reason).per(rfc9396("6"))
    };
    let mut less = Vec::new();
    for wanted in parse(text)? {
        let kind = request.realm.details_types.find(wanted.name_of_type()).ok_or_else(wider)?;
        let found = details::narrowed(&wanted, &granted, kind);
        if found.is_empty() {
            return Err(wider());
        }
        less.extend(found.into_iter().filter(|detail| !less.contains(detail)).collect::<Vec<_>>());
    }
    Ok(less)
}

/// What a client asks for without a user (section 6: its policy decides): of types that are open to clients alone, and
/// only if an administrator registered the client.
pub(super) async fn of_client(request: &GrantRequest<'_>) -> Result<Vec<AuthorizationDetail>, Failure> {
    let client = request.client.client();
    let Some(text) = request.parameters.get("authorization_details") else { return Ok(Vec::new()) };
    let wanted = requested(request.realm, client, text)?;
    let is_open = |detail: &AuthorizationDetail| {
        let kind = request.realm.details_types.find(detail.name_of_type());
        kind.is_some_and(|kind| kind.stored.definition.client_credentials) && !client.settings.dynamically_registered
    };
    if !wanted.iter().all(is_open) {
        let reason = "a type of authorization details needs a user who agrees";
        return Err(ErrorCode::InvalidAuthorizationDetails.because(reason).per(rfc9396("6")).into());
    }
    let validated = details::validated(request.serving, request.realm, client, wanted).await?;
    let subject = Subject::client(client);
    Ok(details::enriched(request.serving, request.realm, subject, (client, validated)).await?)
}
