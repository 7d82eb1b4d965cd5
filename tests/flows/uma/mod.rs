//! User-Managed Access 2.0: an owner, a resource server that protects what is the owner's, and clients of others.

mod attacks;
pub(crate) mod claim_tokens;
mod command_line;
mod gathering;
mod grant;
mod persisted;
mod protection;
mod refresh;
mod sharing;
mod spontaneous;

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};
use url::Url;

use crate::support::browser::Browser;
use crate::support::client::{Client, Tokens};
use crate::support::http::{Answer, Request, encode};
use crate::support::realm::{Realm, User, merged};

pub(crate) const GRANT: &str = "urn:ietf:params:oauth:grant-type:uma-ticket";
/// Where the app has requesting parties sent back.
pub(crate) const CLAIMS_URI: &str = "https://client.test/claims?of=uma";
pub(crate) const ID_TOKEN: &str = "http://openid.net/specs/openid-connect-core-1_0.html#IDToken";

/// A realm with UMA, where `ana` owns an album at a resource server.
pub(crate) struct World {
    pub(crate) realm: Realm,
    /// The resource server.
    pub(crate) server: Client,
    /// Its protection API token for the owner.
    pub(crate) pat: String,
    /// A token of the owner with which policies are set.
    owner: String,
    /// What wants to get at the album.
    pub(crate) app: Client,
    /// The album.
    pub(crate) album: String,
    /// A friend of the owner.
    pub(crate) bea: User,
}

/// A client of the house that may use these grants beside the code, with this scope.
async fn client(realm: &Realm, scope: &str, more: Value) -> Client {
    let grants = json!(["authorization_code", "client_credentials", GRANT]);
    let own = json!({"scope": scope, "grant_types": grants, "settings": {"skip_consent": true}});
    realm.client(merged(own, more)).await
}

