//! The grant (UMA 2.0 Grant section 3.3) from the ticket to the RPT, and what resource servers learn of it.

use http::Method;
use serde_json::{Value, json};

use super::{GRANT, ID_TOKEN, World, refused, request};
use crate::support::dpop::ProofKey;
use crate::support::http::Request;
use crate::support::jwt;
use crate::support::time::now;

#[tokio::test]
async fn uma_grant_3_3_from_the_ticket_to_an_rpt_that_the_resource_server_understands() {
    let world = World::new().await;
    world.allow_bea().await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    let answer = world.request(&ticket, &[]).await;
    let again = refused(&answer, "need_info").expect("UMA Grant 3.3.6");
    assert_ne!(again, ticket);
    let required = &answer.json()["required_claims"][0];
    assert_eq!(required["claim_token_format"], json!([ID_TOKEN]));
    assert_eq!(required["issuer"], json!([world.realm.issuer]));

    let id_token = world.id_token(&world.bea).await;
    let answer = world.request_for(&id_token, &again, &[]).await;
    let rpt = answer.tokens();
    assert_eq!(jwt::read(&id_token).claims["sub"], json!(world.bea.id));
    for absent in ["scope", "refresh_token", "id_token", "upgraded"] {
        assert_eq!(rpt.0.get(absent), None, "{absent}");
    }
    let expected = json!([{"resource_id": world.album, "scopes": ["view"]}]);
    assert_eq!(world.permissions(rpt.access_token()).await, expected);
    let learnt = world.server.introspect(rpt.access_token()).await;
    assert_eq!(learnt["sub"], json!(world.bea.id));
    assert_eq!(learnt["client_id"], json!(world.app.id));
    assert_eq!(learnt["aud"], json!(world.server.id));
    assert_eq!(learnt["permissions"][0]["exp"], learnt["exp"]);

    // Who validates by themselves reads the same.
    let verified = world.realm.verify(rpt.access_token()).await;
    let permission = json!({"resource_id": world.album, "resource_scopes": ["view"]});
    assert_eq!(verified.claims["permissions"], json!([permission]));
    assert_eq!(verified.claims["aud"], json!(world.server.id));
    // It is good for nothing here.
    assert_eq!(world.app.userinfo(rpt.access_token()).await.status, 401);
    assert_eq!(world.ask(Method::GET, "/uma/resources", rpt.access_token(), None).await.status, 401);
}

#[tokio::test]
async fn uma_grant_3_3_5_an_opaque_rpt_says_the_same_at_introspection() {
    let world = World::with(json!({"settings": {"access_token_format": "opaque", "skip_consent": true}})).await;
    world.allow_bea().await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    let rpt = world.request_for(&world.id_token(&world.bea).await, &ticket, &[]).await.tokens();
    assert_eq!(rpt.access_token().matches('.').count(), 0);
    let expected = json!([{"resource_id": world.album, "scopes": ["view"]}]);
    assert_eq!(world.permissions(rpt.access_token()).await, expected);
    assert_eq!(world.app.revoke(rpt.access_token()).await.status, 200);
    assert!(!world.server.is_active(rpt.access_token()).await);
}

#[tokio::test]
async fn uma_federated_5_1_a_protection_api_token_introspects() {
    let world = World::new().await;
    world.allow_bea().await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    let rpt = world.request_for(&world.id_token(&world.bea).await, &ticket, &[]).await.tokens();
    let ask = async |bearer: &str| {
        let request = Request::form(&world.realm.url("/introspect"), &[("token", rpt.access_token())]);
        world.realm.http.send(request.bearer(bearer)).await
    };
    let answer = ask(&world.pat).await.success();
    assert_eq!(answer["permissions"][0]["resource_id"], json!(world.album));
    for other in [world.owner.as_str(), rpt.access_token(), "nonsense"] {
        ask(other).await.assert_refused("invalid_client");
    }
}

