//! What a node makes of what is stored: which scripts decide, in which order, and what where one does not compile.

use std::sync::Arc;

use serde_json::{Value, json};
use signet_core::model::{ScriptBinding, ScriptDeclaration, ScriptPackage, ScriptSummary, ScriptTarget, ScriptVersion};
use signet_core::ports::ScriptDeployment;
use signet_core::provider::Provider;
use signet_core::realm::RealmContext;
use signet_core::registry::{self, DeploymentRequest, NewScriptValue};
use signet_hooks::{FailureMode, Hook};

use crate::support::provider::TimedProvider;
use crate::support::scripts::files;

async fn context(provider: &Provider, realm: &str) -> Arc<RealmContext> {
    registry::find_realm(provider, &realm.parse().unwrap()).await.unwrap()
}

async fn deploy(provider: &Provider, realm: &str, files: Value, (client, position): (Option<&str>, i64)) {
    let request = DeploymentRequest {
        files: serde_json::from_value(files).unwrap(),
        client_id: client.map(|id| id.parse().unwrap()),
        position: Some(position),
        activate: true,
        accept: Vec::new(),
    };
    registry::deploy_script(&provider.serving_itself(), &*context(provider, realm).await, request).await.unwrap();
}

/// The packages that decide at a hook, in their order.
fn deciding(realm: &RealmContext, hook: Hook, client: Option<&str>) -> Vec<String> {
    let client = client.map(|id| id.parse().unwrap());
    let scripts = realm.hooks.at(hook, client.as_ref());
    scripts.iter().map(|script| format!("{} {}", script.target.package, script.version.short())).collect()
}

