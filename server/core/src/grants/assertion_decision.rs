//! `on_assertion_grant`: what the realm's scripts make of an assertion that is good. Everything that is taken is gone, the
//! shortest life counts, and the first refusal is the answer. Whom an assertion is about they may say only where the
//! administrator left that to them, and only with one voice.

use signet_hooks::points::OnAssertionGrant;
use signet_hooks::points::on_assertion_grant::{AssertionDecision, AssertionFacts, AssertionNarrowing, AssertionUser};
use signet_hooks::{Hook, NoFacts, Seconds};
use signet_jose::VerifiedClaims;
use signet_protocol::error::ErrorCode;
use signet_protocol::scope::Scope;
use signet_protocol::spec::rfc7521;

use super::GrantRequest;
use super::trusted::user_named;
use crate::failure::Failure;
use crate::hooks::{Subject, unapplied};
use crate::model::{SubjectMapping, TrustedIssuer, User};
use crate::tokens::Lifetimes;

/// An assertion that is good.
pub(super) struct Asserted<'a> {
    pub(super) trusted: &'a TrustedIssuer,
    pub(super) claims: &'a VerifiedClaims,
    /// Whom it names; nobody where it names none, or a script has to.
    pub(super) user: Option<User>,
    pub(super) scope: &'a Scope,
    pub(super) resources: &'a [String],
}

/// What is left of it.
pub(super) struct Decided {
    pub(super) user: Option<User>,
    pub(super) scope: Scope,
    pub(super) lifetimes: Lifetimes,
}

/// Asks about an assertion.
///
/// # Errors
/// The first refusal; `invalid_scope` if nothing is left of the scope; `server_error` where a script names a user and may
/// not, or two name different ones.
pub(super) async fn decide(request: &GrantRequest<'_>, asserted: Asserted<'_>) -> Result<Decided, Failure> {
    let by_script = asserted.trusted.definition.subject_mapping == SubjectMapping::Script;
    let mut left = Left { scope: asserted.scope.clone(), lifetimes: Lifetimes::default(), username: None };
    if asserted.user.is_some() || by_script {
        let subject = Subject::client(request.client.client()).and_user(asserted.user.as_ref());
        let asked = || (NoFacts {}, facts(&asserted));
        for answer in request.serving.ask::<OnAssertionGrant>(request.realm, subject, asked).await? {
            match answer.decision {
                AssertionDecision::None {} | AssertionDecision::Allow {} => {}
                AssertionDecision::Deny(denial) => return Err(denial.refusal().into()),
                AssertionDecision::Narrow(narrowing) => left.narrow(&narrowing),
                AssertionDecision::Name(named) => left.name(named, by_script).map_err(unapplied)?,
            }
        }
    }
    if left.scope.is_empty() && !asserted.scope.is_empty() {
        let reason = "nothing of the scope is open to this assertion";
        return Err(ErrorCode::InvalidScope.because(reason).per(rfc7521("4.1")).into());
    }
    let user = match left.username {
        Some(username) => user_named(request, &username).await?,
        None => asserted.user,
    };
    Ok(Decided { user, scope: left.scope, lifetimes: left.lifetimes })
}

#[derive(Debug, PartialEq, Eq)]
struct Left {
    scope: Scope,
    lifetimes: Lifetimes,
    username: Option<String>,
}

impl Left {
    fn narrow(&mut self, narrowing: &AssertionNarrowing) {
        self.scope = self.scope.filtered(|scope| !narrowing.drop_scopes.iter().any(|name| name == scope));
        let access_token = narrowing.access_token_seconds.map(Seconds::get);
        self.lifetimes = self.lifetimes.at_most(Lifetimes { access_token, ..Lifetimes::default() });
    }

    fn name(&mut self, named: AssertionUser, by_script: bool) -> Result<(), String> {
        if !by_script {
            return Err(format!("{}: the trusted issuer does not leave the user to a script", Hook::OnAssertionGrant));
        }
        if self.username.as_ref().is_some_and(|other| *other != named.username) {
            return Err(format!("{}: two scripts name different users", Hook::OnAssertionGrant));
        }
        self.username = Some(named.username);
        Ok(())
    }
}

fn facts(asserted: &Asserted<'_>) -> AssertionFacts {
    AssertionFacts {
        issuer: asserted.trusted.issuer.clone(),
        claims: asserted.claims.claims().clone(),
        scope: asserted.scope.iter().map(str::to_owned).collect(),
        resources: asserted.resources.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn named(username: &str) -> AssertionUser {
        AssertionUser { username: username.to_owned() }
    }

    #[test]
    fn scripts_take_together_and_name_a_user_with_one_voice() {
        let mut left = Left { scope: "read write".parse().unwrap(), lifetimes: Lifetimes::default(), username: None };
        for narrowing in
            [json!({"drop_scopes": ["write"], "access_token_seconds": 300}), json!({"access_token_seconds": 60})]
        {
            left.narrow(&serde_json::from_value(narrowing).unwrap());
        }
        assert_eq!(left.scope, "read".parse().unwrap());
        assert_eq!(left.lifetimes.access_token, Some(60));
        assert!(left.name(named("ana"), false).is_err(), "the administrator did not ask scripts");
        assert_eq!(left.name(named("ana"), true), Ok(()));
        assert_eq!(left.name(named("ana"), true), Ok(()));
        assert!(left.name(named("bob"), true).is_err());
        assert_eq!(left.username.as_deref(), Some("ana"));
    }
}