#[tokio::test]
async fn uma_grant_3_3_4_scopes_of_the_request_count_where_the_client_is_registered_for_them() {
    let world = World::new().await;
    world.allow(&world.album, json!([{"scopes": ["view", "print", "crop"], "users": [world.bea.id]}])).await;
    let second = world.register(&["view"]).await;
    world.allow(&second, json!([{"scopes": ["view"], "users": [world.bea.id]}])).await;
    let id_token = world.id_token(&world.bea).await;
    let both = json!([
        {"resource_id": world.album, "resource_scopes": ["view"]}, {"resource_id": second, "resource_scopes": []},
    ]);
    let ticket = world.ticket_for(&both).await;
    // The client is registered for `openid` and `print`; no resource has `openid`.
    for scope in ["crop", "openid", "print delete", "view"] {
        world.request_for(&id_token, &ticket, &[("scope", scope)]).await.assert_refused("invalid_scope");
    }
    let rpt = world.request_for(&id_token, &ticket, &[("scope", "print")]).await.tokens();
    let expected = json!([
        {"resource_id": world.album, "scopes": ["view", "print"]}, {"resource_id": second, "scopes": []},
    ]);
    assert_eq!(world.permissions(rpt.access_token()).await, expected);
}

#[tokio::test]
async fn um_012_an_rpt_is_upgraded_by_whom_it_is_of_alone() {
    let world = World::new().await;
    world.allow_bea().await;
    let second = world.register(&["view"]).await;
    world.allow(&second, json!([{"scopes": ["view"], "users": [world.bea.id, world.realm.user.id]}])).await;
    let id_token = world.id_token(&world.bea).await;
    let first = world.ticket(&world.album, &["view"]).await;
    let old = world.request_for(&id_token, &first, &[]).await.tokens();

    let ticket = world.ticket(&second, &["view"]).await;
    let rpt = [("rpt", old.access_token())];
    // Another requesting party, another client, something that is no RPT.
    let owners = world.id_token(&world.realm.user).await;
    world.request_for(&owners, &ticket, &rpt).await.assert_refused("invalid_grant");
    for foreign in [world.owner.as_str(), world.pat.as_str(), "nonsense", id_token.as_str()] {
        world.request_for(&id_token, &ticket, &[("rpt", foreign)]).await.assert_refused("invalid_grant");
    }
    let new = world.request_for(&id_token, &ticket, &rpt).await.tokens();
    assert_eq!(new.0["upgraded"], json!(true));
    let expected =
        json!([{"resource_id": second, "scopes": ["view"]}, {"resource_id": world.album, "scopes": ["view"]}]);
    assert_eq!(world.permissions(new.access_token()).await, expected);
    assert!(!world.server.is_active(old.access_token()).await, "the old one ended");
    let ticket = world.ticket(&second, &["view"]).await;
    world.request_for(&id_token, &ticket, &rpt).await.assert_refused("invalid_grant");
}

#[tokio::test]
async fn what_an_owner_takes_back_is_gone_at_the_next_introspection() {
    let world = World::new().await;
    let both = json!([{"scopes": ["view", "print"], "users": [world.bea.id]}]);
    world.allow(&world.album, both.clone()).await;
    let ticket = world.ticket(&world.album, &["view", "print"]).await;
    let rpt = world.request_for(&world.id_token(&world.bea).await, &ticket, &[]).await.tokens();
    world.allow_bea().await;
    let expected = json!([{"resource_id": world.album, "scopes": ["view"]}]);
    assert_eq!(world.permissions(rpt.access_token()).await, expected);
    world.allow(&world.album, json!([])).await;
    assert_eq!(world.server.introspect(rpt.access_token()).await, json!({"active": false}));
    world.allow(&world.album, both).await;
    assert!(world.server.is_active(rpt.access_token()).await);
    let path = format!("/uma/resources/{}", world.album);
    assert_eq!(world.ask(Method::DELETE, &path, &world.pat, None).await.status, 204);
    assert!(!world.server.is_active(rpt.access_token()).await);
}

