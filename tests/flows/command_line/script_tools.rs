//! Commands for packages in a folder, which need neither configuration nor database.

use serde_json::{Value, json};

use super::Home;

/// A home with a new package `limits` in it.
fn home() -> Home {
    let home = Home::empty();
    let made = home.json("script new --hook on_claims limits");
    assert_eq!((&made["name"], &made["hook"]), (&json!("limits"), &json!("on_claims")));
    home
}

#[test]
fn a_new_package_passes_check_its_own_test_and_generated_inputs() {
    let home = home();
    assert_eq!(home.json("script check limits"), json!({"valid": true, "problems": []}));
    let tested = home.json("script test limits --coverage --junit reports/limits.xml");
    assert_eq!((&tested["failed"], &tested["coverage"]["missed"]), (&json!(0), &json!([])), "{tested}");
    assert_eq!(tested["tests"].as_array().unwrap().len(), 2);
    assert!(home.read("reports/limits.xml").contains("<testsuite name=\"limits\" tests=\"2\" failures=\"0\">"));
    let tested = home.run("script test limits --coverage").printed;
    assert!(tested.contains("ok ID tokens do not\n2 passed, 0 failed\n100% of the lines"), "{tested}");

    let fuzzed = home.json("script fuzz limits --seed 7 --runs 50");
    assert_eq!((&fuzzed["runs"], &fuzzed["broken"]), (&json!(50), &json!([])), "{fuzzed}");
    assert_eq!(home.json("script fuzz limits --seed 7 --runs 50"), fuzzed, "the same seed makes the same inputs");
    assert!(home.refused(6, "script new --hook on_claims limits").contains("limits exists already"));
}

#[test]
fn what_is_wrong_is_printed_with_file_line_and_column() {
    let home = home();
    home.write("limits/main.rhai", "fn on_claims(ctx, target) {\n    claims(#{ department: departmant })\n}\n");
    for tool in ["check", "test", "fuzz", "run --hook on_claims"] {
        let ended = home.run(&format!("script {tool} limits"));
        assert_eq!(ended.code, 7, "{tool}: {ended:?}");
        let line = ended.printed.trim_end();
        assert!(line.starts_with("main.rhai:2:27: ") && line.ends_with(" [unknown-name]"), "{tool}: {line}");
    }
    let ended = home.run("script check limits --output json");
    let answer: Value = serde_json::from_str(&ended.printed).unwrap();
    let place = json!({"file": "main.rhai", "line": 2, "column": 27});
    assert_eq!((ended.code, &answer["problems"][0]["position"]), (7, &place), "{answer}");

    std::fs::remove_file(home.path().join("limits/manifest.toml")).unwrap();
    let ended = home.run("script check limits");
    assert_eq!((ended.code, ended.printed.as_str()), (7, "manifest.toml: this file is missing [package-files]\n"));
    assert!(home.refused(2, "script check absent").contains("absent cannot be read"));
}

#[test]
fn a_failed_test_is_a_place_and_a_failure() {
    let home = home();
    home.write("limits/limits_test.rhai", "test(\"one is two\", || {\n    assert_eq(1, 2);\n});\n");
    let ended = home.run("script test limits --junit junit.xml");
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.printed.starts_with("limits_test.rhai:2:5: one is two: "), "{ended:?}");
    assert!(ended.printed.contains(" [test]\n0 passed, 1 failed\n"), "{ended:?}");
    assert!(ended.said.contains("1 of 1 tests failed"), "{ended:?}");
    assert!(home.read("junit.xml").contains("failures=\"1\""));
}

