//! Clients that prove to hold a key (RFC 9449).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::client::{Client, Tokens};
use super::http::{Answer, Request};
use super::jwt::{SigningKey, random_text, sha256};
use super::time::now;

/// A key that proofs are signed with.
#[derive(Clone)]
pub(crate) struct ProofKey(pub(crate) SigningKey);

impl ProofKey {
    pub(crate) fn generate(algorithm: &str) -> Self {
        Self(SigningKey::generate(algorithm))
    }

    /// The public key and nothing else.
    pub(crate) fn jwk(&self) -> Value {
        let public = self.0.public_jwk();
        let members = ["kty", "crv", "x", "y", "n", "e"];
        let kept = members.iter().filter_map(|name| Some(((*name).to_owned(), public.get(*name)?.clone())));
        Value::Object(kept.collect::<Map<String, Value>>())
    }

    /// RFC 7638 section 3; the members of a map are in order here.
    pub(crate) fn thumbprint(&self) -> String {
        let jwk = self.jwk();
        let ordered: std::collections::BTreeMap<_, _> = jwk.as_object().unwrap().iter().collect();
        URL_SAFE_NO_PAD.encode(sha256(serde_json::to_string(&ordered).unwrap().as_bytes()))
    }

    pub(crate) fn header(&self) -> Value {
        json!({"typ": "dpop+jwt", "alg": self.0.algorithm, "jwk": self.jwk()})
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.0.sign_with_header(&self.header(), claims)
    }

    /// A proof for a POST to an address.
    pub(crate) fn post(&self, url: &str) -> String {
        self.sign(&claims("POST", url))
    }

    /// A proof for a GET of an address with an access token.
    pub(crate) fn get(&self, url: &str, access_token: &str) -> String {
        self.sign(&claims_with("GET", url, access_token))
    }
}

/// What a proof for a request says.
pub(crate) fn claims(method: &str, url: &str) -> Value {
    json!({"jti": random_text(), "htm": method, "htu": url, "iat": now()})
}

/// The same with an access token.
pub(crate) fn claims_with(method: &str, url: &str, access_token: &str) -> Value {
    let mut claims = claims(method, url);
    claims["ath"] = json!(URL_SAFE_NO_PAD.encode(sha256(access_token.as_bytes())));
    claims
}

impl Request {
    /// With a proof.
    pub(crate) fn dpop(self, proof: &str) -> Self {
        self.header("dpop", proof)
    }

    /// With an access token that is bound to a key, and a proof.
    pub(crate) fn bound(self, token: &str, proof: &str) -> Self {
        self.header("authorization", &format!("DPoP {token}")).dpop(proof)
    }
}

impl Client {
    /// Asks the token endpoint with a proof.
    pub(crate) async fn prove(&self, parameters: &[(&str, &str)], proof: &str) -> Answer {
        self.http.send(self.authenticated("/token", parameters).dpop(proof)).await
    }

    /// The same with a good proof of a key.
    pub(crate) async fn ask_with(&self, key: &ProofKey, parameters: &[(&str, &str)]) -> Answer {
        self.prove(parameters, &key.post(&self.endpoint("/token"))).await
    }

    /// A token of the client's own, bound to a key.
    pub(crate) async fn own_token(&self, key: &ProofKey) -> Tokens {
        self.ask_with(key, &[("grant_type", "client_credentials")]).await.bound_tokens()
    }

    /// Asks the userinfo endpoint with a token and a proof.
    pub(crate) async fn prove_at_userinfo(&self, access_token: &str, proof: &str) -> Answer {
        self.http.send(Request::get(&self.endpoint("/userinfo")).bound(access_token, proof)).await
    }
}

impl Answer {
    /// A successful answer of the token endpoint with a token that is bound to a key (RFC 9449 section 5).
    pub(crate) fn bound_tokens(&self) -> Tokens {
        let tokens = self.success();
        assert_eq!(tokens["token_type"], "DPoP", "{tokens}");
        Tokens(tokens)
    }

    /// A refusal of a request whose token came with the scheme `DPoP` (RFC 9449 section 7.1).
    pub(crate) fn assert_proof_refused(&self, error: &str) {
        assert_eq!(self.status, 401, "{self:?}");
        let challenge = self.header("www-authenticate").expect("RFC 9449 section 7.1");
        assert!(challenge.starts_with("DPoP "), "{challenge}");
        assert!(challenge.contains(&format!("error=\"{error}\"")), "{challenge}");
        assert!(challenge.contains("algs=\"ES256 PS256 "), "{challenge}");
    }
}
