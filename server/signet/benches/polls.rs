//! What polls for pending requests cost the server (RFC 8628 section 3.5, CIBA Core 11): CPU time of all threads,
//! statements and commits, without TLS and HTTP, beside a refused refresh token and a token exchange. Ten thousand codes
//! wait at a time, and each is polled once in its interval. `cargo bench -p signet --bench polls` prints a table and fails
//! where a poll costs more than a refusal, or writes anything but the mark of a client assertion that came along.
#![expect(clippy::unwrap_used, clippy::print_stdout, clippy::panic, reason = "a program that measures and prints")]

mod setup;

use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use base64::Engine as _;
use serde_json::{Map, json};
use signet_core::authn::new_session;
use signet_core::authorize::{self, Browser, BrowserBinding, Step};
use signet_core::binding::DpopHeader;
use signet_core::endpoints;
use signet_core::grants::{self, ClientRequest};
use signet_core::model::{DeferredKind, DeferredReference, DeferredRequest, DeferredState, RealmSettings};
use signet_core::model::{Purpose, UsedRecord};
use signet_core::ports::{Deferral, DeferralOutcome, Login};
use signet_core::protocol::error::ErrorCode;
use signet_core::protocol::parameters::Parameters;
use signet_core::protocol::responses::TokenResponse;
use signet_core::provider::Provider;
use signet_core::realm::RealmContext;
use signet_core::registry::{self, ClientRegistration, RealmChange, ResourceServerChange, UserChange};
use signet_core::{failure::Failure, protocol::names::AccessTokenFormat};
use signet_jose::{SignatureAlgorithm, SigningKey, base64url, digest, sign};

use setup::{Server, cpu_time};

/// Requests that wait, of each kind.
const PENDING: u32 = 10_000;
/// Requests that are measured together. Kinds take turns: what slows the machine down for a while slows all of them.
const BATCH: usize = 500;
/// How often each code is polled.
const ROUNDS: usize = 3;

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const CIBA: &str = "urn:openid:params:grant-type:ciba";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const STOCK: &str = "https://stock.test/";
const REDIRECT_URI: &str = "https://rp.test/cb";
const VERIFIER: &str = "a-code-verifier-has-at-least-forty-three-characters";

/// A realm with two clients that may use every grant here: one with a secret, one with a key.
struct Place {
    realm: Arc<RealmContext>,
    authorization: String,
    key: SigningKey,
    /// An access token of a user.
    access_token: String,
    /// A refresh token that was revoked.
    revoked: String,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    DevicePoll,
    CibaPoll,
    /// A poll of a client that sends a client assertion.
    SignedPoll,
    Refusal,
    SignedRefusal,
    Exchange,
}

/// What one request costs.
#[derive(Debug, Clone, Copy)]
struct Cost {
    microseconds: f64,
    statements: f64,
    commits: f64,
}

impl Cost {
    /// What one request costs where batches cost this: the median of the time, the mean of what was counted.
    fn of(mut batches: Vec<Self>) -> Self {
        batches.sort_by(|one, other| one.microseconds.total_cmp(&other.microseconds));
        let mean = |of: fn(&Self) -> f64| batches.iter().map(of).sum::<f64>() / number(batches.len());
        Self {
            microseconds: batches[batches.len() / 2].microseconds,
            statements: mean(|batch| batch.statements),
            commits: mean(|batch| batch.commits),
        }
    }
}

fn number(count: impl TryInto<u32>) -> f64 {
    count.try_into().map_or(f64::INFINITY, f64::from)
}

const ALL: [Work; 6] =
    [Work::DevicePoll, Work::CibaPoll, Work::Refusal, Work::SignedPoll, Work::SignedRefusal, Work::Exchange];

