//! `on_token_request`, `on_introspection`, `on_revocation`.

use serde_json::json;

use super::{FAILS, assert_failed_closed, bind, runs, trusted_client};
use crate::flows::native_sso;
use crate::support::jwt;
use crate::support::realm::Realm;

#[tokio::test]
async fn on_token_request_can_take_from_tokens_of_each_grant() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let body = "if req.grant_type == \"client_credentials\" { return narrow(#{ drop_scopes: [\"write\"] }); } \
                narrow(#{ drop_scopes: [\"email\", \"openid\"], access_token_seconds: 60, id_token_seconds: 90 })";
    bind(&realm, "on_token_request", body).await;
    let request = client.request().with("scope", "openid email offline_access");
    let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    let check = |tokens: &crate::support::client::Tokens| {
        assert_eq!((&tokens.0["scope"], &tokens.0["expires_in"]), (&json!("openid offline_access"), &json!(60)));
        let (access, id) = (jwt::read(tokens.access_token()).claims, jwt::read(tokens.id_token()).claims);
        let life = |claims: &serde_json::Value| claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
        assert_eq!((life(&access), life(&id)), (60, 90));
        assert_eq!(access["scope"], "openid offline_access");
    };
    check(&tokens);
    check(&client.refresh(tokens.refresh_token()).await.tokens());
    let own = client.client_credentials("read write").await.tokens();
    assert_eq!(own.0["scope"], "read");
    client.client_credentials("write").await.assert_refused("invalid_scope");
    // A life is shortened, never lengthened.
    bind(&realm, "on_token_request", "narrow(#{ access_token_seconds: 86400 })").await;
    assert_eq!(client.client_credentials("read").await.tokens().0["expires_in"], 600);
}

#[tokio::test]
async fn on_token_request_is_asked_before_tokens_leave_through_the_browser() {
    let types = json!(["code", "code id_token token"]);
    let realm = Realm::with(json!({"response_types": types})).await;
    let grants = ["authorization_code", "implicit"];
    let metadata = json!({"grant_types": grants, "response_types": types, "settings": {"skip_consent": true}});
    let client = realm.client(metadata).await;
    let body = "if req.grant_type == \"implicit\" { return narrow(#{ drop_scopes: [\"email\"], access_token_seconds: 60 }); } \
                allow()";
    bind(&realm, "on_token_request", body).await;
    let mut browser = realm.browser();
    let request = client.request().with("response_type", "code id_token token").with("scope", "openid email");
    let response = browser.complete(&request, &realm.user).await;
    assert_eq!((response.get("scope"), response.get("expires_in")), (Some("openid"), Some("60")));
    assert_eq!(client.redeem(&request, response.code()).await.tokens().0["scope"], "openid email");
    // There is no grant at the authorization endpoint that could be invalid.
    bind(&realm, "on_token_request", "deny(\"invalid_grant\", \"come back later\")").await;
    let answer = browser.authorize(&request).await;
    let refused = answer.assert_error_response(&request, "access_denied");
    assert_eq!(refused.get("error_description"), Some("come back later"));
}

#[tokio::test]
async fn on_token_request_can_withhold_a_refresh_token() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    bind(&realm, "on_token_request", "narrow(#{ no_refresh_token: ctx.client.id.len() > 0 && req.refresh_token })")
        .await;
    let request = client.request().with("scope", "openid offline_access");
    let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    assert!(tokens.0.get("refresh_token").is_none(), "{tokens:?}");
    assert_eq!(realm.rows().await.count("refresh_families"), 0);
}

#[tokio::test]
async fn what_on_token_request_refuses_is_not_used_up() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let request = client.request().with("scope", "openid offline_access");
    let code = realm.browser().complete(&request, &realm.user).await;
    bind(&realm, "on_token_request", "deny(\"invalid_grant\", \"come back later\")").await;
    let refused = client.redeem(&request, code.code()).await;
    refused.assert_refused("invalid_grant");
    assert_eq!(refused.json()["error_description"], "come back later");
    bind(&realm, "on_token_request", "allow()").await;
    let tokens = client.redeem(&request, code.code()).await.tokens();
    bind(&realm, "on_token_request", "deny(\"invalid_request\", \"come back later\")").await;
    client.refresh(tokens.refresh_token()).await.assert_refused("invalid_request");
    bind(&realm, "on_token_request", "none()").await;
    client.refresh(tokens.refresh_token()).await.tokens();
}

#[tokio::test]
async fn sc_009_on_token_request_fails_closed_and_uses_nothing_up() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let request = client.request();
    let code = realm.browser().complete(&request, &realm.user).await;
    for failing in [
        FAILS,
        "let n = 42; n",
        "loop { }",
        "let a = []; loop { a.push(\"x\"); }",
        "let more = #{ add_scopes: [\"x\"] }; narrow(more)",
    ] {
        bind(&realm, "on_token_request", failing).await;
        assert_failed_closed(&client.redeem(&request, code.code()).await);
        assert_failed_closed(&client.client_credentials("read").await);
    }
    let outcomes: Vec<_> = runs(&realm, "on_token_request", 10).await;
    let outcome = |number: usize| outcomes[number]["details"]["outcome"].as_str().unwrap().to_owned();
    assert!(outcome(0).starts_with("thrown at main.rhai:1:"), "{outcomes:?}");
    assert_eq!(outcome(2), "wrong_shape");
    assert!(outcome(4).starts_with("operations"), "{outcomes:?}");
    bind(&realm, "on_token_request", "none()").await;
    client.redeem(&request, code.code()).await.tokens();
}

