//! `on_ciba_request`: the first name that a script gives counts, the shortest life, the longest interval, and the first
//! refusal is the answer.

use signet_hooks::points::OnCibaRequest;
use signet_hooks::points::on_ciba_request::{CibaHint, CibaPlan, CibaRequest, CibaRequestDecision};
use signet_hooks::{NoFacts, Seconds};
use signet_protocol::error::Refusal;

use super::request::{Asked, Hint};
use crate::authorize::Accepted;
use crate::events::Serving;
use crate::hooks::Subject;
use crate::realm::RealmContext;

/// How long a client may wait, and how often it may ask. Seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    pub(super) expires_in: i64,
    pub(super) interval: i64,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decided {
    pub(super) limits: Limits,
    /// Who is meant, where a script knows better.
    pub(super) username: Option<String>,
}

impl Decided {
    fn with(mut self, plan: CibaPlan) -> Self {
        let (expires_in, interval) = (plan.expires_in.map(Seconds::get), plan.interval.map(Seconds::get));
        let limits = &mut self.limits;
        limits.expires_in = expires_in.map_or(limits.expires_in, |seconds| seconds.min(limits.expires_in));
        limits.interval = interval.map_or(limits.interval, |seconds| seconds.max(limits.interval));
        self.username = self.username.or(plan.username);
        self
    }
}

/// Asks about a request, and for how long it may wait: for no longer than the client wants (CIBA Core 7.1).
pub(super) async fn asked(
    serving: &Serving<'_>,
    realm: &RealmContext,
    accepted: &Accepted,
    asked: &Asked,
) -> Result<Decided, Refusal> {
    let settings = &realm.realm.settings;
    let longest = settings.backchannel_request_seconds;
    let limits = Limits {
        expires_in: asked.requested_expiry.map_or(longest, |wanted| wanted.min(longest)),
        interval: settings.backchannel_poll_interval_seconds,
    };
    let mut decided = Decided { limits, username: None };
    let request = || CibaRequest {
        hint: match &asked.hint {
            Hint::Login(text) => CibaHint { kind: "login_hint".to_owned(), text: text.clone() },
            Hint::IdToken(text) => CibaHint { kind: "id_token_hint".to_owned(), text: text.clone() },
            Hint::Token(text) => CibaHint { kind: "login_hint_token".to_owned(), text: text.clone() },
        },
        binding_message: asked.binding_message.clone(),
        scope: accepted.request.scope().iter().map(str::to_owned).collect(),
        resources: accepted.request.resources().to_vec(),
        acr_requested: accepted.request.parts.acr_requested,
        requested_expiry: asked.requested_expiry,
    };
    let subject = Subject::client(&accepted.client);
    for answer in serving.ask::<OnCibaRequest>(realm, subject, || (NoFacts {}, request())).await? {
        match answer.decision {
            CibaRequestDecision::None {} | CibaRequestDecision::Allow {} => {}
            CibaRequestDecision::Deny(denial) => return Err(denial.refusal()),
            CibaRequestDecision::Ciba(plan) => decided = decided.with(plan),
        }
    }
    Ok(decided)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_the_shortest_life_and_the_longest_interval_count() {
        let plan = |value: serde_json::Value| serde_json::from_value::<CibaPlan>(value).unwrap();
        let decided = Decided { limits: Limits { expires_in: 120, interval: 5 }, username: None }
            .with(plan(serde_json::json!({"expires_in": 60, "interval": 10})))
            .with(plan(serde_json::json!({"username": "ana", "expires_in": 300})))
            .with(plan(serde_json::json!({"username": "bea", "interval": 1})));
        let limits = Limits { expires_in: 60, interval: 10 };
        assert_eq!(decided, Decided { limits, username: Some("ana".to_owned()) });
    }
}
