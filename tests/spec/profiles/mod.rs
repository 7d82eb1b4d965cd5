//! The demands of the FAPI profiles in requests, one test each. What registrations lack is tested beside the demands.

mod combinations;
mod fapi1;
mod fapi2;
mod forecast;
mod message_signing;

use serde_json::{Value, json};

use super::request_objects::object_of;
use crate::support::authorization::AuthorizationRequest;
use crate::support::browser::Browser;
use crate::support::certificates::{Identity, Subject};
use crate::support::client::{Client, Credential};
use crate::support::http::Answer;
use crate::support::jwt::SigningKey;
use crate::support::realm::{Realm, merged};
use crate::support::time::now;

/// A realm of the base profile whose clients may have certificates, and a client of it that meets every profile, held to
/// one. The key is that of its request objects.
struct Bank {
    realm: Realm,
    client: Client,
    key: SigningKey,
}

impl Bank {
    async fn with(profile: &str, metadata: Value) -> Self {
        let authority = Identity::authority("Bank authority");
        let authorities = json!({
            "client_certificate_authorities": authority.certificate_pem(),
            "response_types": ["code", "code id_token", "none"],
        });
        let realm = Realm::with(authorities).await;
        let identity = Identity::issued(&Subject::named("bank client"), Some(&authority));
        let key = SigningKey::generate("ES256");
        let own = json!({
            "token_endpoint_auth_method": "tls_client_auth",
            "tls_client_auth_subject_dn": "CN=bank client,O=Example",
            "tls_client_certificate_bound_access_tokens": true,
            "jwks": key.public_set(),
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
            "scope": "openid offline_access read",
            "settings": {"profile": profile},
        });
        let client = realm.client(merged(own, metadata)).await;
        let client = client.with_credential(Credential::Certificate(Box::new(identity)));
        Self { realm, client, key }
    }

    async fn of(profile: &str) -> Self {
        Self::with(profile, json!({})).await
    }

    /// A client of the realm and the profile that signs assertions.
    async fn signing_client(&self, algorithm: &str, profile: &str) -> (Client, SigningKey) {
        let metadata = json!({
            "grant_types": ["client_credentials"], "response_types": [], "scope": "read",
            "settings": {"profile": profile},
        });
        self.realm.client_with_key(algorithm, metadata).await
    }

    /// The object of a request, with times that every profile takes; `null` takes a claim out.
    fn object(&self, request: &AuthorizationRequest, change: Value) -> String {
        let times = json!({"nbf": now(), "exp": now() + 300});
        let mut claims = merged(merged(object_of(&self.client, request), times), change);
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        self.key.sign(&claims)
    }

    /// Pushes parameters (RFC 9126 section 2.1).
    async fn push(&self, parameters: &[(String, String)]) -> Answer {
        let own = parameters.iter().filter(|(name, _)| name != "client_id");
        let own: Vec<(&str, &str)> = own.map(|(name, value)| (&**name, &**value)).collect();
        self.client.ask("/par", &own).await
    }

    /// What the user sees who is sent with the reference of a push, and agrees to everything.
    async fn follow(&self, browser: &mut Browser, pushed: &Answer) -> Answer {
        let pushed = pushed.json();
        let reference = pushed["request_uri"].as_str().unwrap_or_else(|| panic!("no reference: {pushed}"));
        let request = only(&self.client, &[("request_uri", reference)]);
        self.agree(browser, &request).await
    }

    async fn agree(&self, browser: &mut Browser, request: &AuthorizationRequest) -> Answer {
        let mut answer = browser.authorize(request).await;
        if answer.is_page("login-page") {
            answer = browser.log_in(&answer, &self.realm.user).await;
        }
        if answer.is_page("consent-page") {
            answer = browser.allow(&answer).await;
        }
        answer
    }
}

/// A request of these parameters and the client's name.
fn only(client: &Client, parameters: &[(&str, &str)]) -> AuthorizationRequest {
    let request = AuthorizationRequest { issuer: client.issuer.clone(), parameters: Vec::new(), verifier: None };
    let request = request.with("client_id", &client.id);
    parameters.iter().fold(request, |request, (name, value)| request.with(name, value))
}
