//! Every route of the protocol endpoints and pages, on one page.

use std::sync::Arc;

use poem::{Endpoint, Route, get, post};
use signet_core::provider::Provider;

use crate::endpoints::{
    account, assets, authorize, consent, discovery, introspection, jwks, login, not_found, revocation, token, userinfo,
};
use crate::pages::Pages;

/// What the endpoints share.
pub struct App {
    /// The rules and services.
    pub provider: Arc<Provider>,
    /// The renderer of pages.
    pub pages: Arc<Pages>,
}

/// The routes of every realm. Whoever mounts them may add others beside; [`fallback`] answers the rest.
pub fn routes(app: &Arc<App>) -> Route {
    let shared = |endpoint| Shared { endpoint, app: Arc::clone(app) };
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
        // RFC 7517 section 5.
        .at("/realms/:realm/jwks", shared(get(jwks::key_set).options(discovery::preflight)))
        // RFC 6749 section 3.1, OpenID Connect Core 3.1.2.
        .at("/realms/:realm/authorize", shared(get(authorize::by_query).post(authorize::by_form)))
        .at("/realms/:realm/login", shared(post(login::answer)))
        .at("/realms/:realm/consent", shared(post(consent::answer)))
        // RFC 6749 section 3.2.
        .at("/realms/:realm/token", shared(post(token::exchange).options(token::preflight)))
        // OpenID Connect Core 5.3.
        .at(
            "/realms/:realm/userinfo",
            shared(get(userinfo::by_header).post(userinfo::by_header_or_form).options(userinfo::preflight)),
        )
        // RFC 7662.
        .at("/realms/:realm/introspect", shared(post(introspection::introspect)))
        // RFC 7009.
        .at("/realms/:realm/revoke", shared(post(revocation::revoke).options(token::preflight)))
        // What a person may do about the own session and consents.
        .at("/realms/:realm/account", shared(get(account::signed_in)))
        .at("/realms/:realm/account/apps", shared(get(account::apps).post(account::remove_app)))
        .at("/realms/:realm/account/sign-out", shared(get(account::ask_sign_out).post(account::sign_out)))
        .at("/assets/*path", shared(get(assets::asset)))
        .at("/*path", shared(get(not_found::page)))
}

/// A route with what it shares.
struct Shared<E> {
    endpoint: E,
    app: Arc<App>,
}

impl<E: Endpoint> Endpoint for Shared<E> {
    type Output = poem::Response;

    async fn call(&self, mut request: poem::Request) -> poem::Result<Self::Output> {
        request.set_data(Arc::clone(&self.app));
        Ok(self.endpoint.get_response(request).await)
    }
}
