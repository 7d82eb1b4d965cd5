//! An interaction: how far a user has come with one request. Sealed, bound to the browser and to the very parameters of
//! the request, so that it can be carried in a form or a URL without a row in the database.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use signet_jose::{Purpose, Random, base64url, digest, random};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::identifiers::{Lineage, SessionId};
use signet_protocol::parameters::Parameters;
use zeroize::Zeroizing;

use super::decisions::Narrowing;
use super::gathering::Gathered;
use super::request_object::{MergedRequest, Proof};
use crate::events::Serving;
use crate::failure::Fault;
use crate::model::{AuthorizationDetail, Completion, Purpose as UsedPurpose, UsedRecord};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// The longest that a realm may let interactions live. A mark is kept for as long, whatever the realm's setting is now.
pub(super) const LONGEST_SECONDS: i64 = 3_600;

/// What ties an interaction to a browser: a random cookie that a login does not change.
#[derive(Clone)]
pub struct BrowserBinding {
    value: Zeroizing<String>,
    is_new: bool,
}

impl BrowserBinding {
    /// The binding of a cookie, or a new one where there is none of ours.
    pub fn from_cookie(cookie: Option<&str>, random: &dyn Random) -> Self {
        let known = cookie.filter(|text| base64url::decode(text).is_ok_and(|bytes| bytes.len() == 16));
        match known {
            Some(text) => Self { value: Zeroizing::new(text.to_owned()), is_new: false },
            None => Self { value: Zeroizing::new(signet_jose::random_token(random, 16)), is_new: true },
        }
    }

    /// What stands for a browser where an application shows no pages: new for each request.
    pub(super) fn of_application(random: &dyn Random) -> Self {
        Self::from_cookie(None, random)
    }

    /// The cookie to set, if the browser does not have it yet.
    pub fn new_cookie(&self) -> Option<&str> {
        self.is_new.then_some(self.value.as_str())
    }

    /// What the cookie has.
    pub(super) fn value(&self) -> &str {
        &self.value
    }

    fn hash(&self) -> String {
        base64url::encode(&digest::sha256(self.value.as_bytes())[..16])
    }
}

/// How far a user has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Stage {
    /// The code of a device was entered, and is not confirmed yet.
    #[serde(rename = "u")]
    UserCode,
    /// Nothing was answered yet.
    #[serde(rename = "b")]
    Begun,
    /// A login form is open.
    #[serde(rename = "l")]
    LoginForm,
    /// The user logged in for this very request, into this session.
    #[serde(rename = "i")]
    LoggedIn(SessionId),
    /// A consent form is open for the user of this session.
    #[serde(rename = "c")]
    ConsentForm(SessionId),
    /// A page is open that asks the user of this session for claims.
    #[serde(rename = "g")]
    ClaimsForm(SessionId),
}

/// How far a user has come with one request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Interaction {
    #[serde(rename = "l")]
    pub(super) lineage: Lineage,
    #[serde(rename = "s")]
    pub(super) stage: Stage,
    #[serde(rename = "q")]
    request: String,
    #[serde(rename = "b")]
    browser: String,
    /// Whether the session of an open consent form began for this very request.
    #[serde(rename = "f", default, skip_serializing_if = "std::ops::Not::not")]
    is_fresh: bool,
    /// What a request object made of the request, and what it proved.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    merged: Option<(Parameters, Proof)>,
    /// The authorization details that an open consent form shows, hashed.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    details: Option<String>,
    /// What a requesting party has answered so far.
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    gathered: Option<Gathered>,
    /// What scripts took from the request so far.
    #[serde(rename = "n", default, skip_serializing_if = "Narrowing::is_empty")]
    pub(super) narrowing: Narrowing,
    /// What scripts handed on so far.
    #[serde(rename = "v", default, skip_serializing_if = "Map::is_empty")]
    vars: Map<String, Value>,
}

impl Interaction {
    /// A new interaction for a request in a browser.
    pub(super) fn begin(provider: &Provider, merged: &MergedRequest, binding: &BrowserBinding) -> Self {
        Self {
            lineage: Lineage(random::random_bytes(&*provider.random)),
            stage: Stage::Begun,
            request: request_hash(merged.address()),
            merged: merged.object().map(|proof| (merged.parameters().clone(), proof)),
            browser: binding.hash(),
            is_fresh: false,
            details: None,
            gathered: None,
            narrowing: merged.narrowing().cloned().unwrap_or_default(),
            vars: Map::new(),
        }
    }

    /// The request, of which the address holds what it holds: all of it, or who asks.
    pub(super) fn request(&self, address: &Parameters) -> MergedRequest {
        match &self.merged {
            None => MergedRequest::plain(address),
            Some((parameters, proof)) => MergedRequest::of_object(parameters.clone(), address.clone(), *proof),
        }
    }

