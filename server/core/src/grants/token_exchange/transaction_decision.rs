//! `on_transaction_token`: what the realm's scripts say of a transaction. Every scope value that is dropped is gone, the
//! shortest life counts, and the first refusal is the answer. Members that scripts give are added; where two give one
//! member differently, or a replaced token says it already in another way, there is no token.

use serde_json::Value;
use signet_hooks::points::OnTransactionToken;
use signet_hooks::points::on_transaction_token::{TransactionContext, TransactionDecision, TransactionRequest};
use signet_hooks::{Hook, NoFacts, Seconds};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::scope::Scope;
use signet_protocol::spec::transaction_tokens;

use super::delegation::depth;
use super::presented::Presented;
use super::transaction::{Transaction, add};
use crate::failure::Failure;
use crate::grants::GrantRequest;
use crate::hooks::{Subject, unapplied};

/// What comes of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decided {
    pub(super) transaction: Transaction,
    pub(super) scope: Scope,
    /// The longest life that scripts permit.
    pub(super) seconds: Option<i64>,
}

/// Asks about a transaction token.
///
/// # Errors
/// The first refusal; `invalid_scope` if nothing is left of the scope; `server_error` where scripts contradict each other or
/// a token that is replaced.
pub(super) async fn decide(
    request: &GrantRequest<'_>,
    subject: &Presented,
    (transaction, scope): (Transaction, Scope),
) -> Result<Decided, Failure> {
    let asked_for = transaction.clone();
    let mut said = Said::default();
    let about = Subject::client(request.client.client()).and_user(subject.user.as_ref());
    let asked = || (NoFacts {}, facts(request, subject, (&asked_for, &scope)));
    for answer in request.serving.ask::<OnTransactionToken>(request.realm, about, asked).await? {
        match answer.decision {
            TransactionDecision::None {} | TransactionDecision::Allow {} => {}
            TransactionDecision::Deny(denial) => return Err(denial.refusal().into()),
            TransactionDecision::Describe(more) => said.take(more)?,
        }
    }
    let mut decided = Decided { transaction, scope: said.left_of(&scope)?, seconds: said.seconds };
    let replaced = subject.replaces.as_ref().map(|replaced| &replaced.transaction);
    said.describe(&mut decided.transaction, replaced)?;
    Ok(decided)
}

/// What scripts say, all together.
#[derive(Debug, Default)]
struct Said {
    context: TransactionContext,
    seconds: Option<i64>,
}

fn contradiction(of: &str) -> Refusal {
    unapplied(format!("{}: a member of {of} has two values", Hook::OnTransactionToken))
}

impl Said {
    fn take(&mut self, more: TransactionContext) -> Result<(), Refusal> {
        if !add(&mut self.context.tctx, more.tctx) {
            return Err(contradiction("tctx"));
        }
        if !add(&mut self.context.rctx, more.rctx) {
            return Err(contradiction("rctx"));
        }
        self.context.drop_scopes.extend(more.drop_scopes);
        self.seconds = self.seconds.into_iter().chain(more.token_seconds.map(Seconds::get)).min();
        Ok(())
    }

    fn left_of(&self, scope: &Scope) -> Result<Scope, Refusal> {
        let left = scope.filtered(|value| !self.context.drop_scopes.iter().any(|name| name == value));
        if left.is_empty() {
            let reason = "nothing of the scope is open to this transaction";
            return Err(ErrorCode::InvalidScope.because(reason).per(transaction_tokens("13.6")));
        }
        Ok(left)
    }

    /// What scripts say counts before what the client says, never before what an earlier token of the transaction says.
    fn describe(self, transaction: &mut Transaction, replaced: Option<&Transaction>) -> Result<(), Refusal> {
        let (mut details, mut context) =
            replaced.map(|token| (token.details.clone(), token.context.clone())).unwrap_or_default();
        if !add(&mut details, self.context.tctx.clone()) {
            return Err(contradiction("tctx"));
        }
        if !add(&mut context, self.context.rctx.clone()) {
            return Err(contradiction("rctx"));
        }
        transaction.details.extend(self.context.tctx);
        transaction.context.extend(self.context.rctx);
        Ok(())
    }
}

fn facts(
    request: &GrantRequest<'_>,
    subject: &Presented,
    (transaction, scope): (&Transaction, &Scope),
) -> TransactionRequest {
    let settings = &request.realm.realm.settings;
    let actors = subject.act().and_then(|act: &Value| depth(act)).unwrap_or_default();
    TransactionRequest {
        txn: transaction.id.clone(),
        trust_domain: settings.transaction_trust_domain.clone(),
        subject: transaction.subject.clone(),
        subject_token_type: subject.token_type.as_str().to_owned(),
        subject_client: subject.issued_to.as_ref().map(ToString::to_string),
        subject_issuer: subject.issuer.clone(),
        replaces: subject.replaces.is_some(),
        earlier_actors: i64::try_from(actors).unwrap_or(i64::MAX),
        scope: scope.iter().map(str::to_owned).collect(),
        tctx: transaction.details.clone(),
        rctx: transaction.context.clone(),
        token_seconds: settings.transaction_token_seconds,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn transaction(details: &Value) -> Transaction {
        Transaction {
            id: "t".to_owned(),
            subject: "s".to_owned(),
            details: details.as_object().cloned().unwrap(),
            context: serde_json::Map::new(),
        }
    }

    #[test]
    fn members_are_added_with_one_voice_and_the_shortest_life_counts() {
        let mut said = Said::default();
        for more in [
            json!({"tctx": {"level": "VIP"}, "drop_scopes": ["sell"], "token_seconds": 30}),
            json!({"tctx": {"level": "VIP"}, "rctx": {"ip": "a"}, "token_seconds": 10}),
        ] {
            said.take(serde_json::from_value(more).unwrap()).unwrap();
        }
        assert!(said.take(serde_json::from_value(json!({"rctx": {"ip": "b"}})).unwrap()).is_err());
        assert_eq!(said.seconds, Some(10));
        assert_eq!(said.left_of(&"buy sell".parse().unwrap()).unwrap(), "buy".parse().unwrap());
        assert!(said.left_of(&"sell".parse().unwrap()).is_err());
    }

    #[test]
    fn scripts_correct_the_client_and_never_an_earlier_token() {
        let said = || {
            let mut said = Said::default();
            said.take(serde_json::from_value(json!({"tctx": {"quantity": 1}})).unwrap()).unwrap();
            said
        };
        let mut asked = transaction(&json!({"quantity": 100}));
        said().describe(&mut asked, None).unwrap();
        assert_eq!(asked.details["quantity"], 1);
        let earlier = transaction(&json!({"quantity": 100}));
        assert!(said().describe(&mut earlier.clone(), Some(&earlier)).is_err());
    }
}
