//! The page comes back: the next one, or the response to the client with a new ticket (UMA Grant section 3.3.3).

use serde_json::{Map, Value};
use signet_hooks::points::on_uma_claims_gathering::{Question, QuestionKind};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::parameters::Parameters;
use signet_protocol::spec::uma_grant;

use super::decision::{Asked, asked};
use super::form::{Page, form};
use super::{Gathered, MOST_PAGES, expired, ticket};
use crate::authn::{ACR_PASSWORD, current_session};
use crate::authorize::answer::answered_before;
use crate::authorize::decisions::narrow;
use crate::authorize::interaction::Interaction;
use crate::authorize::step::{Standing, Step, standing};
use crate::authorize::{
    Accepted, AuthorizationResponse, AuthorizeError, Browser, INTERACTION_PARAMETER, conclude, reopen,
};
use crate::events::{Fact, Parties, Serving};
use crate::model::{BrowserSession, Epochs, ToldClaims, UmaParty, UmaTicket, User};
use crate::ports::{StandingQuery, TicketOutcome, TicketUse};
use crate::realm::RealmContext;
use crate::uma::{self, NewTicket};

/// Longest answer in characters.
const LONGEST_ANSWER: usize = 200;
/// Longest JSON of all answers, in bytes: they travel sealed in a form, and are kept with tickets.
const LONGEST_ANSWERS: usize = 2_048;
/// Before the name of a question in the form.
const FIELD_PREFIX: &str = "answer-";

/// An answered page.
pub struct ClaimsAnswer<'a> {
    /// The parameters of the form's address.
    pub parameters: &'a Parameters,
    /// The form.
    pub form: &'a Parameters,
}

/// Takes an answered page.
///
/// # Errors
/// See [`AuthorizeError`].
pub async fn answer_claims(
    serving: &Serving<'_>,
    realm: &RealmContext,
    answer: ClaimsAnswer<'_>,
    browser: &Browser,
) -> Result<Step, AuthorizeError> {
    let outcome = take(serving, realm, answer, browser).await;
    conclude(serving, realm, outcome).await
}

async fn take(
    serving: &Serving<'_>,
    realm: &RealmContext,
    answer: ClaimsAnswer<'_>,
    browser: &Browser,
) -> Result<Step, AuthorizeError> {
    let sealed = answer.form.get(INTERACTION_PARAMETER).unwrap_or_default();
    let (_, mut interaction, mut accepted) = reopen(serving, realm, (answer.parameters, sealed), browser).await?;
    let reference = accepted.merged.gathering().ok_or_else(|| AuthorizeError::Expired(expired()))?;
    let session = current_session(serving, realm, browser.session.as_ref()).await?;
    // Whoever answers is whoever the page was shown to.
    let session = session.filter(|session| interaction.stage.asks(session)).ok_or_else(signed_out)?;
    serving.concerns(Parties::user(session.user_id).and_session(Some(session.sid)));
    narrow(serving, realm, &mut accepted, &mut interaction.narrowing).await?;
    let ticket = ticket(serving, realm, (&accepted.client, reference)).await?;
    let answering = Answering { serving, realm, accepted: &accepted, interaction: &interaction, ticket: &ticket };
    if answer.form.get("action") != Some("continue") {
        return Err(answering.decline(&session).await?);
    }
    let session = match standing(serving, realm, (&accepted, &interaction), browser).await? {
        Standing::Good(session, _) => session,
        Standing::Login(form) => return Ok(Step::Login(*form)),
    };
    let user = serving.store.user(realm.id(), session.user_id).await?.ok_or_else(signed_out)?;
    answering.go_on((&session, user), answer.form).await
}

struct Answering<'a> {
    serving: &'a Serving<'a>,
    realm: &'a RealmContext,
    accepted: &'a Accepted,
    interaction: &'a Interaction,
    ticket: &'a UmaTicket,
}