    /// The same interaction at another stage.
    pub(super) fn at(&self, stage: Stage) -> Self {
        let is_fresh = matches!(stage, Stage::ConsentForm(sid) | Stage::ClaimsForm(sid) if self.began(sid));
        Self { stage, is_fresh, ..self.clone() }
    }

    /// The same with a consent form open that shows these details.
    pub(super) fn showing(&self, sid: SessionId, details: &[AuthorizationDetail]) -> Self {
        Self { details: details_hash(details), ..self.at(Stage::ConsentForm(sid)) }
    }

    /// The same with a page open that asks for claims.
    pub(super) fn gathering(&self, sid: SessionId, gathered: Gathered) -> Self {
        Self { gathered: Some(gathered), ..self.at(Stage::ClaimsForm(sid)) }
    }

    /// What a requesting party has answered so far.
    pub(super) fn gathered(&self) -> Gathered {
        self.gathered.clone().unwrap_or_default()
    }

    /// Whether the consent form showed these details: a script may have written them otherwise since.
    pub(super) fn showed(&self, details: &[AuthorizationDetail]) -> bool {
        self.details == details_hash(details)
    }

    /// Whether a session began for this very request: whoever logged in for it does so once.
    pub(super) fn began(&self, sid: SessionId) -> bool {
        let is_open = [Stage::ConsentForm(sid), Stage::ClaimsForm(sid)].contains(&self.stage);
        self.stage == Stage::LoggedIn(sid) || (self.is_fresh && is_open)
    }

    /// The text that a form or a URL carries, with what scripts have handed on by now.
    pub(super) fn seal(&self, serving: &Serving<'_>, realm: &RealmContext) -> Result<String, Fault> {
        let expires_at = serving.now().plus(realm.realm.settings.interaction_seconds);
        realm.seal(Purpose::Interaction, expires_at, &self.handed_on(serving), &*serving.random)
    }

    /// The same with what scripts have handed on by now.
    pub(super) fn handed_on(&self, serving: &Serving<'_>) -> Self {
        Self { vars: serving.transaction().vars(), ..self.clone() }
    }

    /// Scripts go on with what they handed on before.
    ///
    /// # Errors
    /// What they handed on in this request leaves no room for it.
    pub(super) fn go_on(&self, serving: &Serving<'_>) -> Result<(), Refusal> {
        let gone_on = serving.transaction().go_on(&self.vars);
        gone_on.map_err(|too_much| unreadable(too_much.to_string()))
    }

    /// Reads an interaction that came back, with the request and the browser it must belong to. Scripts go on with what
    /// they handed on before.
    ///
    /// # Errors
    /// One answer for expired, forged, foreign and altered: start again.
    pub(super) fn open(
        serving: &Serving<'_>,
        realm: &RealmContext,
        text: &str,
        (parameters, binding): (&Parameters, &BrowserBinding),
    ) -> Result<Self, Refusal> {
        let interaction: Self =
            realm.open(Purpose::Interaction, text, serving.now()).map_err(|error| unreadable(error.to_string()))?;
        if !digest::equal_in_constant_time(interaction.browser.as_bytes(), binding.hash().as_bytes()) {
            return Err(unreadable("another browser".to_owned()));
        }
        if interaction.request != request_hash(parameters) {
            return Err(unreadable("the parameters were altered".to_owned()));
        }
        serving.passed("interaction");
        interaction.go_on(serving)?;
        Ok(interaction)
    }

    /// The mark that a log-in for this interaction leaves: there is one, however many pages show the form.
    pub(super) fn login_record(&self, provider: &Provider) -> UsedRecord {
        self.record(provider, b"login")
    }

    /// The mark that the response leaves: one interaction ends in one response, and so do all that began with the same
    /// pushed request.
    pub(super) fn completion(&self, provider: &Provider, request: &MergedRequest) -> Completion {
        match request.pushed() {
            Some(pushed) => Completion::Pushed(pushed.reference),
            None => Completion::Interaction(self.record(provider, b"response")),
        }
    }

    fn record(&self, provider: &Provider, step: &[u8]) -> UsedRecord {
        let key = digest::sha256(&[self.lineage.0.as_slice(), step].concat());
        UsedRecord { purpose: UsedPurpose::Interaction, key, expires_at: provider.now().plus(LONGEST_SECONDS) }
    }
}

fn unreadable(detail: String) -> Refusal {
    ErrorCode::InvalidRequest
        .because("this sign-in has expired or belongs to another browser; start again at the application")
        .detail(detail)
}

fn details_hash(details: &[AuthorizationDetail]) -> Option<String> {
    let json = serde_json::to_vec(details).unwrap_or_default();
    (!details.is_empty()).then(|| base64url::encode(&digest::sha256(&json)[..16]))
}

/// Identifies the request; any change to any parameter changes it.
fn request_hash(parameters: &Parameters) -> String {
    base64url::encode(digest::sha256(parameters.encode().as_bytes()))
}
