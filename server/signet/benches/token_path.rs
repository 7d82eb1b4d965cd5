//! What scripts cost a token request that none is bound for: CPU time of the process per token by client credentials, in
//! one run for a realm without scripts, for one whose only script is another client's, and for one with an empty decision
//! at each hook that the request meets; and the look-ups by themselves. `cargo bench -p signet --bench token_path` prints
//! a table and fails where the look-ups are more than a hundredth of the request.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program that measures and prints")]

mod setup;

use std::hint::black_box;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Instant;

use base64::Engine as _;
use serde_json::json;
use signet_core::binding::DpopHeader;
use signet_core::grants::{self, ClientRequest};
use signet_core::model::{ClientSettings, RealmSettings};
use signet_core::protocol::identifiers::ClientId;
use signet_core::protocol::parameters::Parameters;
use signet_core::provider::Provider;
use signet_core::realm::RealmContext;
use signet_core::registry::{self, ClientRegistration, DeploymentRequest, RealmChange};
use signet_hooks::Hook;

use setup::{Server, cpu_time};

/// Tokens of one measurement, and measurements of which the fastest counts.
const TOKENS: u32 = 500;
const MEASUREMENTS: usize = 15;
/// How often a token request by client credentials looks for scripts: when the client is known, twice before the token
/// is made, and for its claims.
const LOOK_UPS: f64 = 4.0;
/// The largest share of the request that the look-ups may have.
const SHARE: f64 = 0.01;

const HOOKS: [&str; 3] = ["on_client_authenticated", "on_token_request", "on_claims"];
const EMPTY: &str = "fn on_client_authenticated(ctx, auth) { none() }\n\
                     fn on_token_request(ctx, req) { none() }\n\
                     fn on_claims(ctx, target) { none() }\n";

/// A realm with a client.
struct Place {
    name: &'static str,
    realm: Arc<RealmContext>,
    authorization: String,
}

/// Whose requests scripts are bound to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
    Nobody,
    Everybody,
    Other,
}

/// A realm with two clients; scripts bound for all of them, for the other one, or for nobody.
async fn place(provider: &Provider, name: &'static str, bound: Bound) -> Place {
    let serving = provider.serving_itself();
    let change = RealmChange {
        name: name.parse().unwrap(),
        display_name: name.to_owned(),
        enabled: true,
        settings: RealmSettings::default(),
    };
    let realm = registry::create_realm(&serving, change).await.unwrap();
    let mut secret = None;
    for id in ["other", "app"] {
        let metadata = json!({"grant_types": ["client_credentials"], "redirect_uris": [], "scope": "read"});
        let registration = ClientRegistration {
            metadata: serde_json::from_value(metadata).unwrap(),
            settings: ClientSettings::default(),
            enabled: true,
        };
        let id = Some(id.parse().unwrap());
        secret = registry::create_client(&serving, &realm, id, registration, None).await.unwrap().secret;
    }
    if bound != Bound::Nobody {
        let manifest = format!("name = \"bench\"\napi = \"1\"\nhooks = {HOOKS:?}\n");
        let files = [("manifest.toml".to_owned(), manifest), ("main.rhai".to_owned(), EMPTY.to_owned())];
        let request = DeploymentRequest {
            files: files.into(),
            client_id: (bound == Bound::Other).then(|| "other".parse().unwrap()),
            activate: true,
            ..DeploymentRequest::default()
        };
        registry::deploy_script(&serving, &realm, request).await.unwrap();
    }
    let credentials = base64::engine::general_purpose::STANDARD.encode(format!("app:{}", secret.unwrap().as_str()));
    let realm = registry::find_realm(provider, &name.parse().unwrap()).await.unwrap();
    Place { name, realm, authorization: format!("Basic {credentials}") }
}

/// Microseconds of CPU time per token.
async fn tokens(provider: &Provider, place: &Place, started: Instant) -> f64 {
    let parameters = Parameters::parse("grant_type=client_credentials&scope=read").unwrap();
    let before = cpu_time(started);
    for _ in 0..TOKENS {
        let request = ClientRequest {
            authorization: Some(&place.authorization),
            parameters: &parameters,
            certificate: None,
            dpop: DpopHeader::Absent,
            address: Ipv4Addr::LOCALHOST.into(),
        };
        let response = grants::exchange(&provider.serving_itself(), &place.realm, request).await.unwrap();
        drop(black_box(response));
    }
    let spent = cpu_time(started).saturating_sub(before);
    provider.flush_events().await.unwrap();
    spent.as_secs_f64() * 1e6 / f64::from(TOKENS)
}

/// Microseconds of CPU time per look-up.
fn look_up(realm: &RealmContext, client_id: &ClientId, started: Instant) -> f64 {
    let calls = 1_000_000;
    let before = cpu_time(started);
    for _ in 0..calls {
        black_box(black_box(realm).hooks.at(black_box(Hook::OnTokenRequest), Some(black_box(client_id))));
    }
    cpu_time(started).saturating_sub(before).as_secs_f64() * 1e6 / f64::from(calls)
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
async fn main() {
    let started = Instant::now();
    let server = Server::start(started).await;
    let provider = &server.provider;
    let places = [
        place(provider, "none", Bound::Nobody).await,
        place(provider, "another-client", Bound::Other).await,
        place(provider, "empty-decisions", Bound::Everybody).await,
    ];
    let mut fastest = [f64::INFINITY; 3];
    for _ in 0..MEASUREMENTS {
        for (place, fastest) in places.iter().zip(&mut fastest) {
            *fastest = fastest.min(tokens(provider, place, started).await);
        }
    }
    let [none, ..] = fastest;
    for (place, microseconds) in places.iter().zip(fastest) {
        println!("{}: {microseconds:.2} us a token, {:.3} of `none`", place.name, microseconds / none);
    }
    let client_id = "app".parse().unwrap();
    for place in &places[..2] {
        let look_up = look_up(&place.realm, &client_id, started);
        let share = LOOK_UPS * look_up / none;
        println!("{}: a look-up takes {look_up:.5} us; {LOOK_UPS} of them are {share:.5} of a token", place.name);
        assert!(share <= SHARE, "looking for scripts costs a token request more than its share");
    }
    server.stop().await;
}
