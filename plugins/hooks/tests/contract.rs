//! The contract with packages: what a manifest may say, and which decisions the hooks take.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use serde_json::{Value, json};
use signet_hooks::{API_VERSION, Constructor, FailureMode, Hook, Manifest, Rule, Takes};

const MANIFEST: &str = r#"
name = "limits"
api = "1"
description = "Limits by department."
hooks = ["on_claims", "on_token_request"]
user_attributes = ["department"]
claims = { department = "string<=64", limit_eur = { type = "int", optional = true } }
http = ["directory"]
secrets = []
kv = ["limits"]
on_failure = { on_claims = "closed" }
"#;

fn problems(text: &str) -> Vec<(Rule, String)> {
    let found = Manifest::parse(text).unwrap_err();
    found.into_iter().map(|one| (one.rule, one.position.to_string())).collect()
}

/// The manifest with one piece replaced.
fn with(from: &str, to: &str) -> String {
    assert!(MANIFEST.contains(from), "{from}");
    MANIFEST.replace(from, to)
}

#[test]
fn a_manifest_names_everything_a_package_may_see_or_reach() {
    let manifest = Manifest::parse(MANIFEST).unwrap();
    assert_eq!(manifest.name, "limits");
    assert_eq!(manifest.hooks, BTreeSet::from([Hook::OnClaims, Hook::OnTokenRequest]));
    assert!(manifest.user_attributes.contains("department") && manifest.kv.contains("limits"));
    assert!(manifest.claims["limit_eur"].optional && !manifest.claims["department"].optional);
    assert_eq!(manifest.failure_mode(Hook::OnClaims), FailureMode::Closed);
    assert_eq!(manifest.failure_mode(Hook::OnError), FailureMode::Open);
}

#[test]
fn a_manifest_for_another_api_version_is_refused_with_its_place() {
    assert_eq!(API_VERSION, "1");
    assert_eq!(problems(&with("api = \"1\"", "api = \"2\"")), [(Rule::ApiVersion, "manifest.toml:3:7".to_owned())]);
}

#[test]
fn what_is_wrong_with_a_manifest_is_told_with_rule_line_and_column() {
    for (from, to, rule, place) in [
        ("http =", "htp =", Rule::ManifestSyntax, "8:1"),
        ("name = \"limits\"", "name = \"Limits\"", Rule::ManifestSyntax, "2:8"),
        ("name = \"limits\"", "name = limits", Rule::ManifestSyntax, "2:8"),
        ("\"on_token_request\"]", "\"on_token_request\", \"on_token\"]", Rule::UnknownHook, "5:43"),
        ("department = \"string<=64\"", "department = \"text\"", Rule::ClaimDeclaration, "7:25"),
        ("{ department =", "{ sub =", Rule::ClaimDeclaration, "7:12"),
        ("{ department = \"string<=64\"", "{ email_verified = \"string<=64\"", Rule::ClaimDeclaration, "7:12"),
        ("\"department\"]", "\"department\", \"department\"]", Rule::Capability, "6:34"),
        ("[\"directory\"]", "[\"https://x.test\"]", Rule::Capability, "8:9"),
        ("on_claims = \"closed\"", "on_claims = \"open\"", Rule::FailureMode, "11:28"),
        ("on_claims = \"closed\"", "on_token_request = \"open\"", Rule::FailureMode, "11:35"),
        ("on_claims = \"closed\"", "on_claims = \"queue\"", Rule::FailureMode, "11:28"),
        ("on_claims = \"closed\"", "on_error = \"open\"", Rule::FailureMode, "11:16"),
    ] {
        assert_eq!(problems(&with(from, to)), [(rule, format!("manifest.toml:{place}"))], "{to}");
    }
}

#[test]
fn capabilities_that_no_hook_can_use_are_refused() {
    let text = with("\"on_claims\", ", "").replace("on_claims = \"closed\"", "");
    assert_eq!(
        problems(&text),
        [(Rule::Capability, "manifest.toml:7:12".to_owned()), (Rule::Capability, "manifest.toml:8:9".to_owned())]
    );
}

#[test]
fn claims_may_fail_open_only_if_tokens_are_good_without_them() {
    let optional = with("\"string<=64\"", "{ type = \"string<=64\", optional = true }");
    let manifest = Manifest::parse(&optional.replace("\"closed\"", "\"open\"")).unwrap();
    assert_eq!(manifest.failure_mode(Hook::OnClaims), FailureMode::Open);
}

