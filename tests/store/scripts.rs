//! The port of scripts: packages, bindings and values.

use serde_json::json;
use signet_core::model::{
    Realm, ScriptBinding, ScriptConnection, ScriptDeclaration, ScriptPackage, ScriptShadow, ScriptSummary,
    ScriptTarget, ScriptValue, ScriptValueContent, ScriptValueKind, ScriptVersion,
};
use signet_core::ports::{Changes, Clients, Realms, ScriptDeployment, ScriptRuns, Scripts, StoreError};
use signet_protocol::identifiers::RealmId;
use signet_store::Database;

use super::fixtures::{NOW, World, assert_missing, insert_realm, realm};
use super::races::{RACERS, nodes, race};
use super::script_runs::{cursor, recording};
use crate::support::databases::TestDatabase;

on_every_database!(
    packages_and_bindings_read_back,
    the_same_content_twice_is_one_version,
    bindings_are_in_the_order_in_which_they_decide,
    a_binding_points_at_versions_of_its_package,
    a_binding_is_changed_from_what_was_seen,
    old_versions_go_unless_something_points_at_them,
    a_binding_goes_with_its_cursor_and_the_last_one_with_the_versions,
    a_client_takes_its_bindings_along,
    values_are_stored_replaced_and_deleted,
    one_of_twenty_promotes,
    twenty_deployments_of_one_package_leave_one_version,
    a_realm_takes_everything_along,
    every_change_is_noticed,
    realms_with_scripts_are_found_while_they_are_enabled,
);

pub(super) const REALM: RealmId = RealmId([1; 16]);
const KEEP: u64 = 20;

fn package(name: &str, number: u8) -> ScriptPackage {
    let declaration = ScriptDeclaration {
        api: "1".to_owned(),
        description: "Größe \u{1f512}".to_owned(),
        hooks: [("on_claims".to_owned(), "closed".to_owned())].into(),
        capabilities: vec!["claim:department".to_owned(), "secret:crm".to_owned()],
    };
    let summary = ScriptSummary {
        name: name.parse().unwrap(),
        version: ScriptVersion([number; 32]),
        declaration,
        created_at: NOW.plus(number.into()),
    };
    let files = [("main.rhai", "// 'a' \\ \0 ? $1"), ("manifest.toml", "name = \"limits\"\n")];
    let files = files.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    ScriptPackage { realm_id: REALM, summary, files }
}

pub(super) fn target(client: Option<&str>, package: &str) -> ScriptTarget {
    ScriptTarget { client_id: client.map(|id| id.parse().unwrap()), package: package.parse().unwrap() }
}

/// A binding that is not stored yet.
fn binding(target: ScriptTarget, active: u8) -> ScriptBinding {
    ScriptBinding {
        realm_id: REALM,
        target,
        active: ScriptVersion([active; 32]),
        previous: None,
        shadow: None,
        position: 100,
        revision: 0,
        updated_at: NOW,
    }
}

fn deployment(package: ScriptPackage, binding: Option<ScriptBinding>) -> ScriptDeployment {
    ScriptDeployment { package, binding, keep: KEEP }
}

/// A version that decides.
async fn deploy(store: &Database, name: &str, number: u8, client: Option<&str>) -> ScriptBinding {
    let binding = binding(target(client, name), number);
    store.deploy_script(&deployment(package(name, number), Some(binding.clone())), &[]).await.unwrap();
    ScriptBinding { revision: 1, ..binding }
}

async fn store_with_realm(database: &TestDatabase) -> Database {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    store
}

#[track_caller]
fn assert_changed(answer: &Result<impl std::fmt::Debug, StoreError>) {
    assert!(matches!(answer, Err(StoreError::Changed("script"))), "{answer:?}");
}

async fn packages_and_bindings_read_back(database: &TestDatabase) {
    let store = store_with_realm(database).await;
    let (package, mut binding) = (package("limits", 1), binding(target(None, "limits"), 1));
    assert!(store.deploy_script(&deployment(package.clone(), Some(binding.clone())), &[]).await.unwrap());
    binding.revision = 1;
    assert_eq!(store.script_bindings(REALM).await.unwrap(), std::slice::from_ref(&binding));
    assert_eq!(store.script_package(REALM, package.summary.version).await.unwrap(), Some(package.clone()));
    let versions = store.script_versions(REALM, &package.summary.name).await.unwrap();
    assert_eq!(versions, std::slice::from_ref(&package.summary));
    let shadow = ScriptShadow { version: ScriptVersion([1; 32]), percent: 100 };
    (binding.shadow, binding.previous) = (Some(shadow), Some(ScriptVersion([1; 32])));
    store.store_script_binding(&binding, &[]).await.unwrap();
    binding.revision = 2;
    assert_eq!(store.script_bindings(REALM).await.unwrap(), [binding]);
    // Another realm has none of it.
    let other = RealmId([2; 16]);
    assert!(store.script_bindings(other).await.unwrap().is_empty());
    assert_eq!(store.script_package(other, package.summary.version).await.unwrap(), None);
    assert!(store.script_versions(other, &package.summary.name).await.unwrap().is_empty());
    let elsewhere = ScriptPackage { realm_id: other, ..package };
    assert_missing(store.deploy_script(&deployment(elsewhere, None), &[]).await, "realm");
}

