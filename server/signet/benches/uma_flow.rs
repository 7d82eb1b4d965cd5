//! What User-Managed Access costs the server: a permission ticket for a resource server, and an RPT for it with a pushed ID
//! token. CPU time of all threads and commits, without TLS and HTTP; the client authenticates with a secret and tokens are
//! signed with ES256. `cargo bench -p signet --bench uma_flow` prints them and fails where there are more commits than one
//! each.
#![expect(clippy::unwrap_used, clippy::print_stdout, clippy::panic, reason = "a program that measures and prints")]

mod setup;

use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use base64::Engine as _;
use serde_json::{Map, Value, json};
use signet_core::authn::new_session;
use signet_core::authorize::{self, Browser, BrowserBinding, Step};
use signet_core::binding::DpopHeader;
use signet_core::grants::{self, ClientRequest};
use signet_core::model::{Purpose, RealmSettings, ResourceKeeper, UmaPolicy, UsedRecord};
use signet_core::ports::Login;
use signet_core::protocol::parameters::Parameters;
use signet_core::protocol::responses::TokenResponse;
use signet_core::provider::Provider;
use signet_core::realm::RealmContext;
use signet_core::registry::{self, ClientRegistration, RealmChange, UserChange};
use signet_core::tokens::{CheckedAccessToken, check_access_token};
use signet_core::uma;
use signet_jose::{base64url, digest};

use setup::{Server, cpu_time};

/// Tickets of one measurement, and measurements of which the fastest counts.
const TICKETS: u32 = 200;
const MEASUREMENTS: usize = 10;

const REDIRECT_URI: &str = "https://rp.test/cb";
const VERIFIER: &str = "a-code-verifier-has-at-least-forty-three-characters";
const ID_TOKEN: &str = "http://openid.net/specs/openid-connect-core-1_0.html#IDToken";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:uma-ticket";

/// A realm in which a resource server protects an album, and a client may view it for whoever is signed in.
struct Place {
    realm: Arc<RealmContext>,
    /// The protection API token.
    protection: CheckedAccessToken,
    /// How the client authenticates.
    credentials: String,
    id_token: String,
    /// What is asked for.
    permission: Vec<u8>,
}

fn asked<'a>(authorization: &'a str, parameters: &'a Parameters) -> ClientRequest<'a> {
    ClientRequest {
        authorization: Some(authorization),
        parameters,
        certificate: None,
        dpop: DpopHeader::Absent,
        address: Ipv4Addr::LOCALHOST.into(),
    }
}

/// Registers a client; how it authenticates.
async fn client(provider: &Provider, realm: &RealmContext, id: &str, metadata: Value) -> String {
    let registration = ClientRegistration {
        metadata: serde_json::from_value(metadata).unwrap(),
        settings: serde_json::from_value(json!({"skip_consent": true})).unwrap(),
        enabled: true,
    };
    let serving = provider.serving_itself();
    let created = registry::create_client(&serving, realm, Some(id.parse().unwrap()), registration, None).await;
    let secret = created.unwrap().secret.unwrap();
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{id}:{}", secret.as_str()));
    format!("Basic {pair}")
}

async fn exchange(
    provider: &Provider,
    realm: &RealmContext,
    (credentials, parameters): (&str, &Parameters),
) -> TokenResponse {
    grants::exchange(&provider.serving_itself(), realm, asked(credentials, parameters)).await.unwrap()
}

/// The ID token of a user who is signed in.
async fn id_token(provider: &Provider, realm: &RealmContext, credentials: &str, browser: &Browser) -> String {
    let challenge = base64url::encode(digest::sha256(VERIFIER.as_bytes()));
    let request = Parameters::default()
        .with("client_id", "app")
        .with("redirect_uri", REDIRECT_URI)
        .with("response_type", "code")
        .with("scope", "openid")
        .with("code_challenge", &challenge)
        .with("code_challenge_method", "S256");
    let step = authorize::authorize(&provider.serving_itself(), realm, &request, browser).await;
    let Ok(Step::Respond(response)) = step else { panic!("the user is signed in and is not asked") };
    let code = response.parameters().iter().find(|(name, _)| *name == "code").unwrap();
    let redemption = Parameters::default()
        .with("grant_type", "authorization_code")
        .with("code", &code.1)
        .with("redirect_uri", REDIRECT_URI)
        .with("code_verifier", VERIFIER);
    exchange(provider, realm, (credentials, &redemption)).await.id_token.unwrap()
}

