//! Deploying packages.

use http::Method;
use serde_json::{Value, json};

use super::{ask, deploy, get, refused};
use crate::support::realm::Realm;
use crate::support::scripts::files;

#[tokio::test]
async fn a_package_is_deployed_listed_shown_and_deleted() {
    let realm = Realm::new().await;
    let package = files("limits", "description = \"Limits\"\nuser_attributes = [\"department\"]\n", "first");
    let answer = ask(&realm, Method::POST, "/scripts", &json!({"files": package})).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let deployed = answer.json();
    let version = deployed["version"].as_str().unwrap();
    assert_eq!((version.len(), &deployed["is_new"]), (64, &json!(true)));
    let place = format!("/admin/api/v1/realms/{}/scripts/limits/versions/{version}", realm.name);
    assert!(answer.header("location").unwrap().ends_with(&place), "{answer:?}");
    let script = get(&realm, "/scripts/limits").await;
    assert_eq!(script, deployed["script"]);
    assert_eq!(
        (&script["name"], &script["active"], &script["position"]),
        (&json!("limits"), &json!(version), &json!(100))
    );
    assert_eq!((&script["description"], &script["hooks"]), (&json!("Limits"), &json!({"on_token_request": "closed"})));
    assert_eq!(script["capabilities"], json!(["hook:on_token_request", "user_attribute:department"]));
    assert_eq!(get(&realm, "/scripts").await, json!({"items": [script], "next": null}));
    let shown = get(&realm, &format!("/scripts/limits/versions/{}", &version[..12])).await;
    assert_eq!((&shown["version"], &shown["files"]), (&json!(version), &package));
    let versions = get(&realm, "/scripts/limits/versions").await;
    assert_eq!(versions["items"][0]["version"], version);
    assert!(versions["items"][0]["files"].is_null(), "{versions}");

    let deleted = ask(&realm, Method::DELETE, "/scripts/limits", &Value::Null).await;
    assert_eq!(deleted.status, 204);
    for path in ["/scripts/limits", "/scripts/limits/versions", &format!("/scripts/limits/versions/{version}")] {
        assert_eq!(ask(&realm, Method::GET, path, &Value::Null).await.status, 404, "{path}");
    }
    assert_eq!(get(&realm, "/scripts").await["items"], json!([]));
}

#[tokio::test]
async fn the_same_files_again_are_the_same_version() {
    let realm = Realm::new().await;
    let request = json!({"files": files("limits", "", "first")});
    let first = ask(&realm, Method::POST, "/scripts", &request).await.json();
    let again = ask(&realm, Method::POST, "/scripts", &request).await;
    assert_eq!(again.status, 201, "{again:?}");
    let again = again.json();
    assert_eq!((&again["version"], &again["is_new"]), (&first["version"], &json!(false)));
    assert!(again["script"]["previous"].is_null(), "{again}");
    assert_eq!(get(&realm, "/scripts/limits/versions").await["items"].as_array().unwrap().len(), 1);
    // Other files, other version; also in another realm, equal files, equal version.
    assert_ne!(deploy(&realm, files("limits", "", "second")).await, first["version"]);
    let other = Realm::new().await;
    assert_eq!(deploy(&other, files("limits", "", "first")).await, first["version"]);
}

fn with(file: &str, text: &str) -> Value {
    let mut files = files("limits", "", "broken");
    files[file] = text.into();
    files
}

