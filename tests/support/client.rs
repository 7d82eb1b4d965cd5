//! A client of a realm: how it authenticates, and what it asks the endpoints.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::authorization::{AuthorizationRequest, assert_describes};
use super::browser::Browser;
use super::certificates::Identity;
use super::http::{Answer, HttpClient, Request};
use super::jwt::{SigningKey, random_text, sha256};
use super::realm::User;
use super::time::now;

/// The one value of `client_assertion_type` (RFC 7523 section 2.2).
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How a client proves who it is.
#[derive(Clone)]
pub(crate) enum Credential {
    /// Not at all.
    None,
    Basic(String),
    Post(String),
    /// A JWT, signed with a secret or a private key.
    Assertion(SigningKey),
    /// A certificate of the TLS connection, at the endpoints that ask for one.
    Certificate(Box<Identity>),
}

/// A client of a realm.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) issuer: String,
    /// The issuer's path where certificates are asked for (RFC 8705 section 5).
    pub(crate) mtls_issuer: String,
    pub(crate) id: String,
    pub(crate) credential: Credential,
    pub(crate) redirect_uri: String,
    pub(crate) http: HttpClient,
}

/// What a token response gave.
#[derive(Debug, Clone)]
pub(crate) struct Tokens(pub(crate) Value);

impl Client {
    /// An authorization request with everything that best practice puts into one.
    pub(crate) fn request(&self) -> AuthorizationRequest {
        let verifier = random_text();
        let challenge = URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()));
        let request =
            AuthorizationRequest { issuer: self.issuer.clone(), parameters: Vec::new(), verifier: Some(verifier) };
        request
            .with("response_type", "code")
            .with("client_id", &self.id)
            .with("redirect_uri", &self.redirect_uri)
            .with("scope", "openid")
            .with("state", &random_text())
            .with("nonce", &random_text())
            .with("code_challenge", &challenge)
            .with("code_challenge_method", "S256")
    }

    /// The same client with another credential.
    pub(crate) fn with_credential(&self, credential: Credential) -> Self {
        let identity = match &credential {
            Credential::Certificate(identity) => Some(&**identity),
            _ => None,
        };
        Self { http: HttpClient::presenting(identity), credential, ..self.clone() }
    }

    /// The URL of an endpoint: the one that asks for certificates if the client has one.
    pub(crate) fn endpoint(&self, path: &str) -> String {
        match self.credential {
            Credential::Certificate(_) => format!("{}{path}", self.mtls_issuer),
            _ => format!("{}{path}", self.issuer),
        }
    }

    /// The claims of a client assertion (RFC 7523 section 3).
    pub(crate) fn assertion_claims(&self) -> Value {
        json!({
            "iss": self.id, "sub": self.id, "aud": self.issuer, "jti": random_text(), "iat": now(), "exp": now() + 60,
        })
    }

    /// A request of an endpoint that clients authenticate at.
    pub(crate) fn authenticated(&self, path: &str, parameters: &[(&str, &str)]) -> Request {
        let url = self.endpoint(path);
        let with = |more: &[(&str, &str)]| Request::form(&url, &[parameters, more].concat());
        match &self.credential {
            Credential::None | Credential::Certificate(_) => with(&[("client_id", &self.id)]),
            Credential::Basic(secret) => with(&[]).basic(&self.id, secret),
            Credential::Post(secret) => with(&[("client_id", &self.id), ("client_secret", secret)]),
            Credential::Assertion(key) => {
                let assertion = key.sign(&self.assertion_claims());
                with(&[("client_assertion_type", JWT_BEARER), ("client_assertion", &assertion)])
            }
        }
    }

    /// Asks an endpoint that clients authenticate at.
    pub(crate) async fn ask(&self, path: &str, parameters: &[(&str, &str)]) -> Answer {
        self.http.send(self.authenticated(path, parameters)).await
    }

    /// Pushes a request (RFC 9126 section 2.1).
    pub(crate) async fn push(&self, request: &AuthorizationRequest) -> Answer {
        let parameters = request.parameters.iter().filter(|(name, _)| name != "client_id");
        let parameters: Vec<(&str, &str)> = parameters.map(|(name, value)| (&**name, &**value)).collect();
        self.ask("/par", &parameters).await
    }

    /// The request that a browser is sent with once this one was pushed (RFC 9126 section 4).
    pub(crate) async fn pushed(&self, request: &AuthorizationRequest) -> AuthorizationRequest {
        let answer = self.push(request).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        self.referring(answer.json()["request_uri"].as_str().expect("RFC 9126 section 2.2"))
    }

    /// A request that is nothing but a reference.
    pub(crate) fn referring(&self, request_uri: &str) -> AuthorizationRequest {
        let request = AuthorizationRequest { issuer: self.issuer.clone(), parameters: Vec::new(), verifier: None };
        request.with("client_id", &self.id).with("request_uri", request_uri)
    }

    /// The parameters that redeem a code.
    pub(crate) fn redemption<'a>(request: &'a AuthorizationRequest, code: &'a str) -> Vec<(&'a str, &'a str)> {
        let mut parameters =
            vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", request.redirect_uri())];
        parameters.extend(request.verifier.as_deref().map(|verifier| ("code_verifier", verifier)));
        parameters
    }

    pub(crate) async fn redeem(&self, request: &AuthorizationRequest, code: &str) -> Answer {
        self.ask("/token", &Self::redemption(request, code)).await
    }

    pub(crate) async fn refresh(&self, refresh_token: &str) -> Answer {
        self.ask("/token", &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await
    }

    pub(crate) async fn client_credentials(&self, scope: &str) -> Answer {
        self.ask("/token", &[("grant_type", "client_credentials"), ("scope", scope)]).await
    }

    /// Asks for a token of its own with this client assertion.
    pub(crate) async fn present(&self, assertion: &str) -> Answer {
        let parameters = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", assertion),
        ];
        self.http.post(&self.endpoint("/token"), &parameters).await
    }

    pub(crate) async fn introspect(&self, token: &str) -> Value {
        self.ask("/introspect", &[("token", token)]).await.success()
    }

    pub(crate) async fn is_active(&self, token: &str) -> bool {
        self.introspect(token).await["active"].as_bool().unwrap()
    }

    pub(crate) async fn revoke(&self, token: &str) -> Answer {
        self.ask("/revoke", &[("token", token)]).await
    }

    /// Goes through a whole code flow.
    pub(crate) async fn obtain(&self, browser: &mut Browser, request: &AuthorizationRequest, user: &User) -> Tokens {
        let response = browser.complete(request, user).await;
        self.redeem(request, response.code()).await.tokens()
    }

    pub(crate) async fn userinfo(&self, access_token: &str) -> Answer {
        self.http.send(Request::get(&self.endpoint("/userinfo")).bearer(access_token)).await
    }
}

