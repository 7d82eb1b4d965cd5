//! A client asks for a transaction token (Transaction Tokens section 11.3).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::decision::{Constructor, Denial, denial_codes};
use crate::facts::NoFacts;
use crate::hook::{Hook, HookPoint};
use crate::redaction::{self, Redact};
use crate::text::Seconds;

/// `on_transaction_token(ctx, transaction)`
pub struct OnTransactionToken;

/// A transaction token that the client's policy permits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransactionRequest {
    /// `txn`: what the transaction is called, in every token of it.
    pub txn: String,
    /// The trust domain: `aud`.
    pub trust_domain: String,
    /// `sub`.
    pub subject: String,
    /// `subject_token_type`.
    pub subject_token_type: String,
    /// The client that the subject token was issued to; `()` where another issuer made it.
    pub subject_client: Option<String>,
    /// The issuer of the subject token; `()` where this server made it.
    pub subject_issuer: Option<String>,
    /// Whether it replaces an earlier token of the same transaction.
    pub replaces: bool,
    /// How many acted before (RFC 8693 section 4.1).
    pub earlier_actors: i64,
    /// The purpose of the transaction.
    pub scope: Vec<String>,
    /// `tctx` as far as the client and an earlier token say it.
    pub tctx: Map<String, Value>,
    /// `rctx` as far as the client and an earlier token say it.
    pub rctx: Map<String, Value>,
    /// The longest life of a transaction token here, in seconds.
    pub token_seconds: i64,
}

denial_codes! {
    /// How a transaction token can be refused (RFC 6749 section 5.2).
    TransactionDenial { InvalidRequest, InvalidScope, InvalidTarget, UnauthorizedClient, }
}

/// What may be decided about a transaction token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum TransactionDecision {
    /// Nothing to say.
    None {},
    /// Go on.
    Allow {},
    /// Refuse; the subject token stays as it is.
    Deny(Denial<TransactionDenial>),
    /// Say what the transaction is about.
    Describe(TransactionContext),
}

/// What a transaction is about, beyond what the client says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TransactionContext {
    /// Members of `tctx`. They count before those that the client says; those of a token that is replaced stay.
    pub tctx: Map<String, Value>,
    /// Members of `rctx`, in the same way.
    pub rctx: Map<String, Value>,
    /// Scope values to leave out; those it has not are ignored.
    pub drop_scopes: Vec<String>,
    /// Longest life of the token; the smaller of this and the server's own counts.
    pub token_seconds: Option<Seconds<5, 600>>,
}

impl Redact for TransactionRequest {
    fn redact(&mut self) {
        let Self {
            txn: _,
            trust_domain: _,
            subject,
            subject_token_type: _,
            subject_client: _,
            subject_issuer: _,
            replaces: _,
            earlier_actors: _,
            scope: _,
            tctx,
            rctx,
            token_seconds: _,
        } = self;
        redaction::identifier(subject);
        tctx.values_mut().chain(rctx.values_mut()).for_each(redaction::texts);
    }
}

impl HookPoint for OnTransactionToken {
    const HOOK: Hook = Hook::OnTransactionToken;
    const ARGUMENT: Option<&'static str> = Some("transaction");
    const ABOUT: &'static str = "Asked when a client asks for a transaction token, the subject token is good, and the \
                                 client's policy permits it. `ctx.user` is the user whom the subject token is for, \
                                 `()` for a client's own. `on_token_exchange` was asked before, and `on_token_request` \
                                 is asked afterwards.";
    const NEVER: &'static str = "make a bad token good; permit what the policy does not; change `txn`, subject or trust \
                                 domain; change what a replaced token says; outlive the subject token";
    const CONSTRUCTORS: &'static [Constructor] =
        &[Constructor::ALLOW, Constructor::DENY, Constructor::members("describe")];
    type Facts = NoFacts;
    type Argument = TransactionRequest;
    type Output = TransactionDecision;

    fn sample() -> (NoFacts, TransactionRequest) {
        let object = |value: Value| value.as_object().cloned().unwrap_or_default();
        let transaction = TransactionRequest {
            txn: "97053963-771d-49cc-a4e3-20aad399c312".to_owned(),
            trust_domain: "trust-domain.example".to_owned(),
            subject: "d084sdrt234fsaw34tr23t".to_owned(),
            subject_token_type: "urn:ietf:params:oauth:token-type:access_token".to_owned(),
            subject_client: Some("shop".to_owned()),
            subject_issuer: None,
            replaces: false,
            earlier_actors: 0,
            scope: vec!["trade.stocks".to_owned()],
            tctx: object(json!({"action": "BUY", "ticker": "MSFT", "quantity": "100"})),
            rctx: object(json!({"req_ip": "192.0.2.7"})),
            token_seconds: 60,
        };
        (NoFacts {}, transaction)
    }
}
