//! What must not be possible (group UM of the security catalogue).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use serde_json::json;

use super::{GRANT, ID_TOKEN, World, client, refused, request, tokens};
use crate::support::http::{Request, at_once};
use crate::support::jwt;
use crate::support::time::now;

#[tokio::test]
async fn um_001_a_ticket_is_used_once_however_many_try() {
    let world = World::new().await;
    world.allow_bea().await;
    let id_token = world.id_token(&world.bea).await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    let answers = at_once(16, async || world.request_for(&id_token, &ticket, &[]).await).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!(won.len(), 1, "{answers:?}");
    for answer in lost {
        answer.assert_refused("invalid_grant");
    }
    world.request_for(&id_token, &ticket, &[]).await.assert_refused("invalid_grant");
}

#[tokio::test]
async fn um_001_a_ticket_that_was_rotated_is_of_no_use_and_the_new_one_is_its_clients() {
    let world = World::new().await;
    world.allow_bea().await;
    let id_token = world.id_token(&world.bea).await;
    let old = world.ticket(&world.album, &["view"]).await;
    let new = refused(&world.request(&old, &[]).await, "need_info").unwrap();
    world.request_for(&id_token, &old, &[]).await.assert_refused("invalid_grant");
    // Another client, with an ID token of its own for the same person.
    let other = client(&world.realm, "openid", json!({})).await;
    let theirs = tokens(&world.realm, &other, &world.bea, "openid").await;
    let claims = [("claim_token", theirs.id_token()), ("claim_token_format", ID_TOKEN)];
    request(&other, &new, &claims).await.assert_refused("invalid_grant");
    world.request_for(&id_token, &new, &[]).await.tokens();
    for unknown in ["x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        world.request_for(&id_token, unknown, &[]).await.assert_refused("invalid_grant");
    }
    world.app.ask("/token", &[("grant_type", GRANT)]).await.assert_refused("invalid_request");
}

#[tokio::test]
async fn um_004_only_an_id_token_of_this_realm_for_this_client_says_who_asks() {
    let world = World::new().await;
    world.allow_bea().await;
    let good = world.id_token(&world.bea).await;
    let claims = jwt::read(&good).claims;
    let unsigned = |claims: &serde_json::Value| {
        let encode = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.", encode(&json!({"alg": "none"})), encode(claims))
    };
    let forged = jwt::SigningKey::generate("ES256").sign(&claims);
    let other = client(&world.realm, "openid", json!({})).await;
    let foreign = tokens(&world.realm, &other, &world.bea, "openid").await.id_token().to_owned();
    let access_token = tokens(&world.realm, &world.app, &world.bea, "openid").await.access_token().to_owned();
    let encoded = URL_SAFE_NO_PAD.encode(claims.to_string());
    for (what, token, format) in [
        ("unsigned", unsigned(&claims), ID_TOKEN),
        ("signed by another", forged, ID_TOKEN),
        ("for another client", foreign, ID_TOKEN),
        ("an access token", access_token, ID_TOKEN),
        ("nonsense", "nonsense".to_owned(), ID_TOKEN),
        ("plain claims", encoded, "urn:ietf:params:oauth:token-type:jwt"),
        ("an unknown format", good.clone(), "urn:example:format"),
    ] {
        let ticket = world.ticket(&world.album, &["view"]).await;
        let answer = world.request(&ticket, &[("claim_token", &token), ("claim_token_format", format)]).await;
        assert!(refused(&answer, "need_info").is_some(), "{what}");
    }
    // An ID token of somebody else says that somebody else asks.
    let ticket = world.ticket(&world.album, &["view"]).await;
    let owners = world.id_token(&world.realm.user).await;
    assert_eq!(refused(&world.request_for(&owners, &ticket, &[]).await, "request_denied"), None);
    // Neither comes without the other.
    let ticket = world.ticket(&world.album, &["view"]).await;
    for alone in [("claim_token", good.as_str()), ("claim_token_format", ID_TOKEN)] {
        world.request(&ticket, &[alone]).await.assert_refused("invalid_request");
    }
    world.request_for(&good, &ticket, &[]).await.tokens();
}