async fn place(provider: &Provider) -> Place {
    let serving = provider.serving_itself();
    let settings = RealmSettings { uma: true, ..RealmSettings::default() };
    let name = "photos";
    let change = RealmChange { name: name.parse().unwrap(), display_name: name.to_owned(), enabled: true, settings };
    let realm = registry::create_realm(&serving, change).await.unwrap();
    let server = json!({"grant_types": ["client_credentials"], "redirect_uris": [], "scope": "uma_protection"});
    let server = client(provider, &realm, "album", server).await;
    let app = json!({"grant_types": ["authorization_code", GRANT], "redirect_uris": [REDIRECT_URI], "scope": "openid"});
    let credentials = client(provider, &realm, "app", app).await;
    let user = UserChange { username: "bea".to_owned(), enabled: true, claims: Map::new(), attributes: Map::new() };
    let user = registry::create_user(&serving, &realm, user, None).await.unwrap();
    let realm = registry::find_realm(provider, &name.parse().unwrap()).await.unwrap();

    let (cookie, session) = new_session(provider, &realm, &user, None);
    let form = UsedRecord { purpose: Purpose::Interaction, key: [1; 32], expires_at: session.expires_at };
    provider.store.open_session(&Login { form, session, replaces: None, account: None }, &[]).await.unwrap();
    let binding = BrowserBinding::from_cookie(None, &*provider.random);
    let browser = Browser { session: Some(cookie), binding };
    let id_token = id_token(provider, &realm, &credentials, &browser).await;

    let own = Parameters::default().with("grant_type", "client_credentials").with("scope", uma::PROTECTION_SCOPE);
    let protection = exchange(provider, &realm, (&server, &own)).await.access_token;
    let protection = check_access_token(&provider.serving_itself(), &realm, &protection).await.unwrap().unwrap();
    let body = json!({"resource_scopes": ["view"], "name": "Album"}).to_string();
    let id = uma::register_resource(&provider.serving_itself(), &realm, &protection, body.as_bytes()).await.unwrap();
    let keeper = ResourceKeeper { server: protection.client_id.clone(), owner: None };
    let policies = json!([{"scopes": ["view"], "users": [user.id.to_string()]}]);
    let policies: Vec<UmaPolicy> = serde_json::from_value(policies).unwrap();
    let set = provider.store.set_uma_policies(realm.id(), (id, &keeper), (&policies, provider.now()), &[]).await;
    assert!(set.unwrap());
    let permission = json!({"resource_id": id, "resource_scopes": ["view"]}).to_string().into_bytes();
    Place { realm, protection, credentials, id_token, permission }
}

impl Place {
    async fn ticket(&self, provider: &Provider) -> String {
        let serving = provider.serving_itself();
        uma::request_permissions(&serving, &self.realm, &self.protection, &self.permission).await.unwrap()
    }

    fn redemption(&self, ticket: &str) -> Parameters {
        Parameters::default()
            .with("grant_type", GRANT)
            .with("ticket", ticket)
            .with("claim_token", &self.id_token)
            .with("claim_token_format", ID_TOKEN)
    }
}

/// Microseconds of CPU time and commits of one of `TICKETS` things that were done since.
fn per_ticket(server: &Server, (started, before, commits): (Instant, std::time::Duration, u64)) -> (f64, u64) {
    let spent = cpu_time(started).saturating_sub(before).as_secs_f64() * 1e6 / f64::from(TICKETS);
    let commits = server.database.statistics().commits - commits;
    assert_eq!(commits % u64::from(TICKETS), 0, "{commits} commits for {TICKETS} tickets");
    (spent, commits / u64::from(TICKETS))
}

/// The cost of a ticket, and of an RPT.
async fn measure(server: &Server, place: &Place, started: Instant) -> [(f64, u64); 2] {
    let provider = &server.provider;
    let now = || (started, cpu_time(started), server.database.statistics().commits);
    let before = now();
    let mut tickets = Vec::new();
    for _ in 0..TICKETS {
        tickets.push(place.ticket(provider).await);
    }
    let ticket = per_ticket(server, before);
    let redemptions: Vec<Parameters> = tickets.iter().map(|ticket| place.redemption(ticket)).collect();
    let before = now();
    for redemption in &redemptions {
        let rpt = exchange(provider, &place.realm, (&place.credentials, redemption)).await;
        assert_eq!(rpt.scope, None);
    }
    let rpt = per_ticket(server, before);
    // Events without a change of their own are written beside requests, in batches.
    provider.flush_events().await.unwrap();
    [ticket, rpt]
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
async fn main() -> ExitCode {
    let started = Instant::now();
    let server = Server::start(started).await;
    let place = place(&server.provider).await;
    let mut costs = [(f64::INFINITY, 0); 2];
    for _ in 0..MEASUREMENTS {
        for (cost, (microseconds, commits)) in costs.iter_mut().zip(measure(&server, &place, started).await) {
            *cost = (cost.0.min(microseconds), cost.1.max(commits));
        }
    }
    for (what, (microseconds, commits)) in ["permission ticket", "RPT"].iter().zip(costs) {
        println!("{what}: {microseconds:.1} us of CPU time; {commits} commits, target 1");
    }
    server.stop().await;
    if costs.iter().all(|(_, commits)| *commits == 1) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
