//! Every route of the protocol endpoints and pages, on one page.

use std::sync::Arc;

use http::StatusCode;
use poem::{Endpoint, Route, get, post};
use signet_core::provider::Provider;

use crate::endpoints::{
    account, account_requests, account_sharing, assets, authorization_challenge, authorize, backchannel_authentication,
    claims, consent, device, device_authorization, discovery, grants, introspection, jwks, login, logout, not_found,
    protected_resource, pushed_authorization_request, registration, revocation, sign_up, token, uma, userinfo,
};
use crate::listener::LargeBody;
use crate::pages::Pages;
use crate::render;

/// What the endpoints share.
pub struct App {
    /// The rules and services.
    pub provider: Arc<Provider>,
    /// The renderer of pages.
    pub pages: Arc<Pages>,
}

/// The paths of [`routes`] that take longer bodies than forms.
#[must_use]
pub fn large_bodies() -> [LargeBody; 1] {
    [LargeBody { path_prefix: "/realms/*/register".to_owned(), bytes: registration::MAXIMUM_BODY_BYTES }]
}

/// The routes of every realm. Whoever mounts them may add others beside; [`fallback`] answers the rest.
pub fn routes(app: &Arc<App>) -> Route {
    let shared = |methods, endpoint| Shared { endpoint, app: Arc::clone(app), methods };
    protection(app, deferred(documents(app), app))
        // RFC 6749 section 3.1, OpenID Connect Core 3.1.2.
        .at("/realms/:realm/authorize", shared("GET, HEAD, POST", get(authorize::by_query).post(authorize::by_form)))
        .at("/realms/:realm/login", shared("POST", post(login::answer)))
        // Initiating User Registration 1.0 section 4.1.
        .at("/realms/:realm/sign-up", shared("POST", post(sign_up::answer)))
        .at("/realms/:realm/consent", shared("POST", post(consent::answer)))
        // RFC 9126 section 2.
        .at(
            "/realms/:realm/par",
            shared("OPTIONS, POST", post(pushed_authorization_request::push).options(token::preflight)),
        )
        // OAuth 2.0 for First-Party Applications 4.1.
        .at("/realms/:realm/authorize-challenge", shared("POST", post(authorization_challenge::challenge)))
        // RFC 6749 section 3.2.
        .at("/realms/:realm/token", shared("OPTIONS, POST", post(token::exchange).options(token::preflight)))
        // OpenID Connect Core 5.3.
        .at(
            "/realms/:realm/userinfo",
            shared(
                "GET, HEAD, OPTIONS, POST",
                get(userinfo::by_header).post(userinfo::by_header_or_form).options(userinfo::preflight),
            ),
        )
        // RFC 7662.
        .at("/realms/:realm/introspect", shared("POST", post(introspection::introspect)))
        // RFC 7009.
        .at("/realms/:realm/revoke", shared("OPTIONS, POST", post(revocation::revoke).options(token::preflight)))
        // Grant Management 6.
        .at("/realms/:realm/grants/:grant_id", shared("DELETE, GET, HEAD", get(grants::query).delete(grants::revoke)))
        // RFC 7591 section 3, RFC 7592 section 2.
        .at("/realms/:realm/register", shared("POST", post(registration::register)))
        .at(
            "/realms/:realm/register/:client_id",
            shared(
                "DELETE, GET, HEAD, PUT",
                get(registration::read).put(registration::update).delete(registration::delete),
            ),
        )
        // RP-Initiated Logout 2, Session Management 3.3.
        .at("/realms/:realm/logout", shared("GET, HEAD, POST", get(logout::by_query).post(logout::by_form)))
        .at("/realms/:realm/logout/confirm", shared("POST", post(logout::confirm)))
        .at("/realms/:realm/session", shared("GET, HEAD", get(logout::check_session)))
        // What a person may do about the own session and consents.
        .at("/realms/:realm/account", shared("GET, HEAD", get(account::signed_in)))
        .at("/realms/:realm/account/apps", shared("GET, HEAD, POST", get(account::apps).post(account::remove_app)))
        .at(
            "/realms/:realm/account/sign-out",
            shared("GET, HEAD, POST", get(account::ask_sign_out).post(account::sign_out)),
        )
        .at(
            "/realms/:realm/account/requests",
            shared("GET, HEAD, POST", get(account_requests::list).post(account_requests::answer)),
        )
        .at(
            "/realms/:realm/account/sharing",
            shared("GET, HEAD, POST", get(account_sharing::list).post(account_sharing::change)),
        )
        .at("/assets/*path", shared("GET, HEAD", get(assets::asset)))
        .at("/*path", Shared { endpoint: not_found::page, app: Arc::clone(app), methods: "" })
}

