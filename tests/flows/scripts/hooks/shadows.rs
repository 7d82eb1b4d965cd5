//! Shadow versions, recordings and metrics.

use http::Method;
use serde_json::{Value, json};

use super::{ask, bind, deploy, get, package, runs, trusted_client};
use crate::support::http::HttpClient;
use crate::support::process::without_settings;
use crate::support::realm::Realm;
use crate::support::server::{Configuration, Server, program};
use crate::support::wait::{until, until_true};

/// The value of a metric; 0 while it is not there.
async fn metric(server: &Server, line: &str) -> f64 {
    let page = HttpClient::new().get(&server.management_url("/metrics")).await;
    let found = page.body.lines().find_map(|text| text.strip_prefix(line));
    found.map_or(0.0, |value| value.trim().parse().unwrap())
}

async fn wait_for_metric(server: &Server, line: &str, at_least: f64) {
    until_true(&format!("{line} {at_least}"), async || metric(server, line).await >= at_least).await;
}

fn tokens(decision: &str) -> Value {
    package("tried", &["on_token_request"], "", &format!("fn on_token_request(ctx, req) {{ {decision} }}"))
}

async fn store(realm: &Realm, files: Value) -> String {
    let stored = ask(realm, Method::POST, "/scripts", &json!({"files": files, "activate": false})).await;
    assert_eq!(stored.status, 201, "{stored:?}");
    stored.json()["version"].as_str().unwrap().to_owned()
}

async fn shadow(realm: &Realm, trial: Value) {
    let answer = ask(realm, Method::POST, "/scripts/tried/shadow", &trial).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test]
async fn a_shadow_is_compared_and_counted_and_never_used() {
    let server = Server::start(Configuration::default()).await;
    let realm = Realm::on(&server, json!({})).await;
    let client = trusted_client(&realm).await;
    deploy(&realm, tokens("narrow(#{ access_token_seconds: 100 + ctx.random(1).len() })")).await;
    let differs = store(&realm, tokens("deny(\"invalid_request\", \"no\")")).await;
    shadow(&realm, json!({"version": differs, "percent": 100})).await;
    let counted = "script_shadow_diff_total{hook=\"on_token_request\",package=\"tried\"}";
    for number in 1..=3 {
        assert_eq!(client.client_credentials("read").await.tokens().0["expires_in"], 102);
        wait_for_metric(&server, counted, f64::from(number)).await;
    }
    // One that does the same makes no difference, not even by chance.
    let random = "let r = ctx.random(8); narrow(#{ access_token_seconds: 100 + r.index_of(\"f\") + 1 })";
    deploy(&realm, tokens(random)).await;
    let same = store(&realm, tokens(&format!("let x = 1; {random}"))).await;
    shadow(&realm, json!({"version": same, "percent": 100})).await;
    for _ in 0..20 {
        client.client_credentials("read").await.tokens();
    }
    let differs = store(&realm, tokens("throw \"x\"")).await;
    shadow(&realm, json!({"version": differs, "percent": 100})).await;
    client.client_credentials("read").await.tokens();
    wait_for_metric(&server, counted, 4.0).await;
    assert!((metric(&server, counted).await - 4.0).abs() < 0.5);
}

#[tokio::test]
async fn runs_are_counted_and_measured() {
    let server = Server::start(Configuration::default()).await;
    let realm = Realm::on(&server, json!({})).await;
    let client = trusted_client(&realm).await;
    let first =
        deploy(&realm, tokens("if req.scope.contains(\"write\") { deny(\"invalid_scope\", \"no\") } else { none() }"))
            .await;
    client.client_credentials("read").await.tokens();
    client.client_credentials("write").await.assert_refused("invalid_scope");
    let second = deploy(&realm, tokens("throw \"x\"")).await;
    assert_eq!(client.client_credentials("read").await.status, 500);
    let (first, second) = (&first[..12], &second[..12]);
    let labels = "hook=\"on_token_request\",package=\"tried\"";
    for (line, value) in [
        (format!("script_runs_total{{{labels},version=\"{first}\",outcome=\"decided\"}}"), 2.0),
        (format!("script_runs_total{{{labels},version=\"{second}\",outcome=\"thrown\"}}"), 1.0),
        (format!("script_denied_total{{{labels}}}"), 1.0),
        ("script_duration_seconds_count{hook=\"on_token_request\"}".to_owned(), 3.0),
        ("script_duration_seconds_bucket{hook=\"on_token_request\",le=\"+Inf\"}".to_owned(), 3.0),
        ("script_operations_count{hook=\"on_token_request\"}".to_owned(), 3.0),
        ("script_operations_bucket{hook=\"on_token_request\",le=\"10000\"}".to_owned(), 3.0),
    ] {
        assert!((metric(&server, &line).await - value).abs() < 1e-9, "{line}: {}", metric(&server, &line).await);
    }
}

