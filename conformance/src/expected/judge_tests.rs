//! Tests of the comparison.

use super::*;
use serde_json::{Value, json};

fn expectations(problems: Value, skips: Value) -> Expectations {
    Expectations { problems: serde_json::from_value(problems).unwrap(), skips: serde_json::from_value(skips).unwrap() }
}

fn nothing() -> Expectations {
    expectations(json!([]), json!([]))
}

fn judged(result: &str, log: Value, expectations: &Expectations) -> Verdict {
    let status = if result == "UNKNOWN" { "INTERRUPTED" } else { "FINISHED" };
    let info: TestInfo = serde_json::from_value(json!({ "result": result, "status": status })).unwrap();
    let log: Vec<LogEntry> = serde_json::from_value(log).unwrap();
    let variant = Variant::from([("response_type".to_owned(), "code".to_owned())]);
    let run = Run { configuration: "basic.toml", module: "oidcc-server", variant: &variant, info: &info, log: &log };
    judge(&run, expectations)
}

fn texts(verdict: &Verdict) -> Vec<&str> {
    verdict.differences.iter().map(|difference| difference.0.as_str()).collect()
}

fn warning_log() -> Value {
    json!([
        { "src": "-START-BLOCK-", "startBlock": true, "blockId": "b1", "msg": "Token endpoint" },
        { "src": "CheckX", "result": "WARNING", "msg": "not so good", "blockId": "b1" },
        { "src": "CheckY", "result": "SUCCESS", "msg": "fine" },
    ])
}

fn expected_warning(block: &str, result: &str) -> Value {
    json!([{
        "test-name": "oidcc-*", "variant": { "response_type": "code" }, "configuration-filename": "basic.toml",
        "current-block": block, "condition": "CheckX", "expected-result": result,
    }])
}

fn skip_log() -> Value {
    json!([{ "src": "oidcc-server", "result": "SKIPPED", "msg": "The test was skipped: because X is not supported." }])
}

fn expected_skip(sentence: &str) -> Value {
    json!([{ "test-name": "oidcc-server", "variant": "*", "configuration-filename": "basic.toml", "permitted-by": sentence }])
}

#[test]
fn passed_and_review_without_problems_are_as_expected() {
    for (result, outcome) in [("PASSED", Outcome::Passed), ("REVIEW", Outcome::Review)] {
        let verdict = judged(result, json!([{ "src": "CheckY", "result": "SUCCESS" }]), &nothing());
        assert_eq!((verdict.outcome, verdict.differences.len()), (outcome, 0));
    }
}

#[test]
fn an_unexpected_warning_is_a_difference_with_block_condition_and_message() {
    let verdict = judged("WARNING", warning_log(), &nothing());
    assert_eq!(verdict.outcome, Outcome::Warned);
    assert_eq!(texts(&verdict), ["unexpected warning: CheckX in \"Token endpoint\": not so good"]);
}

#[test]
fn an_expected_warning_is_used_and_no_difference() {
    for block in ["*", "Token endpoint"] {
        let expected = expectations(expected_warning(block, "warning"), json!([]));
        let verdict = judged("WARNING", warning_log(), &expected);
        assert_eq!(texts(&verdict), Vec::<&str>::new());
        assert_eq!(verdict.used, BTreeSet::from([Expectation::Problem(0)]));
    }
}

#[test]
fn an_expectation_of_another_block_or_severity_does_not_help() {
    for (block, result) in [("Userinfo endpoint", "warning"), ("*", "failure")] {
        let expected = expectations(expected_warning(block, result), json!([]));
        assert_eq!(judged("WARNING", warning_log(), &expected).differences.len(), 1);
    }
}

#[test]
fn an_expectation_of_another_variant_module_or_plan_does_not_help() {
    for (member, value) in [
        ("variant", json!({ "response_type": "id_token" })),
        ("test-name", json!("oidcc-other")),
        ("configuration-filename", json!("hybrid.toml")),
    ] {
        let mut problems = expected_warning("*", "warning");
        problems[0][member] = value;
        assert_eq!(judged("WARNING", warning_log(), &expectations(problems, json!([]))).differences.len(), 1);
    }
}