/// The smallest decision that a constructor makes.
fn smallest(hook: Hook, constructor: Constructor) -> Value {
    let mut decision = match constructor.takes {
        Takes::Nothing => json!({}),
        Takes::ErrorAndDescription => json!({"error": denial(hook), "description": "not now"}),
        Takes::Itself => json!({constructor.name: {}}),
        Takes::Members => match constructor.name {
            "identify" | "name" => json!({"username": "ana"}),
            "reauthenticate" => json!({"max_age": 0}),
            "ask" => json!({"questions": [{"name": "why", "label": {"en": "Why?"}, "kind": "text"}]}),
            "limit" if hook == Hook::OnDeviceRequest => json!({"expires_in": 60}),
            "limit" => json!({"seconds": 60}),
            _ => json!({}),
        },
    };
    decision["decision"] = constructor.name.into();
    decision
}

const fn denial(hook: Hook) -> &'static str {
    match hook {
        Hook::OnClientAuthenticated => "invalid_client",
        Hook::OnTokenRequest | Hook::OnAssertionGrant => "invalid_grant",
        Hook::OnResourceIndicators | Hook::OnTokenExchange | Hook::OnTransactionToken => "invalid_target",
        Hook::OnUmaPolicy => "request_denied",
        _ => "access_denied",
    }
}

#[test]
fn each_hook_takes_what_its_constructors_make_and_nothing_else() {
    let all: Vec<(Hook, Constructor)> =
        Hook::ALL.iter().flat_map(|hook| hook.constructors().iter().map(|constructor| (*hook, *constructor))).collect();
    for hook in Hook::ALL {
        assert_eq!(hook.check_output(&json!({"decision": "none"})), Ok(()), "{hook}");
        for (of, constructor) in &all {
            let decision = smallest(*hook, *constructor);
            let takes = hook.constructors().contains(constructor);
            assert_eq!(hook.check_output(&decision).is_ok(), takes, "{hook}: {decision} of {of}");
            if takes {
                let mut more = decision;
                more["escalate"] = true.into();
                assert!(hook.check_output(&more).is_err(), "{hook}: {more}");
            }
        }
        for bad in [json!(null), json!("allow"), json!({}), json!([]), json!({"decision": "grant"})] {
            assert!(hook.check_output(&bad).is_err(), "{hook}: {bad}");
        }
    }
}

#[test]
fn no_decision_can_widen() {
    for (hook, decision) in [
        (Hook::OnAuthorizeRequest, json!({"decision": "narrow", "add_scopes": ["admin"]})),
        (Hook::OnAuthorizeRequest, json!({"decision": "narrow", "prompt": ["none"]})),
        (Hook::OnAuthorizeRequest, json!({"decision": "narrow", "max_age": -1})),
        (Hook::OnAuthorizeRequest, json!({"decision": "deny", "error": "server_error", "description": "x"})),
        (Hook::OnAuthorizeRequest, json!({"decision": "deny", "error": "access_denied", "description": "a\"b"})),
        (Hook::OnTokenRequest, json!({"decision": "narrow", "access_token_seconds": 86_401})),
        (Hook::OnTokenRequest, json!({"decision": "narrow", "access_token_seconds": 1e3})),
        (Hook::OnTokenRequest, json!({"decision": "narrow", "scope": ["admin"]})),
        (Hook::OnConsent, json!({"decision": "consent", "skip": true})),
        (Hook::OnIntrospection, json!({"decision": "narrow", "active": true})),
        (Hook::OnSession, json!({"decision": "limit", "seconds": 999_999_999})),
        (Hook::OnError, json!({"decision": "message", "support_url": "javascript:x"})),
        (Hook::OnError, json!({"decision": "message", "code": "access_denied"})),
        (Hook::OnRevocation, json!({"decision": "deny", "error": "access_denied", "description": "x"})),
        (Hook::OnFactorResult, json!({"decision": "pass"})),
    ] {
        assert!(hook.check_output(&decision).is_err(), "{hook}: {decision}");
    }
}

#[test]
fn schemas_say_what_the_types_say() {
    for hook in Hook::ALL {
        let schemas = hook.schemas();
        let sample = hook.sample_input();
        assert_eq!(schemas.argument.is_some(), sample.argument().is_some(), "{hook}");
        let listed = schemas.ctx["properties"].as_object().unwrap();
        for name in sample.ctx().as_object().unwrap().keys() {
            assert!(listed.contains_key(name), "{hook}: {name}");
        }
        let variants = schemas.output["oneOf"].as_array().unwrap();
        let names: BTreeSet<&str> =
            variants.iter().filter_map(|variant| variant.pointer("/properties/decision/const")?.as_str()).collect();
        let made: BTreeSet<&str> =
            std::iter::once("none").chain(hook.constructors().iter().map(|constructor| constructor.name)).collect();
        assert_eq!(names, made, "{hook}");
        for variant in variants {
            let closed = variant["additionalProperties"] == false || variant["unevaluatedProperties"] == false;
            assert!(closed, "{hook}: {variant}");
        }
    }
}