#[tokio::test]
async fn runs_are_recorded_where_the_realm_says_so_redacted() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    bind(&realm, "on_token_request", "none()").await;
    client.client_credentials("read").await.tokens();
    assert_eq!(realm.rows().await.count("script_recordings"), 0);
    realm.server.administration.update_realm(&realm.name, &json!({"script_recording_days": 1})).await;
    let request = client.request();
    client.obtain(&mut realm.browser(), &request, &realm.user).await;
    let stored = until("a recording", async || {
        let rows = realm.rows().await;
        (rows.count("script_recordings") > 0).then(|| rows.of_table("script_recordings"))
    })
    .await;
    assert!(stored.contains("on_token_request") && stored.contains("127.0.0.0"), "{stored}");
    assert!(!stored.contains("ana@ana.test") && !stored.contains("127.0.0.1"), "{stored}");
}

#[tokio::test]
async fn what_was_typed_as_a_name_is_in_no_recording() {
    let realm = Realm::new().await;
    realm.server.administration.update_realm(&realm.name, &json!({"script_recording_days": 1})).await;
    let client = trusted_client(&realm).await;
    let script = "ctx.log.info(hint.text); throw `not ${hint.text} of ${hint.domain}`";
    bind(&realm, "on_identify", script).await;
    let request = client.request().with("login_hint", "Corr3ct@Horse.battery");
    client.obtain(&mut realm.browser(), &request, &realm.user).await;
    let listed = until("recordings", async || {
        let listed = get(&realm, "/scripts/on-identify/recordings").await;
        (listed["items"].as_array().unwrap().len() >= 2).then_some(listed)
    })
    .await;
    assert_eq!(listed["items"][0]["decision"], "thrown", "{listed}");
    let stored = realm.rows().await.of_table("script_recordings");
    assert!(stored.contains("not someone@example.invalid of example.invalid"), "{stored}");
    for typed in ["Corr3ct", "Horse", "battery", &realm.user.username] {
        assert!(!stored.contains(typed), "{typed}: {stored}");
    }
}

#[tokio::test]
async fn a_recording_is_replayed_with_the_next_version_at_another_time() {
    let realm = Realm::new().await;
    realm.server.administration.update_realm(&realm.name, &json!({"script_recording_days": 1})).await;
    let client = trusted_client(&realm).await;
    deploy(&realm, tokens("narrow(#{ access_token_seconds: 100 })")).await;
    client.client_credentials("read").await.tokens();
    let recording = until("a recording", async || {
        get(&realm, "/scripts/tried/recordings").await["items"][0]["id"].as_str().map(str::to_owned)
    })
    .await;
    let path = format!("/scripts/tried/recordings/{recording}");
    let shown = get(&realm, &path).await;
    assert_eq!(shown["recording"]["outcome"]["Ok"]["access_token_seconds"], 100, "{shown}");
    let replay = async |body: Value| ask(&realm, Method::POST, &format!("{path}/replay"), &body).await;
    let same = replay(json!({})).await.json();
    assert_eq!((&same["differences"], &same["decision"]["decision"]), (&json!([]), &json!("narrow")));

    let hours = "if ctx.now == 1800000000 { deny(\"invalid_request\", \"no\") } else { none() }";
    let next = store(&realm, tokens(hours)).await;
    let newest = replay(json!({})).await.json();
    assert_eq!((&newest["version"], &newest["decision"]), (&json!(next), &json!({"decision": "none"})));
    let later = replay(json!({"version": next, "at": "2027-01-15T08:00:00Z"})).await.json();
    assert_eq!(later["decision"]["decision"], "deny", "{later}");
    let files = replay(json!({"files": tokens("throw \"x\"")})).await.json();
    assert_eq!((&files["failure"]["kind"], &files["decision"]), (&json!("thrown"), &Value::Null));

    let other = package("tried", &["on_error"], "", "fn on_error(ctx, error) { none() }");
    for (body, status, field) in [
        (json!({"files": other}), 422, "files"),
        (json!({"files": tokens("nothing()")}), 422, "files"),
        (json!({"files": {}, "version": next}), 422, "files"),
        (json!({"version": "x"}), 422, "version"),
        (json!({"at": "tomorrow"}), 422, "at"),
        (json!({"version": "0123456789ab"}), 404, ""),
    ] {
        let answer = replay(body.clone()).await;
        assert_eq!(answer.status, status, "{body}: {answer:?}");
        assert_eq!(answer.json()["field"].as_str().unwrap_or_default(), field, "{body}: {answer:?}");
    }
}

