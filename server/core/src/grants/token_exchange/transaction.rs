//! Transaction tokens (Transaction Tokens section 11): a token that was received from outside, or a client's own, becomes
//! one that says within the trust domain what a transaction is about. It ends no later than what it was issued for.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use signet_jose::{random, random_token, strict_json};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::identifiers::Lineage;
use signet_protocol::names::TokenType;
use signet_protocol::responses::TokenResponse;
use signet_protocol::scope::Scope;
use signet_protocol::spec::transaction_tokens;

use super::issue::{alone, finish, permitted};
use super::presented::Presented;
use super::transaction_decision::{self, Decided};
use super::{Exchange, delegation, scope};
use crate::failure::Failure;
use crate::grants::GrantRequest;
use crate::model::{TokenExchangePolicy, TransactionTokenPolicy};
use crate::tokens::{Lifetimes, TokenReference, TransactionToken, subject_for};

/// Longest `request_details` and `request_context`, in bytes.
const LONGEST_OBJECT: usize = 4 * 1024;
/// Bytes of randomness in `txn`.
const TRANSACTION_BYTES: usize = 16;

/// What a transaction is about, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Transaction {
    /// `txn`.
    pub(super) id: String,
    /// `sub`.
    pub(super) subject: String,
    /// `tctx`.
    pub(super) details: Map<String, Value>,
    /// `rctx`.
    pub(super) context: Map<String, Value>,
}

/// An earlier token of the same transaction, which is replaced: what it says stays as it is (section 13.15).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Replaced {
    pub(super) transaction: Transaction,
    /// The client that asked for it.
    pub(super) act: Value,
}

pub(super) async fn exchange(
    request: &GrantRequest<'_>,
    policy: &TokenExchangePolicy,
    subject: Presented,
) -> Result<TokenResponse, Failure> {
    let trust_domain = trust_domain(request)?;
    let before = act(request, &subject)?;
    request.serving.passed("actor_token");
    let scope = transaction_scope(request, policy, &subject)?;
    request.serving.passed("scope");
    let transaction = transaction(request, policy, &subject)?;
    request.serving.passed("request_details");
    let exchange = Exchange {
        wanted: TokenType::TxnToken,
        subject: &subject,
        actor: None,
        scope,
        resources: vec![trust_domain.to_owned()],
    };
    let left = super::decision::decide(request, &exchange).await?;
    let decided = transaction_decision::decide(request, &subject, (transaction, left.scope)).await?;
    issue(request, &subject, (decided, left.lifetimes), before).await
}

/// The trust domain, which `audience` must name (section 11.1).
fn trust_domain<'a>(request: &'a GrantRequest<'_>) -> Result<&'a str, Refusal> {
    let trust_domain = request.realm.realm.settings.transaction_trust_domain.as_str();
    if trust_domain.is_empty() {
        return Err(super::invalid("the realm issues no transaction tokens"));
    }
    let mut named = request.parameters.all("audience").peekable();
    if named.peek().is_none() {
        return Err(invalid("audience is missing", "11.1"));
    }
    let wrong = |reason: &'static str| ErrorCode::InvalidTarget.because(reason).per(transaction_tokens("11.1"));
    if named.any(|audience| audience != trust_domain) {
        return Err(wrong("audience is not the trust domain"));
    }
    if request.parameters.get("resource").is_some() {
        return Err(wrong("a transaction token is for its trust domain; name no resource"));
    }
    Ok(trust_domain)
}

fn invalid(reason: &'static str, section: &'static str) -> Refusal {
    ErrorCode::InvalidRequest.because(reason).per(transaction_tokens(section))
}

/// Who acted before, and the clients that asked for the tokens before, the last one outside (section 13.15).
fn act(request: &GrantRequest<'_>, subject: &Presented) -> Result<Option<Value>, Refusal> {
    if request.parameters.get("actor_token").is_some() || request.parameters.get("actor_token_type").is_some() {
        return Err(invalid("the client itself asks for a transaction token; send no actor_token", "11.1"));
    }
    match &subject.replaces {
        None => delegation::carried(request, subject),
        Some(replaced) => delegation::chained(request, subject, replaced.act.clone()),
    }
}

/// What the request says, which it must, within what subject token, registration and policy have together (sections 13.6
/// and 13.14).
fn transaction_scope(
    request: &GrantRequest<'_>,
    policy: &TokenExchangePolicy,
    subject: &Presented,
) -> Result<Scope, Refusal> {
    if request.parameters.get("scope").is_none() {
        return Err(invalid("scope is missing", "11.1"));
    }
    if subject.scope.is_none() {
        return Err(invalid("the subject token does not say its scope", "13.14"));
    }
    scope(request, policy, subject)
}

fn transaction(
    request: &GrantRequest<'_>,
    policy: &TokenExchangePolicy,
    subject: &Presented,
) -> Result<Transaction, Failure> {
    let nothing = TransactionTokenPolicy::default();
    let policy = policy.transaction_tokens.as_ref().unwrap_or(&nothing);
    let said = (
        said(request, "request_details", &policy.request_details)?,
        said(request, "request_context", &policy.request_context)?,
    );
    let Some(Replaced { transaction, .. }) = &subject.replaces else {
        let id = random_token(&*request.serving.random, TRANSACTION_BYTES);
        let subject = match &subject.user {
            Some(user) => subject_for(request.realm, request.client.client(), user)?,
            None => subject.subject.clone(),
        };
        return Ok(Transaction { id, subject, details: said.0, context: said.1 });
    };
    let mut transaction = transaction.clone();
    let both = [(&mut transaction.details, said.0), (&mut transaction.context, said.1)];
    for (known, said) in both {
        if !add(known, said) {
            return Err(invalid("what a transaction token says stays as it is where it is replaced", "13.15").into());
        }
    }
    Ok(transaction)
}