/// The tokens that a client gets for a user.
async fn tokens(realm: &Realm, client: &Client, user: &User, scope: &str) -> Tokens {
    client.obtain(&mut realm.browser(), &client.request().with("scope", scope), user).await
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(json!({})).await
    }

    /// A world whose app is registered with more than the ordinary.
    async fn with(app: Value) -> Self {
        Self::of(json!({}), app).await
    }

    /// The same in a realm with more settings.
    pub(crate) async fn of(settings: Value, app: Value) -> Self {
        let realm = Realm::with(merged(json!({"uma": true}), settings)).await;
        let server = client(&realm, "openid uma_protection", json!({})).await;
        let pat = tokens(&realm, &server, &realm.user, "uma_protection").await.access_token().to_owned();
        let manager = client(&realm, "openid uma_policy", json!({})).await;
        let owner = tokens(&realm, &manager, &realm.user, "uma_policy").await.access_token().to_owned();
        let app = client(&realm, "openid print", app).await;
        let bea = realm.add_user("bea").await;
        let mut world = Self { realm, server, pat, owner, app, album: String::new(), bea };
        world.album = world.register(&["view", "print", "crop"]).await;
        world
    }

    /// A request of the protection API, or about policies.
    async fn ask(&self, method: Method, path: &str, token: &str, body: Option<&Value>) -> Answer {
        let url = self.realm.url(path);
        let request = match body {
            Some(body) => Request::post(&url, "application/json", body.to_string()),
            None => Request::get(&url),
        };
        self.realm.http.send(Request { method, ..request }.bearer(token)).await
    }

    /// Registers a resource of the owner.
    async fn register(&self, scopes: &[&str]) -> String {
        let body = json!({"resource_scopes": scopes, "name": "Album"});
        let answer = self.ask(Method::POST, "/uma/resources", &self.pat, Some(&body)).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()["_id"].as_str().unwrap().to_owned()
    }

    /// Sets the policies of a resource.
    pub(crate) async fn allow(&self, resource: &str, policies: Value) {
        let body = json!({ "policies": policies });
        let answer = self.ask(Method::PUT, &format!("/uma/policies/{resource}"), &self.owner, Some(&body)).await;
        assert_eq!(answer.status, 204, "{answer:?}");
    }

    /// Lets the friend view the album.
    pub(crate) async fn allow_bea(&self) {
        self.allow(&self.album, json!([{"scopes": ["view"], "users": [self.bea.id]}])).await;
    }

    /// A ticket for one resource.
    pub(crate) async fn ticket(&self, resource: &str, scopes: &[&str]) -> String {
        self.ticket_for(&json!({"resource_id": resource, "resource_scopes": scopes})).await
    }

    pub(crate) async fn ticket_for(&self, permissions: &Value) -> String {
        let answer = self.ask(Method::POST, "/uma/permissions", &self.pat, Some(permissions)).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()["ticket"].as_str().unwrap().to_owned()
    }

    /// An ID token of a user for the app.
    pub(crate) async fn id_token(&self, user: &User) -> String {
        tokens(&self.realm, &self.app, user, "openid").await.id_token().to_owned()
    }

    /// A world whose app can send requesting parties to be asked.
    pub(crate) async fn gathering(settings: Value) -> Self {
        Self::of(settings, json!({"claims_redirect_uris": [CLAIMS_URI], "client_name": "Photo prints"})).await
    }

    /// Sends a browser to be asked, as far as it comes by itself.
    pub(crate) async fn send(&self, browser: &mut Browser, ticket: &str) -> Answer {
        let query = [
            ("client_id", self.app.id.as_str()),
            ("ticket", ticket),
            ("claims_redirect_uri", CLAIMS_URI),
            ("state", "s"),
        ];
        let answer = browser.get(&format!("{}?{}", self.realm.url("/uma/claims"), encode(&query))).await;
        browser.follow(answer).await
    }

    /// Has a person asked who does what the pages want; what the client is told.
    pub(crate) async fn gather(&self, ticket: &str, user: &User) -> BTreeMap<String, String> {
        let mut browser = self.realm.browser();
        let page = self.send(&mut browser, ticket).await;
        let page = browser.log_in(&page, user).await;
        page.page("claims-page");
        told(&self.press(&mut browser, &page, "continue", &[]).await)
    }

    /// Answers the page of claims; what has to be ticked is not, unless it is named.
    pub(crate) async fn press(
        &self,
        browser: &mut Browser,
        page: &Answer,
        action: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let form = page.page("claims-page").form().with("persist", "").with("action", action);
        let form = fields.iter().fold(form, |form, (name, value)| form.with(name, value));
        let answer = browser.submit(page, &form).await;
        browser.follow(answer).await
    }

    /// Another resource server that may learn these claims, and a ticket for what the friend may view there.
    pub(crate) async fn another_server(&self, pct_claims: Value) -> (Client, String) {
        let settings = json!({"settings": {"skip_consent": true, "pct_claims": pct_claims}});
        let server = client(&self.realm, "openid uma_protection", settings).await;
        let pat = tokens(&self.realm, &server, &self.realm.user, "uma_protection").await;
        let chart = json!({"resource_scopes": ["view"]});
        let chart = self.ask(Method::POST, "/uma/resources", pat.access_token(), Some(&chart)).await.json();
        let chart = chart["_id"].as_str().unwrap();
        self.allow(chart, json!([{"scopes": ["view"], "users": [self.bea.id]}])).await;
        let permission = json!({"resource_id": chart, "resource_scopes": ["view"]});
        let asked = self.ask(Method::POST, "/uma/permissions", pat.access_token(), Some(&permission)).await.json();
        (server, asked["ticket"].as_str().unwrap().to_owned())
    }

    /// Asks for an RPT.
    pub(crate) async fn request(&self, ticket: &str, more: &[(&str, &str)]) -> Answer {
        request(&self.app, ticket, more).await
    }

    /// Asks for an RPT on behalf of whom an ID token is about.
    pub(crate) async fn request_for(&self, id_token: &str, ticket: &str, more: &[(&str, &str)]) -> Answer {
        let claims = [("claim_token", id_token), ("claim_token_format", ID_TOKEN)];
        self.request(ticket, &[&claims, more].concat()).await
    }

    /// What the resource server learns of an RPT.
    pub(crate) async fn permissions(&self, rpt: &str) -> Value {
        let answer = self.server.introspect(rpt).await;
        assert_eq!(answer["active"], true, "{answer}");
        assert_eq!(answer.get("scope"), None, "UMA Federated Authorization 5.1.1");
        let permissions = answer["permissions"].as_array().unwrap().iter();
        permissions.map(|one| json!({"resource_id": one["resource_id"], "scopes": one["resource_scopes"]})).collect()
    }
}

/// What the app is told at its claims redirection URI (UMA Grant 3.3.3).
pub(crate) fn told(answer: &Answer) -> BTreeMap<String, String> {
    let location = answer.location().unwrap_or_else(|| panic!("no redirect: {answer:?}"));
    let parameters = location.strip_prefix(CLAIMS_URI).unwrap_or_else(|| panic!("{location}"));
    let url = Url::parse(&format!("https://x.test/?{}", parameters.trim_start_matches('&'))).unwrap();
    let parameters: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    assert_eq!(parameters["state"], "s");
    parameters
}

async fn request(app: &Client, ticket: &str, more: &[(&str, &str)]) -> Answer {
    app.ask("/token", &[&[("grant_type", GRANT), ("ticket", ticket)], more].concat()).await
}

/// A refusal of the grant with 403 (UMA Grant 3.3.6); the ticket to go on with, where there is one.
pub(crate) fn refused(answer: &Answer, error: &str) -> Option<String> {
    let body = answer.json();
    assert_eq!((answer.status, &body["error"]), (403, &json!(error)), "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    body["ticket"].as_str().map(str::to_owned)
}