fn registration(name: &str, more: &serde_json::Value) -> ClientRegistration {
    let mut metadata = json!({
        "redirect_uris": [REDIRECT_URI], "scope": "offline_access read", "client_name": name,
        "grant_types": ["authorization_code", "refresh_token", DEVICE_CODE, CIBA, EXCHANGE],
        "backchannel_token_delivery_mode": "poll",
    });
    metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let policy = json!({
        "subject_clients": [], "audiences": [STOCK], "scope": "read", "issued_token_types": [ACCESS_TOKEN],
        "impersonation": true,
    });
    ClientRegistration {
        metadata: serde_json::from_value(metadata).unwrap(),
        settings: serde_json::from_value(json!({"skip_consent": true, "token_exchange": policy})).unwrap(),
        enabled: true,
    }
}

async fn realm(provider: &Provider, key: &SigningKey) -> (Arc<RealmContext>, String) {
    let serving = provider.serving_itself();
    let settings =
        RealmSettings { device_authorization: true, backchannel_authentication: true, ..RealmSettings::default() };
    let name = "storm";
    let change = RealmChange { name: name.parse().unwrap(), display_name: name.to_owned(), enabled: true, settings };
    let realm = registry::create_realm(&serving, change).await.unwrap();
    let stock = ResourceServerChange {
        identifier: STOCK.to_owned(),
        display_name: "Stock".to_owned(),
        scopes: Vec::new(),
        token_format: AccessTokenFormat::Jwt,
        algorithm: None,
        access_token_seconds: None,
        required_acr_values: Vec::new(),
        max_authentication_age_seconds: None,
    };
    registry::create_resource_server(&serving, &realm, stock).await.unwrap();
    let id = |name: &str| Some(name.parse().unwrap());
    let plain = registration("app", &json!({}));
    let issued = registry::create_client(&serving, &realm, id("app"), plain, None).await.unwrap();
    let jwk = json!(key.verifying_key().and_then(|key| key.jwk()).unwrap());
    let signed = json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [jwk]}});
    registry::create_client(&serving, &realm, id("signed"), registration("signed", &signed), None).await.unwrap();
    let realm = registry::find_realm(provider, &name.parse().unwrap()).await.unwrap();
    let secret = issued.secret.as_ref().unwrap().as_str();
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("app:{secret}"));
    (realm, format!("Basic {pair}"))
}

impl Place {
    async fn make(provider: &Provider) -> Self {
        let key = SigningKey::generate(SignatureAlgorithm::ES256).unwrap();
        let (realm, authorization) = realm(provider, &key).await;
        let (access_token, revoked) = (String::new(), String::new());
        let mut place = Self { realm, authorization, key, access_token, revoked };
        place.access_token = place.tokens(provider).await.access_token;
        place.revoked = place.tokens(provider).await.refresh_token.unwrap();
        let parameters = Parameters::default().with("token", &place.revoked);
        let request = asked(Some(&place.authorization), &parameters);
        endpoints::revoke(&provider.serving_itself(), &place.realm, request).await.unwrap();
        place
    }

    /// What the client with the secret gets for a user by a code.
    async fn tokens(&self, provider: &Provider) -> TokenResponse {
        let serving = provider.serving_itself();
        let (claims, attributes) = (Map::new(), Map::new());
        let username = signet_jose::random_token(&*provider.random, 16);
        let user = UserChange { username, enabled: true, claims, attributes };
        let user = registry::create_user(&serving, &self.realm, user, None).await.unwrap();
        let (cookie, session) = new_session(provider, &self.realm, &user, None);
        let key = digest::sha256(user.username.as_bytes());
        let form = UsedRecord { purpose: Purpose::Interaction, key, expires_at: session.expires_at };
        provider.store.open_session(&Login { form, session, replaces: None, account: None }, &[]).await.unwrap();
        let browser = Browser { session: Some(cookie), binding: BrowserBinding::from_cookie(None, &*provider.random) };
        let visit = Parameters::default()
            .with("client_id", "app")
            .with("response_type", "code")
            .with("redirect_uri", REDIRECT_URI)
            .with("scope", "offline_access read")
            .with("code_challenge", &base64url::encode(digest::sha256(VERIFIER.as_bytes())))
            .with("code_challenge_method", "S256");
        let step = authorize::authorize(&serving, &self.realm, &visit, &browser).await;
        let Ok(Step::Respond(response)) = step else { panic!("the user is signed in and is not asked") };
        let code = response.parameters().iter().find(|(name, _)| *name == "code").unwrap();
        let redemption = Parameters::default()
            .with("grant_type", "authorization_code")
            .with("code", &code.1)
            .with("redirect_uri", REDIRECT_URI)
            .with("code_verifier", VERIFIER);
        grants::exchange(&serving, &self.realm, asked(Some(&self.authorization), &redemption)).await.unwrap()
    }