#[tokio::test]
async fn tk_052_an_rpt_is_bound_like_any_other_token() {
    let world = World::with(json!({"dpop_bound_access_tokens": true})).await;
    world.allow(&world.album, json!([{"scopes": ["view"], "clients": [world.app.id]}])).await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    assert_eq!(request(&world.app, &ticket, &[]).await.json()["error"], "invalid_dpop_proof");
    let key = ProofKey::generate("ES256");
    let answer = world.app.ask_with(&key, &[("grant_type", GRANT), ("ticket", &ticket)]).await;
    let rpt = answer.success();
    assert_eq!(rpt["token_type"], "DPoP");
    let learnt: Value = world.server.introspect(rpt["access_token"].as_str().unwrap()).await;
    assert_eq!(learnt["cnf"]["jkt"], json!(key.thumbprint()));
}

#[tokio::test]
async fn a_scope_expression_decides_what_is_enough() {
    let world = World::new().await;
    let expression = json!({
        "rule": {"and": [{"or": [{"var": 0}, {"var": 1}]}, {"var": 2}]}, "data": ["doctor", "nurse", "view"],
    });
    let body = json!({"scope_expression": expression, "name": "Chart"});
    let answer = world.ask(Method::POST, "/uma/resources", &world.pat, Some(&body)).await;
    let chart = answer.json()["_id"].as_str().unwrap().to_owned();
    let path = format!("/uma/resources/{chart}");
    let read = world.ask(Method::GET, &path, &world.pat, None).await.success();
    assert_eq!(read["scope_expression"], expression);
    assert_eq!(read["resource_scopes"], expression["data"]);
    let part = json!({"resource_id": chart, "resource_scopes": ["view", "nurse"]});
    let answer = world.ask(Method::POST, "/uma/permissions", &world.pat, Some(&part)).await;
    answer.assert_refused("invalid_scope");

    let all = ["doctor", "nurse", "view"];
    let id_token = world.id_token(&world.bea).await;
    world.allow(&chart, json!([{"scopes": ["doctor", "nurse"], "users": [world.bea.id]}])).await;
    let ticket = world.ticket(&chart, &all).await;
    assert_eq!(refused(&world.request_for(&id_token, &ticket, &[]).await, "request_denied"), None);
    world.allow(&chart, json!([{"scopes": ["nurse", "view"], "users": [world.bea.id]}])).await;
    let ticket = world.ticket(&chart, &all).await;
    let rpt = world.request_for(&id_token, &ticket, &[]).await.tokens();
    let held = json!([{"resource_id": chart, "scopes": ["nurse", "view"]}]);
    assert_eq!(world.permissions(rpt.access_token()).await, held);
    // What is left is not enough any more.
    world.allow(&chart, json!([{"scopes": ["view"], "users": [world.bea.id]}])).await;
    assert!(!world.server.is_active(rpt.access_token()).await);
}

#[tokio::test]
async fn a_resource_ends_when_its_resource_server_says_so() {
    let world = World::new().await;
    world.allow_bea().await;
    let id_token = world.id_token(&world.bea).await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    let rpt = world.request_for(&id_token, &ticket, &[]).await.tokens();
    let ticket = world.ticket(&world.album, &["view"]).await;
    let path = format!("/uma/resources/{}", world.album);
    let ending = |exp: i64| json!({"resource_scopes": ["view"], "name": "Album", "exp": exp});
    world.ask(Method::PUT, &path, &world.pat, Some(&ending(now() + 600))).await.success();
    assert!(world.server.is_active(rpt.access_token()).await);
    world.ask(Method::PUT, &path, &world.pat, Some(&ending(now()))).await.success();
    assert!(!world.server.is_active(rpt.access_token()).await);
    world.request_for(&id_token, &ticket, &[]).await.assert_refused("invalid_grant");
    let permission = json!({"resource_id": world.album, "resource_scopes": ["view"]});
    let answer = world.ask(Method::POST, "/uma/permissions", &world.pat, Some(&permission)).await;
    answer.assert_refused("invalid_resource_id");
    assert!(world.ask(Method::GET, &path, &world.pat, None).await.success()["exp"].is_i64());
}