/// Runs a command of scripts on the server's database: how it ends, and what it prints.
fn command(server: &Server, line: &str) -> (i32, String) {
    let mut command = std::process::Command::new(program());
    let arguments = line.split_whitespace().chain(["--config", server.configuration_file().to_str().unwrap()]);
    let ended = without_settings(&mut command).arg("script").args(arguments).output().unwrap();
    (ended.status.code().unwrap(), String::from_utf8(ended.stdout).unwrap())
}

#[tokio::test]
async fn the_command_line_lists_replays_and_explains_and_ends_with_9_where_runs_differ() {
    let server = Server::start(Configuration::default()).await;
    let realm = Realm::on(&server, json!({})).await;
    server.administration.update_realm(&realm.name, &json!({"script_recording_days": 1})).await;
    let client = trusted_client(&realm).await;
    deploy(&realm, tokens("narrow(#{ access_token_seconds: 100 })")).await;
    client.client_credentials("read").await.tokens();
    let name = &realm.name;
    let listed = until("a recording", async || {
        let (_, printed) = command(&server, &format!("recordings tried --realm {name} --output json"));
        let listed: Value = serde_json::from_str(&printed).unwrap();
        (!listed["items"].as_array().unwrap().is_empty()).then_some(listed)
    })
    .await;
    let recording = &listed["items"][0];
    assert_eq!(
        (&recording["hook"], &recording["decision"]),
        (&json!("on_token_request"), &json!("narrow(access_token_seconds)"))
    );
    let replay = format!("replay {} --realm {name}", recording["id"].as_str().unwrap());
    let (code, printed) = command(&server, &replay);
    assert!(code == 0 && printed.ends_with("no difference\n"), "{code} {printed}");

    let folder = server.configuration_file().with_file_name("changed");
    std::fs::create_dir(&folder).unwrap();
    for (file, text) in tokens("narrow(#{ access_token_seconds: 60 })").as_object().unwrap() {
        std::fs::write(folder.join(file), text.as_str().unwrap()).unwrap();
    }
    let (code, printed) = command(&server, &format!("{replay} --with-folder {}", folder.display()));
    assert!(code == 9 && printed.contains("\n/decision/access_token_seconds: 100 -> 60\n"), "{code} {printed}");
    let (code, printed) = command(&server, &format!("{replay} --with-folder {} --output json", folder.display()));
    let printed: Value = serde_json::from_str(&printed).unwrap();
    let difference = json!([{"path": "/decision/access_token_seconds", "before": 100, "after": 60}]);
    assert_eq!((code, &printed["differences"]), (9, &difference));
    std::fs::write(folder.join("main.rhai"), "fn on_token_request(ctx, req) { nothing }").unwrap();
    assert_eq!(command(&server, &format!("{replay} --with-folder {}", folder.display())).0, 7);
    assert_eq!(command(&server, &format!("{replay} --with 0123456789ab")).0, 5);
    assert_eq!(command(&server, &format!("replay AAAAAAAAAAAAAAAAAAAAAA --realm {name}")).0, 5);

    let run = &runs(&realm, "on_token_request", 1).await[0];
    let request_id = run["request_id"].as_str().unwrap();
    let (code, printed) = command(&server, &format!("explain {request_id}"));
    assert_eq!(code, 0, "{printed}");
    let id = recording["id"].as_str().unwrap();
    for said in [
        "narrow(access_token_seconds)",
        "Tokens went to a client. (token_issued)",
        "passed         client_authentication, grant_type, scope, resource, on_token_request\n",
        &format!("Recording {id} of on_token_request in tried "),
        "argument       {\"grant_type\":\"client_credentials\",",
        "decision       {\"access_token_seconds\":100,\"decision\":\"narrow\"}",
    ] {
        assert!(printed.contains(said), "{said} is not in:\n{printed}");
    }
    let (_, printed) = command(&server, &format!("explain {request_id} --output json"));
    let explained: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(
        (&explained["recordings"][0]["id"], &explained["recordings"][0]["ctx"]["request_id"]),
        (&json!(id), &json!(request_id))
    );
    assert_eq!(command(&server, "explain 0000000000000000").0, 5);
    assert_explained_by_api(&realm, request_id, id).await;
}

/// The admin API says the same of a request as the command line.
async fn assert_explained_by_api(realm: &Realm, request_id: &str, recording: &str) {
    let explained = get(realm, &format!("/requests/{request_id}")).await;
    let decision = explained["events"].as_array().unwrap().iter().find(|event| event["kind"] == "script_decision");
    assert!(decision.is_some_and(|event| event["details"]["version"].is_string()), "{explained}");
    let recorded = &explained["recordings"][0];
    assert_eq!((&recorded["id"], &recorded["hook"]), (&json!(recording), &json!("on_token_request")));
}
