//! A realm of its own for a test: what happens there happens to nobody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use super::browser::Browser;
use super::client::{Client, Credential};
use super::http::{Answer, HttpClient};
use super::jwt::{SigningKey, VerifiedToken, verify};
use super::rows::Rows;
use super::server::Server;

/// Where the clients of the tests are answered; nothing listens there.
pub(crate) const REDIRECT_URI: &str = "https://client.test/callback";

static NUMBER: AtomicU32 = AtomicU32::new(1);

/// A realm with one user.
#[derive(Clone)]
pub(crate) struct Realm {
    pub(crate) server: Arc<Server>,
    pub(crate) name: String,
    pub(crate) issuer: String,
    pub(crate) user: User,
    pub(crate) http: HttpClient,
}

/// A user who can log in.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) username: String,
    pub(crate) password: String,
}

/// Every standard claim (OpenID Connect Core 5.1), some in two languages.
pub(crate) fn claims() -> Value {
    json!({
        "name": "Ana Example", "given_name": "Ana", "family_name": "Example", "middle_name": "Maria",
        "nickname": "Annie", "preferred_username": "ana", "profile": "https://ana.test/profile",
        "picture": "https://ana.test/picture", "website": "https://ana.test", "gender": "female",
        "birthdate": "1990-02-28", "zoneinfo": "Europe/Zurich", "locale": "de-CH",
        "email": "ana@ana.test", "email_verified": true,
        "phone_number": "+41 44 555 01 23", "phone_number_verified": false,
        "address": {"street_address": "Hauptstrasse 1", "locality": "Zurich", "postal_code": "8000", "country": "CH"},
        "name#de-CH": "Anna Beispiel", "family_name#fr": "Exemple",
    })
}

impl Realm {
    /// A new realm on the server that most tests share.
    pub(crate) async fn new() -> Self {
        Self::with(json!({})).await
    }

    /// The same with settings of its own.
    pub(crate) async fn with(settings: Value) -> Self {
        Self::on(&Server::shared().await, settings).await
    }

    pub(crate) async fn on(server: &Arc<Server>, settings: Value) -> Self {
        let name = format!("test-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let body = merged(json!({"name": name, "display_name": "Tests"}), settings);
        server.administration.create_realm(&body).await;
        let mut realm = Self {
            issuer: format!("{}/realms/{name}", server.public_url),
            server: Arc::clone(server),
            user: User { id: String::new(), username: String::new(), password: String::new() },
            http: HttpClient::new(),
            name,
        };
        realm.user = realm.add_user("ana").await;
        realm
    }

    /// A user with every standard claim.
    pub(crate) async fn add_user(&self, username: &str) -> User {
        let password = format!("{username} and 9 mussels");
        let body = json!({"username": username, "password": password, "claims": claims()});
        let created = self.server.administration.create_user(&self.name, &body).await;
        User { id: text(&created, "id"), username: username.to_owned(), password }
    }

    /// A client with a secret for HTTP Basic, and whatever `metadata` says beside or instead.
    pub(crate) async fn client(&self, metadata: Value) -> Client {
        let body = merged(json!({"redirect_uris": [REDIRECT_URI]}), metadata);
        let created = self.server.administration.create_client(&self.name, &body).await;
        let secret = created["client_secret"].as_str().map(str::to_owned);
        let method = body["token_endpoint_auth_method"].as_str().unwrap_or("client_secret_basic");
        let credential = match (method, secret) {
            ("client_secret_basic", Some(secret)) => Credential::Basic(secret),
            ("client_secret_post", Some(secret)) => Credential::Post(secret),
            ("client_secret_jwt", Some(secret)) => {
                let algorithm = body["token_endpoint_auth_signing_alg"].as_str().unwrap_or("HS256");
                Credential::Assertion(SigningKey::from_secret(algorithm, &secret))
            }
            _ => Credential::None,
        };
        Client {
            issuer: self.issuer.clone(),
            mtls_issuer: self.issuer.replacen(&self.server.public_url, &self.server.mtls_url, 1),
            id: text(&created, "client_id"),
            credential,
            redirect_uri: body["redirect_uris"][0].as_str().unwrap_or(REDIRECT_URI).to_owned(),
            http: self.http.clone(),
        }
    }

    /// A client that authenticates with a new key of this algorithm.
    pub(crate) async fn client_with_key(&self, algorithm: &str, metadata: Value) -> (Client, SigningKey) {
        let key = SigningKey::generate(algorithm);
        let own = json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": key.public_set()});
        let client = self.client(merged(own, metadata)).await;
        (client.with_credential(Credential::Assertion(key.clone())), key)
    }

    /// A client that may do everything a confidential one can.
    pub(crate) async fn versatile_client(&self) -> Client {
        let grants = ["authorization_code", "refresh_token", "client_credentials"];
        let scope = "openid profile email address phone offline_access read write";
        self.client(json!({"grant_types": grants, "scope": scope})).await
    }

    /// A browser that nobody has used yet.
    pub(crate) fn browser(&self) -> Browser {
        Browser::new(self.http.clone())
    }

    /// A browser in which the user has a session.
    pub(crate) async fn signed_in_browser(&self) -> Browser {
        let client = self.client(json!({"settings": {"skip_consent": true}})).await;
        let mut browser = self.browser();
        browser.complete(&client.request(), &self.user).await;
        browser
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.http.get(&self.url(path)).await
    }

    /// The discovery document.
    pub(crate) async fn discovery(&self) -> Value {
        self.get("/.well-known/openid-configuration").await.success()
    }

    /// Verifies a token of the realm with its published keys.
    pub(crate) async fn verify(&self, token: &str) -> VerifiedToken {
        verify(token, &self.get("/jwks").await.success())
    }

    /// Every row of the realm, read past the server.
    pub(crate) async fn rows(&self) -> Rows {
        Rows::of(&self.server.database, &self.name).await
    }

    /// Changes members of a client.
    pub(crate) async fn update_client(&self, client: &Client, change: Value) {
        self.server.administration.update_client(&self.name, &client.id, &change).await;
    }
}

/// The members of `own` with those of `other` added or in their place.
pub(crate) fn merged(mut own: Value, other: Value) -> Value {
    let Value::Object(other) = other else { panic!("an object expected: {other}") };
    own.as_object_mut().unwrap().extend(other);
    own
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_else(|| panic!("no {member} in {value}")).to_owned()
}
