//! What people see, in Chromium: logging in, consent, the account pages, the form that answers a client, and whether
//! every page is accessible (WCAG 2.2 AA).

mod accessibility;
mod account;
mod authorization_details;
mod chromium;
mod form_post;
mod log_in;
mod log_out;

use http::Response;
use serde_json::json;

use crate::support::client::Client;
use crate::support::realm::Realm;
use crate::support::web::WebServer;

/// The site of a client: where its users arrive in the end.
async fn client_site() -> WebServer {
    WebServer::start(|_| {
        let page = "<!doctype html><title>Client</title><main id=\"client-page\">Welcome back.</main>";
        Response::builder().header("content-type", "text/html").body(page.to_owned()).unwrap()
    })
    .await
}

/// A client whose redirect URI is on its site.
async fn client_at(realm: &Realm, site: &WebServer, name: &str) -> Client {
    let redirect_uri = format!("{}/callback", site.url);
    realm.client(json!({"client_name": name, "redirect_uris": [redirect_uri]})).await
}
