//! A realm of its own for each cell: one client that may use every grant, one user who is signed in in one browser.

use http::{Method, Response};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

use crate::support::browser::Browser;
use crate::support::ciba::{ciba_settings, without_pings};
use crate::support::client::{Client, Tokens};
use crate::support::databases::connect_directly;
use crate::support::device::device_settings;
use crate::support::http::{Answer, Request};
use crate::support::jwt::SigningKey;
use crate::support::realm::{Realm, User, merged};
use crate::support::server::Server;
use crate::support::web::WebServer;

use super::grants::Driver;

/// A resource server that tokens are exchanged for.
pub(super) const STOCK: &str = "https://stock.test/";
/// Who vouches for users.
pub(super) const PARTNER: &str = "https://partner.test";
/// Where the client is told of answers.
pub(super) const TAKES_PINGS: &str = "/told";
/// Where it is told, too, but never by a ping.
pub(super) const TAKES_NO_PINGS: &str = "/sent";
/// What users are asked for.
pub(super) const SCOPE: &str = "openid offline_access read write";

/// Everything that a grant may rest on.
pub(super) struct World {
    pub(super) realm: Realm,
    /// The client of the grant.
    pub(super) client: Client,
    /// A client that may know of every token.
    pub(super) watch: Client,
    /// The browser in which the user has a session.
    pub(super) browser: Browser,
    pub(super) partner_key: SigningKey,
    /// Path of the partner at the admin API.
    pub(super) partner: String,
    /// Path of the resource server at the admin API.
    pub(super) stock: String,
    /// Where the client is told of answers, where it wants to be.
    pub(super) told: WebServer,
    /// What somebody else shares with the user, where the grant is about that.
    pub(super) shared: Option<Shared>,
}

/// A resource of somebody else that the user may see.
pub(super) struct Shared {
    /// The owner's token for policies.
    owner: String,
    /// The resource server's token of the owner.
    pat: String,
    resource: String,
}

/// What the client is registered for.
pub(super) fn metadata() -> Value {
    let grants: Vec<&str> = Driver::grant_types();
    json!({
        "client_id": "app", "grant_types": grants, "response_types": ["code", "id_token token"], "scope": SCOPE,
        "backchannel_token_delivery_mode": "poll", "settings": {"token_exchange": exchange_policy()},
    })
}

fn exchange_policy() -> Value {
    json!({
        "subject_clients": [], "audiences": [STOCK], "scope": "read", "impersonation": true,
        "issued_token_types": ["urn:ietf:params:oauth:token-type:access_token"],
    })
}

impl World {
    pub(super) async fn on(server: &std::sync::Arc<Server>) -> Self {
        let own = json!({
            "uma": true, "client_secret_overlap_seconds": 0, "refresh_retry_window_seconds": 0,
            "response_types": ["code", "id_token token"],
        });
        let realm = Realm::on(server, merged(merged(device_settings(), ciba_settings()), own)).await;
        let administration = &realm.server.administration;
        let at = |what: &str| format!("/realms/{}/{what}", realm.name);
        let made = |answer: Answer, what: &str| format!("{}/{}", at(what), answer.json()["id"].as_str().unwrap());
        let body = json!({"identifier": STOCK, "display_name": "Stock", "scopes": []});
        let stock = administration.ask(Method::POST, &at("resource-servers"), &body).await;
        let client = realm.client(metadata()).await;
        let partner_key = SigningKey::generate("ES256");
        let body = json!({
            "issuer": PARTNER, "jwks": partner_key.public_set(), "uses": ["assertion_grant", "token_exchange"],
            "clients": ["app"], "subject_mapping": "username",
        });
        let partner = administration.ask(Method::POST, &at("trusted-issuers"), &body).await;
        let watch = json!({"grant_types": ["client_credentials"], "redirect_uris": [], "response_types": [],
            "scope": "watch", "settings": {"may_introspect": true}});
        let watch = realm.client(watch).await;
        let browser = realm.signed_in_browser().await;
        let (partner, stock) = (made(partner, "trusted-issuers"), made(stock, "resource-servers"));
        let told = WebServer::start(|received| match received.target.as_str() {
            TAKES_NO_PINGS => without_pings(received),
            _ => Response::new(String::new()),
        });
        Self { realm, client, watch, browser, partner_key, partner, stock, told: told.await, shared: None }
    }

