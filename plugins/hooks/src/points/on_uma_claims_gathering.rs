//! A requesting party is asked for claims (User-Managed Access 2.0 Grant section 3.3.2).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::on_authorize_request::AuthorizationDenial;
use super::on_uma_policy::{AllowedPermission, UmaFacts};
use crate::decision::{Constructor, Denial};
use crate::hook::{Hook, HookPoint};
use crate::redaction::{self, Redact};
use crate::text::{LocalizedText, UnfitText};

/// Most questions of a page.
const MOST_QUESTIONS: usize = 10;
/// Most options of a question.
const MOST_OPTIONS: usize = 20;

/// `on_uma_claims_gathering(ctx, gathering)`
pub struct OnUmaClaimsGathering;

/// What the requesting party has answered so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimsGathering {
    /// How many pages the requesting party has answered.
    pub page: i64,
    /// The answers of all pages, by the names of the questions: texts, and `true` or `false` for what is confirmed.
    pub answers: BTreeMap<String, Value>,
    /// What the ticket is for.
    pub permissions: Vec<AllowedPermission>,
}

/// What may be decided about a requesting party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClaimsGatheringDecision {
    /// Nothing to say.
    None {},
    /// Nothing more to ask.
    Allow {},
    /// Refuse; the client gets the error at its claims redirection URI.
    Deny(Denial<AuthorizationDenial>),
    /// Ask on one more page. After five pages nothing more is asked, and the request is refused.
    Ask(ClaimsPage),
}

/// A page of questions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimsPage {
    /// A text above the questions, by language.
    #[serde(default)]
    pub notice: Option<LocalizedText>,
    /// The questions.
    pub questions: Questions,
}

/// One to ten questions, each of another name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Question>", into = "Vec<Question>")]
pub struct Questions(Vec<Question>);

/// A question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The name of the answer: a small letter, then up to 63 small letters, digits and underscores.
    pub name: QuestionName,
    /// The words.
    pub label: LocalizedText,
    /// What is asked for.
    pub kind: QuestionKind,
    /// What can be chosen, where it is a choice.
    #[serde(default)]
    #[schemars(extend("maxItems" = 20))]
    pub options: Vec<QuestionOption>,
    /// Whether it must be answered, and what is to be confirmed be confirmed.
    #[serde(default)]
    pub required: bool,
}

/// What a question asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuestionKind {
    /// A line of at most 200 characters.
    Text,
    /// One of the options.
    Choice,
    /// A box to tick.
    Confirmation,
}

/// What can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionOption {
    /// The answer.
    pub value: QuestionName,
    /// The words.
    pub label: LocalizedText,
}

/// The name of an answer or an option.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct QuestionName(String);

impl QuestionName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for QuestionName {
    type Error = UnfitText;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        if begins && text.len() <= 64 && text.bytes().all(is_word) {
            Ok(Self(text))
        } else {
            Err(UnfitText::new("a name is a small letter and up to 63 small letters, digits and underscores"))
        }
    }
}

impl From<QuestionName> for String {
    fn from(name: QuestionName) -> Self {
        name.0
    }
}

impl JsonSchema for QuestionName {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "QuestionName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[a-z][a-z0-9_]{0,63}$" })
    }
}

impl Questions {
    /// The questions, in order.
    pub fn as_slice(&self) -> &[Question] {
        &self.0
    }
}

impl TryFrom<Vec<Question>> for Questions {
    type Error = UnfitText;

    fn try_from(questions: Vec<Question>) -> Result<Self, Self::Error> {
        let names: BTreeSet<&QuestionName> = questions.iter().map(|question| &question.name).collect();
        if questions.is_empty() || questions.len() > MOST_QUESTIONS || names.len() != questions.len() {
            return Err(UnfitText::new("a page has 1 to 10 questions, each of another name"));
        }
        let fits = |question: &Question| match question.kind {
            QuestionKind::Choice => (1..=MOST_OPTIONS).contains(&question.options.len()),
            QuestionKind::Text | QuestionKind::Confirmation => question.options.is_empty(),
        };
        if questions.iter().all(fits) {
            Ok(Self(questions))
        } else {
            Err(UnfitText::new("a choice has 1 to 20 options, and nothing else has any"))
        }
    }
}

impl From<Questions> for Vec<Question> {
    fn from(questions: Questions) -> Self {
        questions.0
    }
}

impl JsonSchema for Questions {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Questions".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let question = generator.subschema_for::<Question>();
        json_schema!({ "type": "array", "minItems": 1, "maxItems": MOST_QUESTIONS, "items": question })
    }
}

impl Redact for ClaimsGathering {
    fn redact(&mut self) {
        let Self { page: _, answers, permissions } = self;
        answers.values_mut().for_each(redaction::texts);
        permissions.iter_mut().for_each(Redact::redact);
    }
}

impl HookPoint for OnUmaClaimsGathering {
    const HOOK: Hook = Hook::OnUmaClaimsGathering;
    const ARGUMENT: Option<&'static str> = Some("gathering");
    const ABOUT: &'static str = "Asked when a requesting party has logged in at the claims interaction endpoint, before the \
                                 page that asks whether to go on, and again after each page that is answered.";
    const NEVER: &'static str = "answer in the place of the requesting party; leave out the page that asks whether to go on; \
                                 allow anything: answers are what somebody says, and only on_uma_policy is told them";
    const CONSTRUCTORS: &'static [Constructor] = &[Constructor::ALLOW, Constructor::DENY, Constructor::members("ask")];
    type Facts = UmaFacts;
    type Argument = ClaimsGathering;
    type Output = ClaimsGatheringDecision;

    fn sample() -> (UmaFacts, ClaimsGathering) {
        let (facts, permissions) = super::OnUmaPolicy::sample();
        let answers = BTreeMap::from([("purpose".to_owned(), Value::from("treatment"))]);
        (facts, ClaimsGathering { page: 1, answers, permissions: permissions.0 })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_page_of_questions_has_bounds() {
        let text = json!({"en": "Why?"});
        let question = |more: Value| {
            let mut question = json!({"name": "why", "label": text, "kind": "text"});
            for (name, value) in more.as_object().unwrap() {
                question[name] = value.clone();
            }
            question
        };
        let page = |questions: Vec<Value>| serde_json::from_value::<ClaimsPage>(json!({"questions": questions}));
        assert!(page(vec![question(json!({}))]).is_ok());
        let option = json!({"value": "yes", "label": text});
        assert!(page(vec![question(json!({"kind": "choice", "options": [option]}))]).is_ok());
        for (what, questions) in [
            ("none", vec![]),
            ("the same name", vec![question(json!({})), question(json!({}))]),
            ("a choice without options", vec![question(json!({"kind": "choice"}))]),
            ("a text with options", vec![question(json!({"options": [option]}))]),
            ("a name that is none", vec![question(json!({"name": "csrf token"}))]),
            ("too many", (0..11).map(|number| question(json!({"name": format!("q{number}")}))).collect()),
        ] {
            assert!(page(questions).is_err(), "{what}");
        }
    }
}
