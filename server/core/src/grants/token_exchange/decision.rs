//! `on_token_exchange`: what the realm's scripts take from an exchange that the client's policy permits. Everything that
//! is taken is gone, the shortest life counts, and the first refusal is the answer.

use signet_hooks::points::OnTokenExchange;
use signet_hooks::points::on_token_exchange::{ExchangeActor, ExchangeDecision, ExchangeNarrowing, ExchangedToken};
use signet_hooks::{NoFacts, Seconds};
use signet_protocol::error::ErrorCode;
use signet_protocol::scope::Scope;
use signet_protocol::spec::{rfc8693, rfc8707};

use super::delegation::depth;
use super::presented::Presented;
use super::{Exchange, GrantRequest};
use crate::failure::Failure;
use crate::hooks::Subject;
use crate::tokens::Lifetimes;

/// What scripts leave.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) scope: Scope,
    pub(super) resources: Vec<String>,
    pub(super) lifetimes: Lifetimes,
}

/// Asks about an exchange.
///
/// # Errors
/// The first refusal; `invalid_scope` or `invalid_target` if nothing is left of what there was.
pub(super) async fn decide(request: &GrantRequest<'_>, exchange: &Exchange<'_>) -> Result<Left, Failure> {
    let mut left =
        Left { scope: exchange.scope.clone(), resources: exchange.resources.clone(), lifetimes: Lifetimes::default() };
    let subject = Subject::client(request.client.client()).and_user(exchange.subject.user.as_ref());
    let asked = || (NoFacts {}, facts(exchange));
    for answer in request.serving.ask::<OnTokenExchange>(request.realm, subject, asked).await? {
        match answer.decision {
            ExchangeDecision::None {} | ExchangeDecision::Allow {} => {}
            ExchangeDecision::Deny(denial) => return Err(denial.refusal().into()),
            ExchangeDecision::Narrow(narrowing) => left.narrow(&narrowing),
        }
    }
    if left.scope.is_empty() && !exchange.scope.is_empty() {
        let reason = "nothing of the scope is open to this exchange";
        return Err(ErrorCode::InvalidScope.because(reason).per(rfc8693("2.1")).into());
    }
    if left.resources.is_empty() && !exchange.resources.is_empty() {
        let reason = "none of the resources is open to this exchange";
        return Err(ErrorCode::InvalidTarget.because(reason).per(rfc8707("2")).into());
    }
    Ok(left)
}

impl Left {
    fn narrow(&mut self, narrowing: &ExchangeNarrowing) {
        self.scope = self.scope.filtered(|scope| !narrowing.drop_scopes.iter().any(|name| name == scope));
        self.resources.retain(|resource| !narrowing.drop_resources.contains(resource));
        let seconds = narrowing.token_seconds.map(Seconds::get);
        self.lifetimes = self.lifetimes.at_most(Lifetimes { access_token: seconds, id_token: seconds });
    }
}

fn facts(exchange: &Exchange<'_>) -> ExchangedToken {
    let Exchange { wanted, subject, actor, scope, resources } = exchange;
    let text = |token: &Presented| token.issued_to.as_ref().map(ToString::to_string);
    ExchangedToken {
        subject_token_type: subject.token_type.as_str().to_owned(),
        subject_client: text(subject),
        subject_issuer: subject.issuer.clone(),
        subject_expires_at: subject.expires_at.0,
        actor: actor.map(|actor| ExchangeActor {
            token_type: actor.token_type.as_str().to_owned(),
            is_user: actor.user.is_some(),
        }),
        earlier_actors: subject.act().and_then(depth).and_then(|depth| i64::try_from(depth).ok()).unwrap_or_default(),
        requested_token_type: wanted.as_str().to_owned(),
        scope: scope.iter().map(str::to_owned).collect(),
        resources: resources.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_that_is_taken_is_gone_and_the_shortest_life_counts() {
        let mut left = Left {
            scope: "read write".parse().unwrap(),
            resources: vec!["https://a.test".to_owned(), "https://b.test".to_owned()],
            lifetimes: Lifetimes::default(),
        };
        for narrowing in [
            json!({"drop_scopes": ["write", "unknown"], "token_seconds": 300}),
            json!({"drop_resources": ["https://a.test"], "token_seconds": 90}),
            json!({}),
        ] {
            left.narrow(&serde_json::from_value(narrowing).unwrap());
        }
        let expected = Left {
            scope: "read".parse().unwrap(),
            resources: vec!["https://b.test".to_owned()],
            lifetimes: Lifetimes { access_token: Some(90), id_token: Some(90) },
        };
        assert_eq!(left, expected);
    }
}