/// What owners protect here (User-Managed Access 2.0), beside other routes.
fn protection(app: &Arc<App>, others: Route) -> Route {
    let shared = |methods, endpoint| Shared { endpoint, app: Arc::clone(app), methods };
    let resources = || shared("GET, HEAD, POST", get(uma::list).post(uma::register));
    others
        // UMA Grant section 2.
        .at(
            "/realms/:realm/.well-known/uma2-configuration",
            shared("GET, HEAD, OPTIONS", get(uma::configuration).options(discovery::preflight)),
        )
        // RFC 9728 section 3.1.
        .at(
            "/.well-known/oauth-protected-resource/realms/:realm/uma",
            shared("GET, HEAD, OPTIONS", get(protected_resource::protection).options(discovery::preflight)),
        )
        // UMA Federated Authorization section 3.2, which writes the address with a slash at its end.
        .at("/realms/:realm/uma/resources", resources())
        .at("/realms/:realm/uma/resources/", resources())
        .at(
            "/realms/:realm/uma/resources/:id",
            shared("DELETE, GET, HEAD, PUT", get(uma::read).put(uma::update).delete(uma::delete)),
        )
        // UMA Grant section 3.3.2.
        .at("/realms/:realm/uma/claims", shared("GET, HEAD, POST", get(claims::begin).post(claims::answer)))
        // Section 4.1.
        .at("/realms/:realm/uma/permissions", shared("POST", post(uma::permission)))
        .at("/realms/:realm/uma/policies/:id", shared("GET, HEAD, PUT", get(uma::policies).put(uma::set_policies)))
        // Section 3.1.1.
        .at(
            "/realms/:realm/uma/scopes/:scope",
            shared("GET, HEAD, OPTIONS", get(uma::described_scope).options(discovery::preflight)),
        )
}

/// Documents that everybody may read.
fn documents(app: &Arc<App>) -> Route {
    let shared = |endpoint| Shared { endpoint, app: Arc::clone(app), methods: "GET, HEAD, OPTIONS" };
    Route::new()
        // OpenID Connect Discovery 4, RFC 8414 section 3: both documents, the path after the well-known part and before it.
        .at(
            "/realms/:realm/.well-known/openid-configuration",
            shared(get(discovery::metadata).options(discovery::preflight)),
        )
        .at(
            "/realms/:realm/.well-known/oauth-authorization-server",
            shared(get(discovery::metadata).options(discovery::preflight)),
        )
        .at(
            "/.well-known/openid-configuration/realms/:realm",
            shared(get(discovery::metadata).options(discovery::preflight)),
        )
        .at(
            "/.well-known/oauth-authorization-server/realms/:realm",
            shared(get(discovery::metadata).options(discovery::preflight)),
        )
        // RFC 9728 section 3.1.
        .at(
            "/.well-known/oauth-protected-resource/realms/:realm/userinfo",
            shared(get(protected_resource::userinfo).options(discovery::preflight)),
        )
        .at(
            "/.well-known/oauth-protected-resource/realms/:realm/grants",
            shared(get(protected_resource::grants).options(discovery::preflight)),
        )
        .at(
            "/.well-known/oauth-protected-resource/realms/:realm/approvals",
            shared(get(protected_resource::approvals).options(discovery::preflight)),
        )
        .at(
            "/.well-known/oauth-protected-resource/admin/api/v1",
            shared(get(protected_resource::administration).options(discovery::preflight)),
        )
        // RFC 7517 section 5.
        .at("/realms/:realm/jwks", shared(get(jwks::key_set).options(discovery::preflight)))
}

/// Requests that are answered elsewhere.
fn deferred(route: Route, app: &Arc<App>) -> Route {
    let shared = |methods, endpoint| Shared { endpoint, app: Arc::clone(app), methods };
    route
        // RFC 8628 sections 3.1 and 3.3.
        .at(
            "/realms/:realm/device_authorization",
            shared("OPTIONS, POST", post(device_authorization::authorize).options(token::preflight)),
        )
        .at("/realms/:realm/device", shared("GET, HEAD, POST", get(device::by_query).post(device::by_form)))
        // CIBA Core 7 and 8.
        .at(
            "/realms/:realm/bc-authorize",
            shared("OPTIONS, POST", post(backchannel_authentication::authenticate).options(token::preflight)),
        )
        .at("/realms/:realm/approvals", shared("GET, HEAD", get(backchannel_authentication::list)))
        .at("/realms/:realm/approvals/:request_id", shared("POST", post(backchannel_authentication::answer)))
}

/// A route with what it shares.
struct Shared<E> {
    endpoint: E,
    app: Arc<App>,
    /// The methods it is served for (RFC 9110 section 10.2.1).
    methods: &'static str,
}

impl<E: Endpoint> Endpoint for Shared<E> {
    type Output = poem::Response;

    async fn call(&self, mut request: poem::Request) -> poem::Result<Self::Output> {
        request.set_data(Arc::clone(&self.app));
        let response = self.endpoint.get_response(request).await;
        let is_served = response.status() != StatusCode::METHOD_NOT_ALLOWED;
        Ok(if is_served { response } else { render::method_not_allowed(self.methods) })
    }
}
