//! `signet audit` and `signet explain`, beside a server that runs.

use serde_json::{Value, json};

use crate::support::databases::{Kind, TestDatabase};
use crate::support::realm::Realm;
use crate::support::server::{Configuration, Server};
use crate::support::wait::until;

#[tokio::test]
async fn events_are_listed_exported_and_explained() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let refused = client.refresh("sr_invented").await;
    let tokens = client.client_credentials("read").await;
    realm.event_behind(&refused, "token_refused").await;
    realm.event_behind(&tokens, "token_issued").await;
    let (server, name) = (&realm.server, &realm.name);

    // An event that is sealed between two readings gets its number between them.
    let listed = until("every event with its number", async || {
        let listed = server.command(&format!("audit list --realm {name} --client {} --output json", client.id)).json();
        let is_sealed = |event: &Value| event["sequence"].is_i64();
        listed["items"].as_array().unwrap().iter().all(is_sealed).then_some(listed)
    })
    .await;
    let kinds: Vec<_> = listed["items"].as_array().unwrap().iter().map(|event| event["kind"].clone()).collect();
    assert_eq!(kinds, ["administrative_change", "token_refused", "token_issued"]);
    let table = server.command(&format!("audit list --realm {name} --kind token_refused --since 1h"));
    assert!(table.printed.starts_with("RECORDED AT"), "{}", table.printed);
    assert_eq!(table.printed.lines().count(), 2);
    assert_eq!(
        server.command(&format!("audit list --realm {name} --until 1h --output json")).json()["items"],
        json!([])
    );

    let exported = server.command(&format!("audit export --realm {name} --client {}", client.id));
    let lines: Vec<Value> = exported.printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(Value::Array(lines), listed["items"]);
    let exported = server.command(&format!("audit export --realm {name} --kind token_refused --format cef"));
    let line = exported.printed.trim_end();
    assert!(line.starts_with("CEF:0|Signet|signet|"), "{line}");
    assert!(line.contains("|token_refused|A token request was refused|4|rt="), "{line}");
    assert!(line.contains(&format!(" cs3Label=client cs3={} ", client.id)), "{line}");

    let code = refused.header("x-request-id").unwrap();
    let explained = server.command(&format!("explain {code}")).printed;
    for said in [
        &format!("Request {code} to realm {name} from 127.0.0.1"),
        "A token request was refused. (token_refused)",
        &format!("client         {}", client.id),
        "error          invalid_grant",
        "rule           the refresh token is not valid for this client",
        "see            RFC 6749 section 5.2",
        "detail         not a refresh token",
        "grant          refresh_token",
    ] {
        assert!(explained.contains(said), "{said} is not in:\n{explained}");
    }
    let explained = server.command(&format!("explain {code} --realm {name} --output json")).json();
    assert_eq!(
        (&explained["items"][0]["realm"], &explained["items"][0]["kind"]),
        (&json!(name), &json!("token_refused"))
    );
    let unknown = server.command("explain 0123456789abcdef");
    assert_eq!(unknown.code, 5, "{}", unknown.said);
    for line in ["audit list --realm nowhere", "audit verify --realm nowhere"] {
        assert_eq!(server.command(line).code, 5, "{line}");
    }
    for line in [&format!("audit list --realm {name} --kind nothing"), "explain not/a/code"] {
        assert_eq!(server.command(line).code, 2, "{line}");
    }
}

#[tokio::test]
async fn a_command_is_recorded_with_whoever_ran_it() {
    let realm = Realm::new().await;
    let name = &realm.name;
    let made = realm.server.command(&format!("user create --realm {name} cleo --output json")).json();
    let event = realm.last_event("administrative_change", 2).await;
    assert_eq!(event["user_id"], made["id"]);
    assert_eq!(event["address"], Value::Null);
    let actor = &event["details"]["actor"];
    assert_eq!(actor["by"], "command_line");
    assert!(actor["system_user"].as_str().is_some_and(|user| user.contains("uid ")), "{event:#}");
}

/// On each kind of database: one row is changed, and the check says which.
async fn tampering_is_shown(kind: Kind) {
    let database = TestDatabase::migrated(kind).await;
    let url = Some(database.url.clone());
    let server = Server::start(Configuration { database: url, ..Configuration::default() }).await;
    let realm = Realm::on(&server, json!({})).await;
    let client = realm.versatile_client().await;
    for _ in 0..3 {
        client.client_credentials("read").await.tokens();
    }
    realm.events("kind=token_issued", 3).await;
    let verify = |more: &str| server.command(&format!("audit verify --output json {more}"));
    let ours = format!("--realm {}", realm.name);
    let mut found = verify(&ours);
    while found.json()["items"][0]["waiting"] != 0 {
        found = verify(&ours);
    }
    assert_eq!(found.code, 0, "{}", found.said);
    let checkpoint = found.json()["items"][0]["checkpoint"].as_str().unwrap().to_owned();
    assert!(checkpoint.starts_with("5:"), "{checkpoint}");
    assert_eq!(verify(&format!("{ours} --checkpoint {checkpoint}")).code, 0);
    assert_eq!(verify("").code, 0);

    let condition = format!("realm_id = (SELECT realm_id FROM realms WHERE name = '{}') AND sequence = 4", realm.name);
    database.execute(&format!("UPDATE audit_events SET client_id = 'somebody-else' WHERE {condition}")).await;
    let found = verify("");
    assert_eq!(found.code, 8, "{}", found.said);
    assert!(found.said.contains(&realm.name), "{}", found.said);
    let items = found.json();
    let items = items["items"].as_array().unwrap();
    let broken: Vec<_> = items.iter().filter(|item| item["holds"] == false).collect();
    assert_eq!(broken.len(), 1);
    assert_eq!((&broken[0]["realm"], &broken[0]["first_break"]), (&json!(realm.name), &json!(4)));
    database.execute(&format!("UPDATE audit_events SET client_id = '{}' WHERE {condition}", client.id)).await;
    assert_eq!(verify(&ours).code, 0);

    // The end is cut off so well that only the checkpoint tells.
    let of_realm = condition.replace(" AND sequence = 4", "");
    let head = format!("SELECT link FROM audit_events e WHERE e.{condition}");
    database.execute(&format!("UPDATE audit_chains SET sealed = 4, head = ({head}) WHERE {of_realm}")).await;
    database.execute(&format!("DELETE FROM audit_events WHERE {of_realm} AND sequence = 5")).await;
    assert_eq!(verify(&ours).code, 0);
    let found = verify(&format!("{ours} --checkpoint {checkpoint}"));
    assert_eq!((found.code, &found.json()["items"][0]["holds"]), (8, &json!(false)), "{}", found.said);
    drop(server);
    database.remove().await;
}

#[tokio::test]
async fn tampering_is_shown_on_sqlite() {
    tampering_is_shown(Kind::Sqlite).await;
}

#[tokio::test]
async fn tampering_is_shown_on_postgres() {
    tampering_is_shown(Kind::Postgres).await;
}

#[tokio::test]
async fn tampering_is_shown_on_mariadb() {
    tampering_is_shown(Kind::MariaDb).await;
}
