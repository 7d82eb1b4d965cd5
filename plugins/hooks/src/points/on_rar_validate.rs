//! A client asks for something in `authorization_details` (RFC 9396).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::decision::{Constructor, Denial, Takes, denial_codes};
use crate::hook::{Hook, HookPoint};
use crate::redaction::{self, Redact, nothing_personal};

/// `on_rar_validate(ctx, detail)`
pub struct OnRarValidate;

/// One object of `authorization_details` with all its members, `type` among them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Detail(pub Map<String, Value>);

impl Detail {
    /// A realistic one: a payment.
    pub fn sample() -> Self {
        let detail = json!({
            "type": "payment_initiation",
            "actions": ["initiate", "status"],
            "locations": ["https://api.bank.example/payments"],
            "instructedAmount": {"currency": "EUR", "amount": "123.50"},
            "creditorName": "Merchant A",
            "creditorAccount": {"iban": "DE02100100109307118603"},
        });
        Self(detail.as_object().cloned().unwrap_or_default())
    }
}

impl Redact for Detail {
    fn redact(&mut self) {
        // Which type it is tells of nobody; whatever else it holds may.
        self.0.iter_mut().filter(|(name, _)| *name != "type").for_each(|(_, value)| redaction::texts(value));
    }
}

/// What its type says of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DetailFacts {
    /// Members that are lists of rights: fewer elements are fewer rights.
    pub additive: Vec<String>,
    /// Members that scripts fill in after the consent.
    pub enriched: Vec<String>,
}

denial_codes! {
    /// How an object can be refused (RFC 9396 section 5, RFC 6749 section 4.1.2.1).
    DetailDenial { InvalidAuthorizationDetails, AccessDenied, }
}

/// What may be decided about an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum ValidateDecision {
    /// Nothing to say.
    None {},
    /// It is good.
    Allow {},
    /// Refuse the request; the client gets the error.
    Deny(Denial<DetailDenial>),
    /// It is good in this form.
    Normalise {
        /// The whole object again: texts may differ in white space and case, lists of rights may have fewer elements.
        normalise: Map<String, Value>,
    },
}

nothing_personal!(DetailFacts { additive, enriched });

impl HookPoint for OnRarValidate {
    const HOOK: Hook = Hook::OnRarValidate;
    const ARGUMENT: Option<&'static str> = Some("detail");
    const ABOUT: &'static str = "Asked for each object of authorization_details that conforms to its type, before anything \
                                 is shown or issued; while a user is asked, again at each step.";
    const NEVER: &'static str = "add a right or a member, change what an object says, or accept what its type refuses";
    const CONSTRUCTORS: &'static [Constructor] =
        &[Constructor::ALLOW, Constructor::DENY, Constructor { name: "normalise", takes: Takes::Itself }];
    type Facts = DetailFacts;
    type Argument = Detail;
    type Output = ValidateDecision;

    fn sample() -> (DetailFacts, Detail) {
        let facts = DetailFacts {
            additive: ["actions", "locations"].map(str::to_owned).to_vec(),
            enriched: vec!["debtorAccount".to_owned()],
        };
        (facts, Detail::sample())
    }

    fn sample_context() -> Context {
        Context::sample_without_user()
    }
}