fn names(realm: &RealmContext, client: Option<&str>) -> Vec<String> {
    let deciding = deciding(realm, Hook::OnTokenRequest, client);
    deciding.iter().map(|script| script.split(' ').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn scripts_of_the_realm_decide_before_those_of_the_client() {
    let timed = TimedProvider::start().await;
    let realm = timed.realm(json!({})).await;
    let provider = &timed.provider;
    assert!(context(provider, &realm.name).await.hooks.is_empty());
    for client in ["app", "other"] {
        realm.client(json!({"client_id": client})).await;
    }
    for (name, client, position) in
        [("last", None, 9), ("b", None, 5), ("a", None, 5), ("own", Some("app"), -9), ("alone", Some("other"), 0)]
    {
        deploy(provider, &realm.name, files(name, "", ""), (client, position)).await;
    }
    let context = context(provider, &realm.name).await;
    assert!(!context.hooks.is_empty());
    assert_eq!(names(&context, None), ["a", "b", "last"]);
    assert_eq!(names(&context, Some("app")), ["a", "b", "last", "own"]);
    assert_eq!(names(&context, Some("other")), ["a", "b", "last", "alone"]);
    assert_eq!(names(&context, Some("third")), ["a", "b", "last"]);
    assert!(context.hooks.at(Hook::OnClaims, None).is_empty());
    timed.stop().await;
}

#[tokio::test]
async fn a_clients_own_version_takes_the_place_of_the_realms() {
    let timed = TimedProvider::start().await;
    let realm = timed.realm(json!({})).await;
    let provider = &timed.provider;
    realm.client(json!({"client_id": "app"})).await;
    deploy(provider, &realm.name, files("limits", "", "realm"), (None, 1)).await;
    deploy(provider, &realm.name, files("other", "", ""), (None, 2)).await;
    deploy(provider, &realm.name, files("limits", "", "own"), (Some("app"), 1)).await;
    let context = context(provider, &realm.name).await;
    assert_eq!(names(&context, Some("app")), ["other", "limits"]);
    let (of_realm, own) =
        (deciding(&context, Hook::OnTokenRequest, None), deciding(&context, Hook::OnTokenRequest, Some("app")));
    assert_ne!(of_realm[0], own[1]);
    timed.stop().await;
}

#[tokio::test]
async fn scripts_get_the_values_of_their_realm() {
    let timed = TimedProvider::start().await;
    let realm = timed.realm(json!({})).await;
    let provider = &timed.provider;
    let before = context(provider, &realm.name).await;
    let secret = NewScriptValue::Secret("s3cret".to_owned().into());
    registry::set_script_value(&provider.serving_itself(), &before, "crm".parse().unwrap(), secret).await.unwrap();
    let document = NewScriptValue::Document(json!({"a": 1}));
    registry::set_script_value(&provider.serving_itself(), &before, "table".parse().unwrap(), document).await.unwrap();
    assert!(context(provider, &realm.name).await.hooks.values().is_none(), "nobody needs them");
    deploy(provider, &realm.name, files("limits", "secrets = [\"crm\"]\n", ""), (None, 1)).await;
    let context = context(provider, &realm.name).await;
    let values = context.hooks.values().unwrap();
    assert_eq!((values.secrets["crm"].as_str(), &values.documents["table"]), ("s3cret", &json!({"a": 1})));
    timed.stop().await;
}

/// A version as an older release may have left it: its manifest names another hook API.
async fn deploy_outdated(provider: &Provider, realm: &RealmContext, hooks: &[(&str, &str)]) {
    let files = json!({"manifest.toml": "name = \"old\"\napi = \"0\"\nhooks = [\"on_claims\"]\n", "main.rhai": "x"});
    let declaration = ScriptDeclaration {
        api: "0".to_owned(),
        capabilities: vec!["hook:on_token_request".to_owned()],
        hooks: hooks.iter().map(|(hook, mode)| ((*hook).to_owned(), (*mode).to_owned())).collect(),
        ..ScriptDeclaration::default()
    };
    let target = ScriptTarget { client_id: None, package: "old".parse().unwrap() };
    let version = ScriptVersion([7; 32]);
    let summary = ScriptSummary { name: target.package.clone(), version, declaration, created_at: provider.now() };
    let binding = ScriptBinding {
        realm_id: realm.id(),
        target,
        active: version,
        previous: None,
        shadow: None,
        position: 0,
        revision: 0,
        updated_at: provider.now(),
    };
    let package = ScriptPackage { realm_id: realm.id(), summary, files: serde_json::from_value(files).unwrap() };
    let deployment = ScriptDeployment { package, binding: Some(binding), keep: 20 };
    provider.store.deploy_script(&deployment, &[]).await.unwrap();
}

#[tokio::test]
async fn a_version_that_does_not_compile_any_more_leaves_the_answer_to_its_failure_mode() {
    let timed = TimedProvider::start().await;
    let realm = timed.realm(json!({})).await;
    let provider = &timed.provider;
    let before = context(provider, &realm.name).await;
    deploy_outdated(provider, &before, &[("on_claims", "open"), ("on_session", "closed"), ("on_gone", "closed")]).await;
    let after = context(provider, &realm.name).await;
    for (hook, mode) in [(Hook::OnClaims, FailureMode::Open), (Hook::OnSession, FailureMode::Closed)] {
        let [script] = after.hooks.at(hook, None) else { panic!("one script at {hook}") };
        let reason = script.program.as_ref().err().expect("no program");
        assert!(reason.contains("manifest.toml:2:") && reason.contains("[api-version]"), "{reason}");
        assert_eq!(script.failure_mode(hook), mode);
    }
    assert!(after.hooks.at(Hook::OnTokenRequest, None).is_empty());
    let listed = registry::list_scripts(provider, &after).await.unwrap();
    assert!(listed[0].problem.as_ref().is_some_and(|problem| problem.contains("[api-version]")), "{listed:?}");
    // A version that compiles takes over; the outdated one cannot come back.
    let package = files("old", "", "new");
    deploy(provider, &realm.name, package, (None, 1)).await;
    let after = context(provider, &realm.name).await;
    assert!(after.hooks.at(Hook::OnTokenRequest, None)[0].program.is_ok());
    let target = ScriptTarget { client_id: None, package: "old".parse().unwrap() };
    let state = registry::find_script(provider, &after, &target).await.unwrap();
    let refused =
        registry::roll_back_script(&provider.serving_itself(), &after, state.binding).await.unwrap_err().to_string();
    assert!(refused.contains("[api-version]"), "{refused}");
    timed.stop().await;
}
