//! `on_authorize_request`: what is taken from a request or demanded beyond it.
//!
//! The request is read anew at each step, and scripts are asked each time. What was taken once stays taken, and what was
//! demanded stays demanded, until the response: nobody agrees to more than the form showed because a script has changed
//! its mind, or the clock its hour.

use serde::{Deserialize, Serialize};
use signet_hooks::points::OnAuthorizeRequest;
use signet_hooks::points::on_authorize_request::{AuthorizationRequestDecision, DemandedPrompt, RequestNarrowing};
use signet_hooks::{NoFacts, Seconds};
use signet_protocol::error::ErrorCode;
use signet_protocol::names::Prompt;
use signet_protocol::scope::Scope;
use signet_protocol::spec::{rfc6749, rfc8707};

use super::grant::managed;
use super::resource::aimed;
use crate::authorize::request::Parts;
use crate::authorize::{Accepted, AuthorizeError};
use crate::details;
use crate::events::Serving;
use crate::hooks::Subject;
use crate::realm::RealmContext;

/// Most of it as JSON, in bytes. Addresses have at most 8,000; the request itself at most 6,400 of them.
const MOST_BYTES: usize = 450;

/// What scripts have taken from a request or demanded beyond it so far. Short member names: it travels in addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::authorize) struct Narrowing {
    #[serde(rename = "d", default, skip_serializing_if = "Vec::is_empty")]
    dropped_scopes: Vec<String>,
    #[serde(rename = "p", default, skip_serializing_if = "Vec::is_empty")]
    prompts: Vec<Prompt>,
    /// Positions in the request, which is the same at every step: identifiers are long.
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    dropped_resources: Vec<usize>,
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    max_age: Option<i64>,
}

impl Narrowing {
    /// Whether nothing was taken or demanded.
    pub(in crate::authorize) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Takes and demands what a script says besides. `openid` stays: without it the request would be another one.
    pub(in crate::authorize) fn tighten(&mut self, more: RequestNarrowing, asked: &Scope) {
        for scope in more.drop_scopes {
            if scope != "openid" && asked.contains(&scope) && !self.dropped_scopes.contains(&scope) {
                self.dropped_scopes.push(scope);
            }
        }
        for prompt in more.prompt.into_iter().map(prompt_of) {
            if !self.prompts.contains(&prompt) {
                self.prompts.push(prompt);
            }
        }
        let max_age = more.max_age.map(Seconds::get);
        self.max_age = self.max_age.into_iter().chain(max_age).min();
    }

    /// Takes the resources that scripts have not left.
    pub(super) fn keep_resources(&mut self, left: &[String], asked: &[String]) {
        let dropped = (0..asked.len()).filter(|position| !left.contains(&asked[*position]));
        for position in dropped {
            if !self.dropped_resources.contains(&position) {
                self.dropped_resources.push(position);
            }
        }
    }

    /// Whether it can travel in the address of a redirect, beside the request itself.
    fn fits_an_address(&self) -> bool {
        serde_json::to_vec(self).is_ok_and(|json| json.len() <= MOST_BYTES)
    }

    fn apply(&self, parts: &mut Parts) {
        parts.scope = parts.scope.filtered(|scope| !self.dropped_scopes.iter().any(|dropped| dropped == scope));
        let mut position = 0..;
        parts.resources.retain(|_| position.next().is_none_or(|position| !self.dropped_resources.contains(&position)));
        let more = self.prompts.iter().filter(|prompt| !parts.prompts.contains(prompt)).copied();
        parts.prompts.extend(more.collect::<Vec<_>>());
        parts.max_age = parts.max_age.into_iter().chain(self.max_age).min();
    }
}

const fn prompt_of(demanded: DemandedPrompt) -> Prompt {
    match demanded {
        DemandedPrompt::Login => Prompt::Login,
        DemandedPrompt::Consent => Prompt::Consent,
        DemandedPrompt::SelectAccount => Prompt::SelectAccount,
    }
}