async fn the_same_content_twice_is_one_version(database: &TestDatabase) {
    let store = store_with_realm(database).await;
    let first = package("limits", 1);
    assert!(store.deploy_script(&deployment(first.clone(), None), &[]).await.unwrap());
    let mut again = first.clone();
    again.summary.created_at = NOW.plus(1000);
    assert!(!store.deploy_script(&deployment(again, None), &[]).await.unwrap());
    assert_eq!(store.script_versions(REALM, &first.summary.name).await.unwrap(), [first.summary]);
}

async fn bindings_are_in_the_order_in_which_they_decide(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let store = &world.store;
    for (client, name, position) in
        [(Some("app"), "a", 1), (None, "z", 5), (None, "c", 7), (None, "b", 7), (Some("app"), "y", -1)]
    {
        let binding = ScriptBinding { position, ..binding(target(client, name), name.as_bytes()[0]) };
        let package = package(name, name.as_bytes()[0]);
        store.deploy_script(&deployment(package, Some(binding)), &[]).await.unwrap();
    }
    let bindings = store.script_bindings(REALM).await.unwrap();
    let order: Vec<&str> = bindings.iter().map(|binding| binding.target.package.as_str()).collect();
    assert_eq!(order, ["z", "b", "c", "y", "a"]);
}

async fn a_binding_points_at_versions_of_its_package(database: &TestDatabase) {
    let store = store_with_realm(database).await;
    let stored = deploy(&store, "limits", 1, None).await;
    store.deploy_script(&deployment(package("other", 2), None), &[]).await.unwrap();
    for version in [ScriptVersion([9; 32]), ScriptVersion([2; 32])] {
        let shadow = Some(ScriptShadow { version, percent: 1 });
        for wrong in [
            ScriptBinding { active: version, ..stored.clone() },
            ScriptBinding { previous: Some(version), ..stored.clone() },
            ScriptBinding { shadow, ..stored.clone() },
        ] {
            assert_missing(store.store_script_binding(&wrong, &[]).await, "script version");
        }
    }
    let unknown = binding(target(Some("nobody"), "limits"), 1);
    assert_missing(store.store_script_binding(&unknown, &[]).await, "client");
    assert_eq!(store.script_bindings(REALM).await.unwrap(), [stored]);
}

async fn a_binding_is_changed_from_what_was_seen(database: &TestDatabase) {
    let store = store_with_realm(database).await;
    let seen = deploy(&store, "limits", 1, None).await;
    store.store_script_binding(&ScriptBinding { position: 7, ..seen.clone() }, &[]).await.unwrap();
    assert_changed(&store.store_script_binding(&seen, &[]).await);
    assert_changed(&store.delete_script_binding(&seen, &[]).await);
    // Who saw none finds one: nothing of the deployment is done.
    let late = deployment(package("limits", 2), Some(binding(target(None, "limits"), 2)));
    assert_changed(&store.deploy_script(&late, &[]).await);
    assert_eq!(store.script_versions(REALM, &"limits".parse().unwrap()).await.unwrap().len(), 1);
    let stored = &store.script_bindings(REALM).await.unwrap()[0];
    assert_eq!((stored.position, stored.revision, stored.active), (7, 2, seen.active));
    let gone = ScriptBinding { target: target(None, "gone"), ..seen };
    assert_missing(store.delete_script_binding(&gone, &[]).await, "script");
    store.deploy_script(&deployment(package("gone", 3), None), &[]).await.unwrap();
    let gone = ScriptBinding { active: ScriptVersion([3; 32]), ..gone };
    assert_missing(store.store_script_binding(&gone, &[]).await, "script");
}

