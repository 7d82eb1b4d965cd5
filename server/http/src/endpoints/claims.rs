//! The claims interaction endpoint (UMA Grant section 3.3.2), and the page on which a requesting party answers.

use poem::{Body, Response, handler};
use signet_core::authorize::{Browser, ClaimsAnswer, ClaimsForm, Question, QuestionKind, answer_claims, begin_claims};
use signet_core::endpoints::Endpoint;
use signet_core::events::RefusedAt;
use signet_core::protocol::parameters::Parameters;

use super::authorize::{authorize_error, client_view, fits_an_address, interaction_form, step_response};
use super::login::request_and_form;
use crate::call::{Call, PageCall};
use crate::pages::{ClaimsPage, DisplayText, ErrorProblem, OptionView, Page, QuestionForm, QuestionView};
use crate::{cookies, render};

/// A client sends a requesting party. The ticket is used up and the interaction begins, for which the browser goes on.
#[handler]
pub(crate) async fn begin(PageCall(call): PageCall) -> Response {
    if !call.realm.realm.settings.uma {
        return render::not_found_page(&call.app, &call.head);
    }
    let parameters = match call.head.query_parameters().and_then(fits_an_address) {
        Ok(parameters) => parameters,
        Err(refusal) => {
            let failure = call.refused(RefusedAt::Endpoint(Endpoint::ClaimsInteraction), refusal).await;
            return render::failure_page(&call, failure, ErrorProblem::Request);
        }
    };
    let browser = cookies::browser(&call);
    match begin_claims(&call.serving(), &call.realm, &parameters, &browser).await {
        Ok(begun) => render::with_cookies(render::see_other(&begun.0), [cookies::set_binding(&call, &browser.binding)]),
        Err(error) => authorize_error(&call, &parameters, error),
    }
}

/// The page comes back.
#[handler]
pub(crate) async fn answer(PageCall(call): PageCall, body: Body) -> Response {
    if !call.realm.realm.settings.uma {
        return render::not_found_page(&call.app, &call.head);
    }
    let (parameters, form) = match request_and_form(&call, body, Endpoint::ClaimsInteraction).await {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let browser = cookies::browser(&call);
    let answer = ClaimsAnswer { parameters: &parameters, form: &form };
    match answer_claims(&call.serving(), &call.realm, answer, &browser).await {
        Ok(step) => step_response(&call, &parameters, &browser, step),
        Err(error) => authorize_error(&call, &Parameters::default(), error),
    }
}

pub(super) fn claims_page(call: &Call, browser: &Browser, form: ClaimsForm) -> Response {
    let language = call.head.locale(form.request.ui_locales()).tag();
    let page = Page::Claims(ClaimsPage {
        client: client_view(&form.client, language),
        server: form.server.as_ref().map(|server| client_view(server, language).name),
        user: DisplayText::new(&form.username),
        notice: form.notice.as_ref().map(|notice| DisplayText::passage(notice.in_language(language))),
        questions: form.questions.iter().map(|question| view(question, language, &form)).collect(),
        asserted: form.asserted.iter().map(|name| DisplayText::new(name)).collect(),
        unanswered: !form.unanswered.is_empty(),
        persistable: form.persistable,
        form: interaction_form(call, &form.address, Endpoint::ClaimsInteraction, form.interaction),
    });
    let response = render::interaction_page(call, &page, &form.request);
    render::with_cookies(response, [cookies::set_binding(call, &browser.binding)])
}

fn view(question: &Question, language: &str, form: &ClaimsForm) -> QuestionView {
    let name = question.name.as_str();
    let is_among = |names: &[String]| names.iter().any(|known| known == name);
    let options = question.options.iter().map(|option| OptionView {
        value: option.value.as_str().to_owned(),
        label: DisplayText::new(option.label.in_language(language)),
    });
    QuestionView {
        name: name.to_owned(),
        label: DisplayText::passage(question.label.in_language(language)),
        kind: match question.kind {
            QuestionKind::Text => QuestionForm::Text,
            QuestionKind::Choice => QuestionForm::Choice,
            QuestionKind::Confirmation => QuestionForm::Confirmation,
        },
        options: options.collect(),
        required: question.required,
        learnt: is_among(&form.learnt),
        wrong: is_among(&form.unanswered),
    }
}