impl Tokens {
    pub(crate) fn access_token(&self) -> &str {
        self.0["access_token"].as_str().unwrap()
    }

    pub(crate) fn refresh_token(&self) -> &str {
        self.0["refresh_token"].as_str().unwrap_or_else(|| panic!("no refresh token: {:?}", self.0))
    }

    pub(crate) fn device_secret(&self) -> &str {
        self.0["device_secret"].as_str().unwrap_or_else(|| panic!("no device secret: {:?}", self.0))
    }

    pub(crate) fn id_token(&self) -> &str {
        self.0["id_token"].as_str().unwrap_or_else(|| panic!("no ID token: {:?}", self.0))
    }
}

impl Answer {
    /// A successful answer of the token endpoint (RFC 6749 section 5.1).
    pub(crate) fn tokens(&self) -> Tokens {
        let tokens = self.success();
        self.assert_not_kept();
        for member in tokens.as_object().unwrap().keys() {
            let known = [
                "access_token",
                "token_type",
                "expires_in",
                "refresh_token",
                "scope",
                "id_token",
                "device_secret",
                "issued_token_type",
                "authorization_details",
                "grant_id",
                "upgraded",
                "pct",
            ];
            assert!(known.contains(&member.as_str()), "{member}");
        }
        let access_token = "urn:ietf:params:oauth:token-type:access_token";
        let is_other = tokens.get("issued_token_type").is_some_and(|issued| issued != access_token);
        assert_eq!(tokens["token_type"], if is_other { "N_A" } else { "Bearer" });
        assert!(tokens["expires_in"].as_i64().is_some_and(|seconds| (1..=31_536_000).contains(&seconds)), "{tokens}");
        Tokens(tokens)
    }

    fn assert_not_kept(&self) {
        assert_eq!(self.header("cache-control"), Some("no-store"), "{self:?}");
        assert_eq!(self.content_type(), "application/json");
        assert_eq!(self.header("set-cookie"), None);
    }

    /// An error of an endpoint that clients authenticate at (RFC 6749 section 5.2).
    pub(crate) fn assert_refused(&self, error: &str) {
        let body = self.json();
        assert_eq!(body["error"], error, "{self:?}");
        assert_eq!(self.status, if error == "invalid_client" { 401 } else { 400 }, "{self:?}");
        assert_eq!(self.header("www-authenticate").is_some(), error == "invalid_client", "{self:?}");
        self.assert_not_kept();
        for member in body.as_object().unwrap().keys() {
            assert!(["error", "error_description"].contains(&member.as_str()), "{member}");
        }
        assert_describes(body["error_description"].as_str().expect("a refusal says what to do"));
    }

    /// An error of the userinfo endpoint (RFC 6750 section 3).
    pub(crate) fn assert_token_refused(&self, status: u16, error: &str) {
        assert_eq!(self.status, status, "{self:?}");
        let challenge = self.header("www-authenticate").expect("RFC 6750 section 3");
        assert!(challenge.starts_with("Bearer "), "{challenge}");
        assert!(challenge.contains(&format!("error=\"{error}\"")), "{challenge}");
    }
}
