//! What administration of scripts leaves behind: one event a change, in its transaction, without values.

use serde_json::{Value, json};
use signet_core::model::{ScriptTarget, ScriptValueKind};
use signet_core::ports::EventQuery;
use signet_core::provider::Provider;
use signet_core::realm::RealmContext;
use signet_core::registry::{self, DeploymentRequest, NewScriptValue, VersionPrefix};

use crate::support::provider::TimedProvider;
use crate::support::scripts::files;

/// The kind, the client and the details of each event about scripts, in order.
async fn events(provider: &Provider, realm: &RealmContext) -> Vec<(String, Option<String>, Value)> {
    let events = registry::list_events(provider, realm.id(), &EventQuery::default(), 100).await.unwrap();
    let records = events.items.into_iter().map(|listed| listed.record);
    let about_scripts = records.map(|record| {
        let details: Value = serde_json::from_str(&record.details).unwrap();
        (record.kind, record.client_id, details)
    });
    about_scripts
        .filter(|(kind, _, details)| {
            kind.starts_with("script_") || details["object"].as_str().is_some_and(|object| object.starts_with("script"))
        })
        .collect()
}

#[tokio::test]
async fn every_change_leaves_its_event_and_a_refused_one_none() {
    let timed = TimedProvider::start().await;
    let realm = timed.realm(json!({})).await;
    realm.client(json!({"client_id": "app"})).await;
    let provider = &timed.provider;
    let context = registry::find_realm(provider, &realm.name.parse().unwrap()).await.unwrap();
    let serving = provider.serving_itself();
    let secret = NewScriptValue::Secret("a secret of scripts".to_owned().into());
    registry::set_script_value(&serving, &context, "crm".parse().unwrap(), secret).await.unwrap();
    let request = |body: &str, activate| DeploymentRequest {
        files: serde_json::from_value(files("limits", "", body)).unwrap(),
        client_id: Some("app".parse().unwrap()),
        activate,
        ..DeploymentRequest::default()
    };
    let first = registry::deploy_script(&serving, &context, request("first", true)).await.unwrap();
    let second = registry::deploy_script(&serving, &context, request("second", false)).await.unwrap();
    let broken = DeploymentRequest { files: [].into(), ..request("", true) };
    assert!(registry::deploy_script(&serving, &context, broken).await.is_err());
    let seen = first.binding.clone();
    let prefix = VersionPrefix::from(second.summary.version);
    let shadowed = registry::shadow_script(&serving, &context, seen.clone(), Some((&prefix, 5, &[]))).await.unwrap();
    assert!(registry::promote_script(&serving, &context, seen, (&prefix, &[])).await.is_err(), "changed meanwhile");
    let promoted = registry::promote_script(&serving, &context, shadowed, (&prefix, &[])).await.unwrap();
    let back = registry::roll_back_script(&serving, &context, promoted).await.unwrap();
    registry::delete_script(&serving, &context, &back).await.unwrap();
    let name = "crm".parse().unwrap();
    registry::delete_script_value(&serving, &context, ScriptValueKind::Secret, &name).await.unwrap();

    let all = events(provider, &context).await;
    let (first, second) = (first.summary.version.to_string(), second.summary.version.to_string());
    let expected = [
        ("administrative_change", None, json!({"object": "script_value", "id": "secret:crm", "action": "created"})),
        ("script_deployed", Some("app"), json!({"package": "limits", "version": first})),
        ("script_promoted", Some("app"), json!({"package": "limits", "version": first})),
        ("script_deployed", Some("app"), json!({"package": "limits", "version": second})),
        ("administrative_change", Some("app"), json!({"object": "script", "id": "limits", "action": "updated"})),
        ("script_promoted", Some("app"), json!({"package": "limits", "version": second})),
        ("script_rolled_back", Some("app"), json!({"package": "limits", "version": first})),
        ("administrative_change", Some("app"), json!({"object": "script", "id": "limits", "action": "deleted"})),
        ("administrative_change", None, json!({"object": "script_value", "id": "secret:crm", "action": "deleted"})),
    ];
    assert_eq!(all.len(), expected.len(), "{all:#?}");
    for ((kind, client, details), (expected_kind, expected_client, members)) in all.iter().zip(&expected) {
        assert_eq!((kind.as_str(), client.as_deref()), (*expected_kind, *expected_client), "{details}");
        for (name, value) in members.as_object().unwrap() {
            assert_eq!(details[name], *value, "{details}");
        }
        assert!(!details.to_string().contains("a secret of scripts"));
    }
    let target = ScriptTarget { client_id: None, package: "limits".parse().unwrap() };
    assert!(registry::find_script(provider, &context, &target).await.is_err());
    drop(serving);
    timed.stop().await;
}
