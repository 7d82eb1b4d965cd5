//! `on_token_request`: what the realm's scripts take from tokens that are about to be made. Everything that is taken is
//! gone, the shortest life counts, and the first refusal is the answer.

use signet_hooks::points::OnTokenRequest;
use signet_hooks::points::on_token_request::{TokenDecision, TokenNarrowing, TokenRequestFacts};
use signet_hooks::{Hook, NoFacts, Seconds};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::GrantType;
use signet_protocol::scope::Scope;
use signet_protocol::spec::rfc6749;

use super::GrantRequest;
use crate::events::Serving;
use crate::failure::Failure;
use crate::hooks::{Subject, unapplied};
use crate::model::{Client, TokenBasis, User};
use crate::realm::RealmContext;
use crate::tokens::{Authentication, Lifetimes, access_token_seconds};

/// Tokens that are about to be made.
pub(crate) struct Planned<'a> {
    pub(crate) grant_type: GrantType,
    pub(crate) scope: &'a Scope,
    pub(crate) resources: &'a [String],
    /// Whom they are for, and what they rest on; nobody and nothing for a client's own token.
    pub(crate) user: Option<(&'a User, &'a TokenBasis)>,
    /// Whether a refresh token comes along.
    pub(crate) refresh_token: bool,
}

/// What is left of the plan.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Permitted {
    pub(crate) scope: Scope,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) refresh_token: bool,
}

/// Scripts go on with what they handed on at the authorization endpoint.
///
/// # Errors
/// What they handed on in this request, when the client was known, leaves no room for it.
pub(super) fn go_on(request: &GrantRequest<'_>, basis: &TokenBasis) -> Result<(), Refusal> {
    let gone_on = request.serving.transaction().go_on(&basis.vars);
    gone_on.map_err(|too_much| unapplied(format!("with_vars of {}: {too_much}", Hook::OnClientAuthenticated)))
}

/// Asks about tokens that are about to be made at the token endpoint.
///
/// # Errors
/// Those of [`decide_for`].
pub(super) async fn decide(request: &GrantRequest<'_>, planned: &Planned<'_>) -> Result<Permitted, Failure> {
    decide_for(request.serving, request.realm, request.client.client(), planned).await
}

/// Asks about tokens that are about to be made, wherever that is.
///
/// # Errors
/// The first refusal; `invalid_scope` if nothing is left of the scope.
pub(crate) async fn decide_for(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Client,
    planned: &Planned<'_>,
) -> Result<Permitted, Failure> {
    let mut permitted = Permitted {
        scope: planned.scope.clone(),
        lifetimes: Lifetimes::default(),
        refresh_token: planned.refresh_token,
    };
    if realm.hooks.at(Hook::OnTokenRequest, Some(&client.client_id)).is_empty() {
        return Ok(permitted);
    }
    let subject = Subject::client(client).and_user(planned.user.map(|(user, _)| user));
    let facts = TokenRequestFacts {
        grant_type: planned.grant_type.as_str().to_owned(),
        scope: planned.scope.iter().map(str::to_owned).collect(),
        resources: planned.resources.to_vec(),
        access_token_seconds: access_token_seconds(realm, client, planned.resources, planned.scope)?,
        refresh_token: planned.refresh_token,
        authentication: planned.user.map(|(_, basis)| Authentication::of_basis(basis).facts()),
    };
    for answer in serving.ask::<OnTokenRequest>(realm, subject, || (NoFacts {}, facts)).await? {
        match answer.decision {
            TokenDecision::None {} | TokenDecision::Allow {} => {}
            TokenDecision::Deny(denial) => return Err(denial.refusal().into()),
            TokenDecision::Narrow(narrowing) => permitted.narrow(&narrowing),
        }
    }
    if permitted.scope.is_empty() && !planned.scope.is_empty() {
        let reason = "nothing of the scope is open to this request";
        return Err(ErrorCode::InvalidScope.because(reason).per(rfc6749("5.2")).into());
    }
    Ok(permitted)
}

impl Permitted {
    /// `openid` stays: without it the answer would be to another request.
    fn narrow(&mut self, narrowing: &TokenNarrowing) {
        let is_dropped = |scope: &str| scope != "openid" && narrowing.drop_scopes.iter().any(|name| name == scope);
        self.scope = self.scope.filtered(|scope| !is_dropped(scope));
        self.lifetimes = self.lifetimes.at_most(Lifetimes {
            access_token: narrowing.access_token_seconds.map(Seconds::get),
            id_token: narrowing.id_token_seconds.map(Seconds::get),
        });
        self.refresh_token &= !narrowing.no_refresh_token;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_that_is_taken_is_gone_and_the_shortest_life_counts() {
        let mut permitted = Permitted {
            scope: "openid email payments".parse().unwrap(),
            lifetimes: Lifetimes::default(),
            refresh_token: true,
        };
        for narrowing in [
            json!({"drop_scopes": ["payments", "openid"], "access_token_seconds": 300}),
            json!({"access_token_seconds": 60, "id_token_seconds": 90, "no_refresh_token": true}),
            json!({"drop_scopes": ["unknown"], "access_token_seconds": 900}),
        ] {
            permitted.narrow(&serde_json::from_value(narrowing).unwrap());
        }
        let expected = Permitted {
            scope: "openid email".parse().unwrap(),
            lifetimes: Lifetimes { access_token: Some(60), id_token: Some(90) },
            refresh_token: false,
        };
        assert_eq!(permitted, expected);
    }
}
