//! What no script can do, whatever it tries (the catalogue of attacks, SC).

use std::sync::Arc;
use std::time::Duration;

use http::{Method, Response};
use serde_json::{Value, json};
use signet_hooks::claims::PROTECTED;
use tokio::sync::Notify;

use crate::support::client::Client;
use crate::support::databases::{Kind, TestDatabase};
use crate::support::http::{Answer, HttpClient, Request};
use crate::support::jwt;
use crate::support::realm::Realm;
use crate::support::server::{Configuration, Server};
use crate::support::wait::until_true;

fn files(name: &str, manifest: &str, script: &str) -> Value {
    json!({
        "manifest.toml": format!("name = \"{name}\"\napi = \"1\"\n{manifest}\n"),
        "main.rhai": script,
    })
}

async fn try_deploy(realm: &Realm, files: Value) -> Answer {
    let path = format!("/realms/{}/scripts", realm.name);
    realm.server.administration.try_ask(Method::POST, &path, &json!({"files": files})).await
}

async fn deploy(realm: &Realm, files: Value) {
    let answer = try_deploy(realm, files).await;
    assert_eq!(answer.status, 201, "{answer:?}");
}

async fn set(realm: &Realm, path: &str, value: Value) {
    let path = format!("/realms/{}/script-values/{path}", realm.name);
    realm.server.administration.ask(Method::PUT, &path, &json!({"value": value})).await;
}

async fn client(realm: &Realm) -> Client {
    let metadata = json!({
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "scope": "openid email read", "settings": {"skip_consent": true},
    });
    realm.client(metadata).await
}

#[tokio::test]
async fn sc_010_protected_claims_cannot_be_declared_and_not_be_smuggled() {
    let realm = Realm::new().await;
    let client = client(&realm).await;
    let hooks = "hooks = [\"on_claims\"]";
    for name in PROTECTED {
        for spelling in [(*name).to_owned(), format!("{name}#de")] {
            let manifest = format!("{hooks}\nclaims = {{ \"{spelling}\" = \"string\" }}");
            let refused = try_deploy(&realm, files("evil", &manifest, "fn on_claims(ctx, target) { none() }")).await;
            assert_eq!(refused.status, 422, "{spelling}: {refused:?}");
        }
    }
    let before = jwt::read(client.client_credentials("read").await.tokens().access_token()).claims;
    for name in PROTECTED {
        let script =
            format!("fn on_claims(ctx, target) {{ let added = #{{ \"{name}\": \"evil\", tier: 1 }}; claims(added) }}");
        let answer =
            try_deploy(&realm, files("evil", &format!("{hooks}\nclaims = {{ tier = \"int\" }}"), &script)).await;
        // Found when the package is checked, or when it runs: the tokens are the same or there are none.
        if answer.status == 201 {
            let refused = client.client_credentials("read").await;
            assert_eq!((refused.status, &refused.json()["error"]), (500, &json!("server_error")), "{name}");
        } else {
            assert_eq!(answer.status, 422, "{name}: {answer:?}");
        }
    }
    deploy(&realm, files("evil", hooks, "fn on_claims(ctx, target) { none() }")).await;
    let after = jwt::read(client.client_credentials("read").await.tokens().access_token()).claims;
    for claim in ["iss", "sub", "aud", "client_id", "scope"] {
        assert_eq!(after[claim], before[claim], "{claim}");
    }
}

#[tokio::test]
async fn sc_012_a_script_sees_no_credential_of_anybody() {
    let realm = Realm::new().await;
    let client = client(&realm).await;
    let credentials: Vec<String> = ["password", "hash", "credential", "secret", "totp", "token", "cookie", "code"]
        .iter()
        .flat_map(|name| [(*name).to_owned(), format!("{name}_hash"), format!("user_{name}")])
        .collect();
    let manifest = format!("hooks = [\"on_token_request\"]\nuser_attributes = {credentials:?}");
    // Everything that a script is told, as it would tell it in turn.
    let script = "fn on_token_request(ctx, req) { \
                  ctx.log.info(\"told\", #{ user: ctx.user, client: ctx.client, session: ctx.session, net: ctx.net, \
                  req: req, vars: ctx.vars }); none() }";
    deploy(&realm, files("curious", &manifest, script)).await;
    let request = client.request().with("scope", "openid email");
    let mut browser = realm.browser();
    let response = browser.complete(&request, &realm.user).await;
    let tokens = client.redeem(&request, response.code()).await.tokens();
    let log = realm.server.log();
    let mark = format!("\"id\\\":\\\"{}", client.id);
    let told: Vec<&str> = log.lines().filter(|line| line.contains("script: told")).collect();
    let told = told.iter().find(|line| line.contains(&client.id)).unwrap_or_else(|| panic!("{mark} not in {told:?}"));
    let cookie = browser.cookie("session").unwrap().1.to_owned();
    let crate::support::client::Credential::Basic(secret) = &client.credential else { panic!("a secret expected") };
    for hidden in [secret, &realm.user.password, &cookie, response.code(), tokens.access_token(), tokens.id_token()] {
        assert!(!told.contains(hidden), "{hidden}: {told}");
    }
    assert!(!told.contains("argon2"), "{told}");
    for name in &credentials {
        assert!(told.contains(&format!("\\\"{name}\\\":null")), "{name}: {told}");
    }
}

