//! `on_auth_start` and `on_factor_result`: whether a login is needed, and what comes of one. The youngest demanded login
//! counts; the first refusal is the answer.

use signet_hooks::points::on_auth_start::{AuthenticationDecision, AuthenticationStart};
use signet_hooks::points::on_factor_result::{FactorDecision, FactorFacts, FactorFailure, FactorResult};
use signet_hooks::points::{OnAuthStart, OnFactorResult};
use signet_protocol::error::Refusal;

use super::UsedSession;
use crate::authn::{FACTORS, LoginFailure};
use crate::authorize::{Accepted, AuthorizeError};
use crate::events::Serving;
use crate::hooks::Subject;
use crate::model::User;
use crate::realm::RealmContext;

/// How old a login may be for a request, in seconds: nothing where no script says so, 0 where it must be made for this
/// request. `is_sufficient` says whether the session is good enough by the server's own rules.
pub(in crate::authorize) async fn freshness(
    serving: &Serving<'_>,
    realm: &RealmContext,
    accepted: &Accepted,
    (used, is_sufficient): (&UsedSession, bool),
) -> Result<Option<i64>, AuthorizeError> {
    let subject = Subject::client(&accepted.client).and_user(used.user.as_ref()).and_session(used.session.as_ref());
    let start = || AuthenticationStart {
        request: accepted.facts(),
        factors: FACTORS.iter().map(|&factor| factor.to_owned()).collect(),
        session_is_sufficient: is_sufficient,
    };
    let answers = serving.ask::<OnAuthStart>(realm, subject, || (start(), ())).await;
    let mut max_age = None;
    for answer in answers.map_err(|refusal| accepted.refuse(refusal))? {
        match answer.decision {
            AuthenticationDecision::None {} | AuthenticationDecision::Allow {} => {}
            AuthenticationDecision::Deny(denial) => return Err(accepted.deny(&denial)),
            AuthenticationDecision::Reauthenticate(demanded) => {
                max_age = max_age.into_iter().chain([demanded.max_age.get()]).min();
            }
        }
    }
    Ok(max_age)
}

/// Asks what comes of a checked factor.
///
/// # Errors
/// A script ends the interaction, or failed. A factor that failed has failed whatever they say.
pub(in crate::authorize) async fn check_result(
    serving: &Serving<'_>,
    realm: &RealmContext,
    accepted: &Accepted,
    checked: &Result<User, LoginFailure>,
) -> Result<(), Refusal> {
    let subject = Subject::client(&accepted.client).and_user(checked.as_ref().ok());
    let result = || FactorResult {
        factor: "password".to_owned(),
        succeeded: checked.is_ok(),
        failure: checked.as_ref().err().map(|failure| match failure {
            LoginFailure::WrongCredentials => FactorFailure::WrongCredentials,
            LoginFailure::TooManyAttempts => FactorFailure::TooManyAttempts,
            LoginFailure::Busy => FactorFailure::Busy,
        }),
    };
    let facts = || FactorFacts { request: accepted.facts() };
    for answer in serving.ask::<OnFactorResult>(realm, subject, || (facts(), result())).await? {
        match answer.decision {
            FactorDecision::None {} | FactorDecision::Allow {} => {}
            FactorDecision::Deny(denial) => return Err(denial.refusal()),
        }
    }
    Ok(())
}