#[test]
fn an_expectation_with_a_message_means_that_message_only() {
    for (message, differences) in [("not so good", 0), ("not so", 1), ("bad", 1)] {
        let mut problems = expected_warning("*", "warning");
        problems[0]["message"] = json!(message);
        let expected = expectations(problems, json!([]));
        assert_eq!(judged("WARNING", warning_log(), &expected).differences.len(), differences, "{message}");
    }
}

#[test]
fn an_expected_message_that_was_not_seen_is_told() {
    let mut problems = expected_warning("*", "warning");
    problems[0]["message"] = json!("bad");
    let expected = expectations(problems, json!([]));
    let variant = Variant::from([("response_type".to_owned(), "code".to_owned())]);
    let missed = unused(&expected, &BTreeSet::new(), &[("basic.toml", &variant)]);
    assert_eq!(missed[0].0, "expected and not seen in basic.toml: CheckX of warning in oidcc-*: bad");
}

#[test]
fn a_result_that_the_log_does_not_explain_is_a_difference() {
    assert_eq!(texts(&judged("WARNING", json!([]), &nothing())), ["ended finished with result warning"]);
    assert_eq!(texts(&judged("FAILED", json!([]), &nothing())), ["ended finished with result failed"]);
    assert_eq!(texts(&judged("UNKNOWN", json!([]), &nothing())), ["ended interrupted with result unknown"]);
}

#[test]
fn a_skip_needs_the_suites_sentence() {
    let verdict = judged("SKIPPED", skip_log(), &nothing());
    assert_eq!(texts(&verdict), ["unexpected skip: The test was skipped: because X is not supported."]);
    assert_eq!(
        judged("SKIPPED", skip_log(), &expectations(json!([]), expected_skip("because Y"))).differences.len(),
        1
    );
    let verdict = judged("SKIPPED", skip_log(), &expectations(json!([]), expected_skip("because X is not")));
    assert_eq!((verdict.differences.len(), verdict.used), (0, BTreeSet::from([Expectation::Skip(0)])));
}

#[test]
fn expectations_that_did_not_come_true_are_differences_of_the_plans_that_ran() {
    let expected = expectations(expected_warning("*", "warning"), expected_skip("because X"));
    let response_type = |value: &str| Variant::from([("response_type".to_owned(), value.to_owned())]);
    let (code, id_token) = (response_type("code"), response_type("id_token"));
    let skipped = BTreeSet::from([(Expectation::Skip(0), "basic.toml")]);
    assert_eq!(unused(&expected, &BTreeSet::new(), &[("basic.toml", &code)]).len(), 2);
    assert_eq!(unused(&expected, &skipped, &[("basic.toml", &code)]).len(), 1);
    assert_eq!(unused(&expected, &BTreeSet::new(), &[("basic.toml", &id_token)]).len(), 1);
    assert!(unused(&expected, &BTreeSet::new(), &[("config.toml", &code)]).is_empty());
}

#[test]
fn an_expectation_of_several_plans_must_come_true_in_each() {
    let mut skips = expected_skip("because X");
    skips[0]["configuration-filename"] = json!("*-dynamic.toml");
    let (expected, variant) = (expectations(json!([]), skips), Variant::new());
    let used = BTreeSet::from([(Expectation::Skip(0), "basic-dynamic.toml")]);
    let ran = [("basic-dynamic.toml", &variant), ("hybrid-dynamic.toml", &variant), ("basic.toml", &variant)];
    let missed = unused(&expected, &used, &ran);
    assert_eq!(missed.len(), 1);
    assert!(missed[0].0.contains("hybrid-dynamic.toml"), "{}", missed[0].0);
}

#[test]
fn patterns_match_whole_names() {
    for (pattern, text, matched) in [
        ("oidcc-*", "oidcc-server", true),
        ("oidcc-*", "oidcc-", true),
        ("*-token", "oidcc-refresh-token", true),
        ("oidcc-?erver", "oidcc-server", true),
        ("oidcc", "oidcc-server", false),
        ("*", "", true),
        ("?", "", false),
    ] {
        assert_eq!(glob(pattern, text), matched, "{pattern} {text}");
    }
}
