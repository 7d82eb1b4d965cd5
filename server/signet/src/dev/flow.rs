//! The built-in test client: an authorization code flow with PKCE as a client goes through it (RFC 6749 section 4.1,
//! RFC 7636, OpenID Connect Core 3.1), with everything that was sent and received kept for the page.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use signet_core::binding::DpopHeader;
use signet_core::endpoints::{Endpoint, UserInfo, userinfo};
use signet_core::failure::Failure;
use signet_core::grants::{ClientRequest, exchange};
use signet_core::protocol::parameters::Parameters;
use signet_core::protocol::responses::TokenResponse;
use signet_core::provider::Provider;
use signet_core::realm::RealmContext;
use signet_core::tokens::check_access_token;
use signet_http::pages::{Json, TokenView};
use signet_jose::{
    AudienceRule, Random, SignatureAlgorithm, UnverifiedToken, VerificationProfile, base64url, digest, random_token,
    verify,
};
use url::Url;
use url::form_urlencoded::Serializer;

use super::demo;

/// Flows that may be under way; the oldest is forgotten for one more.
const MOST_FLOWS: usize = 32;
/// What is asked for.
const SCOPE: &str = "openid profile email address";

/// The client and its flows that are under way.
pub(super) struct TestClient {
    redirect_uri: String,
    client_secret: String,
    flows: Mutex<VecDeque<Flow>>,
}

/// A flow that waits for its answer.
#[derive(Clone)]
pub(super) struct Flow {
    /// Binds the answer to this browser and this request.
    pub(super) state: String,
    /// The URL of the request.
    pub(super) request: String,
    nonce: String,
    code_verifier: String,
}

/// What came of a flow.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) token_response: Option<Json>,
    pub(super) id_token: Option<TokenView>,
    pub(super) access_token: Option<TokenView>,
    pub(super) userinfo: Option<Json>,
    pub(super) problem: Option<String>,
}

impl TestClient {
    pub(super) fn new(base: &str, client_secret: String) -> Self {
        Self { redirect_uri: demo::redirect_uri(base), client_secret, flows: Mutex::default() }
    }

    /// Begins a flow.
    pub(super) fn begin(&self, realm: &RealmContext, random: &dyn Random) -> Result<Flow, url::ParseError> {
        let (state, nonce) = (random_token(random, 16), random_token(random, 16));
        let code_verifier = random_token(random, 32);
        let challenge = base64url::encode(digest::sha256(code_verifier.as_bytes()));
        let request = Url::parse_with_params(
            &realm.urls.of(Endpoint::Authorization),
            [
                ("response_type", "code"),
                ("client_id", demo::WEB_CLIENT),
                ("redirect_uri", &self.redirect_uri),
                ("scope", SCOPE),
                ("state", &state),
                ("nonce", &nonce),
                ("code_challenge", &challenge),
                ("code_challenge_method", "S256"),
            ],
        )?;
        let flow = Flow { state, request: request.into(), nonce, code_verifier };
        let mut flows = self.flows.lock().unwrap_or_else(PoisonError::into_inner);
        if flows.len() >= MOST_FLOWS {
            flows.pop_front();
        }
        flows.push_back(flow.clone());
        Ok(flow)
    }

    /// The flow of a state, which is over with that.
    pub(super) fn end(&self, state: &str) -> Option<Flow> {
        let mut flows = self.flows.lock().unwrap_or_else(PoisonError::into_inner);
        let position = flows.iter().position(|flow| flow.state == state)?;
        flows.remove(position)
    }

    /// Goes on with the answer of the authorization endpoint.
    pub(super) async fn finish(
        &self,
        provider: &Provider,
        realm: &RealmContext,
        flow: &Flow,
        answer: &Parameters,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        outcome.problem = self.play(provider, realm, (flow, answer), &mut outcome).await.err();
        outcome
    }

