//! User-Managed Access 2.0: the library as the resource server and as the client of a requesting party.

use serde_json::{Value, json};

use super::{ForeignClient, assert_refused};
use crate::flows::uma::{GRANT, ID_TOKEN};
use crate::support::client::Client;
use crate::support::realm::{Realm, User};

/// A resource server with its protection API token, and what it protects.
struct Gallery {
    library: ForeignClient,
    metadata: Value,
    pat: Value,
    album: Value,
}

impl Gallery {
    /// A resource server that registers an album of its own and lets a user view it.
    async fn open_to(realm: &Realm, user: &User) -> Self {
        let own = json!({"grant_types": ["client_credentials"], "scope": "uma_protection uma_policy"});
        let client = realm.client(own).await;
        // UMA Grant 2: its own metadata document, by which the library finds its way.
        let document = realm.url("/.well-known/uma2-configuration");
        let mut library = ForeignClient::discovering(&document, &client).await;
        let metadata = library.call("serverMetadata", json!([])).await.unwrap();
        let asked = json!([{"scope": "uma_protection uma_policy"}]);
        let pat = library.call("clientCredentialsGrant", asked).await.unwrap()["access_token"].take();
        let mut gallery = Self { library, metadata, pat, album: Value::Null };
        let described = json!({"resource_scopes": ["view", "print"], "name": "Album"});
        let endpoint = gallery.endpoint("resource_registration_endpoint");
        let created = gallery.ask("POST", &endpoint, described).await;
        gallery.album = created["_id"].clone();
        // Who may do what is said at an API of this provider: UMA leaves that open.
        let policies = json!({"policies": [{"scopes": ["view"], "users": [user.id]}]});
        let path = format!("/uma/policies/{}", gallery.album.as_str().unwrap());
        gallery.ask("PUT", &realm.url(&path), policies).await;
        gallery
    }

    fn endpoint(&self, name: &str) -> String {
        self.metadata[name].as_str().unwrap_or_else(|| panic!("{name} in {}", self.metadata)).to_owned()
    }

    /// A request with the protection API token that succeeds.
    async fn ask(&mut self, method: &str, url: &str, body: Value) -> Value {
        let arguments = Value::from(vec![self.pat.clone(), json!(url), json!(method), body]);
        let answer = self.library.call("fetchProtectedResource", arguments).await.unwrap();
        assert!([200, 201, 204].contains(&answer["status"].as_u64().unwrap()), "{method} {url}: {answer}");
        answer["body"].clone()
    }

    /// What a client gets that comes without an RPT (UMA Federated Authorization 4).
    async fn ticket(&mut self) -> Value {
        let endpoint = self.endpoint("permission_endpoint");
        let permission = json!({"resource_id": self.album, "resource_scopes": ["view"]});
        self.ask("POST", &endpoint, permission).await["ticket"].take()
    }
}

async fn application(realm: &Realm) -> Client {
    let own = json!({
        "grant_types": ["authorization_code", GRANT], "scope": "openid", "settings": {"skip_consent": true},
    });
    realm.client(own).await
}

/// What an ID token of a user says about who asks.
async fn claim_token(app: &mut ForeignClient, realm: &Realm, user: &User, ticket: &Value) -> Value {
    let login = app.log_in(realm, user, "openid").await;
    json!({"ticket": ticket, "claim_token": login["id_token"], "claim_token_format": ID_TOKEN})
}

#[tokio::test]
async fn uma_grant_3_3_openid_client_goes_from_a_ticket_to_an_rpt_on_both_sides() {
    let realm = Realm::with(json!({"uma": true})).await;
    let bea = realm.add_user("bea").await;
    let mut gallery = Gallery::open_to(&realm, &bea).await;
    let mut app = ForeignClient::of(&application(&realm).await).await;
    let ticket = gallery.ticket().await;
    let outcome = app.grant(GRANT, json!({"ticket": ticket})).await;
    assert_refused(&outcome, 403, "need_info");
    let needed = outcome.unwrap_err()["cause"].take();
    assert_eq!(needed["required_claims"][0]["claim_token_format"], json!([ID_TOKEN]));
    assert!(needed["ticket"].is_string() && needed["ticket"] != ticket, "{needed}");

    let known = claim_token(&mut app, &realm, &bea, &needed["ticket"]).await;
    let rpt = app.grant(GRANT, known).await.unwrap();
    assert_eq!(rpt["token_type"], "bearer");
    let learnt = gallery.library.call("tokenIntrospection", json!([rpt["access_token"]])).await.unwrap();
    assert_eq!((&learnt["active"], &learnt["sub"]), (&json!(true), &json!(bea.id)));
    assert_eq!(learnt["permissions"][0]["resource_id"], gallery.album);
    assert_eq!(learnt["permissions"][0]["resource_scopes"], json!(["view"]));
    // A ticket counts once, and the RPT opens the album and not the protection API.
    assert_refused(&app.grant(GRANT, json!({"ticket": ticket})).await, 400, "invalid_grant");
    let misused = json!([rpt["access_token"], gallery.endpoint("resource_registration_endpoint"), "GET", null]);
    let challenged = app.call("fetchProtectedResource", misused).await.unwrap_err();
    assert_eq!((&challenged["name"], &challenged["status"]), (&json!("WWWAuthenticateChallengeError"), &json!(401)));
    assert_eq!(challenged["cause"][0]["parameters"]["error"], "invalid_token", "{challenged}");
}

#[tokio::test]
async fn uma_grant_3_3_6_openid_client_is_told_that_somebody_else_may_not() {
    let realm = Realm::with(json!({"uma": true})).await;
    let bea = realm.add_user("bea").await;
    let mut gallery = Gallery::open_to(&realm, &bea).await;
    let mut app = ForeignClient::of(&application(&realm).await).await;
    let ticket = gallery.ticket().await;
    let unknown = claim_token(&mut app, &realm, &realm.user, &ticket).await;
    assert_refused(&app.grant(GRANT, unknown).await, 403, "request_denied");
}
