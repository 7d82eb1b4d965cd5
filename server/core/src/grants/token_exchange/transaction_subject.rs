//! Transaction tokens that are brought to be replaced (Transaction Tokens section 13.15).

use signet_protocol::names::TokenType;

use super::super::GrantRequest;
use super::presented::{Presented, basis, live_user, with_origin};
use super::transaction::{Replaced, Transaction};
use crate::failure::Failure;
use crate::model::{ExchangeOrigin, TokenBasis};
use crate::tokens::{check_transaction_token, party};

/// Reads one of this realm's trust domain, which must stand as access tokens do.
pub(super) async fn read(request: &GrantRequest<'_>, text: &str) -> Result<Option<Presented>, Failure> {
    let token = check_transaction_token(request.serving, request.realm, text).await?;
    let Some(token) = token else { return Ok(None) };
    let reference = &token.reference;
    let user = match reference.user {
        Some((id, epoch)) => match live_user(request, id, epoch).await? {
            Some(user) => Some(user),
            None => return Ok(None),
        },
        None => None,
    };
    let origin = ExchangeOrigin {
        client: Some((token.client_id.clone(), reference.client_epoch)),
        lineage: Some(reference.lineage),
        token: None,
    };
    let basis = TokenBasis {
        authorization_id: reference.authorization.map(|(id, _)| id),
        authorization_epoch: reference.authorization.map_or(0, |(_, epoch)| epoch),
        sid: reference.sid,
        realm_epoch: reference.realm_epoch,
        user_epoch: reference.user.map_or(0, |(_, epoch)| epoch),
        exchanged: Some(with_origin(reference.exchanged.as_ref(), origin)),
        ..basis(request, token.issued_at)
    };
    let transaction = Transaction {
        id: token.transaction,
        subject: token.subject.clone(),
        details: token.details,
        context: token.context,
    };
    let asked = party(&token.client_id);
    Ok(Some(Presented {
        token_type: TokenType::TxnToken,
        may_act: None,
        issued_to: Some(token.client_id),
        issuer: None,
        subject: token.subject,
        user,
        scope: Some(token.scope),
        expires_at: token.expires_at,
        confirmation: None,
        audience: Vec::new(),
        replaces: Some(Replaced { transaction, act: asked }),
        basis,
    }))
}