impl Answering<'_> {
    async fn go_on(
        &self,
        (session, user): (&BrowserSession, User),
        form_sent: &Parameters,
    ) -> Result<Step, AuthorizeError> {
        let open = self.interaction.gathered();
        let before = self.ask(&open, (session, &user)).await?;
        let (answers, unanswered) = answers(&before.questions, form_sent);
        if !unanswered.is_empty() {
            let page = Page { asked: before, gathered: open, unanswered };
            return self.show(page, (session, user)).await;
        }
        let mut gathered = Gathered { page: open.page.saturating_add(1), ..open };
        gathered.answers.extend(answers);
        if serde_json::to_vec(&gathered.answers).map_or(usize::MAX, |json| json.len()) > LONGEST_ANSWERS {
            let reason = "the answers have more than 2048 bytes together";
            return Err(self.accepted.redirect.refuse(ErrorCode::InvalidRequest.because(reason)));
        }
        let asked = self.ask(&gathered, (session, &user)).await?;
        if asked.questions.is_empty() {
            let persists = form_sent.get("persist") == Some("yes");
            return Ok(Step::Respond(self.respond((session, &user), (gathered, persists)).await?));
        }
        if gathered.page >= MOST_PAGES {
            let reason = "more was asked than anybody should be asked";
            return Err(self.accepted.redirect.refuse(ErrorCode::ServerError.because(reason)));
        }
        self.show(Page { asked, gathered, unanswered: Vec::new() }, (session, user)).await
    }

    async fn ask(&self, gathered: &Gathered, who: (&BrowserSession, &User)) -> Result<Asked, AuthorizeError> {
        asked(self.serving, self.realm, (self.accepted, self.ticket, gathered), who).await
    }

    async fn show(&self, page: Page, (session, user): (&BrowserSession, User)) -> Result<Step, AuthorizeError> {
        let of = (self.accepted, self.interaction, page);
        Ok(Step::Claims(form(self.serving, self.realm, of, (session, user.username)).await?))
    }

    /// Hands a new ticket to the client, which knows the requesting party. It is made once for an interaction.
    async fn respond(
        &self,
        (session, user): (&BrowserSession, &User),
        (Gathered { answers, told, .. }, persists): (Gathered, bool),
    ) -> Result<AuthorizationResponse, AuthorizeError> {
        let client_id = &self.accepted.client.client_id;
        let NewTicket { text, kept } = NewTicket::after((self.serving, self.realm), (self.ticket, client_id));
        let party = UmaParty {
            user_id: user.id,
            user_epoch: session.user_epoch,
            epochs: Some(Epochs::of(&self.realm.realm, &self.accepted.client)),
            sid: Some(session.sid),
            authenticated_at: session.authenticated_at,
            acr: Some(ACR_PASSWORD.to_owned()),
            asserted: None,
            answers,
            told: (!told.is_empty())
                .then(|| ToldClaims { server: self.ticket.keeper.server.clone(), names: told.into_iter().collect() }),
            persists: persists && self.realm.realm.settings.uma_claims_seconds > 0,
        };
        let party = uma::sealed_for(self.serving, self.realm, (&kept, &party))?;
        let next = UmaTicket { party: Some(party), ..kept };
        let gathered = Fact::ClaimsGathered { persists };
        match self.use_ticket(session, (Some(next), gathered)).await? {
            TicketOutcome::Used => Ok(self.accepted.redirect.respond(vec![("ticket", text)])),
            TicketOutcome::Fallen => Err(self.accepted.redirect.refuse(fallen())),
            _ => Err(AuthorizeError::Expired(answered_before())),
        }
    }

    /// The requesting party does not want to. The ticket is spent.
    async fn decline(&self, session: &BrowserSession) -> Result<AuthorizeError, AuthorizeError> {
        match self.use_ticket(session, (None, Fact::ConsentRefused {})).await? {
            TicketOutcome::Used => {
                let reason = "the requesting party refused";
                Ok(self.accepted.redirect.refuse(ErrorCode::AccessDenied.because(reason).per(uma_grant("3.3.3"))))
            }
            TicketOutcome::Fallen => Err(self.accepted.redirect.refuse(fallen())),
            _ => Err(AuthorizeError::Expired(answered_before())),
        }
    }

    async fn use_ticket(
        &self,
        session: &BrowserSession,
        (next, fact): (Option<UmaTicket>, Fact),
    ) -> Result<TicketOutcome, AuthorizeError> {
        let (serving, realm, client) = (self.serving, self.realm, &self.accepted.client);
        let usage = TicketUse {
            ticket: self.ticket.reference,
            now: serving.now(),
            standing: StandingQuery {
                realm_epoch: realm.realm.epoch,
                client: (client.client_id.clone(), client.epoch),
                user: Some((session.user_id, session.user_epoch)),
                authorization: None,
                session: Some(session.sid),
                session_limits: None,
                lineage: None,
                token: None,
                origins: Vec::new(),
            },
            proofs: Vec::new(),
            next,
            ended_token: None,
            spent_claims: None,
            kept_claims: None,
            request: None,
            refresh_family: None,
        };
        let parties = Parties::client(&client.client_id).and_user(Some(session.user_id));
        let events = serving.with_event(realm, fact.concerning(parties.and_session(Some(session.sid))));
        let outcome = serving.store.use_uma_ticket(realm.id(), &usage, &events).await?;
        if outcome == TicketOutcome::Used {
            serving.written(&events);
        }
        Ok(outcome)
    }
}