#[tokio::test]
async fn um_004_who_has_signed_out_or_is_disabled_asks_for_nothing() {
    let world = World::new().await;
    world.allow_bea().await;
    let mut browser = world.realm.browser();
    let id_token = world.app.obtain(&mut browser, &world.app.request(), &world.bea).await.id_token().to_owned();
    let ticket = world.ticket(&world.album, &["view"]).await;
    let rpt = world.request_for(&id_token, &ticket, &[]).await.tokens();
    let page = browser.get(&world.realm.url("/account/sign-out")).await;
    browser.press(&page, "sign-out").await.page("signed-out-page");
    let ticket = world.ticket(&world.album, &["view"]).await;
    assert!(refused(&world.request_for(&id_token, &ticket, &[]).await, "need_info").is_some());
    assert!(!world.server.is_active(rpt.access_token()).await);

    let id_token = world.id_token(&world.bea).await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    world.realm.server.administration.update_user(&world.realm.name, &world.bea.id, &json!({"enabled": false})).await;
    assert!(refused(&world.request_for(&id_token, &ticket, &[]).await, "need_info").is_some());
}

#[tokio::test]
async fn um_005_nothing_that_a_client_sends_takes_the_place_of_what_the_server_knows() {
    let world = World::new().await;
    let later = now() + 3600;
    world
        .allow(
            &world.album,
            json!([
                {"scopes": ["view"], "users": [world.bea.id], "not_before": later},
                {"scopes": ["view"], "users": [world.bea.id], "clients": [world.server.id]},
            ]),
        )
        .await;
    let id_token = world.id_token(&world.bea).await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    let (later, user) = (later.to_string(), world.realm.user.id.clone());
    let more = [
        ("now", later.as_str()),
        ("iat", later.as_str()),
        ("azp", world.server.id.as_str()),
        ("ip", "127.0.0.1"),
        ("user", user.as_str()),
    ];
    assert_eq!(refused(&world.request_for(&id_token, &ticket, &more).await, "request_denied"), None);
}

#[tokio::test]
async fn um_006_a_protection_api_token_reaches_its_own_resources_alone() {
    let world = World::new().await;
    let path = format!("/uma/resources/{}", world.album);
    let before = world.ask(Method::GET, &path, &world.pat, None).await.success();
    let other = client(&world.realm, "openid uma_protection", json!({})).await;
    // Another resource server for the same owner, the same one for another owner, another one for itself.
    let of_other = tokens(&world.realm, &other, &world.realm.user, "uma_protection").await;
    let of_bea = tokens(&world.realm, &world.server, &world.bea, "uma_protection").await;
    let own = world.server.client_credentials("uma_protection").await.tokens();
    for foreign in [of_other.access_token(), of_bea.access_token(), own.access_token()] {
        let body = json!({"resource_scopes": ["mine"]});
        for (method, body) in [(Method::GET, None), (Method::PUT, Some(&body)), (Method::DELETE, None)] {
            assert_eq!(world.ask(method.clone(), &path, foreign, body).await.status, 404, "{method}");
        }
        assert_eq!(world.ask(Method::GET, "/uma/resources", foreign, None).await.success(), json!([]));
        let permission = json!({"resource_id": world.album, "resource_scopes": ["view"]});
        let answer = world.ask(Method::POST, "/uma/permissions", foreign, Some(&permission)).await;
        assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("invalid_resource_id")));
    }
    assert_eq!(world.ask(Method::GET, &path, &world.pat, None).await.success(), before);
}

#[tokio::test]
async fn um_008_policies_are_the_owners_alone() {
    let world = World::new().await;
    world.allow_bea().await;
    let path = format!("/uma/policies/{}", world.album);
    let before = world.ask(Method::GET, &path, &world.owner, None).await.success();
    let policies = json!({"policies": [{"scopes": ["view", "print"], "users": [world.bea.id]}]});
    let manager = client(&world.realm, "openid uma_policy", json!({})).await;
    let of_bea = tokens(&world.realm, &manager, &world.bea, "uma_policy").await;
    let own = manager.client_credentials("uma_policy").await.tokens();
    for foreign in [of_bea.access_token(), own.access_token()] {
        assert_eq!(world.ask(Method::PUT, &path, foreign, Some(&policies)).await.status, 404);
        assert_eq!(world.ask(Method::GET, &path, foreign, None).await.status, 404);
    }
    assert_eq!(world.ask(Method::GET, &path, &world.owner, None).await.success(), before);
}

