//! What an administrator does: through the admin API of a running server, or straight through the registry where the
//! server's parts run inside the test.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde_json::{Map, Value, json};
use signet_core::model::RealmSettings;
use signet_core::provider::Provider;
use signet_core::realm::RealmContext;
use signet_core::registry::{self, ClientRegistration, RealmChange, UserChange};
use zeroize::Zeroizing;

use super::http::{Answer, HttpClient, Request};
use super::server::is_balanced;

/// The client of realm `admin` that the tests administer with.
pub(crate) const CLIENT_ID: &str = "tests";

/// A node that has not heard of these asks the database.
const UNKNOWN_BEFORE: [&str; 3] = ["/realms", "/clients", "/users"];
/// How long it may take until every node has heard of a change: two polls, and a little.
const KNOWN_EVERYWHERE: Duration = Duration::from_millis(1_100);

/// An administrator.
pub(crate) enum Administration {
    /// At the admin API.
    Api { base: String, secret: String },
    /// At the registry.
    Registry(Arc<Provider>),
}

impl Administration {
    /// An administrator with the secret of [`CLIENT_ID`].
    pub(crate) fn by_api(base: &str, secret: &str) -> Self {
        Self::Api { base: base.to_owned(), secret: secret.to_owned() }
    }

    /// The same administrator, at another node.
    pub(crate) fn at(&self, base: &str) -> Self {
        let Self::Api { secret, .. } = self else { panic!("no admin API here") };
        Self::by_api(base, secret)
    }

