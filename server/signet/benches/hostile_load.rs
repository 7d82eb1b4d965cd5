//! What hostile scripts of one realm do to the requests of another: 10,000 token requests whose script runs until a limit
//! stops it, one after the other and then four at a time, and beside them requests in a realm without scripts. `cargo
//! bench -p signet --bench hostile_load` prints the latencies of the calm requests (median and 99th percentile, alone and
//! beside the hostile ones, with their ratio) and the resident memory of the process as it goes on. Time by the wall: run
//! it on a machine that does nothing else.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program that measures and prints")]

mod setup;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::json;
use signet_core::binding::DpopHeader;
use signet_core::grants::{self, ClientRequest};
use signet_core::model::{ClientSettings, RealmSettings};
use signet_core::protocol::parameters::Parameters;
use signet_core::provider::Provider;
use signet_core::realm::RealmContext;
use signet_core::registry::{self, ClientRegistration, DeploymentRequest, RealmChange};

use setup::{Server, cpu_time};

/// Until everything that grows once has grown.
const FIRST_RUNS: u32 = 1_000;
const HOSTILE_RUNS: u32 = 10_000;
const CALM_REQUESTS: usize = 2_000;
/// Whichever limit it is that stops a run: operations, or the size of what it makes.
const HOSTILE: &str = r#"fn on_token_request(ctx, req) {
    if ctx.now % 2 == 0 { loop { } }
    let map = #{};
    let text = "x";
    for number in 0..1_000_000 { text += text.sub_string(0, 512); map["k" + number] = text; }
    none()
}
"#;

/// A realm with a client.
struct Place {
    realm: Arc<RealmContext>,
    authorization: String,
}

async fn place(provider: &Provider, name: &str, script: Option<&str>) -> Place {
    let serving = provider.serving_itself();
    let change = RealmChange {
        name: name.parse().unwrap(),
        display_name: name.to_owned(),
        enabled: true,
        settings: RealmSettings::default(),
    };
    let realm = registry::create_realm(&serving, change).await.unwrap();
    let metadata = json!({"grant_types": ["client_credentials"], "redirect_uris": [], "scope": "read"});
    let registration = ClientRegistration {
        metadata: serde_json::from_value(metadata).unwrap(),
        settings: ClientSettings::default(),
        enabled: true,
    };
    let made = registry::create_client(&serving, &realm, Some("app".parse().unwrap()), registration, None).await;
    if let Some(script) = script {
        let manifest = "name = \"hostile\"\napi = \"1\"\nhooks = [\"on_token_request\"]\n".to_owned();
        let files = [("manifest.toml".to_owned(), manifest), ("main.rhai".to_owned(), script.to_owned())];
        let request = DeploymentRequest { files: files.into(), activate: true, ..DeploymentRequest::default() };
        registry::deploy_script(&serving, &realm, request).await.unwrap();
    }
    let secret = made.unwrap().secret.unwrap();
    let credentials = base64::engine::general_purpose::STANDARD.encode(format!("app:{}", secret.as_str()));
    let realm = registry::find_realm(provider, &name.parse().unwrap()).await.unwrap();
    Place { realm, authorization: format!("Basic {credentials}") }
}

/// Asks for a token; says whether there was one.
async fn ask(provider: &Provider, place: &Place) -> bool {
    let parameters = Parameters::parse("grant_type=client_credentials&scope=read").unwrap();
    let request = ClientRequest {
        authorization: Some(&place.authorization),
        parameters: &parameters,
        certificate: None,
        dpop: DpopHeader::Absent,
        address: Ipv4Addr::LOCALHOST.into(),
    };
    grants::exchange(&provider.serving_itself(), &place.realm, request).await.is_ok()
}

/// Latencies of calm requests, one after the other with a pause between, until `is_over`.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
async fn latencies(provider: &Provider, calm: &Place, is_over: impl Fn(usize) -> bool) -> Vec<Duration> {
    let mut all = Vec::new();
    while !is_over(all.len()) {
        let began = Instant::now();
        assert!(ask(provider, calm).await, "a calm request was refused");
        all.push(began.elapsed());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    all.sort_unstable();
    all
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() - 1) * percent / 100]
}

/// Resident memory in KiB; nothing where the system does not tell.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Prints latencies; gives the 99th percentile.
fn report(name: &str, sorted: &[Duration]) -> Duration {
    let (median, last) = (percentile(sorted, 50), percentile(sorted, 99));
    println!("{name}: {} calm requests, median {median:.1?}, 99th percentile {last:.1?}", sorted.len());
    last
}

/// Hostile runs, so many at a time, with calm requests beside them: the latencies of those.
async fn under_attack(
    server: &Arc<Server>,
    (calm, hostile): (&Place, &Arc<Place>),
    (runs, at_once): (u32, usize),
) -> Vec<Duration> {
    let left = Arc::new(AtomicU32::new(runs));
    let running: Vec<_> = (0..at_once)
        .map(|_| {
            let (server, hostile, left) = (Arc::clone(server), Arc::clone(hostile), Arc::clone(&left));
            tokio::spawn(async move {
                while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                    assert!(!ask(&server.provider, &hostile).await, "a hostile script let a token through");
                }
            })
        })
        .collect();
    let beside = latencies(&server.provider, calm, |_| running.iter().all(tokio::task::JoinHandle::is_finished)).await;
    for task in running {
        task.await.unwrap();
    }
    beside
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
async fn main() {
    let started = Instant::now();
    let server = Arc::new(Server::start(started).await);
    let calm = place(&server.provider, "calm", None).await;
    let hostile = Arc::new(place(&server.provider, "hostile", Some(HOSTILE)).await);
    let alone = latencies(&server.provider, &calm, |asked| asked >= CALM_REQUESTS).await;
    let alone = report("alone", &alone);
    under_attack(&server, (&calm, &hostile), (FIRST_RUNS, 4)).await;
    println!("resident memory after {FIRST_RUNS} hostile runs: {:?} KiB", resident());
    for at_once in [1, 4] {
        let before = cpu_time(started);
        let beside = under_attack(&server, (&calm, &hostile), (HOSTILE_RUNS, at_once)).await;
        let spent = cpu_time(started).saturating_sub(before);
        let beside = report(&format!("beside {HOSTILE_RUNS} hostile runs, {at_once} at a time"), &beside);
        println!("  99th percentile {:.2} of its calm value", beside.as_secs_f64() / alone.as_secs_f64());
        println!(
            "  CPU time of everything: {:.2} ms a hostile run",
            spent.as_secs_f64() * 1e3 / f64::from(HOSTILE_RUNS)
        );
        println!("  resident memory: {:?} KiB", resident());
    }
    Arc::into_inner(server).unwrap().stop().await;
}
