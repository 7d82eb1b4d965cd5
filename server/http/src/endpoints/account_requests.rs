//! The account page where people answer what applications ask at another device (CIBA Core 8).

use poem::{Body, Response, handler};
use signet_core::account::Account;
use signet_core::authorize::{
    WaitingRequest, answer_request, block_client_of, blocked_clients, unblock_client, waiting_requests,
};
use signet_core::failure::{Failure, Fault};
use signet_core::registry::{self, RegistryError};

use super::account::{account, answered, failed, form};
use super::authorize::{client_view, detail_views, scope_views};
use crate::call::{Call, PageCall};
use crate::pages::{BlockedView, DisplayText, Hidden, Page, RequestOutcome, RequestView, RequestsPage};
use crate::render;

#[handler]
pub(crate) async fn list(PageCall(call): PageCall) -> Response {
    match account(&call).await {
        Ok(account) => page(&call, &account, None).await,
        Err(response) => *response,
    }
}

#[handler]
pub(crate) async fn answer(PageCall(call): PageCall, body: Body) -> Response {
    let (account, fields) = match answered(&call, body).await {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let (serving, approver) = (call.serving(), account.approver());
    let about = (fields.get("request").unwrap_or_default(), &approver);
    let outcome = match fields.get("action") {
        Some("allow") => answer_request(&serving, &call.realm, about, true).await.map(|()| RequestOutcome::Allowed),
        Some("block") => block_client_of(&serving, &call.realm, about).await.map(|()| RequestOutcome::Blocked),
        Some("unblock") => {
            let client = fields.get("client").unwrap_or_default();
            unblock_client(&serving, &call.realm, (account.user.id, client)).await.map(|()| RequestOutcome::Unblocked)
        }
        Some("set-code") => {
            let code = fields.get("user_code").unwrap_or_default();
            in_words_of_the_page(registry::set_user_code(&serving, &call.realm, account.user.id, code).await)
                .map(|set| if set { RequestOutcome::CodeSet } else { RequestOutcome::CodeUnfit })
        }
        Some("remove-code") => {
            in_words_of_the_page(registry::remove_user_code(&serving, &call.realm, account.user.id).await)
                .map(|_| RequestOutcome::CodeRemoved)
        }
        _ => answer_request(&serving, &call.realm, about, false).await.map(|()| RequestOutcome::Denied),
    };
    match serving.conclude(&call.realm, outcome, (signet_core::events::RefusedAt::Account, None)).await {
        Ok(outcome) => page(&call, &account, Some(outcome)).await,
        Err(Failure::Refusal(refusal)) => {
            render::log(&Failure::Refusal(refusal));
            page(&call, &account, Some(RequestOutcome::Gone)).await
        }
        Err(failure) => failed(&call, failure),
    }
}

/// Whether something was done; what a person typed may be no good.
fn in_words_of_the_page(done: Result<(), RegistryError>) -> Result<bool, Failure> {
    match done {
        Ok(()) => Ok(true),
        Err(RegistryError::Invalid { .. }) => Ok(false),
        Err(RegistryError::Fault(fault)) => Err(fault.into()),
        Err(error) => Err(Fault::internal("a user code could not be changed", error).into()),
    }
}

async fn page(call: &Call, account: &Account, outcome: Option<RequestOutcome>) -> Response {
    let serving = call.serving();
    let waiting = match waiting_requests(&serving, &call.realm, account.user.id).await {
        Ok(waiting) => waiting,
        Err(failure) => return failed(call, failure),
    };
    let blocked = match blocked_clients(&serving, &call.realm, account.user.id).await {
        Ok(blocked) => blocked,
        Err(failure) => return failed(call, failure),
    };
    let has_user_code = match has_user_code(call, account).await {
        Ok(has_user_code) => has_user_code,
        Err(failure) => return failed(call, failure),
    };
    let language = call.head.locale(&[]).tag();
    let blocked = blocked.iter().map(|client| BlockedView {
        name: client_view(client, language).name,
        client: Hidden::new(client.client_id.as_str()),
    });
    let page = RequestsPage {
        user: DisplayText::new(&account.user.username),
        requests: waiting.iter().map(|waiting| view(call, waiting)).collect(),
        blocked: blocked.collect(),
        form: form(call, account, "requests"),
        has_user_code,
        outcome,
    };
    render::page(call, &Page::Requests(page))
}

/// Whether the person has a user code, where the realm has any.
async fn has_user_code(call: &Call, account: &Account) -> Result<Option<bool>, Failure> {
    if !call.realm.realm.settings.backchannel_user_code {
        return Ok(None);
    }
    let serving = call.serving();
    match registry::has_user_code(&serving, &call.realm, account.user.id).await {
        Ok(has) => Ok(Some(has)),
        Err(RegistryError::Fault(fault)) => Err(fault.into()),
        Err(error) => Err(Fault::internal("a user code could not be looked up", error).into()),
    }
}

fn view(call: &Call, waiting: &WaitingRequest) -> RequestView {
    let language = call.head.locale(waiting.request.ui_locales()).tag();
    RequestView {
        id: Hidden::new(waiting.id.clone()),
        client: client_view(&waiting.client, language),
        binding_message: waiting.binding_message.as_deref().map(DisplayText::new),
        minutes_ago: call.app.provider.now().since(waiting.asked_at).max(0) / 60,
        details: detail_views(call, waiting.request.details(), language),
        scopes: scope_views(call, waiting.request.scope(), waiting.request.resources()),
    }
}
