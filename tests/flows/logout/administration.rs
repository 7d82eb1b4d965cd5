//! Sessions and deliveries as administrators see them.

use http::Method;
use serde_json::{Value, json};

use super::client;
use crate::support::http::Answer;
use crate::support::jwt::read;
use crate::support::realm::Realm;
use crate::support::server::run;

async fn ask(realm: &Realm, method: Method, path: &str) -> Answer {
    realm.server.administration.try_ask(method, &format!("/realms/{}{path}", realm.name), &json!({})).await
}

#[tokio::test]
async fn se_010_sessions_are_listed_shown_and_ended_by_realm() {
    let (realm, elsewhere) = (Realm::new().await, Realm::new().await);
    let client = client(&realm, json!({})).await;
    let ben = realm.add_user("ben").await;
    let tokens = client.obtain(&mut realm.browser(), &client.request(), &realm.user).await;
    client.obtain(&mut realm.browser(), &client.request(), &ben).await;
    let sid = read(tokens.id_token()).claims["sid"].as_str().unwrap().to_owned();
    let listed = ask(&realm, Method::GET, "/sessions").await.success();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    let of_ana = ask(&realm, Method::GET, &format!("/sessions?user={}", realm.user.id)).await.success();
    assert_eq!((of_ana["items"].as_array().unwrap().len(), &of_ana["items"][0]["id"]), (1, &json!(sid)));
    let shown = ask(&realm, Method::GET, &format!("/sessions/{sid}")).await.success();
    assert_eq!((&shown["user_id"], &shown["clients"]), (&json!(realm.user.id), &json!([client.id])));
    assert_eq!(shown["methods"], json!(["pwd"]));
    let path = format!("/sessions/{sid}");
    for method in [Method::GET, Method::DELETE] {
        assert_eq!(ask(&elsewhere, method, &path).await.status, 404);
    }
    assert!(client.is_active(tokens.access_token()).await);
    assert_eq!(ask(&realm, Method::DELETE, &path).await.status, 204);
    assert_eq!(ask(&realm, Method::DELETE, &path).await.status, 404);
    assert!(!client.is_active(tokens.access_token()).await);
    let change = realm.events_in(&realm.name, "kind=administrative_change").await.pop().unwrap();
    assert_eq!((&change["details"]["object"], &change["details"]["action"]), (&json!("session"), &json!("ended")));
    assert_eq!(realm.last_event("sessions_ended", 1).await["details"]["reason"], "administrator_decided");
    assert_eq!(ask(&realm, Method::POST, "/users/AAAAAAAAAAAAAAAAAAAAAA/sign-out").await.status, 404);
    assert_eq!(ask(&realm, Method::POST, "/logout-deliveries/4711/retry").await.status, 404);
}

#[tokio::test]
async fn the_command_line_lists_and_ends_sessions() {
    let realm = Realm::new().await;
    let client = client(&realm, json!({"backchannel_logout_uri": "https://client.test/logout"})).await;
    let ben = realm.add_user("ben").await;
    let tokens = client.obtain(&mut realm.browser(), &client.request(), &realm.user).await;
    let of_ben = client.obtain(&mut realm.browser(), &client.request(), &ben).await;
    let file = realm.server.configuration_file().to_str().unwrap().to_owned();
    let command = |line: &str| -> Value {
        let line = format!("{line} --realm {} --config {file} --output json", realm.name);
        let answer: Value = serde_json::from_str(&run(&line.split(' ').collect::<Vec<_>>())).unwrap();
        // What is listed is in `items`.
        answer.get("items").cloned().unwrap_or(answer)
    };
    let sid = read(tokens.id_token()).claims["sid"].as_str().unwrap().to_owned();
    let listed = command("session list --user ana");
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["id"]), (1, &json!(sid)));
    assert_eq!(command(&format!("session show {sid}"))["clients"], json!([client.id]));
    assert_eq!(command(&format!("session end {sid} --yes"))["ended"], 1);
    assert_eq!(command("session end --user ben --yes")["ended"], 1);
    for tokens in [tokens, of_ben] {
        assert!(!client.is_active(tokens.access_token()).await);
    }
    assert!(command("session list").as_array().unwrap().is_empty());
    let waiting = command("logout list");
    assert_eq!(waiting.as_array().unwrap().len(), 2);
    assert_eq!(command(&format!("logout retry {}", waiting[0]["id"].as_str().unwrap()))["retried"], true);
    assert!(command("logout list --dead").as_array().unwrap().is_empty());
}
