//! Samples of the pages of User-Managed Access.

use super::super::{
    AccessRequestView, CalendarDay, ChoiceView, ClaimsPage, DisplayText, Hidden, OptionView, OwnPath, Page, PolicyView,
    QuestionForm, QuestionView, ResourceView, SharingNews, SharingPage, WantedView,
};
use super::{bare_client, full_client, interaction, session_form, user};

pub(super) fn claims() -> Vec<(&'static str, Page)> {
    let question = |name: &str, kind: QuestionForm| QuestionView {
        name: name.to_owned(),
        label: DisplayText::new("What do you need it for?"),
        kind,
        options: Vec::new(),
        required: true,
        learnt: true,
        wrong: false,
    };
    let option = OptionView { value: "treatment".to_owned(), label: DisplayText::new("Treatment") };
    let page = ClaimsPage {
        client: full_client(),
        server: Some(DisplayText::new("Photo album")),
        user: user(),
        notice: Some(DisplayText::passage("The owner wants to know why.")),
        questions: vec![
            question("purpose", QuestionForm::Text),
            QuestionView { options: vec![option], wrong: true, ..question("role", QuestionForm::Choice) },
            QuestionView { required: false, learnt: false, ..question("promise", QuestionForm::Confirmation) },
        ],
        asserted: vec![DisplayText::new("department"), DisplayText::new("role")],
        unanswered: true,
        persistable: true,
        form: interaction("uma/claims"),
    };
    let bare = ClaimsPage {
        client: bare_client(),
        server: None,
        notice: None,
        questions: Vec::new(),
        asserted: Vec::new(),
        unanswered: false,
        persistable: false,
        ..page.clone()
    };
    vec![("claims", Page::Claims(page)), ("claims-bare", Page::Claims(bare))]
}

pub(super) fn owners() -> Vec<(&'static str, Page)> {
    let scope = |name: &str| ChoiceView { value: Hidden::new(name), label: DisplayText::new(name) };
    let policy = PolicyView {
        name: Hidden::new("sample-policy"),
        owner: true,
        people: vec![DisplayText::new("bea"), DisplayText::new("carlos")],
        claims: vec![DisplayText::new("groups: family")],
        clients: vec![DisplayText::new("Photo prints")],
        scopes: vec![DisplayText::new("view"), DisplayText::new("print")],
        ask: true,
        until: Some(CalendarDay::from_unix_seconds(1_793_923_200)),
    };
    let bare = PolicyView {
        owner: false,
        claims: Vec::new(),
        clients: Vec::new(),
        ask: false,
        until: None,
        people: vec![DisplayText::new("dora")],
        ..policy.clone()
    };
    let resource = ResourceView {
        id: Hidden::new("sample-resource"),
        name: DisplayText::new("Summer album"),
        description: Some(DisplayText::passage("Pictures from the lake")),
        server: DisplayText::new("Photo album"),
        scopes: vec![scope("view"), scope("print")],
        policies: vec![policy, bare],
        asks: true,
    };
    let unshared = ResourceView {
        name: DisplayText::new("Winter album"),
        description: None,
        policies: Vec::new(),
        asks: false,
        ..resource.clone()
    };
    let request = AccessRequestView {
        id: Hidden::new("sample-request"),
        person: DisplayText::new("bea"),
        client: full_client(),
        wanted: vec![WantedView { name: DisplayText::new("Summer album"), scopes: vec![DisplayText::new("print")] }],
        minutes_ago: 12,
    };
    let page = SharingPage {
        user: user(),
        requests: vec![request],
        resources: vec![resource, unshared],
        more: Some(OwnPath::new("/realms/sample/account/sharing?after=sample")),
        form: session_form("account/sharing"),
        outcome: Some(SharingNews::Shared),
    };
    let none = SharingPage { requests: Vec::new(), resources: Vec::new(), more: None, outcome: None, ..page.clone() };
    vec![("sharing", Page::Sharing(page)), ("sharing-none", Page::Sharing(none))]
}
