//! What the pages of User-Managed Access show: the one that asks a requesting party, and the one on which an owner shares.

use serde::Serialize;

use super::{ClientView, InteractionForm, SessionForm, message_enum};
use crate::pages::values::{CalendarDay, DisplayText, Hidden, OwnPath};

/// Fields `answer-` with the name of each question, and `persist`; `action` is `continue` or `deny`.
#[derive(Debug, Clone, Serialize)]
pub struct ClaimsPage {
    /// Who asks.
    pub client: ClientView,
    /// Where the client wants to get at something.
    pub server: Option<DisplayText>,
    /// Who is asked.
    pub user: DisplayText,
    /// What the realm's scripts say above the questions.
    pub notice: Option<DisplayText>,
    /// What they ask.
    pub questions: Vec<QuestionView>,
    /// What the resource server learns of what another organization says, where the client brings that along.
    pub asserted: Vec<DisplayText>,
    /// Whether an answer was none.
    pub unanswered: bool,
    /// Whether the answers may be kept for the client.
    pub persistable: bool,
    /// The form.
    pub form: InteractionForm,
}

/// A question of the realm's scripts.
#[derive(Debug, Clone, Serialize)]
pub struct QuestionView {
    /// Its name: small letters, digits and underscores.
    pub name: String,
    /// The words.
    pub label: DisplayText,
    /// What kind of question it is.
    pub kind: QuestionForm,
    /// What can be chosen.
    pub options: Vec<OptionView>,
    /// Whether it must be answered.
    pub required: bool,
    /// Whether the resource server learns the answer.
    pub learnt: bool,
    /// Whether the last answer was none.
    pub wrong: bool,
}

/// How a question is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum QuestionForm {
    /// With a line of text.
    Text,
    /// With one of the options.
    Choice,
    /// By ticking a box.
    Confirmation,
}

/// What can be chosen.
#[derive(Debug, Clone, Serialize)]
pub struct OptionView {
    /// Small letters, digits and underscores.
    pub value: String,
    /// The words.
    pub label: DisplayText,
}

/// What an owner has, who may do what with it, and who asks. Fields `csrf` and `action`: `allow` and `deny` with `request`;
/// `share` with `resource`, `username` and `scope`; `take-back` with `resource` and `policy`; `ask` and `do-not-ask` with
/// `resource`.
#[derive(Debug, Clone, Serialize)]
pub struct SharingPage {
    /// Who is signed in.
    pub user: DisplayText,
    /// What waits for an answer.
    pub requests: Vec<AccessRequestView>,
    /// What the owner has.
    pub resources: Vec<ResourceView>,
    /// Where more is listed, if there is more.
    pub more: Option<OwnPath>,
    /// The forms.
    pub form: SessionForm,
    /// What became of the last change.
    pub outcome: Option<SharingNews>,
}

/// What somebody asks an owner for.
#[derive(Debug, Clone, Serialize)]
pub struct AccessRequestView {
    /// The field `request`.
    pub id: Hidden,
    /// Who asks.
    pub person: DisplayText,
    /// The application that the person uses.
    pub client: ClientView,
    /// What is asked for.
    pub wanted: Vec<WantedView>,
    /// How long ago it was asked, in whole minutes.
    pub minutes_ago: i64,
}

/// A resource with what is wanted of it.
#[derive(Debug, Clone, Serialize)]
pub struct WantedView {
    /// Its name.
    pub name: DisplayText,
    /// What is to be done with it, as the resource server calls it.
    pub scopes: Vec<DisplayText>,
}

/// A resource of the owner.
#[derive(Debug, Clone, Serialize)]
pub struct ResourceView {
    /// The field `resource`.
    pub id: Hidden,
    /// Its name.
    pub name: DisplayText,
    /// At length.
    pub description: Option<DisplayText>,
    /// Where it is.
    pub server: DisplayText,
    /// What can be done with it.
    pub scopes: Vec<ChoiceView>,
    /// Who may do what.
    pub policies: Vec<PolicyView>,
    /// Whether others may ask for more.
    pub asks: bool,
}

/// A scope of a resource.
#[derive(Debug, Clone, Serialize)]
pub struct ChoiceView {
    /// The field `scope`.
    pub value: Hidden,
    /// The same, to be read.
    pub label: DisplayText,
}

/// Who may do what with a resource.
#[derive(Debug, Clone, Serialize)]
pub struct PolicyView {
    /// The field `policy`.
    pub name: Hidden,
    /// Whether it is the owner.
    pub owner: bool,
    /// The login names of people.
    pub people: Vec<DisplayText>,
    /// What must be known of them.
    pub claims: Vec<DisplayText>,
    /// The applications that they must use; any where none is named.
    pub clients: Vec<DisplayText>,
    /// What they may do.
    pub scopes: Vec<DisplayText>,
    /// Whether the owner is asked first.
    pub ask: bool,
    /// The first day on which it counts no more.
    pub until: Option<CalendarDay>,
}

message_enum! {
    /// What became of a change.
    SharingNews {
        /// Who asked has access.
        Allowed = "requests-allowed",
        /// Who asked has none.
        Denied = "requests-denied",
        /// The resource is shared.
        Shared = "sharing-shared",
        /// It is not shared any more.
        TakenBack = "sharing-taken-back",
        /// Others may ask.
        Asking = "sharing-asking",
        /// They may not.
        NotAsking = "sharing-not-asking",
        /// There is no such person.
        Nobody = "sharing-nobody",
        /// Too many names that nobody has.
        Throttled = "sharing-throttled",
        /// What it was about is not there any more, or nothing was chosen.
        Gone = "sharing-gone",
    }
}