#[tokio::test]
async fn every_package_decides_and_the_strictest_of_all_counts() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    for (name, decision) in [
        ("first", "narrow(#{ access_token_seconds: 300, drop_scopes: [\"write\"] })"),
        ("second", "narrow(#{ access_token_seconds: 60 })"),
        ("third", "narrow(#{ access_token_seconds: 200, drop_scopes: [\"email\"] })"),
        ("fourth", "allow()"),
    ] {
        let script = format!("fn on_token_request(ctx, req) {{ {decision} }}");
        super::deploy(&realm, super::package(name, &["on_token_request"], "", &script)).await;
    }
    let request = client.request().with("scope", "openid email write");
    let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    assert_eq!((&tokens.0["scope"], &tokens.0["expires_in"]), (&json!("openid"), &json!(60)));
    assert_eq!(runs(&realm, "on_token_request", 4).await.len(), 4);
}

#[tokio::test]
async fn on_introspection_can_tell_a_caller_less() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let auditor =
        realm.client(json!({"grant_types": ["client_credentials"], "settings": {"may_introspect": true}})).await;
    let request = client.request().with("scope", "openid offline_access");
    let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    let body = format!(
        "if ctx.client.id == \"{}\" {{ return none(); }} \
         if token.kind == \"refresh_token\" {{ return narrow(#{{ inactive: true }}); }} \
         narrow(#{{ show: [\"auth_time\"] }})",
        client.id
    );
    bind(&realm, "on_introspection", &body).await;
    let whole = client.introspect(tokens.access_token()).await;
    assert_eq!((&whole["sub"], &whole["username"]), (&json!(realm.user.id), &json!("ana")));
    let part = auditor.introspect(tokens.access_token()).await;
    for member in ["active", "iss", "aud", "client_id", "token_type", "scope", "iat", "exp", "auth_time"] {
        assert_eq!(part[member], whole[member], "{member}");
    }
    for member in ["sub", "username", "jti"] {
        assert!(part.get(member).is_none(), "{member}: {part}");
    }
    assert!(client.is_active(tokens.refresh_token()).await);
    bind(&realm, "on_introspection", "narrow(#{ inactive: true })").await;
    assert_eq!(client.introspect(tokens.access_token()).await, json!({"active": false}));
    assert_eq!(client.introspect(tokens.refresh_token()).await, json!({"active": false}));
    // A token that is not good is no matter for scripts.
    bind(&realm, "on_introspection", "allow()").await;
    assert_eq!(client.introspect("nonsense").await, json!({"active": false}));
}

#[tokio::test]
async fn sc_009_on_introspection_fails_closed() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let token = client.client_credentials("read").await.tokens();
    bind(&realm, "on_introspection", FAILS).await;
    assert_failed_closed(&client.ask("/introspect", &[("token", token.access_token())]).await);
}

#[tokio::test]
async fn on_revocation_can_revoke_everything_of_the_login() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let request = client.request().with("scope", "openid offline_access");
    let mut browser = realm.browser();
    let first = client.obtain(&mut browser, &request, &realm.user).await;
    let second = client.refresh(first.refresh_token()).await.tokens();
    bind(
        &realm,
        "on_revocation",
        "if token.scope.contains(\"offline_access\") { revoke(#{ lineage: true }) } else { none() }",
    )
    .await;
    assert_eq!(client.revoke(first.access_token()).await.status, 200);
    for token in [first.access_token(), second.access_token(), second.refresh_token()] {
        assert!(!client.is_active(token).await);
    }
    // Without the decision, one token goes.
    bind(&realm, "on_revocation", "allow()").await;
    let request = client.request().with("scope", "openid offline_access");
    let tokens = client.obtain(&mut browser, &request, &realm.user).await;
    assert_eq!(client.revoke(tokens.access_token()).await.status, 200);
    assert!(!client.is_active(tokens.access_token()).await && client.is_active(tokens.refresh_token()).await);
}

#[tokio::test]
async fn sc_009_on_revocation_fails_closed_and_keeps_no_token_alive() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let request = client.request().with("scope", "openid offline_access");
    let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    bind(&realm, "on_revocation", FAILS).await;
    assert_failed_closed(&client.revoke(tokens.access_token()).await);
    assert!(!client.is_active(tokens.access_token()).await);
    assert!(client.is_active(tokens.refresh_token()).await);
    assert_failed_closed(&client.revoke(tokens.refresh_token()).await);
    assert!(!client.is_active(tokens.refresh_token()).await);
}

#[tokio::test]
async fn on_revocation_is_asked_for_device_secrets() {
    let world = native_sso::world().await;
    let login = world.login().await;
    bind(
        &world.realm,
        "on_revocation",
        "if token.kind == \"device_secret\" { revoke(#{ lineage: true }) } else { none() }",
    )
    .await;
    assert_eq!(world.maps.revoke(login.device_secret()).await.status, 200);
    world.share(&login, &[]).await.assert_refused("invalid_request");
    world.mail.userinfo(login.access_token()).await.assert_token_refused(401, "invalid_token");
    // Without the decision, the secret goes alone.
    bind(&world.realm, "on_revocation", "allow()").await;
    let login = world.login().await;
    assert_eq!(world.maps.revoke(login.device_secret()).await.status, 200);
    world.share(&login, &[]).await.assert_refused("invalid_request");
    assert_eq!(world.mail.userinfo(login.access_token()).await.status, 200);
    // Nor does a failure keep it alive.
    let login = world.login().await;
    bind(&world.realm, "on_revocation", FAILS).await;
    assert_failed_closed(&world.maps.revoke(login.device_secret()).await);
    world.share(&login, &[]).await.assert_refused("invalid_request");
}