    /// Keeps requests that nobody answers, and the secrets that they are polled with.
    async fn defer(&self, provider: &Provider, (kind, client): (DeferredKind, &str)) -> Vec<String> {
        let now = provider.now();
        let mut secrets = Vec::new();
        for _ in 0..PENDING {
            let secret = signet_jose::random_token(&*provider.random, 32);
            let reference = DeferredReference(digest::sha256(secret.as_bytes()));
            let request = DeferredRequest {
                realm_id: self.realm.id(),
                reference,
                kind,
                user_code: (kind == DeferredKind::Device).then_some(reference.0),
                client_id: client.parse().unwrap(),
                user_id: None,
                // As long as those of ordinary requests.
                content: vec![0; 400],
                epochs: None,
                state: DeferredState::Pending,
                // The shortest, so that each measurement may poll each of them.
                interval: 1,
                answer: None,
                expires_at: now.plus(86_400),
            };
            let most = i64::from(PENDING);
            let deferral =
                Deferral { request, proofs: Vec::new(), now, most: 2 * most, most_of_user: None, notification: None };
            assert_eq!(provider.store.defer(&deferral, &[]).await.unwrap(), DeferralOutcome::Deferred);
            secrets.push(secret);
        }
        secrets
    }

    fn authenticated(&self, provider: &Provider, work: Work) -> Parameters {
        if !matches!(work, Work::SignedPoll | Work::SignedRefusal) {
            return Parameters::default();
        }
        let now = provider.now().0;
        let jti = signet_jose::random_token(&*provider.random, 16);
        let claims = json!({
            "iss": "signed", "sub": "signed", "aud": self.realm.issuer(), "jti": jti, "iat": now, "exp": now + 300,
        });
        Parameters::default()
            .with("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            .with("client_assertion", &sign(&self.key, Some("JWT"), &claims).unwrap())
    }

    /// A request: its parameters, and the error that answers it.
    fn request(&self, provider: &Provider, work: Work, secret: &str) -> (Parameters, Option<ErrorCode>) {
        let parameters = self.authenticated(provider, work);
        match work {
            Work::DevicePoll | Work::SignedPoll => {
                let parameters = parameters.with("grant_type", DEVICE_CODE).with("device_code", secret);
                (parameters, Some(ErrorCode::AuthorizationPending))
            }
            Work::CibaPoll => {
                let parameters = parameters.with("grant_type", CIBA).with("auth_req_id", secret);
                (parameters, Some(ErrorCode::AuthorizationPending))
            }
            Work::Refusal | Work::SignedRefusal => {
                let parameters = parameters.with("grant_type", "refresh_token").with("refresh_token", &self.revoked);
                (parameters, Some(ErrorCode::InvalidGrant))
            }
            Work::Exchange => {
                let parameters = parameters
                    .with("grant_type", EXCHANGE)
                    .with("subject_token", &self.access_token)
                    .with("subject_token_type", ACCESS_TOKEN)
                    .with("audience", STOCK);
                (parameters, None)
            }
        }
    }
}

fn asked<'a>(authorization: Option<&'a str>, parameters: &'a Parameters) -> ClientRequest<'a> {
    let (dpop, address) = (DpopHeader::Absent, Ipv4Addr::LOCALHOST.into());
    ClientRequest { authorization, parameters, certificate: None, dpop, address }
}

fn assert_answered(outcome: Result<TokenResponse, Failure>, expected: Option<ErrorCode>, work: Work) {
    match (outcome, expected) {
        (Ok(_), None) => {}
        (Err(Failure::Refusal(refusal)), Some(code)) => assert_eq!(refusal.code, code, "{work:?}: {refusal:?}"),
        (outcome, expected) => panic!("{work:?}: {outcome:?} and not {expected:?}"),
    }
}

async fn measure(server: &Server, place: &Place, (work, secrets): (Work, &[String]), started: Instant) -> Cost {
    let provider = &server.provider;
    // What the client makes is its own work.
    let requests: Vec<_> = secrets.iter().map(|secret| place.request(provider, work, secret)).collect();
    let authorization =
        (!matches!(work, Work::SignedPoll | Work::SignedRefusal)).then_some(place.authorization.as_str());
    let (before, counted) = (cpu_time(started), server.database.statistics());
    for (parameters, expected) in &requests {
        let request = asked(authorization, parameters);
        let outcome = grants::exchange(&provider.serving_itself(), &place.realm, request).await;
        assert_answered(outcome, *expected, work);
    }
    // What a refusal leaves for the audit log is part of what it costs.
    provider.flush_events().await.unwrap();
    let spent = cpu_time(started).saturating_sub(before).as_secs_f64() * 1e6;
    let now = server.database.statistics();
    let asked = number(requests.len());
    Cost {
        microseconds: spent / asked,
        statements: number(now.statements - counted.statements) / asked,
        commits: number(now.commits - counted.commits) / asked,
    }
}

/// What each kind of work costs.
async fn measure_all(server: &Server, started: Instant) -> Vec<(Work, Cost)> {
    let provider = &server.provider;
    let place = Place::make(provider).await;
    let device = place.defer(provider, (DeferredKind::Device, "app")).await;
    let ciba = place.defer(provider, (DeferredKind::Backchannel, "app")).await;
    let signed = place.defer(provider, (DeferredKind::Device, "signed")).await;
    let mut batches = ALL.map(|work| (work, Vec::new()));
    for _ in 0..ROUNDS {
        for ((device, ciba), signed) in device.chunks(BATCH).zip(ciba.chunks(BATCH)).zip(signed.chunks(BATCH)) {
            for (work, costs) in &mut batches {
                let secrets = match work {
                    Work::CibaPoll => ciba,
                    Work::SignedPoll | Work::SignedRefusal => signed,
                    _ => device,
                };
                costs.push(measure(server, &place, (*work, secrets), started).await);
            }
        }
    }
    batches.into_iter().map(|(work, costs)| (work, Cost::of(costs))).collect()
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
async fn main() -> ExitCode {
    let started = Instant::now();
    let server = Server::start(started).await;
    // On a worker thread, as the requests of a server are.
    let measuring = tokio::spawn(async move {
        let costs = measure_all(&server, started).await;
        (server, costs)
    });
    let (server, costs) = measuring.await.unwrap();
    let of = |work: Work| costs.iter().find(|(known, _)| *known == work).unwrap().1;
    for (work, cost) in &costs {
        let Cost { microseconds, statements, commits } = cost;
        println!("{work:?}: {microseconds:.1} µs of CPU time, {statements:.2} statements, {commits:.2} commits");
    }
    let mut good = true;
    let compared = [
        (Work::DevicePoll, Work::Refusal, 0.0),
        (Work::CibaPoll, Work::Refusal, 0.0),
        (Work::SignedPoll, Work::SignedRefusal, 1.0),
    ];
    for (poll, refusal, most_commits) in compared {
        let ratio = of(poll).microseconds / of(refusal).microseconds;
        println!("{poll:?} to {refusal:?}: {ratio:.2}, target at most 1");
        good &= ratio <= 1.0 && of(poll).commits <= most_commits;
    }
    server.stop().await;
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
