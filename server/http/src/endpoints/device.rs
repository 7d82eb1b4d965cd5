//! The page where people enter the code of a device (RFC 8628 section 3.3), and what follows from it.

use http::StatusCode;
use poem::{Body, Response, handler};
use signet_core::authorize::{
    AuthorizationResponse, DeviceAnswer, DeviceForm, Entered, INTERACTION_PARAMETER, Verified, answer_device,
    enter_user_code,
};
use signet_core::endpoints::Endpoint;
use signet_core::protocol::parameters::Parameters;

use super::authorize::{authorize_error, client_view, detail_views, interaction_form, scope_views};
use super::login::request_and_form;
use crate::call::{Call, PageCall};
use crate::pages::{
    DeviceConfirmPage, DeviceDonePage, DeviceOutcome, DevicePage, DeviceProblem, DisplayText, ErrorProblem, OwnPath,
    Page, QrCode,
};
use crate::{cookies, render};

/// The field and the parameter with the code.
const USER_CODE: &str = "user_code";

#[handler]
pub(crate) async fn by_query(PageCall(call): PageCall) -> Response {
    match call.head.query_parameters() {
        Ok(parameters) => match parameters.get(USER_CODE) {
            Some(code) => entered(&call, code, true).await,
            None => enter_page(&call, None),
        },
        Err(refusal) => render::refusal_page(&call, refusal, ErrorProblem::Request),
    }
}

/// A code that was typed, or the answer to the page that asks for confirmation.
#[handler]
pub(crate) async fn by_form(PageCall(call): PageCall, body: Body) -> Response {
    let (parameters, form) = match request_and_form(&call, body, Endpoint::Device).await {
        Ok(both) => both,
        Err(response) => return *response,
    };
    match form.get(INTERACTION_PARAMETER) {
        Some(interaction) => answered(&call, &parameters, (interaction, form.get("action") == Some("confirm"))).await,
        None => entered(&call, form.get(USER_CODE).unwrap_or_default(), false).await,
    }
}

async fn entered(call: &Call, code: &str, by_link: bool) -> Response {
    let browser = cookies::browser(call);
    let found = enter_user_code(&call.serving(), &call.realm, (code, by_link), (&browser, call.head.address)).await;
    match found {
        Ok(Entered::Found(form)) => {
            render::with_cookies(confirm_page(call, *form), [cookies::set_binding(call, &browser.binding)])
        }
        Ok(Entered::Unknown) => enter_page(call, Some(DeviceProblem::Code)),
        Ok(Entered::Throttled) => enter_page(call, Some(DeviceProblem::Throttled)),
        Err(error) => authorize_error(call, &Parameters::default(), error),
    }
}

async fn answered(call: &Call, parameters: &Parameters, (interaction, confirmed): (&str, bool)) -> Response {
    let answer = DeviceAnswer { parameters, interaction, confirmed };
    match answer_device(&call.serving(), &call.realm, answer, &cookies::browser(call)).await {
        Ok(Verified(location)) => render::see_other(&location),
        Err(error) => authorize_error(call, parameters, error),
    }
}

fn enter_page(call: &Call, problem: Option<DeviceProblem>) -> Response {
    let address = call.realm.urls.of(Endpoint::Device);
    let path = url::Url::parse(&address).map(|url| url.path().to_owned());
    let page = DevicePage { action: OwnPath::new(&path.unwrap_or_default()), here: QrCode::of(&address), problem };
    let mut response = render::page(call, &Page::Device(page));
    if problem == Some(DeviceProblem::Throttled) {
        render::ask_again_later(&mut response, StatusCode::TOO_MANY_REQUESTS);
    }
    response
}

fn confirm_page(call: &Call, form: DeviceForm) -> Response {
    let language = call.head.locale(form.request.ui_locales()).tag();
    let page = Page::DeviceConfirm(DeviceConfirmPage {
        client: client_view(&form.client, language),
        user_code: form.user_code.to_string(),
        address: form.asked_from.address.map(|address| DisplayText::new(&address.to_string())),
        user_agent: form.asked_from.user_agent.as_deref().map(DisplayText::new),
        minutes_ago: call.app.provider.now().since(form.asked_from.at).max(0) / 60,
        notice: form.notice.as_ref().map(|notice| DisplayText::passage(notice.in_language(language))),
        details: detail_views(call, form.request.details(), language),
        scopes: scope_views(call, form.request.scope(), form.request.resources()),
        form: interaction_form(call, &form.address, Endpoint::Device, form.interaction),
    });
    render::interaction_page(call, &page, &form.request)
}

/// Says what became of a request that is answered elsewhere.
pub(super) fn done_page(call: &Call, response: &AuthorizationResponse) -> Response {
    let outcome = match response.error() {
        None => DeviceOutcome::Approved,
        Some(_) => DeviceOutcome::Denied,
    };
    let client = client_view(response.client(), call.head.locale(&[]).tag());
    render::page(call, &Page::DeviceDone(DeviceDonePage { client, outcome }))
}