    /// Asks the admin API about something of the realm.
    pub(super) async fn administer(&self, method: Method, path: &str, body: Value) -> Answer {
        let path = format!("/realms/{}{path}", self.realm.name);
        self.realm.server.administration.ask(method, &path, &body).await
    }

    /// Has the client told of answers in this mode (CIBA Core 5), if it is still there.
    pub(super) async fn have_the_client_told(&self, mode: &str, place: &str) {
        let told = json!({
            "backchannel_token_delivery_mode": mode,
            "backchannel_client_notification_endpoint": format!("{}{place}", self.told.url),
        });
        let path = format!("/realms/{}/clients/app", self.realm.name);
        let answer = self.realm.server.administration.try_ask(Method::PATCH, &path, &told).await;
        assert!(matches!(answer.status, 200 | 404), "{answer:?}");
    }

    /// How many rows of the realm a condition finds in a table of any database, read past the server.
    pub(super) async fn count(&self, table: &str, condition: &str) -> i64 {
        let connection = connect_directly(&self.realm.server.database).await;
        let of_realm = format!("realm_id = (SELECT realm_id FROM realms WHERE name = '{}')", self.realm.name);
        let select = format!("SELECT COUNT(*) FROM {table} WHERE {of_realm} AND {condition}");
        let statement = Statement::from_string(connection.get_database_backend(), select);
        let count = connection.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap();
        connection.close().await.unwrap();
        count
    }

    /// What the client gets for the user by a code.
    pub(super) async fn obtain(&mut self, scope: &str) -> Tokens {
        let request = self.client.request().with("scope", scope);
        self.client.obtain(&mut self.browser, &request, &self.realm.user).await
    }

    /// A ticket for what is shared with the user, by somebody who does it the first time this is called.
    pub(super) async fn ticket(&mut self) -> String {
        if self.shared.is_none() {
            let shared = self.share().await;
            let policies = json!([{"scopes": ["view"], "users": [self.realm.user.id]}]);
            self.shared = Some(shared);
            self.allow(policies).await;
        }
        let shared = self.shared.as_ref().expect("shared");
        let wanted = json!({"resource_id": shared.resource, "resource_scopes": ["view"]});
        let answer = self.protection(Method::POST, "/uma/permissions", &shared.pat, &wanted).await;
        answer.json()["ticket"].as_str().unwrap().to_owned()
    }

    /// Sets the policies of what is shared.
    pub(super) async fn allow(&self, policies: Value) {
        let shared = self.shared.as_ref().expect("something is shared");
        let path = format!("/uma/policies/{}", shared.resource);
        self.protection(Method::PUT, &path, &shared.owner, &json!({"policies": policies})).await;
    }

    async fn share(&self) -> Shared {
        let owner = self.realm.add_user("olga").await;
        let pat = self.token_of(&owner, "uma_protection").await;
        let owner = self.token_of(&owner, "uma_policy").await;
        let album = json!({"resource_scopes": ["view"], "name": "Album"});
        let answer = self.protection(Method::POST, "/uma/resources", &pat, &album).await;
        Shared { owner, pat, resource: answer.json()["_id"].as_str().unwrap().to_owned() }
    }

    async fn token_of(&self, user: &User, scope: &str) -> String {
        let client = self.realm.client(json!({"scope": scope, "settings": {"skip_consent": true}})).await;
        let request = client.request().with("scope", scope).without("nonce");
        client.obtain(&mut self.realm.browser(), &request, user).await.access_token().to_owned()
    }

    async fn protection(&self, method: Method, path: &str, token: &str, body: &Value) -> Answer {
        let request = Request::post(&self.realm.url(path), "application/json", body.to_string());
        let answer = self.realm.http.send(Request { method, ..request }.bearer(token)).await;
        assert!((200..300).contains(&answer.status), "{answer:?}");
        answer
    }
}
