//! `signet protected-resource` and `signet access-request`, beside a server that runs.

use serde_json::{Value, json};

use super::sharing::{page, press, signed_in, submitted, world};
use super::{World, refused};

/// An identifier that nothing has.
const NOTHING: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// What a command lists.
fn listed(world: &World, line: &str) -> Vec<Value> {
    let ended = world.realm.server.command(&format!("{line} --realm {} --output json", world.realm.name));
    assert_eq!(ended.code, 0, "{line}: {}", ended.said);
    ended.json()["items"].as_array().unwrap().clone()
}

/// What a command shows or does.
fn told(world: &World, line: &str) -> Value {
    let ended = world.realm.server.command(&format!("{line} --realm {} --output json", world.realm.name));
    assert_eq!(ended.code, 0, "{line}: {}", ended.said);
    ended.json()
}

/// How a command ends that does nothing.
fn code_of(world: &World, line: &str) -> i32 {
    let ended = world.realm.server.command(&format!("{line} --realm {}", world.realm.name));
    assert!(ended.printed.is_empty(), "{line}: {}", ended.printed);
    ended.code
}

#[tokio::test]
async fn protected_resources_are_listed_shown_and_deleted() {
    let world = world().await;
    let (ana, bea) = (&world.realm.user.id, &world.bea.id);
    let all = listed(&world, "protected-resource list");
    assert_eq!(all.len(), 1);
    assert_eq!((&all[0]["id"], &all[0]["name"]), (&json!(world.album), &json!("Album")));
    assert_eq!((&all[0]["owner_id"], &all[0]["resource_server"]), (&json!(ana), &json!(world.server.id)));
    for (filter, number) in [
        ("--owner ana".to_owned(), 1),
        (format!("--owner {ana}"), 1),
        (format!("--owner {bea}"), 0),
        (format!("--resource-server {}", world.server.id), 1),
        (format!("--resource-server {}", world.app.id), 0),
    ] {
        assert_eq!(listed(&world, &format!("protected-resource list {filter}")).len(), number, "{filter}");
    }
    let table = world.realm.server.command(&format!("protected-resource list --realm {}", world.realm.name)).printed;
    assert!(table.starts_with("ID ") && table.lines().count() == 2 && table.contains(&world.album), "{table}");

    let shown = told(&world, &format!("protected-resource show {}", world.album));
    assert_eq!(shown, all[0]);
    assert_eq!(shown["description"]["resource_scopes"], json!(["view", "print", "crop"]));
    assert_eq!(shown["policies"][0]["scopes"], json!(["view", "print"]));
    assert_eq!(shown["policies"][0]["ask"], true);
    for (line, code) in [
        ("protected-resource list --owner nobody".to_owned(), 5),
        (format!("protected-resource show {NOTHING}"), 5),
        (format!("protected-resource delete {NOTHING} --yes"), 5),
        ("protected-resource show album".to_owned(), 2),
        (format!("protected-resource delete {}", world.album), 2),
    ] {
        assert_eq!(code_of(&world, &line), code, "{line}");
    }

    world.allow_bea().await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    let rpt = world.request_for(&world.id_token(&world.bea).await, &ticket, &[]).await.tokens();
    assert_eq!(world.permissions(rpt.access_token()).await.as_array().unwrap().len(), 1);
    let deleted = told(&world, &format!("protected-resource delete {} --yes", world.album));
    assert_eq!(deleted, json!({"id": world.album, "deleted": true}));
    assert!(!world.server.is_active(rpt.access_token()).await, "every permission to it ends");
    assert!(listed(&world, "protected-resource list").is_empty());
    assert_eq!(code_of(&world, &format!("protected-resource delete {} --yes", world.album)), 5);
    assert_eq!(last_change(&world).await, json!(["protected_resource", "deleted", "command_line"]));
}

#[tokio::test]
async fn access_requests_are_listed_shown_and_deleted() {
    let world = world().await;
    let ticket = submitted(&world, &["view"]).await;
    let pending = listed(&world, "access-request list --pending");
    assert_eq!(pending.len(), 1);
    let request = &pending[0];
    assert_eq!((&request["state"], &request["user_id"]), (&json!("pending"), &json!(world.bea.id)));
    assert_eq!((&request["client_id"], &request["resource_server"]), (&json!(world.app.id), &json!(world.server.id)));
    assert_eq!(request["owner_id"], json!(world.realm.user.id));
    for (filter, number) in [("--owner ana", 1), ("--owner bea", 0), ("--owner ana --pending", 1)] {
        assert_eq!(listed(&world, &format!("access-request list {filter}")).len(), number, "{filter}");
    }
    let table = world.realm.server.command(&format!("access-request list --realm {}", world.realm.name)).printed;
    assert!(table.starts_with("ID ") && table.lines().count() == 2 && table.contains("pending"), "{table}");

    let id = request["id"].as_str().unwrap();
    let shown = told(&world, &format!("access-request show {id}"));
    assert_eq!(&shown, request);
    assert_eq!(shown["permissions"], json!([{"resource_id": world.album, "resource_scopes": ["view"]}]));
    for (line, code) in [
        ("access-request list --owner nobody".to_owned(), 5),
        (format!("access-request show {NOTHING}"), 5),
        (format!("access-request delete {NOTHING} --yes"), 5),
        ("access-request show request".to_owned(), 2),
        (format!("access-request delete {id}"), 2),
    ] {
        assert_eq!(code_of(&world, &line), code, "{line}");
    }
    let ticket = refused(&world.request(&ticket, &[]).await, "request_submitted").expect("it waits still");
    assert_eq!(told(&world, &format!("access-request delete {id} --yes")), json!({"id": id, "deleted": true}));
    assert_eq!(refused(&world.request(&ticket, &[]).await, "request_denied"), None);
    assert!(listed(&world, "access-request list").is_empty());
    assert_eq!(code_of(&world, &format!("access-request delete {id} --yes")), 5);
    assert_eq!(last_change(&world).await, json!(["access_request", "deleted", "command_line"]));

    // What was answered is no longer pending.
    submitted(&world, &["print"]).await;
    let mut owner = signed_in(&world, &world.realm.user).await;
    let shown = page(&world, &mut owner).await;
    press(&mut owner, &shown, "request", &[("action", "deny")]).await;
    assert_eq!(listed(&world, "access-request list")[0]["state"], "denied");
    assert!(listed(&world, "access-request list --pending").is_empty());
}

/// Object, action and way of the last change that an administrator made.
async fn last_change(world: &World) -> Value {
    let changes = world.realm.events_in(&world.realm.name, "kind=administrative_change").await;
    let details = &changes.last().unwrap()["details"];
    json!([details["object"], details["action"], details["actor"]["by"]])
}
