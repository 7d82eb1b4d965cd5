//! `on_uma_claims_gathering`: what a requesting party is asked. The questions of all scripts are on one page, those of the
//! first script where two have the same name; the first text is shown, and the first refusal is the answer.

use signet_hooks::LocalizedText;
use signet_hooks::points::OnUmaClaimsGathering;
use signet_hooks::points::on_uma_claims_gathering::{ClaimsGathering, ClaimsGatheringDecision, ClaimsPage, Question};

use super::Gathered;
use crate::authorize::{Accepted, AuthorizeError};
use crate::events::Serving;
use crate::failure::Fault;
use crate::hooks::Subject;
use crate::model::{BrowserSession, UmaResource, UmaTicket, User};
use crate::realm::RealmContext;
use crate::uma;

/// What scripts want on the next page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) notice: Option<LocalizedText>,
    pub(super) questions: Vec<Question>,
}

impl Asked {
    fn and(mut self, page: ClaimsPage) -> Self {
        self.notice = self.notice.or(page.notice);
        for question in Vec::from(page.questions) {
            if !self.questions.iter().any(|known| known.name == question.name) {
                self.questions.push(question);
            }
        }
        self
    }
}

/// Asks what the requesting party is to be asked.
pub(super) async fn asked(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (accepted, ticket, gathered): (&Accepted, &UmaTicket, &Gathered),
    (session, user): (&BrowserSession, &User),
) -> Result<Asked, AuthorizeError> {
    let subject = Subject::client(&accepted.client).and_user(Some(user)).and_session(Some(session));
    let resources = resources(serving, realm, ticket).await?;
    let gathering = || ClaimsGathering {
        page: gathered.page.into(),
        answers: gathered.answers.clone().into_iter().collect(),
        permissions: uma::described(&ticket.permissions, &resources, ticket).0,
    };
    let facts = || uma::facts(&ticket.keeper, Some(user), &gathered.answers);
    let answers = serving.ask::<OnUmaClaimsGathering>(realm, subject, || (facts(), gathering())).await;
    let mut asked = Asked::default();
    for answer in answers.map_err(|refusal| accepted.redirect.refuse(refusal))? {
        match answer.decision {
            ClaimsGatheringDecision::None {} | ClaimsGatheringDecision::Allow {} => {}
            ClaimsGatheringDecision::Deny(denial) => return Err(accepted.redirect.refuse(denial.refusal())),
            ClaimsGatheringDecision::Ask(page) => asked = asked.and(page),
        }
    }
    Ok(asked)
}

async fn resources(serving: &Serving<'_>, realm: &RealmContext, ticket: &UmaTicket) -> Result<Vec<UmaResource>, Fault> {
    let mut resources = Vec::with_capacity(ticket.permissions.len());
    for permission in &ticket.permissions {
        resources.extend(serving.store.uma_resource(realm.id(), permission.resource_id).await?);
    }
    Ok(resources)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_text_and_every_question_count_each_name_once() {
        let page = |notice: &str, names: &[&str]| -> ClaimsPage {
            let question = |name: &&str| json!({"name": name, "label": {"en": notice}, "kind": "text"});
            let questions: Vec<_> = names.iter().map(question).collect();
            serde_json::from_value(json!({"notice": {"en": notice}, "questions": questions})).unwrap()
        };
        let both = Asked::default().and(page("first", &["why", "role"])).and(page("second", &["role", "until"]));
        assert_eq!(both.notice.unwrap().in_language("en"), "first");
        let names: Vec<&str> = both.questions.iter().map(|question| question.name.as_str()).collect();
        assert_eq!(names, ["why", "role", "until"]);
        assert_eq!(both.questions[1].label.in_language("en"), "first");
    }
}