async fn old_versions_go_unless_something_points_at_them(database: &TestDatabase) {
    let store = store_with_realm(database).await;
    let mut stored = deploy(&store, "limits", 1, None).await;
    for number in 2..=4 {
        let few = ScriptDeployment { keep: 3, ..deployment(package("limits", number), None) };
        store.deploy_script(&few, &[]).await.unwrap();
    }
    let numbers = async || {
        let versions = store.script_versions(REALM, &"limits".parse().unwrap()).await.unwrap();
        versions.iter().map(|summary| summary.version.0[0]).collect::<Vec<_>>()
    };
    assert_eq!(numbers().await, [4, 3, 2, 1], "the oldest decides");
    stored.previous = Some(ScriptVersion([1; 32]));
    stored.active = ScriptVersion([2; 32]);
    stored.shadow = Some(ScriptShadow { version: ScriptVersion([3; 32]), percent: 10 });
    store.store_script_binding(&stored, &[]).await.unwrap();
    let last = ScriptDeployment { keep: 1, ..deployment(package("limits", 5), None) };
    store.deploy_script(&last, &[]).await.unwrap();
    assert_eq!(numbers().await, [5, 3, 2, 1]);
    // One that is stored again counts by its first time, and stays all the same.
    let oldest = ScriptDeployment { keep: 1, ..deployment(package("limits", 0), None) };
    store.deploy_script(&oldest, &[]).await.unwrap();
    assert_eq!(numbers().await, [5, 3, 2, 1, 0]);
}

async fn a_binding_goes_with_its_cursor_and_the_last_one_with_the_versions(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let store = &world.store;
    let of_realm = deploy(store, "limits", 1, None).await;
    let of_client = deploy(store, "limits", 1, Some("app")).await;
    assert!(store.move_script_cursor(None, &cursor(&of_realm.target, 5)).await.unwrap());
    store.delete_script_binding(&of_realm, &[]).await.unwrap();
    assert_eq!(store.script_cursor(REALM, &of_realm.target).await.unwrap(), None);
    assert_eq!(store.script_bindings(REALM).await.unwrap(), std::slice::from_ref(&of_client));
    assert_eq!(database.count("script_packages").await, 1);
    store.delete_script_binding(&of_client, &[]).await.unwrap();
    assert_eq!(database.count("script_packages").await, 0);
    assert_missing(store.delete_script_binding(&of_client, &[]).await, "script");
}

async fn a_client_takes_its_bindings_along(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let store = &world.store;
    let of_client = deploy(store, "limits", 1, Some("app")).await;
    let of_realm = deploy(store, "other", 2, None).await;
    store.move_script_cursor(None, &cursor(&of_client.target, 5)).await.unwrap();
    store.delete_client(REALM, &world.client_id(), None, &[]).await.unwrap();
    assert_eq!(store.script_bindings(REALM).await.unwrap(), [of_realm]);
    assert_eq!(database.count("script_packages").await, 1);
    assert_eq!(database.count("script_cursors").await, 0);
}

fn value(name: &str, content: ScriptValueContent) -> ScriptValue {
    ScriptValue { realm_id: REALM, name: name.parse().unwrap(), content, updated_at: NOW }
}

async fn values_are_stored_replaced_and_deleted(database: &TestDatabase) {
    let store = store_with_realm(database).await;
    let connection = ScriptConnection {
        base_url: "https://crm.test/api".to_owned(),
        bearer: Some("crm".parse().unwrap()),
        cache_seconds: 60,
    };
    // A document as long as documents may be, and what PostgreSQL has no text for.
    let document = json!({ "long": "ü".repeat(32 * 1024), "nul": "\0" });
    let mut values = [
        value("crm", ScriptValueContent::Connection(connection)),
        value("crm", ScriptValueContent::Document(document)),
        value("crm", ScriptValueContent::Secret(vec![0, 1, 255])),
    ];
    for value in &values {
        store.store_script_value(value, &[]).await.unwrap();
    }
    assert_eq!(store.script_values(REALM).await.unwrap(), values);
    values[2].content = ScriptValueContent::Secret(vec![7; 5000]);
    values[2].updated_at = NOW.plus(1);
    store.store_script_value(&values[2], &[]).await.unwrap();
    assert_eq!(store.script_values(REALM).await.unwrap(), values);
    assert!(store.script_values(RealmId([2; 16])).await.unwrap().is_empty());
    store.delete_script_value(REALM, (ScriptValueKind::Document, &values[1].name), &[]).await.unwrap();
    assert_missing(
        store.delete_script_value(REALM, (ScriptValueKind::Document, &values[1].name), &[]).await,
        "script value",
    );
    assert_eq!(store.script_values(REALM).await.unwrap(), [values[0].clone(), values[2].clone()]);
    let elsewhere = ScriptValue { realm_id: RealmId([9; 16]), ..values[2].clone() };
    assert_missing(store.store_script_value(&elsewhere, &[]).await, "realm");
}