#[tokio::test]
async fn sc_013_nothing_of_a_run_reaches_another() {
    let (realm, other) = (Realm::new().await, Realm::new().await);
    let (one, two) = (client(&realm).await, client(&other).await);
    let manifest = "hooks = [\"on_token_request\", \"on_claims\"]\nkv = [\"counter\"]\nclaims = { seen = \"int\", vars = \"int\" }";
    // Whatever a script can get hold of is changed; the next run, here or elsewhere, starts anew.
    let script = "fn on_token_request(ctx, req) {\n\
                  let state = ctx.kv.get(\"counter\"); state.n += 1; state.list.push(state.n);\n\
                  req.scope.push(\"write\");\n\
                  let vars = ctx.vars; vars.n = 1;\n\
                  none().with_vars(#{ n: (ctx.vars.n ?? 0) + 1 })\n}\n\
                  fn on_claims(ctx, target) {\n\
                  let state = ctx.kv.get(\"counter\"); let seen = state.n + state.list.len(); state.n = 99; state.list.push(1);\n\
                  claims(#{ seen: seen, vars: ctx.vars.n })\n}\n";
    for realm in [&realm, &other] {
        set(realm, "kv/counter", json!({"n": 0, "list": []})).await;
        let answer = try_deploy(realm, files("state", manifest, script)).await;
        assert_eq!(answer.status, 201, "{answer:?}");
    }
    for _ in 0..3 {
        for client in [&one, &two] {
            let tokens = client.client_credentials("read").await.tokens();
            let claims = jwt::read(tokens.access_token()).claims;
            assert_eq!((&claims["seen"], &claims["vars"], &claims["scope"]), (&json!(0), &json!(1), &json!("read")));
        }
    }
}

#[tokio::test]
async fn sc_013_a_package_of_one_realm_decides_in_no_other() {
    let (realm, other) = (Realm::new().await, Realm::new().await);
    let (one, two) = (client(&realm).await, client(&other).await);
    let deny = "fn on_token_request(ctx, req) { deny(\"invalid_scope\", \"no\") }";
    deploy(&realm, files("no", "hooks = [\"on_token_request\"]", deny)).await;
    one.client_credentials("read").await.assert_refused("invalid_scope");
    two.client_credentials("read").await.tokens();
}

#[tokio::test]
async fn sc_008_slow_scripts_of_one_realm_hold_up_no_other() {
    const SLOW: usize = 200;
    let (realm, other) = (Realm::new().await, Realm::new().await);
    let (slow, quick) = (client(&realm).await, client(&other).await);
    let (asked, never) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (noted, held) = (Arc::clone(&asked), Arc::clone(&never));
    let server = crate::support::web::WebServer::answering(move |_| {
        noted.notify_one();
        let held = Arc::clone(&held);
        async move {
            held.notified().await;
            Response::new(String::new())
        }
    })
    .await;
    set(&realm, "connection/slow", json!({"base_url": server.url})).await;
    let manifest = "hooks = [\"on_claims\"]\nhttp = [\"slow\"]\nclaims = { x = \"int\" }";
    let wait = "fn on_claims(ctx, target) { ctx.http(\"slow\").get(\"/\"); none() }";
    deploy(&realm, files("slow", manifest, wait)).await;
    let spin = "fn on_claims(ctx, target) { let n = 0; for i in 0..20 { n += i; } claims(#{ x: n }) }";
    deploy(&other, files("quick", "hooks = [\"on_claims\"]\nclaims = { x = \"int\" }", spin)).await;

    let flood = crate::support::http::at_once(SLOW, || slow.client_credentials("read"));
    let meanwhile = async {
        asked.notified().await;
        // While scripts of the one realm hang, requests of the other are answered, one after the other.
        for _ in 0..50 {
            quick.client_credentials("read").await.tokens();
        }
    };
    let (answers, ()) = futures_util::future::join(flood, meanwhile).await;
    // Nobody of the slow realm got a token without its script: they ran out of time or found no place.
    assert_eq!(answers.len(), SLOW);
    for answer in &answers {
        assert_eq!((answer.status, &answer.json()["error"]), (500, &json!("server_error")), "{answer:?}");
    }
    quick.client_credentials("read").await.tokens();
    never.notify_waiters();
}

