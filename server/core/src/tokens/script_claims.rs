//! `on_claims`: what the realm's scripts add to the claims about a user. What the server decides or has of its own they
//! never replace, and of two scripts that add the same claim the first counts.

use std::sync::Arc;

use serde_json::{Map, Value};
use signet_hooks::claims::{MAXIMUM_BYTES, check_claims, merge};
use signet_hooks::points::OnClaims;
pub(crate) use signet_hooks::points::on_claims::ClaimsTarget;
use signet_hooks::points::on_claims::{ClaimsDecision, ClaimsFacts};
use signet_hooks::{FailureMode, Hook, Program};
use signet_protocol::scope::Scope;
use signet_protocol::standard_claims;

use super::Authentication;
use crate::events::Serving;
use crate::failure::Failure;
use crate::hooks::{Subject, refused};
use crate::model::{Client, User};
use crate::realm::RealmContext;

/// Claims that are being put together.
pub(crate) struct Gathering<'a> {
    /// What for.
    pub(crate) target: ClaimsTarget,
    /// Whom the token was issued to.
    pub(crate) client: &'a Client,
    /// Whom it is about; nobody for a client's own token.
    pub(crate) user: Option<&'a User>,
    /// What was granted.
    pub(crate) scope: &'a Scope,
    /// Claims asked for by name in this place, whoever decides them.
    pub(crate) names: &'a [String],
    /// Languages asked for.
    pub(crate) locales: &'a [String],
    /// Whom an access token is for.
    pub(crate) audience: &'a [String],
    /// How the user was authenticated.
    pub(crate) authentication: Option<Authentication<'a>>,
}

impl Gathering<'_> {
    /// The standard claims that are asked for here: by name, and by scope where that counts.
    fn requested(&self) -> Vec<String> {
        let by_scope = self.target == ClaimsTarget::Userinfo;
        let scoped = standard_claims::supported().filter(|claim| standard_claims::is_requested_by(self.scope, claim));
        let mut requested: Vec<String> = if by_scope { scoped.map(str::to_owned).collect() } else { Vec::new() };
        let named = self.names.iter().filter(|name| standard_claims::scope_of(name).is_some());
        requested.extend(named.cloned());
        requested.sort_unstable();
        requested.dedup();
        requested
    }

    fn facts(&self) -> ClaimsFacts {
        ClaimsFacts {
            scope: self.scope.iter().map(str::to_owned).collect(),
            requested: self.requested(),
            audience: self.audience.to_vec(),
            claims_locales: self.locales.to_vec(),
            authentication: self.authentication.map(Authentication::facts),
        }
    }

    /// Adds what scripts have to add: together no more than one alone may.
    ///
    /// # Errors
    /// A script failed that fails closed.
    pub(crate) async fn add_to(
        &self,
        own: &mut Map<String, Value>,
        serving: &Serving<'_>,
        realm: &RealmContext,
    ) -> Result<(), Failure> {
        let subject = Subject::client(self.client).and_user(self.user);
        let answers = serving.ask::<OnClaims>(realm, subject, || (self.facts(), self.target)).await?;
        if answers.is_empty() {
            return Ok(());
        }
        let requested = self.requested();
        let mut all = Map::new();
        for answer in answers {
            let ClaimsDecision::Claims { claims } = answer.decision else { continue };
            match together(&all, &answer.script.program, &requested, claims) {
                Ok(more) => all = more,
                Err(problem) if answer.script.failure_mode(Hook::OnClaims) == FailureMode::Closed => {
                    return Err(refused(Hook::OnClaims, answer.script, &problem).into());
                }
                Err(_) => {}
            }
        }
        merge(own, all);
        Ok(())
    }
}

/// The claims so far and those of one more script. Whatever the engine has checked is checked again: it is a plug-in, and
/// a token is not the place to trust one.
fn together(
    before: &Map<String, Value>,
    program: &Result<Arc<dyn Program>, Arc<str>>,
    requested: &[String],
    claims: Map<String, Value>,
) -> Result<Map<String, Value>, String> {
    let program = program.as_ref().map_err(ToString::to_string)?;
    let checked = check_claims(&program.manifest().claims, requested, claims).map_err(|problem| problem.to_string())?;
    let mut all = before.clone();
    merge(&mut all, checked);
    let bytes = serde_json::to_vec(&all).map_or(usize::MAX, |json| json.len());
    if bytes > MAXIMUM_BYTES {
        return Err(format!("the claims of all scripts have more than {MAXIMUM_BYTES} bytes together"));
    }
    Ok(all)
}
