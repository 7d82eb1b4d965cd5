//! The form by which people make an account for themselves (Initiating User Registration 1.0), where the realm lets them.
//! It stands in place of the login form: one interaction is answered by one of them, once.

use std::net::IpAddr;

use serde_json::{Map, Value};
use signet_hooks::points::on_identify::HintSource;
use signet_protocol::error::ErrorCode;
use signet_protocol::parameters::Parameters;
use signet_protocol::spec::prompt_create;

use super::answer::{answered_before, cancel, end, form_again, log_in};
use super::decisions::{self, narrow};
use super::interaction::Stage;
use super::step::LoginForm;
use super::{Answer, AuthorizationResponse, AuthorizeError, Browser, LoggedIn, conclude, reopen};
use crate::authn::{PasswordPolicyViolation, check_policy, counter_key, network};
use crate::events::{Event, Serving};
use crate::failure::Fault;
use crate::ports::{NewAccount, StoreError};
use crate::realm::RealmContext;
use crate::registry::{RegistryError, UserChange, new_account};

/// An account as somebody typed it.
#[derive(Clone, Copy)]
pub struct Account<'a> {
    /// The login name.
    pub username: &'a str,
    /// The password.
    pub password: &'a str,
    /// The password again.
    pub repeated: &'a str,
    /// `name`; may be empty.
    pub name: &'a str,
    /// `email`; may be empty. Nobody has verified it.
    pub email: &'a str,
}

/// What somebody does with the form.
#[derive(Clone, Copy)]
pub enum SignUpAction<'a> {
    /// Makes an account.
    SignUp(Account<'a>),
    /// Has one already.
    LogIn,
    /// Gives up.
    Cancel,
}

/// An answered form.
pub struct SignUpAnswer<'a> {
    /// The parameters of the authorization request, from the form's address.
    pub parameters: &'a Parameters,
    /// The form's hidden field.
    pub interaction: &'a str,
    /// What the user did.
    pub action: SignUpAction<'a>,
    /// The network address it came from.
    pub address: IpAddr,
}

/// Why there is no account yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUpProblem {
    /// The login name is empty, too long, or has characters that nobody sees.
    Username,
    /// Somebody else has the login name.
    UsernameTaken,
    /// The two passwords differ.
    Repeated,
    /// The password has fewer characters than this.
    PasswordTooShort(usize),
    /// The password has more than 1024 bytes.
    PasswordTooLong,
    /// The password is one that guessers try first.
    PasswordCommon,
    /// Not a name.
    Name,
    /// Not an e-mail address.
    Email,
    /// Too many attempts from this network; nothing was looked at.
    TooManyAttempts,
    /// Too many passwords wait to be hashed.
    Busy,
}

/// What becomes of an answer.
pub enum SignedUp {
    /// The answer to the client.
    Respond(AuthorizationResponse),
    /// There is an account, and its user is logged in.
    LoggedIn(LoggedIn),
    /// The login form instead.
    LogIn(Box<LoginForm>),
    /// The form again.
    Again(Box<LoginForm>, SignUpProblem),
}

impl Answer for SignedUp {
    fn response(&mut self) -> Option<&mut AuthorizationResponse> {
        if let Self::Respond(response) = self { Some(response) } else { None }
    }
}

/// Takes an answered form.
///
/// # Errors
/// See [`AuthorizeError`].
pub async fn answer_sign_up(
    serving: &Serving<'_>,
    realm: &RealmContext,
    answer: SignUpAnswer<'_>,
    browser: &Browser,
) -> Result<SignedUp, AuthorizeError> {
    let outcome = take(serving, realm, answer, browser).await;
    conclude(serving, realm, outcome).await
}

async fn take(
    serving: &Serving<'_>,
    realm: &RealmContext,
    answer: SignUpAnswer<'_>,
    browser: &Browser,
) -> Result<SignedUp, AuthorizeError> {
    refuse_unless_offered(realm)?;
    let (parameters, mut interaction, mut accepted) =
        reopen(serving, realm, (answer.parameters, answer.interaction), browser).await?;
    if interaction.stage != Stage::LoginForm {
        return Err(AuthorizeError::Expired(answered_before()));
    }
    let account = match answer.action {
        SignUpAction::SignUp(account) => account,
        SignUpAction::LogIn => {
            let form = form_again(serving, realm, (parameters, accepted, &interaction), (None, browser))?;
            return Ok(SignedUp::LogIn(Box::new(form)));
        }
        SignUpAction::Cancel => return Err(cancel(serving, realm, &accepted, &interaction).await),
    };
    narrow(serving, realm, &mut accepted, &mut interaction.narrowing).await?;
    let identified = decisions::identified(serving, realm, &accepted, (HintSource::LoginForm, account.username)).await;
    let identified = identified.map_err(|refusal| accepted.redirect.refuse(refusal))?;
    let prepared = prepare(serving, realm, Account { username: &identified, ..account }, answer.address).await?;
    let new = match prepared {
        Ok(new) => new,
        Err(problem) => {
            let filled_in = Some(account.username.to_owned());
            let form = form_again(serving, realm, (parameters, accepted, &interaction), (filled_in, browser))?;
            return Ok(SignedUp::Again(Box::new(form), problem));
        }
    };
    // Whoever has just set a password has proved to know it: what scripts make of a login holds here, too.
    let user = new.0.user.clone();
    if let Err(refusal) = decisions::check_result(serving, realm, &accepted, &Ok(user.clone())).await {
        return Err(end(serving, realm, (&accepted, &interaction), (refusal, Some(user.id)), Some(new)).await);
    }
    let logged_in = log_in(serving, realm, (&parameters, &accepted, &interaction), (&user, Some(new)), browser).await?;
    Ok(SignedUp::LoggedIn(logged_in))
}

