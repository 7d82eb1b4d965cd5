//! Transaction tokens that are brought to be replaced (Transaction Tokens section 13.15).

use signet_protocol::names::TokenType;

use super::super::GrantRequest;
use super::presented::{Presented, resting};
use super::transaction::{Replaced, Transaction};
use crate::failure::Failure;
use crate::tokens::{check_transaction_token, party};

/// Reads one of this realm's trust domain, which must stand as access tokens do.
pub(super) async fn read(request: &GrantRequest<'_>, text: &str) -> Result<Option<Presented>, Failure> {
    let token = check_transaction_token(request.serving, request.realm, text).await?;
    let Some(token) = token else { return Ok(None) };
    let resting = resting(request, &token.reference, (&token.client_id, None), token.issued_at).await?;
    let Some((user, basis)) = resting else { return Ok(None) };
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