#[test]
fn a_run_prints_the_decision() {
    let home = home();
    let line = "script run limits --hook on_claims --ctx limits/fixtures/example.json --argument";
    assert_eq!(home.json(&format!("{line} \"access_token\""))["decision"]["claims"], json!({"department": "sales"}));
    assert_eq!(home.json(&format!("{line} \"id_token\""))["decision"], json!({"decision": "none"}));
    let shown = home.run(&format!("{line} \"access_token\""));
    assert!(
        shown.printed.contains("\"department\": \"sales\"") && shown.printed.contains(" operations\n"),
        "{shown:?}"
    );
    assert_eq!(home.run(&format!("{line} access_token")).code, 2, "no JSON");
    assert!(home.refused(7, &format!("{line} \"nothing\"")).contains("on_claims is not told this"));
    assert!(home.refused(2, "script run limits --hook on_error").contains("only on_claims"));
    assert_eq!(home.run("script run limits --hook on_nothing").code, 2);

    home.write("limits/main.rhai", "fn on_claims(ctx, target) {\n    throw \"no\"\n}\n");
    let ended = home.run("script run limits --hook on_claims");
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.said.starts_with("signet: main.rhai:2:5: ") && ended.said.ends_with(" [thrown]\n"), "{ended:?}");
}

#[test]
fn the_realm_answers_a_run_as_the_fixture_says() {
    let home = Home::empty();
    home.json("script new --hook on_claims limits");
    let manifest = home.read("limits/manifest.toml");
    let manifest = manifest.replace("kv = []", "kv = [\"table\"]").replace("http = []", "http = [\"crm\"]");
    home.write("limits/manifest.toml", &manifest);
    home.write(
        "limits/main.rhai",
        "fn on_claims(ctx, target) {\n    let reply = ctx.http(\"crm\").get(\"/ana\");\n    \
         claims(#{ department: ctx.kv.get(\"table\").prefix + reply.json.name })\n}\n",
    );
    let host = json!({
        "kv": {"table": {"prefix": "de-"}},
        "http": [{"connection": "crm", "path": "/ana", "reply": {"json": {"name": "sales"}}}],
    });
    home.write("input.json", &json!({ "host": host }).to_string());
    let run = home.json("script run limits --hook on_claims --ctx input.json");
    assert_eq!(run["decision"]["claims"]["department"], "de-sales", "{run}");
    home.write("input.json", "{\"host\": {\"cookies\": {}}}");
    let refused = home.refused(7, "script run limits --hook on_claims --ctx input.json");
    assert!(refused.contains("the member host of the fixture: unknown field"), "{refused}");
}

#[test]
fn schemas_of_hooks_are_printed() {
    let home = Home::empty();
    let all: Value = serde_json::from_str(&home.run("script schema").printed).unwrap();
    assert_eq!(all["hooks"].as_object().unwrap().len(), signet_hooks::Hook::ALL.len());
    let one: Value = serde_json::from_str(&home.run("script schema on_claims").printed).unwrap();
    assert_eq!((&one, &one["signature"]), (&all["hooks"]["on_claims"], &json!("on_claims(ctx, target)")));
    assert_eq!(home.run("script schema on_nothing").code, 2);
}

#[test]
fn definitions_stand_beside_packages() {
    let home = home();
    assert_eq!(home.json("script definitions")["files"], json!(["signet.d.rhai", "signet_tests.d.rhai"]));
    assert!(home.read("signet.d.rhai").starts_with("module static;") && !home.read("signet_tests.d.rhai").is_empty());
    home.json("script definitions editor/files");
    assert_eq!(home.read("editor/files/signet.d.rhai"), home.read("signet.d.rhai"));
    assert!(home.refused(2, "script definitions limits").contains("is a package"));
}

#[test]
fn every_script_command_has_help() {
    let home = Home::empty();
    for command in [
        "new",
        "check",
        "test",
        "run",
        "fuzz",
        "schema",
        "definitions",
        "versions",
        "promote",
        "shadow",
        "diff",
        "recordings",
        "replay",
        "explain",
    ] {
        let ended = home.run(&format!("script {command} -h"));
        assert_eq!(ended.code, 0, "{command}: {ended:?}");
        assert!(ended.printed.contains(&format!("Usage: signet script {command}")), "{ended:?}");
    }
}
