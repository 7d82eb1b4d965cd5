//! What a person may do about the own session: see who is signed in, see and take back what applications were allowed,
//! and sign out here.

use poem::{Body, Response, handler};
use signet_core::account::{self, Account, AccountApp};
use signet_core::events::RefusedAt;
use signet_core::failure::Failure;
use signet_core::model::Client;
use signet_core::protocol::identifiers::{AuthorizationId, ClientId};
use signet_core::protocol::names::GrantType;

use super::authorize::{client_view, detail_views, scope_views};
use super::login::{foreign_form, refused};
use super::logout::logged_out;
use crate::call::{Call, PageCall};
use crate::pages::{
    AppView, AppsPage, CalendarDay, ClaimView, DisplayText, ErrorProblem, Hidden, OwnPath, Page, Removal, SessionForm,
    SignOutPage, SignedInPage, WebUri,
};
use crate::{cookies, cross_site, render};

/// The field that names a consent that is to be removed.
const CONSENT: &str = "authorization";
/// The field that names a client that has access without consent.
const CLIENT: &str = "client";

#[handler]
pub(crate) async fn signed_in(PageCall(call): PageCall) -> Response {
    match account(&call).await {
        Ok(account) => {
            let page = SignedInPage {
                user: DisplayText::new(&account.user.username),
                apps: path(&call, "apps"),
                requests: call.realm.offers_grant(GrantType::Ciba).then(|| path(&call, "requests")),
                sharing: call.realm.realm.settings.uma.then(|| path(&call, "sharing")),
                sign_out: form(&call, &account, "sign-out"),
            };
            render::page(&call, &Page::SignedIn(page))
        }
        Err(response) => *response,
    }
}

#[handler]
pub(crate) async fn apps(PageCall(call): PageCall) -> Response {
    match account(&call).await {
        Ok(account) => apps_page(&call, &account, None).await,
        Err(response) => *response,
    }
}

#[handler]
pub(crate) async fn remove_app(PageCall(call): PageCall, body: Body) -> Response {
    let (account, form) = match answered(&call, body).await {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let id: Option<AuthorizationId> = form.get(CONSENT).and_then(|id| id.parse().ok());
    let client: Option<ClientId> = form.get(CLIENT).and_then(|id| id.parse().ok());
    let removed = match (id, client) {
        (Some(id), _) => account::revoke_authorization(&call.serving(), &call.realm, &account, id).await,
        (None, Some(id)) => account::end_client_access(&call.serving(), &call.realm, &account, &id).await,
        (None, None) => Ok(None),
    };
    let language = call.head.locale(&[]).tag();
    match removed {
        Ok(client) => apps_page(&call, &account, client.map(|client| client_view(&client, language).name)).await,
        Err(failure) => failed(&call, failure),
    }
}

#[handler]
pub(crate) async fn ask_sign_out(PageCall(call): PageCall) -> Response {
    match account(&call).await {
        Ok(account) => {
            let page = SignOutPage {
                user: DisplayText::new(&account.user.username),
                client: None,
                form: form(&call, &account, "sign-out"),
            };
            render::page(&call, &Page::SignOut(page))
        }
        Err(response) => *response,
    }
}

#[handler]
pub(crate) async fn sign_out(PageCall(call): PageCall, body: Body) -> Response {
    let (account, form) = match answered(&call, body).await {
        Ok(both) => both,
        Err(response) => return *response,
    };
    if form.get("action") == Some("stay") {
        return render::see_other(path(&call, "").as_str().trim_end_matches('/'));
    }
    let everywhere = form.get("action") == Some("everywhere");
    match account::sign_out(&call.serving(), &call.realm, &account, everywhere).await {
        Ok(done) => logged_out(&call, done),
        Err(failure) => failed(&call, failure),
    }
}

async fn apps_page(call: &Call, account: &Account, removed: Option<DisplayText>) -> Response {
    let listed = match account::apps(&call.app.provider, &call.realm, account).await {
        Ok(listed) => listed,
        Err(failure) => return failed(call, failure),
    };
    let page = AppsPage {
        user: DisplayText::new(&account.user.username),
        apps: listed.iter().map(|app| app_view(call, app)).collect(),
        remove: form(call, account, "apps"),
        removed,
    };
    render::page(call, &Page::Apps(page))
}

fn app_view(call: &Call, app: &AccountApp) -> AppView {
    let client = &app.client;
    let (field, value) = match app.authorization {
        Some(id) => (CONSENT, id.to_string()),
        None => (CLIENT, client.client_id.to_string()),
    };
    AppView {
        removal: Removal { field, value: Hidden::new(value) },
        client: client_view(client, call.head.locale(&[]).tag()),
        start: start_of_login(call, client),
        details: detail_views(call, &app.details, call.head.locale(&[]).tag()),
        scopes: scope_views(call, &app.scope, &app.resources),
        claims: app.claims.iter().map(|claim| ClaimView::named(claim)).collect(),
        since: CalendarDay::from_unix_seconds(app.since.0),
        was_asked: app.authorization.is_some(),
    }
}

/// Where a login at a client is started, with who the provider is (OpenID Connect Core 4). Whom it is for is not said: the
/// client learns that from the ID token, if it may.
fn start_of_login(call: &Call, client: &Client) -> Option<WebUri> {
    let mut url = url::Url::parse(client.metadata.initiate_login_uri.as_deref()?).ok()?;
    url.query_pairs_mut().append_pair("iss", call.realm.issuer());
    if let Some(home) = &client.metadata.client_uri {
        url.query_pairs_mut().append_pair("target_link_uri", home);
    }
    WebUri::new(url.as_str())
}

/// Who is signed in in this browser; a page that says nobody is, otherwise.
pub(super) async fn account(call: &Call) -> Result<Account, Box<Response>> {
    let browser = cookies::browser(call);
    match account::current(&call.app.provider, &call.realm, browser.session.as_ref()).await {
        Ok(Some(account)) => Ok(account),
        Ok(None) => Err(Box::new(render::page(call, &Page::SignedOut))),
        Err(failure) => Err(Box::new(failed(call, failure))),
    }
}

/// A form of the signed-in person, sent from a page of ours.
pub(super) async fn answered(
    call: &Call,
    body: Body,
) -> Result<(Account, signet_core::protocol::parameters::Parameters), Box<Response>> {
    let forged = || (foreign_form(), ErrorProblem::Forgery);
    if !cross_site::is_own_form(call) {
        return Err(Box::new(refused(call, RefusedAt::Account, forged()).await));
    }
    let account = account(call).await?;
    let why = match call.head.form(body).await {
        Ok(form) if account.is_form_token(form.get("csrf").unwrap_or_default()) => return Ok((account, form)),
        Ok(_) => forged(),
        Err(refusal) => (refusal, ErrorProblem::Request),
    };
    Err(Box::new(refused(call, RefusedAt::Account, why).await))
}

pub(super) fn failed(call: &Call, failure: Failure) -> Response {
    render::failure_page(call, failure, ErrorProblem::Request)
}

pub(super) fn form(call: &Call, account: &Account, page: &str) -> SessionForm {
    SessionForm { action: path(call, page), csrf: Hidden::new(account.form_token()) }
}

pub(super) fn path(call: &Call, page: &str) -> OwnPath {
    let base = url::Url::parse(call.realm.issuer()).map(|url| url.path().to_owned()).unwrap_or_default();
    OwnPath::new(&format!("{base}/account/{page}"))
}