    /// Asks the admin API; anything but success fails.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: &Value) -> Answer {
        let answer = self.try_ask(method, path, body).await;
        assert!((200..300).contains(&answer.status), "{answer:?} to {body}");
        answer
    }

    /// Asks the admin API.
    pub(crate) async fn try_ask(&self, method: Method, path: &str, body: &Value) -> Answer {
        let Self::Api { base, secret } = self else { panic!("no admin API here") };
        let http = HttpClient::new();
        let grant = [("grant_type", "client_credentials"), ("scope", "signet.admin")];
        let request = Request::form(&format!("{base}/realms/admin/token"), &grant).basic(CLIENT_ID, secret);
        let token = http.send(request).await.success();
        let request = Request::post(&format!("{base}/admin/api/v1{path}"), "application/json", body.to_string());
        let request = Request { method, ..request }.bearer(token["access_token"].as_str().unwrap());
        let is_new = request.method == Method::POST && UNKNOWN_BEFORE.iter().any(|things| path.ends_with(things));
        let answer = http.send(request).await;
        if is_balanced() && !is_new {
            tokio::time::sleep(KNOWN_EVERYWHERE).await;
        }
        answer
    }

    pub(crate) async fn create_realm(&self, body: &Value) {
        let Self::Registry(provider) = self else {
            self.ask(Method::POST, "/realms", body).await;
            return;
        };
        let mut settings = object(body);
        let name = take(&mut settings, "name").as_str().unwrap().parse().unwrap();
        let display_name = take(&mut settings, "display_name").as_str().unwrap().to_owned();
        let settings: RealmSettings = serde_json::from_value(Value::Object(settings)).unwrap();
        registry::create_realm(&provider.serving_itself(), RealmChange { name, display_name, enabled: true, settings })
            .await
            .unwrap();
    }

    /// Changes members of a realm.
    pub(crate) async fn update_realm(&self, realm: &str, change: &Value) {
        self.ask(Method::PATCH, &format!("/realms/{realm}"), change).await;
    }

    pub(crate) async fn create_client(&self, realm: &str, body: &Value) -> Value {
        let Self::Registry(provider) = self else {
            return self.ask(Method::POST, &format!("/realms/{realm}/clients"), body).await.json();
        };
        let mut metadata = object(body);
        let client_id = metadata.remove("client_id").map(|id| id.as_str().unwrap().parse().unwrap());
        let secret = metadata.remove("client_secret").map(|secret| Zeroizing::new(secret.as_str().unwrap().to_owned()));
        let settings = metadata.remove("settings").unwrap_or_else(|| json!({}));
        let registration = ClientRegistration {
            metadata: serde_json::from_value(Value::Object(metadata)).unwrap(),
            settings: serde_json::from_value(settings).unwrap(),
            enabled: true,
        };
        let context = context(provider, realm).await;
        let issued = registry::create_client(&provider.serving_itself(), &context, client_id, registration, secret)
            .await
            .unwrap();
        let secret = issued.secret.as_ref().map(|secret| secret.as_str());
        json!({"client_id": issued.client.client_id.as_str(), "client_secret": secret})
    }

    /// Changes members of a client, `null` removes one.
    pub(crate) async fn update_client(&self, realm: &str, client: &str, change: &Value) {
        self.ask(Method::PATCH, &format!("/realms/{realm}/clients/{client}"), change).await;
    }

    pub(crate) async fn delete_client(&self, realm: &str, client: &str) {
        self.ask(Method::DELETE, &format!("/realms/{realm}/clients/{client}"), &Value::Null).await;
    }

    pub(crate) async fn create_user(&self, realm: &str, body: &Value) -> Value {
        let Self::Registry(provider) = self else {
            return self.ask(Method::POST, &format!("/realms/{realm}/users"), body).await.json();
        };
        let change = UserChange {
            username: body["username"].as_str().unwrap().to_owned(),
            enabled: true,
            claims: object(&body["claims"]),
            attributes: Map::new(),
        };
        let context = context(provider, realm).await;
        let user = registry::create_user(&provider.serving_itself(), &context, change, body["password"].as_str())
            .await
            .unwrap();
        json!({"id": user.id.to_string()})
    }

    /// Changes members of a user.
    pub(crate) async fn update_user(&self, realm: &str, user: &str, change: &Value) {
        self.ask(Method::PATCH, &format!("/realms/{realm}/users/{user}"), change).await;
    }

    pub(crate) async fn set_password(&self, realm: &str, user: &str, password: &str) {
        self.ask(Method::PUT, &format!("/realms/{realm}/users/{user}/password"), &json!({"password": password})).await;
    }

    pub(crate) async fn delete_user(&self, realm: &str, user: &str) {
        self.ask(Method::DELETE, &format!("/realms/{realm}/users/{user}"), &Value::Null).await;
    }

    pub(crate) async fn create_details_type(&self, realm: &str, body: &Value) -> Value {
        self.ask(Method::POST, &format!("/realms/{realm}/authorization-details-types"), body).await.json()
    }

    pub(crate) async fn create_resource_server(&self, realm: &str, body: &Value) -> Value {
        self.ask(Method::POST, &format!("/realms/{realm}/resource-servers"), body).await.json()
    }

    /// A client as it is.
    pub(crate) async fn client(&self, realm: &str, client: &str) -> Value {
        self.ask(Method::GET, &format!("/realms/{realm}/clients/{client}"), &Value::Null).await.json()
    }

    /// Gives a client a new secret.
    pub(crate) async fn rotate_client_secret(&self, realm: &str, client: &str) -> Value {
        self.ask(Method::POST, &format!("/realms/{realm}/clients/{client}/secret"), &Value::Null).await.json()
    }

    pub(crate) async fn create_initial_access_token(&self, realm: &str, body: &Value) -> Value {
        self.ask(Method::POST, &format!("/realms/{realm}/initial-access-tokens"), body).await.json()
    }
}

async fn context(provider: &Provider, realm: &str) -> Arc<RealmContext> {
    registry::find_realm(provider, &realm.parse().unwrap()).await.unwrap()
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn take(members: &mut Map<String, Value>, name: &str) -> Value {
    members.remove(name).unwrap_or_else(|| panic!("no {name}"))
}