#[tokio::test]
async fn sc_016_what_is_not_good_is_refused_with_its_place_and_the_active_version_stays() {
    let realm = Realm::new().await;
    let active = deploy(&realm, files("limits", "", "good")).await;
    let manifest = |line: &str| format!("name = \"limits\"\napi = \"1\"\nhooks = [\"on_token_request\"]\n{line}\n");
    let function = |body: &str| format!("fn on_token_request(ctx, request) {{\n    {body}\n}}\n");
    for (files, place, rule) in [
        (with("main.rhai", &function("if { }")), "main.rhai:2:", "[syntax]"),
        (with("main.rhai", &function("nothing_of_that_name(ctx)")), "main.rhai:2:5", "[unknown-name]"),
        (with("main.rhai", &function("sleep(5)")), "main.rhai:2:5", "[unknown-name]"),
        (with("main.rhai", &function("eval(\"1\")")), "main.rhai:2:", "["),
        (with("main.rhai", "fn on_other(ctx) { none() }\n"), "m", "[hook-function]"),
        (with("manifest.toml", &manifest("secret = [\"x\"]")), "manifest.toml:4:1", "[manifest-syntax]"),
        (with("manifest.toml", &manifest("hooks = []")), "manifest.toml:4:1", "[manifest-syntax]"),
        (
            with("manifest.toml", "name = \"limits\"\napi = \"2\"\nhooks = [\"on_error\"]\n"),
            "manifest.toml:2:",
            "[api-version]",
        ),
        (with("other.txt", "x"), "other.txt", "[package-files]"),
        (with("a/../b_test.rhai", "x"), "a/../b_test.rhai", "[package-files]"),
        (json!({"main.rhai": "x"}), "manifest.toml: ", "[package-files]"),
    ] {
        let (status, field, detail) = refused(&realm, Method::POST, "/scripts", &json!({"files": files})).await;
        assert_eq!((status, field.as_str()), (422, "files"), "{detail}");
        assert!(detail.starts_with(place) && detail.contains(rule), "{place} {rule}: {detail}");
        assert_eq!(get(&realm, "/scripts/limits").await["active"], active, "{detail}");
    }
    let versions = get(&realm, "/scripts/limits/versions").await;
    assert_eq!(versions["items"].as_array().unwrap().len(), 1, "nothing of what was refused is kept");
}

#[tokio::test]
async fn what_the_realm_lacks_is_named() {
    let realm = Realm::new().await;
    let needs = "hooks = [\"on_claims\"]\nsecrets = [\"crm-key\"]\nkv = [\"table\"]\nhttp = [\"crm\"]\n";
    let package = json!({
        "manifest.toml": format!("name = \"limits\"\napi = \"1\"\n{needs}"),
        "main.rhai": "fn on_claims(ctx, target) {\n    none()\n}\n",
    });
    let request = json!({"files": package});
    let values = [
        ("connection crm", "connection/crm", json!({"base_url": "https://crm.test"})),
        ("kv table", "kv/table", json!([])),
        ("secret crm-key", "secret/crm-key", json!("s3cret")),
    ];
    for (missing, path, value) in values {
        let (status, field, detail) = refused(&realm, Method::POST, "/scripts", &request).await;
        assert_eq!((status, field.as_str()), (422, "files"));
        assert!(detail.contains(&format!("no {missing}")), "{detail}");
        let set = ask(&realm, Method::PUT, &format!("/script-values/{path}"), &json!({"value": value})).await;
        assert_eq!(set.status, 204, "{set:?}");
    }
    assert_eq!(ask(&realm, Method::POST, "/scripts", &request).await.status, 201);
}

#[tokio::test]
async fn a_version_that_asks_for_more_is_accepted_by_name_or_refused() {
    let realm = Realm::new().await;
    let active = deploy(&realm, files("limits", "user_attributes = [\"department\"]\n", "")).await;
    let wider = files("limits", "user_attributes = [\"department\", \"email\", \"phone_number\"]\n", "");
    for accept in [json!([]), json!(["user_attribute:email"]), json!(["email", "phone_number"]), json!(["*"])] {
        let request = json!({"files": wider, "accept": accept});
        let (status, field, detail) = refused(&realm, Method::POST, "/scripts", &request).await;
        assert_eq!((status, field.as_str()), (422, "accept"), "{detail}");
        assert!(detail.contains("user_attribute:phone_number") && !detail.contains("department"), "{detail}");
        let stored = json!({"files": wider, "accept": accept, "activate": false});
        assert_eq!(refused(&realm, Method::POST, "/scripts", &stored).await.0, 422, "not even stored");
    }
    assert_eq!(get(&realm, "/scripts/limits").await["active"], active);
    let accept = ["user_attribute:phone_number", "user_attribute:email", "secret:unused"];
    let accepted = ask(&realm, Method::POST, "/scripts", &json!({"files": wider, "accept": accept})).await;
    assert_eq!(accepted.status, 201, "{accepted:?}");
    // Asking for less needs nothing; asking again for what was given up does.
    deploy(&realm, files("limits", "", "")).await;
    assert_eq!(refused(&realm, Method::POST, "/scripts", &json!({"files": wider})).await.1, "accept");
}