#[tokio::test]
async fn sc_009_whatever_ends_a_run_ends_one_request_only() {
    let realm = Realm::new().await;
    let client = client(&realm).await;
    for hostile in [
        "loop { }",
        "fn deep(n) { deep(n + 1) } fn on_token_request(ctx, req) { deep(0) }",
        "let m = #{}; for i in 0..100000 { m[`k${i}`] = \"0123456789\".split(\"\"); }",
        "let s = \"x\"; loop { s += s; }",
        "1 / 0",
        "throw #{ a: [1, 2, 3] }",
        "let a = []; a[99999999] = 1;",
    ] {
        let script = if hostile.contains("fn ") {
            hostile.to_owned()
        } else {
            format!("fn on_token_request(ctx, req) {{ {hostile}; none() }}")
        };
        deploy(&realm, files("hostile", "hooks = [\"on_token_request\"]", &script)).await;
        for _ in 0..3 {
            let refused = client.client_credentials("read").await;
            assert_eq!((refused.status, &refused.json()["error"]), (500, &json!("server_error")), "{hostile}");
        }
    }
    deploy(&realm, files("hostile", "hooks = [\"on_token_request\"]", "fn on_token_request(ctx, req) { none() }"))
        .await;
    client.client_credentials("read").await.tokens();
}

/// The longest that a test waits for what must come.
const HANG: Duration = Duration::from_mins(5);

#[tokio::test]
async fn sc_008_busy_scripts_of_one_realm_hold_up_no_other() {
    const FLOOD: usize = 200;
    let (realm, other) = (Realm::new().await, Realm::new().await);
    let (busy, quick) = (client(&realm).await, client(&other).await);
    // Nothing but work, at two hooks of each request.
    let hooks = "hooks = [\"on_token_request\", \"on_claims\"]\nclaims = { x = \"int\" }";
    let work = "let n = 0; while n < 1_000 { n += 1; }";
    let script = format!(
        "fn on_token_request(ctx, req) {{ {work} none() }}\nfn on_claims(ctx, target) {{ {work} claims(#{{ x: n }}) }}"
    );
    deploy(&realm, files("busy", hooks, &script)).await;
    let small = "fn on_claims(ctx, target) { claims(#{ x: 1 }) }";
    deploy(&other, files("quick", "hooks = [\"on_claims\"]\nclaims = { x = \"int\" }", small)).await;
    let flood = crate::support::http::at_once(FLOOD, || busy.client_credentials("read"));
    let meanwhile = async {
        for _ in 0..50 {
            let token = quick.client_credentials("read").await.tokens();
            assert_eq!(jwt::read(token.access_token()).claims["x"], 1);
        }
    };
    let both = tokio::time::timeout(HANG, futures_util::future::join(flood, meanwhile));
    let (answers, ()) = both.await.expect("nobody waits for ever");
    // Each of the flood has its tokens, or found no place and has none: never tokens that no script has seen.
    let (served, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(served.len() + refused.len(), FLOOD);
    assert!(!served.is_empty());
    for answer in &served {
        assert_eq!(jwt::read(answer.tokens().access_token()).claims["x"], 1_000);
    }
    for answer in &refused {
        assert_eq!((answer.status, &answer.json()["error"]), (500, &json!("server_error")), "{answer:?}");
    }
}

/// A token of the client's own, as another node issues it.
async fn ask_at(node: &Server, client: &Client) -> Answer {
    let request = client.authenticated("/token", &[("grant_type", "client_credentials"), ("scope", "read")]);
    let url = format!("{}{}", node.base, url::Url::parse(&request.url).unwrap().path());
    HttpClient::new().send(Request { url, ..request }).await
}

#[tokio::test]
async fn sc_016_what_is_refused_at_one_node_changes_nothing_at_any() {
    let database = TestDatabase::empty(Kind::Postgres).await;
    let first = Server::start(Configuration { database: Some(database.url.clone()), ..Configuration::default() }).await;
    let second = first.beside().await;
    let realm = Realm::on(&first, json!({})).await;
    let client = client(&realm).await;
    let manifest = "hooks = [\"on_claims\"]\nclaims = { x = \"int\" }";
    let version =
        |number: i64| files("x", manifest, &format!("fn on_claims(ctx, target) {{ claims(#{{ x: {number} }}) }}"));
    let seen = async |node: &Server| {
        let answer = ask_at(node, &client).await;
        jwt::read(answer.tokens().access_token()).claims["x"].as_i64()
    };
    deploy(&realm, version(1)).await;
    for node in [&first, &second] {
        until_true("the version is there", async || seen(node).await == Some(1)).await;
    }
    for broken in ["fn on_claims(ctx, target) { claims(", "fn on_claims(ctx, target) { nothing_of_that_name() }"] {
        assert_eq!(try_deploy(&realm, files("x", manifest, broken)).await.status, 422);
        // Longer than a node takes to learn of a change: a change that everybody learns of comes after it.
        let name = realm.name.clone();
        first
            .administration
            .ask(Method::PATCH, &format!("/realms/{name}"), &json!({"display_name": broken.len().to_string()}))
            .await;
        let shown = async || {
            let path = format!("/realms/{name}");
            second.administration.ask(Method::PATCH, &path, &json!({})).await.json()["display_name"].clone()
        };
        until_true("the change is seen", async || shown().await == json!(broken.len().to_string())).await;
        for node in [&first, &second] {
            assert_eq!(seen(node).await, Some(1), "the version from before decides");
        }
    }
    // What is good reaches both.
    deploy(&realm, version(2)).await;
    for node in [&first, &second] {
        until_true("the new version is there", async || seen(node).await == Some(2)).await;
    }
    drop((first, second, realm));
    database.remove().await;
}