#[tokio::test]
async fn um_009_a_ticket_is_for_what_it_names_and_for_nothing_of_the_same_kind() {
    let world = World::new().await;
    world.allow_bea().await;
    let second = world.register(&["view"]).await;
    world.allow(&second, json!([{"scopes": ["view"], "users": [world.bea.id]}])).await;
    let id_token = world.id_token(&world.bea).await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    let more = [("resource_id", second.as_str()), ("permission", "*"), ("resource_scopes", "view print")];
    let rpt = world.request_for(&id_token, &ticket, &more).await.tokens();
    let expected = json!([{"resource_id": world.album, "scopes": ["view"]}]);
    assert_eq!(world.permissions(rpt.access_token()).await, expected);
}

#[tokio::test]
async fn um_010_what_no_policy_allows_is_denied_and_the_ticket_is_spent() {
    let world = World::new().await;
    let id_token = world.id_token(&world.bea).await;
    for (policies, scopes) in [
        (json!([]), &["view"][..]),
        (json!([]), &[][..]),
        (json!([{"scopes": ["view"], "users": [world.bea.id]}]), &["view", "print"][..]),
        (json!([{"scopes": ["view"], "users": [world.bea.id], "expires_at": now()}]), &["view"][..]),
        (json!([{"scopes": ["view"], "owner": true}]), &["view"][..]),
    ] {
        world.allow(&world.album, policies).await;
        let ticket = world.ticket(&world.album, scopes).await;
        assert_eq!(refused(&world.request_for(&id_token, &ticket, &[]).await, "request_denied"), None);
        world.request_for(&id_token, &ticket, &[]).await.assert_refused("invalid_grant");
    }
    // The owner, by the policy for owners.
    let ticket = world.ticket(&world.album, &["view"]).await;
    world.request_for(&world.id_token(&world.realm.user).await, &ticket, &[]).await.tokens();
}

#[tokio::test]
async fn um_013_an_rpt_is_nothing_to_another_resource_server() {
    let world = World::new().await;
    world.allow_bea().await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    let rpt = world.request_for(&world.id_token(&world.bea).await, &ticket, &[]).await.tokens();
    let other = client(&world.realm, "openid uma_protection", json!({})).await;
    assert_eq!(other.introspect(rpt.access_token()).await, json!({"active": false}));
}

#[tokio::test]
async fn um_014_no_origin_is_opened_by_what_nobody_verified() {
    let world = World::new().await;
    let forged = jwt::SigningKey::generate("ES256").sign(&json!({"iss": world.realm.issuer, "azp": world.app.id}));
    for path in ["/uma/resources", "/uma/permissions", "/token"] {
        let request = Request::post(&world.realm.url(path), "application/json", "{}").bearer(&forged);
        let answer = world.realm.http.send(request.header("origin", "https://evil.test")).await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
    }
}

#[tokio::test]
async fn tk_008_a_ticket_is_good_for_nothing_else_and_nothing_else_is_a_ticket() {
    let world = World::new().await;
    world.allow_bea().await;
    let id_token = world.id_token(&world.bea).await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    let code = [("grant_type", "authorization_code"), ("code", ticket.as_str()), ("redirect_uri", "https://x.test")];
    world.app.ask("/token", &code).await.assert_refused("invalid_grant");
    assert_eq!(world.ask(Method::GET, "/uma/resources", &ticket, None).await.status, 401);
    assert_eq!(world.server.introspect(&ticket).await, json!({"active": false}));
    let tokens = tokens(&world.realm, &world.app, &world.bea, "openid").await;
    for other in [tokens.access_token(), tokens.id_token(), world.pat.as_str(), world.album.as_str()] {
        world.request_for(&id_token, other, &[]).await.assert_refused("invalid_grant");
    }
    world.request_for(&id_token, &ticket, &[]).await.tokens();
}

#[tokio::test]
async fn rg_008_nobody_registers_for_the_scope_of_resource_servers() {
    let world = World::new().await;
    let registration = json!({"registration": {"mode": "open"}});
    world.realm.server.administration.update_realm(&world.realm.name, &registration).await;
    let body = json!({"redirect_uris": ["https://new.test/cb"], "scope": "openid uma_protection uma_policy"});
    let url = world.realm.url("/register");
    let answer = world.realm.http.send(Request::post(&url, "application/json", body.to_string())).await;
    if answer.status == 201 {
        assert!(!answer.json()["scope"].to_string().contains("uma"), "{answer:?}");
    } else {
        assert_eq!(answer.status, 400, "{answer:?}");
    }
}
