//! Scopes that a resource server makes up within a pattern: they are the owner's to allow, one by one.

use http::Method;
use serde_json::{Value, json};

use super::sharing::{page, press, signed_in};
use super::{World, client, refused, tokens};
use crate::support::http::{Answer, at_once};

const PATTERN: &str = "^/user/[0-9]+$";

/// A world in which the resource server may register patterns, and has one at the album.
async fn world(settings: Value) -> World {
    let world = World::of(settings, json!({})).await;
    permit(&world, true).await;
    assert_eq!(register(&world, &["view", PATTERN]).await.status, 200);
    world
}

async fn permit(world: &World, permitted: bool) {
    let settings = json!({"skip_consent": true, "uma_spontaneous_scopes": permitted});
    world.realm.update_client(&world.server, json!({ "settings": settings })).await;
}

/// Registers the album anew.
async fn register(world: &World, scopes: &[&str]) -> Answer {
    let description = json!({"resource_scopes": scopes, "name": "Album"});
    world.ask(Method::PUT, &format!("/uma/resources/{}", world.album), &world.pat, Some(&description)).await
}

/// Asks for a ticket.
async fn ask(world: &World, scopes: &[&str]) -> Answer {
    let permission = json!({"resource_id": world.album, "resource_scopes": scopes});
    world.ask(Method::POST, "/uma/permissions", &world.pat, Some(&permission)).await
}

/// Asks for an RPT for the friend.
async fn rpt(world: &World, ticket: &str) -> Answer {
    world.request_for(&world.id_token(&world.bea).await, ticket, &[]).await
}

fn assert_invalid(answer: &Answer, error: &str, words: &str) {
    let body = answer.json();
    assert_eq!((answer.status, &body["error"]), (400, &json!(error)), "{answer:?}");
    assert!(body["error_description"].as_str().unwrap().contains(words), "{body}");
}