/// Adds members; not where one is there already, and another.
pub(super) fn add(known: &mut Map<String, Value>, more: Map<String, Value>) -> bool {
    let differs = more.iter().any(|(name, value)| known.get(name).is_some_and(|known| known != value));
    known.extend(more);
    !differs
}

/// A JSON object of the request, all of whose members the client may assert. The subject token is never in it
/// (section 13.4).
fn said(request: &GrantRequest<'_>, name: &'static str, permitted: &[String]) -> Result<Map<String, Value>, Refusal> {
    let Some(text) = request.parameters.get(name) else { return Ok(Map::new()) };
    if text.len() > LONGEST_OBJECT {
        return Err(invalid("request_details or request_context is longer than 4096 bytes", "11.1"));
    }
    let members = strict_json::parse_object(text.as_bytes());
    let members = members
        .map_err(|_| invalid("request_details and request_context are JSON objects with unique members", "11.1"))?;
    let token = request.parameters.get("subject_token").unwrap_or_default();
    if members.values().any(|value| contains(value, token)) {
        return Err(invalid("a transaction token does not contain the token that it is issued for", "13.4"));
    }
    if members.keys().all(|member| permitted.contains(member)) {
        Ok(members)
    } else {
        Err(invalid(
            "the client's policy does not let it assert a member of request_details or request_context",
            "13.10",
        ))
    }
}

/// Whether a text is anywhere in a value.
fn contains(value: &Value, text: &str) -> bool {
    match value {
        Value::String(value) => value.contains(text),
        Value::Array(values) => values.iter().any(|value| contains(value, text)),
        Value::Object(members) => members.iter().any(|(name, value)| name.contains(text) || contains(value, text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

async fn issue(
    request: &GrantRequest<'_>,
    subject: &Presented,
    (decided, lifetimes): (Decided, Lifetimes),
    act: Option<Value>,
) -> Result<TokenResponse, Failure> {
    let Decided { transaction, scope, seconds } = decided;
    let permitted = permitted(request, subject, scope).await?;
    let settings = &request.realm.realm.settings;
    let left = subject.expires_at.since(request.serving.now());
    let of_scripts = [seconds, lifetimes.access_token, permitted.lifetimes.access_token];
    let lifetime_seconds =
        of_scripts.into_iter().flatten().fold(settings.transaction_token_seconds.min(left), i64::min);
    let lineage = Lineage(random::random_bytes(&*request.serving.random));
    let client = request.client.client();
    let token = TransactionToken {
        client,
        subject: &transaction.subject,
        transaction: &transaction.id,
        scope: &permitted.scope,
        details: &transaction.details,
        context: &transaction.context,
        act: act.as_ref(),
        reference: reference(request, subject, (lineage, act.clone())),
        lifetime_seconds,
    };
    let token = token.issue(request.serving, request.realm)?;
    let audience = vec![settings.transaction_trust_domain.clone()];
    finish(request, subject, (lineage, permitted.scope.clone(), audience)).await?;
    let response = alone(token, lifetime_seconds, &permitted.scope);
    Ok(TokenResponse { issued_token_type: Some(TokenType::TxnToken), ..response })
}

/// What the token rests on: all that the subject token does, and that token itself.
fn reference(
    request: &GrantRequest<'_>,
    subject: &Presented,
    (lineage, act): (Lineage, Option<Value>),
) -> TokenReference {
    let basis = &subject.basis;
    let mut exchanged = basis.exchanged.clone().unwrap_or_default();
    exchanged.act = act;
    TokenReference {
        lineage,
        realm_epoch: basis.realm_epoch,
        client_epoch: request.client.client().epoch,
        user: subject.user.as_ref().map(|user| (user.id, basis.user_epoch)),
        authorization: basis.authorization_id.map(|id| (id, basis.authorization_epoch)),
        sid: basis.sid,
        exchanged: Some(exchanged),
        userinfo_claims: Vec::new(),
        userinfo_values: BTreeMap::new(),
        claims_locales: Vec::new(),
        may_act: None,
        permissions: Vec::new(),
        pct_claims: Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: &Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn section_13_15_members_are_added_and_none_is_changed() {
        let mut known = object(&json!({"action": "BUY", "quantity": 1}));
        assert!(add(&mut known, object(&json!({"action": "BUY", "ticker": "X"}))));
        assert_eq!(Value::Object(known.clone()), json!({"action": "BUY", "quantity": 1, "ticker": "X"}));
        assert!(!add(&mut known, object(&json!({"quantity": 2}))));
    }

    #[test]
    fn section_13_4_a_token_is_found_wherever_it_hides() {
        for value in [json!("xat1x"), json!(["at1"]), json!({"a": {"b": "at1"}}), json!({"a": {"at1": 1}})] {
            assert!(contains(&value, "at1"), "{value}");
        }
        assert!(!contains(&json!({"a": ["b", 1, true, null]}), "at1"));
    }
}