/// A realm may have stopped offering it since the form was shown.
pub(super) fn refuse_unless_offered(realm: &RealmContext) -> Result<(), AuthorizeError> {
    if realm.realm.settings.self_registration {
        return Ok(());
    }
    let reason = "people cannot register themselves at this server";
    Err(AuthorizeError::Page(ErrorCode::AccessDenied.because(reason).per(prompt_create("4.1"))))
}

/// The account that will be there once its user is logged in. Every attempt counts, so that nobody asks for one name after
/// the other whether it is taken.
async fn prepare(
    serving: &Serving<'_>,
    realm: &RealmContext,
    account: Account<'_>,
    address: IpAddr,
) -> Result<Result<(NewAccount, Event), SignUpProblem>, Fault> {
    let settings = &realm.realm.settings;
    let key = counter_key(realm, &[b"self-registration", &network(address)]);
    let window = settings.password_attempt_window_seconds;
    let counted = serving.store.count_attempts(realm.id(), &[key], serving.now(), window).await?;
    if counted.iter().any(|attempts| attempts.count > settings.self_registrations_per_address) {
        return Ok(Err(SignUpProblem::TooManyAttempts));
    }
    if account.password != account.repeated {
        return Ok(Err(SignUpProblem::Repeated));
    }
    if let Err(violation) = check_policy(account.password, account.username, settings.password_minimum_length) {
        return Ok(Err(violation.into()));
    }
    match new_account(serving, realm, wanted(&account), account.password).await {
        Ok(new) => Ok(Ok(new)),
        Err(error) => problem(error).map(Err),
    }
}

/// Stores the account of somebody whom a script refuses: who decides may let them in another time. The form it came by is
/// closed already, so that there is no second.
pub(super) async fn keep(
    serving: &Serving<'_>,
    realm: &RealmContext,
    new: Option<(NewAccount, Event)>,
) -> Result<(), Fault> {
    let Some((account, created)) = new else { return Ok(()) };
    let events = serving.with_event(realm, created);
    match serving.store.insert_user(&account.user, Some(&account.password), &events).await {
        Ok(()) => serving.written(&events),
        // Somebody else took the login name in the same moment.
        Err(StoreError::Duplicate(_)) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

fn wanted(account: &Account<'_>) -> UserChange {
    let mut claims = Map::new();
    let (name, email) = (account.name.trim(), account.email.trim());
    if !name.is_empty() {
        claims.insert("name".to_owned(), name.into());
    }
    if !email.is_empty() {
        claims.insert("email".to_owned(), email.into());
        claims.insert("email_verified".to_owned(), Value::Bool(false));
    }
    UserChange { username: account.username.to_owned(), enabled: true, claims, attributes: Map::new() }
}

fn problem(error: RegistryError) -> Result<SignUpProblem, Fault> {
    match error {
        RegistryError::Duplicate(_) => Ok(SignUpProblem::UsernameTaken),
        RegistryError::Invalid { field, .. } if field == "claims.name" => Ok(SignUpProblem::Name),
        RegistryError::Invalid { field, .. } if field == "claims.email" => Ok(SignUpProblem::Email),
        RegistryError::Invalid { .. } => Ok(SignUpProblem::Username),
        RegistryError::Fault(Fault::Overloaded(_)) => Ok(SignUpProblem::Busy),
        RegistryError::Fault(fault) => Err(fault),
        other => Err(Fault::internal("an account could not be made", other)),
    }
}

impl From<PasswordPolicyViolation> for SignUpProblem {
    fn from(violation: PasswordPolicyViolation) -> Self {
        match violation {
            PasswordPolicyViolation::TooShort(least) => Self::PasswordTooShort(least),
            PasswordPolicyViolation::TooLong => Self::PasswordTooLong,
            PasswordPolicyViolation::Common => Self::PasswordCommon,
        }
    }
}
