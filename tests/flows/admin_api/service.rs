//! The admin API over a database of its own, and a client of it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use poem::endpoint::BoxEndpoint;
use poem::http::{HeaderMap, Method};
use poem::{Endpoint as _, EndpointExt as _, Request, Response, Route};
use serde_json::{Value, json};
use signet_core::authn::{PasswordHasher, PasswordOptions};
use signet_core::binding::DpopHeader;
use signet_core::endpoints::Bases;
use signet_core::grants::{self, ClientRequest};
use signet_core::protocol::client_metadata::ClientMetadata;
use signet_core::protocol::parameters::Parameters;
use signet_core::protocol::time::{Clock, UnixTime};
use signet_core::provider::{Provider, ProviderParts};
use signet_core::registry::{self, ClientRegistration};
use signet_jose::{RootKey, SystemRandom};
use signet_outbound::{OutboundClient, OutboundSettings, SystemResolver};
use signet_store::Options;

use crate::support::databases::{Kind, TestDatabase};

/// The public base of the tests' deployment.
pub(crate) const PUBLIC: &str = "https://op.test";
/// Where the tests' clients are.
pub(crate) const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// A secret that clients of the tests chose.
const SECRET: &str = "a secret of the tests";

/// A clock that a test sets.
pub(crate) struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> UnixTime {
        UnixTime(self.0.load(Ordering::Relaxed))
    }

    fn monotonic(&self) -> std::time::Duration {
        crate::support::time::monotonic()
    }
}

impl TestClock {
    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

/// The admin API with a token that may do everything.
pub(crate) struct Service {
    pub(crate) provider: Arc<Provider>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) token: String,
    endpoint: BoxEndpoint<'static, Response>,
    database: TestDatabase,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// `null` where there is no JSON.
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The problem's kind and field; panics if this is none.
    pub(crate) fn problem(&self) -> (u16, &str, &str) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        assert_eq!(self.body["status"], self.status, "{self:?}");
        let kind = self.body["type"].as_str().unwrap().strip_prefix("urn:signet:problem:").unwrap();
        (self.status, kind, self.body["field"].as_str().unwrap_or_default())
    }
}

/// A request that is being put together.
pub(crate) struct Ask<'a> {
    service: &'a Service,
    method: Method,
    path: String,
    token: Option<String>,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Ask<'_> {
    pub(crate) fn token(mut self, token: Option<&str>) -> Self {
        self.token = token.map(str::to_owned);
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.body = body.to_string().into_bytes();
        self.header("content-type", "application/json")
    }

    pub(crate) fn bytes(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) async fn send(self) -> Answer {
        let mut builder = Request::builder().method(self.method).uri_str(format!("/admin/api/v1{}", self.path));
        if let Some(token) = &self.token {
            builder = builder.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in &self.headers {
            builder = builder.header(*name, value);
        }
        let response = self.service.endpoint.get_response(builder.body(self.body)).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.into_body().into_vec().await.unwrap();
        let mut answer = Answer { status, headers, body: Value::Null };
        if !bytes.is_empty() && answer.header("content-type").contains("json") {
            answer.body = serde_json::from_slice(&bytes).unwrap();
        }
        answer
    }
}

impl Service {
    pub(crate) async fn start() -> Self {
        let database = TestDatabase::migrated(Kind::Sqlite).await;
        let store = signet_store::Database::connect(&database.url, Options::default()).await.unwrap();
        let random = Arc::new(SystemRandom::new());
        let clock = Arc::new(TestClock(AtomicI64::new(1_800_000_000)));
        let passwords = PasswordOptions { memory_kib: 64, iterations: 1, ..PasswordOptions::default() };
        let outbound = OutboundClient::new(OutboundSettings::default(), Arc::new(SystemResolver)).unwrap();
        let provider = Arc::new(Provider::new(ProviderParts {
            store: Arc::new(store),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            passwords: PasswordHasher::new(passwords, &*random).unwrap(),
            root_key: RootKey::generate(&*random),
            random,
            outbound: Arc::new(outbound),
            scripts: crate::support::scripts::engine(),
            script_tools: crate::support::scripts::tools(),
            bases: Bases { public: PUBLIC.to_owned(), mutual_tls: None },
        }));
        registry::prepare_database(&provider).await.unwrap();
        let api = signet_admin::service(Arc::clone(&provider));
        let endpoint = Route::new().nest(signet_admin::BASE_PATH, api).map_to_response().boxed();
        let mut service = Self { provider, clock, token: String::new(), endpoint, database };
        service.token = service.token_with("admin", "signet.admin").await;
        service
    }

    pub(crate) async fn stop(self) {
        self.database.remove().await;
    }

    fn ask(&self, method: Method, path: impl Into<String>) -> Ask<'_> {
        Ask {
            service: self,
            method,
            path: path.into(),
            token: Some(self.token.clone()),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub(crate) fn get(&self, path: impl Into<String>) -> Ask<'_> {
        self.ask(Method::GET, path)
    }

    pub(crate) fn post(&self, path: impl Into<String>, body: &Value) -> Ask<'_> {
        self.ask(Method::POST, path).json(body)
    }

    pub(crate) fn patch(&self, path: impl Into<String>, body: &Value) -> Ask<'_> {
        self.ask(Method::PATCH, path).json(body)
    }

    pub(crate) fn delete(&self, path: impl Into<String>) -> Ask<'_> {
        self.ask(Method::DELETE, path)
    }

    /// Any method, without a body.
    pub(crate) fn method(&self, method: &str, path: impl Into<String>) -> Ask<'_> {
        self.ask(Method::from_bytes(method.as_bytes()).unwrap(), path)
    }

    /// A client's own token in a realm, with a scope.
    pub(crate) async fn token_with(&self, realm: &str, scope: &str) -> String {
        self.token_for(realm, scope, None).await
    }

    /// The same, for a resource server.
    pub(crate) async fn token_for(&self, realm: &str, scope: &str, resource: Option<&str>) -> String {
        let realm = registry::find_realm(&self.provider, &realm.parse().unwrap()).await.unwrap();
        let metadata: ClientMetadata = serde_json::from_value(json!({
            "grant_types": ["client_credentials"],
            "token_endpoint_auth_method": "client_secret_post",
            "scope": scope,
        }))
        .unwrap();
        let registration =
            ClientRegistration { metadata, settings: serde_json::from_value(json!({})).unwrap(), enabled: true };
        let secret = Some(SECRET.to_owned().into());
        let issued =
            registry::create_client(&self.provider.serving_itself(), &realm, None, registration, secret).await.unwrap();
        let client_id = issued.client.client_id.as_str();
        let mut parameters =
            Parameters::default().with("grant_type", "client_credentials").with("client_id", client_id);
        parameters = parameters.with("client_secret", SECRET);
        if let Some(resource) = resource {
            parameters = parameters.with("resource", resource);
        }
        let request = ClientRequest {
            authorization: None,
            parameters: &parameters,
            certificate: None,
            dpop: DpopHeader::Absent,
            address: ADDRESS,
        };
        grants::exchange(&self.provider.serving_itself(), &realm, request).await.unwrap().access_token
    }

    /// Makes a realm and answers its path.
    pub(crate) async fn realm(&self, name: &str) -> String {
        let answer = self.post("/realms", &json!({"name": name, "display_name": name})).send().await;
        assert_eq!(answer.status, 201, "{answer:?}");
        format!("/realms/{name}")
    }
}
