//! What the realm's scripts decide about an authorization request, and how it is merged: they take away, demand more, or
//! refuse. One decision point a file.

mod consent;
mod grant;
mod identity;
mod login;
mod policy;
mod request;
mod resource;
mod session;

pub(super) use consent::agreement;
pub(crate) use consent::{consent_terms, is_asked_again};
pub(super) use identity::identified;
pub(super) use login::{check_result, freshness};
pub(super) use policy::tightened;
pub(super) use request::{Narrowing, narrow};
pub(crate) use session::taken as session_taken;
pub(super) use session::{UsedSession, begun, used};

use signet_hooks::points::on_authorize_request::AuthorizationDenial;
use signet_hooks::{Denial, Hook, RequestFacts};
use signet_protocol::claims_request::ClaimRequest;
use signet_protocol::error::Refusal;
use signet_protocol::names::Prompt;

use super::{Accepted, AuthorizeError};
use crate::events::Serving;
use crate::failure::Fault;
use crate::model::{BrowserSession, User};
use crate::realm::RealmContext;

impl Accepted {
    /// The request as scripts are told of it.
    fn facts(&self) -> signet_hooks::RequestFacts {
        let parts = &self.request.parts;
        let is_answered_here = !self.redirect.uri().is_empty() && self.merged.gathering().is_none();
        let response_type = parts.response_type.filter(|_| is_answered_here);
        let names = |claims: &std::collections::BTreeMap<String, ClaimRequest>| claims.keys().cloned().collect();
        RequestFacts {
            response_type: response_type.map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
            redirect_uri: self.redirect.uri().to_owned(),
            scope: parts.scope.iter().map(str::to_owned).collect(),
            resources: parts.resources.clone(),
            prompt: parts.prompts.iter().map(|prompt| prompt.as_str().to_owned()).collect(),
            max_age: parts.max_age,
            acr_requested: parts.acr_requested,
            claims: signet_hooks::RequestedClaims {
                id_token: names(&parts.claims.id_token),
                userinfo: names(&parts.claims.userinfo),
            },
            claims_locales: parts.claims_locales.clone(),
            ui_locales: parts.ui_locales.clone(),
            login_hint: parts.login_hint.clone(),
            popup: parts.popup,
            code_challenge_method: parts.challenge.as_ref().map(|(method, _)| method.as_str().to_owned()),
        }
    }

    /// The answer to the client where a script refuses, or fails and fails closed.
    fn refuse(&self, refusal: Refusal) -> AuthorizeError {
        self.redirect.refuse(refusal)
    }

    fn deny(&self, denial: &Denial<AuthorizationDenial>) -> AuthorizeError {
        self.refuse(denial.refusal())
    }

    /// Whether `prompt=none` forbids to show anything.
    pub(super) fn is_silent(&self) -> bool {
        self.request.prompts(Prompt::None)
    }
}

/// The user of a session, where a script wants to know. Where none is bound the database is not asked.
pub(super) async fn user_of(
    serving: &Serving<'_>,
    realm: &RealmContext,
    accepted: &Accepted,
    session: &BrowserSession,
) -> Result<Option<User>, Fault> {
    let hooks = [Hook::OnSession, Hook::OnAuthStart, Hook::OnConsent];
    let client_id = Some(&accepted.client.client_id);
    if hooks.iter().all(|hook| realm.hooks.at(*hook, client_id).is_empty()) {
        return Ok(None);
    }
    Ok(serving.store.user(realm.id(), session.user_id).await?)
}