/// The answers to the questions of a page, and the names of those that were not answered as they ask.
fn answers(questions: &[Question], form: &Parameters) -> (Map<String, Value>, Vec<String>) {
    let (mut answers, mut unanswered) = (Map::new(), Vec::new());
    for question in questions {
        let name = question.name.as_str();
        let typed = form.get(&format!("{FIELD_PREFIX}{name}")).unwrap_or_default().trim();
        let answer = match question.kind {
            QuestionKind::Confirmation => Ok(Value::Bool(typed == "yes")),
            _ if typed.is_empty() => Ok(Value::Null),
            QuestionKind::Text if typed.chars().count() > LONGEST_ANSWER || typed.chars().any(char::is_control) => {
                Err(())
            }
            QuestionKind::Choice if !question.options.iter().any(|option| option.value.as_str() == typed) => Err(()),
            QuestionKind::Text | QuestionKind::Choice => Ok(Value::from(typed)),
        };
        match answer {
            Ok(Value::Null | Value::Bool(false)) | Err(()) if question.required => unanswered.push(name.to_owned()),
            Err(()) => unanswered.push(name.to_owned()),
            Ok(Value::Null) => {}
            Ok(answer) => {
                answers.insert(name.to_owned(), answer);
            }
        }
    }
    (answers, unanswered)
}

fn signed_out() -> AuthorizeError {
    let reason = "you are no longer signed in; start again at the application";
    AuthorizeError::Expired(ErrorCode::InvalidRequest.because(reason))
}

fn fallen() -> Refusal {
    let reason = "what the ticket would rest on was revoked just now; start again at the application";
    ErrorCode::AccessDenied.because(reason).per(uma_grant("3.3.3"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_are_what_the_questions_ask_for() {
        let label = json!({"en": "x"});
        let question = |name: &str, kind: &str, required: bool| {
            let options = json!([{"value": "one", "label": label}]);
            let options = if kind == "choice" { options } else { json!([]) };
            let question =
                json!({"name": name, "label": label, "kind": kind, "options": options, "required": required});
            serde_json::from_value::<Question>(question).unwrap()
        };
        let answered = |question: Question, value: Option<&str>| {
            let form = Parameters::default();
            let form = match value {
                Some(value) => form.with("answer-q", value),
                None => form,
            };
            let (answers, unanswered) = answers(&[question], &form);
            unanswered.is_empty().then(|| Value::Object(answers))
        };
        for (kind, required, value, expected) in [
            ("text", true, Some(" because "), Some(json!({"q": "because"}))),
            ("text", true, Some("  "), None),
            ("text", false, None, Some(json!({}))),
            ("text", false, Some("a\u{0}b"), None),
            ("choice", true, Some("one"), Some(json!({"q": "one"}))),
            ("choice", false, Some("two"), None),
            ("choice", true, None, None),
            ("confirmation", true, Some("yes"), Some(json!({"q": true}))),
            ("confirmation", true, None, None),
            ("confirmation", false, None, Some(json!({"q": false}))),
        ] {
            assert_eq!(answered(question("q", kind, required), value), expected, "{kind} {value:?}");
        }
        assert_eq!(answered(question("q", "text", false), Some(&"x".repeat(201))), None);
    }
}
