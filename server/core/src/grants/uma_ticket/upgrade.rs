//! Upgrading an RPT (UMA Grant section 3.3.5.1): the permissions of the one that the client presents go into the new one,
//! as far as its owner still allows them, and the old one ends.

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::uma_grant;
use signet_protocol::time::UnixTime;

use crate::failure::Failure;
use crate::grants::GrantRequest;
use crate::model::{ResourceKeeper, UmaPermission};
use crate::tokens::{CheckedAccessToken, check_access_token};
use crate::uma::{Asking, LONGEST_UPGRADED_PERMISSIONS, still_allowed};

/// What the new RPT is good for.
pub(super) struct Upgrade {
    pub(super) permissions: Vec<UmaPermission>,
    /// The hash of the old one's name, and when it ends anyway.
    pub(super) ended: Option<([u8; 32], UnixTime)>,
    pub(super) upgraded: bool,
    /// When the first of its scopes ends by itself.
    pub(super) ends_at: Option<UnixTime>,
}

/// Puts the permissions of the presented RPT, if there is one, beside those that are granted now.
///
/// # Errors
/// `invalid_grant` for an RPT that is not good, or of another client, requesting party or resource server.
pub(super) async fn upgrade(
    request: &GrantRequest<'_>,
    (keeper, asking): (&ResourceKeeper, Asking<'_>),
    (granted, ends_at): (Vec<UmaPermission>, Option<UnixTime>),
) -> Result<Upgrade, Failure> {
    let plain = |permissions| Upgrade { permissions, ended: None, upgraded: false, ends_at };
    let Some(text) = request.parameters.get("rpt") else { return Ok(plain(granted)) };
    let presented = check_access_token(request.serving, request.realm, text).await?;
    let presented = presented.filter(|token| is_like(token, keeper, asking)).ok_or_else(not_good)?;
    let held = (presented.reference.permissions.as_slice(), asking);
    let held = still_allowed(request.serving, request.realm, held).await?;
    // An RPT is for one owner: one for another owner is left as it is.
    if held.is_empty() || held.iter().any(|held| held.keeper != *keeper) {
        return Ok(plain(granted));
    }
    let ends_at = held.iter().filter_map(|held| held.ends_at).chain(ends_at).min();
    let permissions = merged(granted.clone(), held.into_iter().map(|held| held.permission));
    if serde_json::to_vec(&permissions).map_or(usize::MAX, |json| json.len()) > LONGEST_UPGRADED_PERMISSIONS {
        return Ok(plain(granted));
    }
    let ended = Some((presented.jti_hash(), presented.expires_at));
    Ok(Upgrade { permissions, ended, upgraded: true, ends_at })
}

/// An RPT is unique to client, requesting party and resource server (section 1.3).
fn is_like(token: &CheckedAccessToken, keeper: &ResourceKeeper, asking: Asking<'_>) -> bool {
    !token.reference.permissions.is_empty()
        && token.client_id == *asking.client
        && token.user_id() == asking.user
        && token.is_for(keeper.server.as_str())
}

fn not_good() -> Refusal {
    let reason = "the RPT is not good, or of another client, requesting party or resource server";
    ErrorCode::InvalidGrant.because(reason).per(uma_grant("3.3.1"))
}

fn merged(mut granted: Vec<UmaPermission>, held: impl Iterator<Item = UmaPermission>) -> Vec<UmaPermission> {
    for permission in held {
        match granted.iter_mut().find(|known| known.resource_id == permission.resource_id) {
            Some(known) => {
                let more = permission.resource_scopes.into_iter();
                let more: Vec<_> = more.filter(|scope| !known.resource_scopes.contains(scope)).collect();
                known.resource_scopes.extend(more);
            }
            None => granted.push(permission),
        }
    }
    granted
}
