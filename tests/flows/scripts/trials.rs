//! Packages that are tried over the admin API before they are deployed.

use http::Method;
use serde_json::{Value, json};

use super::{ask, deploy, get};
use crate::support::realm::Realm;
use crate::support::scripts::files;

async fn try_out(realm: &Realm, trial: &str, body: Value) -> Value {
    let answer = ask(realm, Method::POST, &format!("/script-trials/{trial}"), &body).await;
    assert_eq!(answer.status, 200, "{trial}: {answer:?}");
    answer.json()
}

fn package(script: &str, more: &Value) -> Value {
    let mut files = json!({
        "manifest.toml": "name = \"limits\"\napi = \"1\"\nhooks = [\"on_claims\"]\nclaims = { department = \"string\" }\n",
        "main.rhai": script,
    });
    files.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    files
}

const GOOD: &str = "fn on_claims(ctx, target) {\n    claims(#{ department: ctx.client.id })\n}\n";

#[tokio::test]
async fn a_check_answers_every_problem_with_file_line_column_and_rule() {
    let realm = Realm::new().await;
    let script = "fn on_claims(ctx, target) {\n    claims(#{ team: 1, department: departmant })\n}\n";
    let tests = json!({"limits_test.rhai": "test(\"x\", || asert(true));\n"});
    let checked = try_out(&realm, "check", json!({"files": package(script, &tests)})).await;
    assert_eq!(checked["valid"], false);
    let found: Vec<Value> = checked["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| json!([one["file"], one["line"], one["column"], one["rule"]]))
        .collect();
    assert_eq!(
        found,
        [json!(["main.rhai", 2, 36, "unknown-name"]), json!(["limits_test.rhai", 1, 14, "unknown-name"]),],
        "{checked}"
    );
    let checked = try_out(&realm, "check", json!({"files": {}})).await;
    assert_eq!(checked["problems"][0]["rule"], "package-files", "{checked}");
    assert_eq!(checked.get("version"), None);
}

#[tokio::test]
async fn a_check_says_what_a_deployment_would_and_deploys_nothing() {
    let realm = Realm::new().await;
    deploy(&realm, files("limits", "", "first")).await;
    let wide = files("limits", "user_attributes = [\"email\"]\nkv = [\"table\"]\n", "second");
    let checked = try_out(&realm, "check", json!({"files": wide})).await;
    let said = checked["problems"].to_string();
    assert!(said.contains("kv table") && said.contains("user_attribute:email"), "{checked}");
    assert_eq!(checked["capabilities"], json!(["hook:on_token_request", "kv:table", "user_attribute:email"]));
    super::hooks::set(&realm, "kv/table", json!({})).await;
    let accept = json!(["user_attribute:email", "kv:table"]);
    let checked = try_out(&realm, "check", json!({"files": wide, "accept": accept})).await;
    assert_eq!(checked["valid"], true, "{checked}");
    assert_eq!(get(&realm, "/scripts/limits/versions").await["items"].as_array().unwrap().len(), 1);
    let unknown = json!({"files": wide, "client_id": "nobody"});
    assert_eq!(ask(&realm, Method::POST, "/script-trials/check", &unknown).await.status, 404);
}

#[tokio::test]
async fn a_package_is_tested_run_and_fuzzed_without_being_deployed() {
    let realm = Realm::new().await;
    let more = json!({
        "limits_test.rhai":
            "test(\"good\", || assert_eq(call(\"on_claims\", fixture(\"bank\"), \"userinfo\").claims.department, \"bank\"));\n\
             test(\"bad\", || assert(false, \"no\"));\n",
        "fixtures/bank.json": "{\"client\": {\"id\": \"bank\"}}",
    });
    let files = package(GOOD, &more);
    let tested = try_out(&realm, "test", json!({"files": files})).await;
    assert_eq!((&tested["failed"], &tested["coverage"]["percent"]), (&json!(1), &json!(100)), "{tested}");
    assert_eq!(tested["tests"][0], json!({"file": "limits_test.rhai", "name": "good", "passed": true}));
    assert_eq!(
        (&tested["tests"][1]["failure"]["line"], &tested["tests"][1]["failure"]["rule"]),
        (&json!(2), &json!("test"))
    );

    let run = json!({"files": files, "hook": "on_claims", "fixture": "bank", "argument": "id_token"});
    let run = try_out(&realm, "run", run).await;
    assert_eq!(run["decision"], json!({"decision": "claims", "claims": {"department": "bank"}}), "{run}");
    assert!(run["operations"].as_u64().unwrap() > 0 && run.get("failure").is_none());

    let throwing =
        package("fn on_claims(ctx, target) { if target == \"userinfo\" { throw \"no\"; } none() }", &json!({}));
    let fuzzed = try_out(&realm, "fuzz", json!({"files": throwing, "runs": 100})).await;
    assert_eq!((&fuzzed["runs"], &fuzzed["problems"]), (&json!(100), &json!([])), "{fuzzed}");
    assert!(!fuzzed["thrown"].as_array().unwrap().is_empty() && fuzzed["thrown"][0]["kind"] == "thrown", "{fuzzed}");

    let broken = package("fn on_claims(ctx, target) { x }", &json!({}));
    let whole = json!({"files": broken});
    let one = json!({"files": broken, "hook": "on_claims"});
    for (trial, body) in [("test", &whole), ("run", &one), ("fuzz", &whole)] {
        let answer = try_out(&realm, trial, body.clone()).await;
        assert_eq!(answer["problems"][0]["rule"], "unknown-name", "{trial}: {answer}");
    }
    for (trial, body, field) in [
        ("run", json!({"files": files, "hook": "on_nothing"}), "hook"),
        ("run", json!({"files": files, "hook": "on_error"}), "hook"),
        ("run", json!({"files": files, "hook": "on_claims", "fixture": "absent"}), "fixture"),
        ("run", json!({"files": files, "hook": "on_claims", "argument": "nowhere"}), "fixture"),
        ("fuzz", json!({"files": files, "runs": 0}), "runs"),
        ("fuzz", json!({"files": files, "runs": 2001}), "runs"),
    ] {
        let (status, named, _) = super::refused(&realm, Method::POST, &format!("/script-trials/{trial}"), &body).await;
        assert_eq!((status, named.as_str()), (422, field), "{body}");
    }
    assert_eq!(get(&realm, "/scripts").await["items"], json!([]));
}

#[tokio::test]
async fn sc_001_a_trial_that_never_ends_is_ended() {
    let realm = Realm::new().await;
    let calls = "test(\"calls\", || { loop { call_failing(\"on_claims\", #{}, \"userinfo\"); } });\n";
    let files = package("fn on_claims(ctx, target) { loop { } }", &json!({"limits_test.rhai": calls.repeat(20)}));
    let tested = try_out(&realm, "test", json!({"files": files})).await;
    assert_eq!((&tested["failed"], tested["tests"].as_array().unwrap().len()), (&json!(20), 20), "{tested}");
    let fuzzed = try_out(&realm, "fuzz", json!({"files": files, "runs": 2000})).await;
    assert!(fuzzed["broken"].as_array().unwrap().iter().all(|one| one["kind"] == "budget"), "{fuzzed}");
}