async fn one_of_twenty_promotes(database: &TestDatabase) {
    let nodes = nodes(database).await;
    insert_realm(&nodes[0], &realm(1)).await.unwrap();
    let mut seen = deploy(&nodes[0], "limits", 1, None).await;
    store_versions(&nodes[0], RACERS).await;
    for _ in 0..5 {
        let outcomes = race(&nodes, |store, number| {
            let version = ScriptVersion([u8::try_from(number + 1).unwrap(); 32]);
            let promoted = ScriptBinding { active: version, previous: Some(seen.active), ..seen.clone() };
            async move { store.store_script_binding(&promoted, &[]).await.map(|()| version) }
        });
        let (won, lost): (Vec<_>, Vec<_>) = outcomes.await.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, RACERS - 1));
        lost.iter().for_each(assert_changed);
        let stored = nodes[0].script_bindings(REALM).await.unwrap().remove(0);
        assert_eq!((stored.active, stored.revision), (*won[0].as_ref().unwrap(), seen.revision + 1));
        seen = stored;
    }
}

async fn store_versions(store: &Database, count: usize) {
    for number in 1..=count {
        let package = package("limits", u8::try_from(number).unwrap());
        store.deploy_script(&ScriptDeployment { keep: 100, ..deployment(package, None) }, &[]).await.unwrap();
    }
}

async fn twenty_deployments_of_one_package_leave_one_version(database: &TestDatabase) {
    let nodes = nodes(database).await;
    insert_realm(&nodes[0], &realm(1)).await.unwrap();
    let outcomes = race(&nodes, |store, _| async move {
        store.deploy_script(&deployment(package("limits", 1), None), &[]).await.unwrap()
    });
    assert_eq!(outcomes.await.into_iter().filter(|is_new| *is_new).count(), 1);
    assert_eq!(database.count("script_packages").await, 1);
    let outcomes = race(&nodes, |store, _| async move {
        let binding = binding(target(None, "limits"), 1);
        store.deploy_script(&deployment(package("limits", 1), Some(binding)), &[]).await
    });
    let (won, lost): (Vec<_>, Vec<_>) = outcomes.await.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    lost.iter().for_each(assert_changed);
    assert_eq!(database.count("script_bindings").await, 1);
}

async fn a_realm_takes_everything_along(database: &TestDatabase) {
    let store = store_with_realm(database).await;
    let bound = deploy(&store, "limits", 1, None).await;
    store.store_script_value(&value("crm", ScriptValueContent::Secret(vec![1])), &[]).await.unwrap();
    store.insert_script_recordings(&[recording(1, "limits")]).await.unwrap();
    store.move_script_cursor(None, &cursor(&bound.target, 1)).await.unwrap();
    store.delete_realm(REALM, &[]).await.unwrap();
    for table in ["script_packages", "script_bindings", "script_values", "script_recordings", "script_cursors"] {
        assert_eq!(database.count(table).await, 0, "{table}");
    }
}

async fn realms_with_scripts_are_found_while_they_are_enabled(database: &TestDatabase) {
    let store = store_with_realm(database).await;
    insert_realm(&store, &realm(2)).await.unwrap();
    assert_eq!(store.realms_with_scripts().await.unwrap(), []);
    deploy(&store, "limits", 1, None).await;
    deploy(&store, "other", 2, None).await;
    assert_eq!(store.realms_with_scripts().await.unwrap(), [realm(1).name]);
    store.update_realm(&Realm { enabled: false, ..realm(1) }, &[]).await.unwrap();
    assert_eq!(store.realms_with_scripts().await.unwrap(), []);
}

async fn every_change_is_noticed(database: &TestDatabase) {
    let store = store_with_realm(database).await;
    let _polling = store.start_polling().await.unwrap();
    let mut version = store.configuration_version().unwrap();
    let mut assert_noticed = |what: &str| {
        let now = store.configuration_version().unwrap();
        assert_ne!(now, version, "{what}");
        version = now;
    };
    let bound = deploy(&store, "limits", 1, None).await;
    assert_noticed("deployment");
    store.store_script_binding(&bound, &[]).await.unwrap();
    assert_noticed("promotion");
    store.store_script_value(&value("crm", ScriptValueContent::Secret(vec![1])), &[]).await.unwrap();
    assert_noticed("value");
    store.delete_script_value(REALM, (ScriptValueKind::Secret, &"crm".parse().unwrap()), &[]).await.unwrap();
    assert_noticed("value gone");
    store.delete_script_binding(&ScriptBinding { revision: 2, ..bound }, &[]).await.unwrap();
    assert_noticed("binding gone");
}