/// What administrators see of the scopes that were made.
async fn made(world: &World) -> Vec<String> {
    let path = format!("/realms/{}/protected-resources/{}", world.realm.name, world.album);
    let shown = world.realm.server.administration.ask(Method::GET, &path, &json!(null)).await.json();
    let scopes = shown["spontaneous_scopes"].as_array().unwrap().iter();
    scopes.map(|made| made["scope"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn um_010_a_scope_of_a_pattern_is_the_owners_to_allow() {
    let world = world(json!({})).await;
    let path = format!("/uma/resources/{}", world.album);
    let read = world.ask(Method::GET, &path, &world.pat, None).await.success();
    assert_eq!(read, json!({"_id": world.album, "name": "Album", "resource_scopes": ["view", PATTERN]}));
    // A policy for the pattern, and one for all there is, are none for what was made later.
    world.allow(&world.album, json!([{"scopes": ["view", PATTERN], "users": [world.bea.id]}])).await;
    for unknown in ["/user/x", "/user/1/2", "x/user/1", PATTERN, "^/user/.+$"] {
        assert_invalid(&ask(&world, &[unknown]).await, "invalid_scope", "not registered");
    }
    let asked = ask(&world, &["/user/1"]).await;
    let changed = world.realm.event_behind(&asked, "administrative_change").await;
    assert_eq!(changed["details"]["fields"], json!(["spontaneous_scopes"]));
    let ticket = asked.json()["ticket"].as_str().unwrap().to_owned();
    assert_eq!(refused(&rpt(&world, &ticket).await, "request_denied"), None);
    // The same again changes nothing.
    assert_eq!(ask(&world, &["/user/1"]).await.status, 201);
    assert_eq!(made(&world).await, ["/user/1"]);

    // The owner sees the scope, not the pattern, and shares it.
    let mut owner = signed_in(&world, &world.realm.user).await;
    let shown = page(&world, &mut owner).await;
    let form = shown.page("sharing-page").forms().into_iter().find(|form| form.field("username").is_some()).unwrap();
    assert!(shown.body.contains("value=\"&#x2f;user&#x2f;1\"") || shown.body.contains("value=\"/user/1\""), "{form:?}");
    assert_eq!(shown.body.matches("name=\"scope\"").count(), 2, "{}", shown.body);
    let pattern = [("action", "share"), ("username", "bea"), ("scope", PATTERN)];
    let answer = press(&mut owner, &shown, "username", &pattern).await;
    assert!(answer.page("sharing-page").text_of("sharing-outcome").unwrap().contains("Nothing was changed"));
    let fields = [("action", "share"), ("username", "bea"), ("scope", "/user/1")];
    press(&mut owner, &shown, "username", &fields).await;

    let granted = rpt(&world, &world.ticket(&world.album, &["/user/1", "view"]).await).await.tokens();
    let expected = json!([{"resource_id": world.album, "scopes": ["/user/1", "view"]}]);
    assert_eq!(world.permissions(granted.access_token()).await, expected);
    // Another one of the pattern is another scope.
    let ticket = world.ticket(&world.album, &["/user/2"]).await;
    assert_eq!(refused(&rpt(&world, &ticket).await, "request_denied"), None);
}

#[tokio::test]
async fn patterns_are_for_resource_servers_that_may_have_them() {
    let world = World::new().await;
    assert_invalid(&register(&world, &["view", PATTERN]).await, "invalid_request", "may not register");
    // What is no pattern is a scope like any other.
    assert_eq!(register(&world, &["view", "^x", "price$"]).await.status, 200);
    permit(&world, true).await;
    assert_eq!(register(&world, &["view", PATTERN]).await.status, 200);
    assert_eq!(ask(&world, &["/user/1"]).await.status, 201);

    // Another resource server has nothing of it (UM-006).
    let settings = json!({"settings": {"skip_consent": true, "uma_spontaneous_scopes": true}});
    let other = client(&world.realm, "openid uma_protection", settings).await;
    let pat = tokens(&world.realm, &other, &world.realm.user, "uma_protection").await;
    let permission = json!({"resource_id": world.album, "resource_scopes": ["/user/2"]});
    let answer = world.ask(Method::POST, "/uma/permissions", pat.access_token(), Some(&permission)).await;
    assert_invalid(&answer, "invalid_resource_id", "not registered");
    assert_eq!(made(&world).await, ["/user/1"]);

    // What it may do no more it does no more; what is there ends by itself.
    permit(&world, false).await;
    assert_invalid(&ask(&world, &["/user/2"]).await, "invalid_scope", "not registered");
    assert_eq!(ask(&world, &["/user/1"]).await.status, 201);
    assert_invalid(&register(&world, &["view", PATTERN]).await, "invalid_request", "may not register");

    let administration = &world.realm.server.administration;
    let path = format!("/realms/{}/clients", world.realm.name);
    for wrong in [
        json!({"settings": {"uma_spontaneous_scopes": true, "dynamically_registered": true}}),
        json!({"settings": {"uma_spontaneous_scopes": true}, "token_endpoint_auth_method": "none"}),
    ] {
        let body = crate::support::realm::merged(json!({"redirect_uris": ["https://rp.test/cb"]}), wrong);
        let answer = administration.try_ask(Method::POST, &path, &body).await;
        assert_eq!(answer.status, 422, "{answer:?}");
    }
}

#[tokio::test]
async fn a_pattern_that_is_none_is_an_invalid_request() {
    let world = world(json!({})).await;
    let long = format!("^{}$", "a".repeat(199));
    for (bad, words) in [
        ("^/user/.+", "begins with ^ and ends with $"),
        ("/user/.+$", "begins with ^ and ends with $"),
        ("^/user/($", "does not read"),
        ("^(?=a)a$", "does not read"),
        (r"^(a)\1$", "does not read"),
        ("^a)|(.*$", "does not read"),
        ("^((a{500}){500}){500}$", "too large"),
        (&long, "1 to 200"),
    ] {
        assert_invalid(&register(&world, &[bad]).await, "invalid_request", words);
    }
    assert_invalid(
        &register(&world, &["^a$", "^b$", "^c$", "^d$", "^e$", "^f$"]).await,
        "invalid_request",
        "at most 5",
    );
    let expression = json!({"scope_expression": {"rule": {"var": 0}, "data": ["^a$"]}});
    let answer = world.ask(Method::POST, "/uma/resources", &world.pat, Some(&expression)).await;
    assert_invalid(&answer, "invalid_request", "scope_expression");
    // What takes other engines for ever.
    assert_eq!(register(&world, &["^(a+)+$", "^(.*a){10}$"]).await.status, 200);
    let hostile = format!("{}!", "a".repeat(199));
    assert_invalid(&ask(&world, &[&hostile]).await, "invalid_scope", "not registered");
}

#[tokio::test]
async fn scopes_that_were_made_end_with_their_pattern() {
    let world = world(json!({})).await;
    let policies = json!([{"scopes": ["view", "/user/1"], "users": [world.bea.id]}]);
    world.allow(&world.album, policies).await;
    let granted = rpt(&world, &world.ticket(&world.album, &["/user/1", "view"]).await).await.tokens();
    let waiting = world.ticket(&world.album, &["/user/1"]).await;
    assert_eq!(register(&world, &["view", "^/group/.+$"]).await.status, 200);
    let expected = json!([{"resource_id": world.album, "scopes": ["view"]}]);
    assert_eq!(world.permissions(granted.access_token()).await, expected);
    assert_eq!(refused(&rpt(&world, &waiting).await, "request_denied"), None);
    assert_invalid(&ask(&world, &["/user/1"]).await, "invalid_scope", "not registered");
    assert_eq!(register(&world, &["view", PATTERN]).await.status, 200);
    assert_eq!(made(&world).await, [""; 0], "they do not come back");
    // What is registered by its name is no matter of patterns.
    assert_eq!(register(&world, &["view", "/user/1"]).await.status, 200);
    rpt(&world, &world.ticket(&world.album, &["/user/1"]).await).await.tokens();
}

#[tokio::test]
async fn an_rpt_lives_no_longer_than_the_scopes_in_it() {
    let world = world(json!({"uma_spontaneous_scope_seconds": 60})).await;
    world.allow(&world.album, json!([{"scopes": ["view", "/user/1"], "users": [world.bea.id]}])).await;
    let long = rpt(&world, &world.ticket(&world.album, &["view"]).await).await.tokens();
    assert_eq!(long.0["expires_in"], 600);
    let ticket = world.ticket(&world.album, &["/user/1"]).await;
    let answer = world.request_for(&world.id_token(&world.bea).await, &ticket, &[("rpt", long.access_token())]).await;
    let short = answer.tokens();
    assert!((1..=60).contains(&short.0["expires_in"].as_i64().unwrap()), "{:?}", short.0);
    assert_eq!(short.0["upgraded"], true);
    // What is from before counts, too.
    let ticket = world.ticket(&world.album, &["view"]).await;
    let answer = world.request_for(&world.id_token(&world.bea).await, &ticket, &[("rpt", short.access_token())]).await;
    assert!(answer.tokens().0["expires_in"].as_i64().unwrap() <= 60);
}

#[tokio::test]
async fn scopes_that_are_made_are_bounded_and_made_once() {
    let world = world(json!({})).await;
    let answers = at_once(8, async || ask(&world, &["/user/1"]).await).await;
    assert!(answers.iter().all(|answer| answer.status == 201), "{answers:?}");
    assert_eq!(made(&world).await, ["/user/1"]);
    for hundred in [100, 200] {
        let names: Vec<String> = (0..50).map(|number| format!("/user/{}", hundred + number)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let answer = ask(&world, &names).await;
        if hundred == 100 {
            assert_eq!(answer.status, 201, "{answer:?}");
        } else {
            assert_invalid(&answer, "invalid_scope", "as many scopes");
        }
    }
    assert_eq!(made(&world).await.len(), 51, "none of those that were too many");
    assert_eq!(ask(&world, &["/user/1", "/user/149"]).await.status, 201);
}