#[tokio::test]
async fn a_client_has_scripts_of_its_own() {
    let realm = Realm::new().await;
    let client = realm.client(json!({"client_id": "app"})).await;
    let of_realm = deploy(&realm, files("limits", "", "realm")).await;
    let own = json!({"files": files("limits", "", "own"), "client_id": client.id, "position": -5});
    let own = ask(&realm, Method::POST, "/scripts", &own).await.json();
    assert_eq!((&own["script"]["client_id"], &own["script"]["position"]), (&json!(client.id), &json!(-5)));
    assert_eq!(get(&realm, "/scripts/limits").await["active"], of_realm);
    assert_eq!(get(&realm, &format!("/scripts/limits?client_id={}", client.id)).await, own["script"]);
    let listed = get(&realm, "/scripts?limit=1").await;
    assert_eq!((&listed["items"][0]["client_id"], &listed["next"]), (&Value::Null, &json!("limits:")));
    let rest = get(&realm, "/scripts?limit=1&cursor=limits:").await;
    assert_eq!((&rest["items"][0]["client_id"], &rest["next"]), (&json!(client.id), &Value::Null));
    let both = get(&realm, "/scripts/limits/versions").await;
    assert_eq!(both["items"].as_array().unwrap().len(), 2, "one history for both");

    let nobody = json!({"files": files("limits", "", "own"), "client_id": "nobody"});
    assert_eq!(refused(&realm, Method::POST, "/scripts", &nobody).await.0, 404);
    let wrong = json!({"files": files("limits", "", "own"), "position": 1001});
    assert_eq!(refused(&realm, Method::POST, "/scripts", &wrong).await.1, "position");
    assert_eq!(ask(&realm, Method::GET, "/scripts/limits?client_id=nobody", &Value::Null).await.status, 404);

    realm.server.administration.delete_client(&realm.name, &client.id).await;
    let items = get(&realm, "/scripts").await["items"].clone();
    assert_eq!((items.as_array().unwrap().len(), &items[0]["active"]), (1, &json!(of_realm)));
}

#[tokio::test]
async fn a_package_that_the_realm_knows_gets_no_more_for_a_client_than_was_accepted() {
    let realm = Realm::new().await;
    let client = realm.client(json!({"client_id": "app"})).await;
    deploy(&realm, files("limits", "user_attributes = [\"department\"]\n", "")).await;
    let wider = files("limits", "user_attributes = [\"department\", \"email\"]\n", "");
    let request = json!({"files": wider, "client_id": client.id});
    let (status, field, detail) = refused(&realm, Method::POST, "/scripts", &request).await;
    assert_eq!((status, field.as_str()), (422, "accept"), "{detail}");
    assert!(detail.contains("user_attribute:email"), "{detail}");
    let items = get(&realm, "/scripts").await["items"].clone();
    assert_eq!(items.as_array().unwrap().len(), 1, "nothing was bound to the client");
    let accepted = json!({"files": wider, "client_id": client.id, "accept": ["user_attribute:email"]});
    assert_eq!(ask(&realm, Method::POST, "/scripts", &accepted).await.status, 201);
    // Accepted for one of them, it is accepted for the package.
    let third = json!({"files": wider, "client_id": realm.client(json!({"client_id": "third"})).await.id});
    assert_eq!(ask(&realm, Method::POST, "/scripts", &third).await.status, 201);
    // Another package begins with what it asks for.
    deploy(&realm, files("others", "user_attributes = [\"email\"]\n", "")).await;
}
