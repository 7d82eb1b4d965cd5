//! The scripts of `signet-conformance run --scripts hostile`: at every hook they go as far as its contract permits, and
//! not a step further.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use signet_hooks::{
    Class, Hook, Host, HttpProblem, HttpReply, HttpRequest, Package, Program, Run, RunContext, ScriptEngine,
    VARS_MAXIMUM_BYTES, Version, claims, handed_on,
};
use signet_rhai::RhaiEngine;

/// A host whose time stands still.
struct Still;

impl Host for Still {
    fn random(&self, bytes: usize) -> Vec<u8> {
        vec![7; bytes]
    }

    fn secret(&self, _: &str) -> Option<String> {
        None
    }

    fn kv(&self, _: &str) -> Option<Value> {
        None
    }

    fn http(&self, _: &str, _: &HttpRequest) -> Result<HttpReply, HttpProblem> {
        Err(HttpProblem::UnknownConnection)
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

fn hostile(name: &str) -> Arc<dyn Program> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/scripts/hostile").join(name);
    let file = |name: &str| (name.to_owned(), std::fs::read_to_string(folder.join(name)).unwrap());
    let package = Package::new(BTreeMap::from(["manifest.toml", "main.rhai"].map(file))).unwrap();
    RhaiEngine::new().compile(&package, Version([0; 32])).unwrap_or_else(|found| {
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        panic!("{name}: {}", found.join("\n"))
    })
}

fn run(program: &Arc<dyn Program>, hook: Hook, context: RunContext) -> Run {
    let host: Arc<dyn Host> = Arc::new(Still);
    let run = program.run(hook, &Arc::new(context), &host);
    assert!(run.outcome.is_ok(), "{hook}: {:?}", run.outcome);
    run
}

fn size(value: &impl serde::Serialize) -> usize {
    serde_json::to_vec(value).unwrap().len()
}

#[test]
fn the_hostile_scripts_decide_at_every_hook() {
    for name in ["loud", "odd"] {
        let program = hostile(name);
        for hook in Hook::ALL {
            assert!(program.defines(*hook), "{name}: {hook}");
            let run = run(&program, *hook, hook.sample_input());
            let decision = &run.outcome.unwrap()["decision"];
            assert!(*decision != json!("deny") && *decision != json!("end") && *decision != json!("step_up"));
        }
    }
}

#[test]
fn the_loud_one_uses_up_what_it_is_given() {
    let program = hostile("loud");
    for hook in Hook::ALL {
        let (run, limits) = (run(&program, *hook, hook.sample_input()), program.manifest().limits(*hook));
        assert!(run.operations * 100 >= limits.operations * 85, "{hook}: {} operations", run.operations);
        assert_eq!(run.log.len(), limits.log_lines, "{hook}");
        assert!(size(&run.log) > 24 * 1024, "{hook}: {} bytes of log", size(&run.log));
        if program.manifest().class(*hook) == Class::Decision {
            // However the request is filled, there is room for what it takes to read it.
            assert!(run.operations * 100 <= limits.operations * 97, "{hook}: {} operations", run.operations);
        }
    }
}

#[test]
fn the_odd_one_adds_as_many_claims_as_it_may_and_none_that_nobody_asked_for() {
    let program = hostile("odd");
    for target in ["id_token", "userinfo", "access_token", "introspection"] {
        let input = |requested: Value| {
            let ctx = json!({ "requested": requested });
            Hook::OnClaims.context_from_json(&ctx, Some(&json!(target))).unwrap()
        };
        let all = [
            "name",
            "name#ja-Kana-JP",
            "nickname",
            "email",
            "email_verified",
            "address",
            "phone_number",
            "phone_number_verified",
        ];
        let every = run(&program, Hook::OnClaims, input(json!(all))).outcome.unwrap()["claims"].clone();
        let bytes = size(&every);
        assert!((claims::MAXIMUM_BYTES - 32..=claims::MAXIMUM_BYTES).contains(&bytes), "{target}: {bytes} bytes");
        let unasked = run(&program, Hook::OnClaims, input(json!([]))).outcome.unwrap()["claims"].clone();
        let unasked = unasked.as_object().unwrap();
        assert_eq!(unasked.len() + all.len(), every.as_object().unwrap().len());
        assert!(unasked.keys().all(|name| !claims::is_standard(name)));
    }
}

#[test]
fn the_vars_of_both_fit_together_and_are_nearly_all_that_fits() {
    let (loud, odd) = (hostile("loud"), hostile("odd"));
    for hook in Hook::ALL {
        let vars = |program| run(program, *hook, hook.sample_input()).vars.unwrap();
        let both = handed_on(&vars(&loud), &vars(&odd)).unwrap();
        assert!(size(&both) + 16 > VARS_MAXIMUM_BYTES, "{hook}: {} bytes of vars", size(&both));
    }
}