    async fn play(
        &self,
        provider: &Provider,
        realm: &RealmContext,
        (flow, answer): (&Flow, &Parameters),
        outcome: &mut Outcome,
    ) -> Result<(), String> {
        // RFC 9207 section 2.4: against answers of another server.
        if answer.get("iss") != Some(realm.issuer()) {
            return Err("The answer does not name this issuer (iss).".to_owned());
        }
        if let Some(error) = answer.get("error") {
            return Err(format!("The provider answered {error}."));
        }
        let code = answer.get("code").ok_or("The answer has neither a code nor an error.")?;
        let tokens = self.redeem(provider, realm, (flow, code)).await.map_err(|failure| said(&failure))?;
        outcome.token_response = serde_json::to_value(&tokens).ok().map(Json);
        outcome.access_token = Some(decoded(&tokens.access_token).unwrap_or(TokenView::Opaque));
        let id_token = tokens.id_token.as_deref().ok_or("The answer of the token endpoint has no ID token.")?;
        verify_id_token(provider, realm, (flow, id_token))?;
        outcome.id_token = decoded(id_token);
        outcome.userinfo = user_info(provider, realm, &tokens.access_token).await.map_err(|failure| said(&failure))?;
        Ok(())
    }

    async fn redeem(
        &self,
        provider: &Provider,
        realm: &RealmContext,
        (flow, code): (&Flow, &str),
    ) -> Result<TokenResponse, Failure> {
        let body = Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("code_verifier", &flow.code_verifier)
            .finish();
        let parameters = Parameters::parse(&body).unwrap_or_default();
        // Neither name nor secret has a character that form encoding would change (RFC 6749 section 2.3.1).
        let credentials = STANDARD.encode(format!("{}:{}", demo::WEB_CLIENT, self.client_secret));
        let authorization = format!("Basic {credentials}");
        let request = ClientRequest {
            authorization: Some(&authorization),
            parameters: &parameters,
            certificate: None,
            dpop: DpopHeader::Absent,
            address: Ipv4Addr::LOCALHOST.into(),
        };
        exchange(&provider.serving_itself(), realm, request).await
    }
}

fn said(failure: &Failure) -> String {
    match failure {
        Failure::Refusal(refusal) => format!("{}: {}.", refusal.code.as_str(), refusal.reason),
        Failure::Fault(_) => "The provider failed; its log says why.".to_owned(),
    }
}

/// OpenID Connect Core 3.1.3.7.
fn verify_id_token(provider: &Provider, realm: &RealmContext, (flow, token): (&Flow, &str)) -> Result<(), String> {
    let mut profile = VerificationProfile::id_token_hint(realm.issuer(), &[SignatureAlgorithm::ES256]);
    profile.audience = AudienceRule::AnyOf(&[demo::WEB_CLIENT]);
    profile.expired_is_accepted = false;
    let wrong = |why: String| format!("The ID token is not acceptable: {why}.");
    let unverified = UnverifiedToken::parse(token).map_err(|error| wrong(error.to_string()))?;
    let claims = verify(unverified, realm.signing_keys.verifying(), &profile, provider.now())
        .map_err(|error| wrong(error.to_string()))?;
    let is_ours = claims.text("nonce") == Some(&flow.nonce);
    is_ours.then_some(()).ok_or_else(|| wrong("its nonce is not the one of the request".to_owned()))
}

async fn user_info(provider: &Provider, realm: &RealmContext, token: &str) -> Result<Option<Json>, Failure> {
    let Some(token) = check_access_token(provider, realm, token).await? else { return Ok(None) };
    match userinfo(&provider.serving_itself(), realm, &token).await? {
        UserInfo::Claims(claims) => Ok(Some(Json(Value::Object(claims)))),
        UserInfo::Jwt(_) => Ok(None),
    }
}

/// A JWT as a person can read it; nothing where it is none.
fn decoded(token: &str) -> Option<TokenView> {
    let mut parts = token.split('.').map(|part| {
        let bytes = base64url::decode(part).ok()?;
        serde_json::from_slice(&bytes).ok().map(Json)
    });
    Some(TokenView::Jwt { header: parts.next()??, claims: parts.next()?? })
}