/// Asks about a request, and narrows it by what was said now and before.
pub(in crate::authorize) async fn narrow(
    serving: &Serving<'_>,
    realm: &RealmContext,
    accepted: &mut Accepted,
    narrowing: &mut Narrowing,
) -> Result<(), AuthorizeError> {
    let subject = Subject::client(&accepted.client);
    let answers = serving.ask::<OnAuthorizeRequest>(realm, subject, || (NoFacts {}, accepted.facts())).await;
    for answer in answers.map_err(|refusal| accepted.refuse(refusal))? {
        match answer.decision {
            AuthorizationRequestDecision::None {} | AuthorizationRequestDecision::Allow {} => {}
            AuthorizationRequestDecision::Deny(denial) => return Err(accepted.deny(&denial)),
            AuthorizationRequestDecision::Narrow(more) => {
                narrowing.tighten(more, &accepted.request.parts.scope);
            }
        }
    }
    managed(serving, realm, accepted, narrowing).await?;
    aimed(serving, realm, accepted, narrowing).await?;
    let asked = std::mem::take(&mut accepted.request.parts.details);
    let details = details::validated(serving, realm, &accepted.client, asked).await;
    accepted.request.parts.details = details.map_err(|refusal| accepted.refuse(refusal))?;
    if narrowing.is_empty() {
        return Ok(());
    }
    let (had_scope, had_resources) =
        (!accepted.request.parts.scope.is_empty(), !accepted.request.parts.resources.is_empty());
    if !narrowing.fits_an_address() {
        let reason = "too much of the request is not permitted; ask for less scope values";
        return Err(accepted.refuse(ErrorCode::InvalidScope.because(reason).per(rfc6749("3.3"))));
    }
    narrowing.apply(&mut accepted.request.parts);
    if had_scope && accepted.request.parts.scope.is_empty() {
        let reason = "nothing of what was asked for is open to this request";
        return Err(accepted.refuse(ErrorCode::InvalidScope.because(reason).per(rfc6749("3.3"))));
    }
    // Without a resource it would be another request.
    if had_resources && accepted.request.parts.resources.is_empty() {
        let reason = "none of the resources is open to this request";
        return Err(accepted.refuse(ErrorCode::InvalidTarget.because(reason).per(rfc8707("2"))));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(text: &str) -> Scope {
        text.parse().unwrap()
    }

    fn narrowing(drop_scopes: &[&str], prompt: &[DemandedPrompt], max_age: Option<i64>) -> RequestNarrowing {
        RequestNarrowing {
            drop_scopes: drop_scopes.iter().map(ToString::to_string).collect(),
            prompt: prompt.to_vec(),
            max_age: max_age.map(|seconds| seconds.try_into().unwrap()),
        }
    }

    #[test]
    fn decisions_add_up_and_never_cancel_each_other() {
        let asked = scope("openid email payments");
        let mut all = Narrowing::default();
        all.tighten(narrowing(&["payments", "openid", "unknown"], &[DemandedPrompt::Login], Some(600)), &asked);
        all.tighten(narrowing(&["email"], &[DemandedPrompt::Consent, DemandedPrompt::Login], Some(900)), &asked);
        let mut parts = Parts { scope: asked, prompts: vec![Prompt::None], max_age: Some(700), ..Parts::default() };
        all.apply(&mut parts);
        assert_eq!(parts.scope, scope("openid"));
        assert_eq!(parts.prompts, [Prompt::None, Prompt::Login, Prompt::Consent]);
        assert_eq!(parts.max_age, Some(600));
        assert!(all.fits_an_address());
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        all.keep_resources(&names(&["a", "c"]), &names(&["a", "b", "c"]));
        all.keep_resources(&names(&["a", "b"]), &names(&["a", "b", "c"]));
        parts.resources = names(&["a", "b", "c"]);
        all.apply(&mut parts);
        assert_eq!(parts.resources, ["a"]);
        all.tighten(RequestNarrowing::default(), &parts.scope);
        let mut again = Parts { scope: scope("openid email"), max_age: Some(5), ..Parts::default() };
        all.apply(&mut again);
        assert_eq!((again.scope, again.max_age), (scope("openid"), Some(5)));
    }
}
