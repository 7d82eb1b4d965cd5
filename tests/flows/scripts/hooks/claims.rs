//! `on_claims`.

use serde_json::{Value, json};

use super::{FAILS, assert_failed_closed, assert_silent_about_scripts, deploy, package, runs, trusted_client};
use crate::support::jwt;
use crate::support::realm::Realm;

/// A package that adds claims; `body` is what its function does.
fn adding(name: &str, manifest: &str, body: &str) -> Value {
    package(name, &["on_claims"], manifest, &format!("fn on_claims(ctx, target) {{ {body} }}"))
}

const EVERYWHERE: &str = "claims(#{ target: target, domain: ctx.user.email.split(\"@\")[1], \
                          name: \"Eve\", nickname: \"Evie\", roles: ctx.scope })";
const DECLARED: &str = "user_attributes = [\"email\"]\n\
                        claims = { target = \"string\", domain = \"string\", name = \"string\", nickname = \"string\", \
                        roles = \"string[]\" }";

#[tokio::test]
async fn on_claims_adds_declared_claims_wherever_claims_go() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    deploy(&realm, adding("department", DECLARED, EVERYWHERE)).await;
    let tokens = client.obtain(&mut realm.browser(), &client.request(), &realm.user).await;
    let places = [
        ("id_token", realm.verify(tokens.id_token()).await.claims),
        ("access_token", realm.verify(tokens.access_token()).await.claims),
        ("userinfo", client.userinfo(tokens.access_token()).await.success()),
        ("introspection", client.introspect(tokens.access_token()).await),
    ];
    for (target, claims) in places {
        assert_eq!((&claims["target"], &claims["domain"]), (&json!(target), &json!("ana.test")), "{claims}");
        assert_eq!(claims["sub"], json!(realm.user.id), "{target}");
        assert_eq!(claims["roles"], json!(["openid"]), "{target}");
        // OpenID Connect Core 5.4: nobody asked for these.
        assert!(claims.get("name").is_none() && claims.get("nickname").is_none(), "{claims}");
    }
    let decided = runs(&realm, "on_claims", 4).await;
    assert_eq!(decided[0]["details"]["decision"], "claims(domain, roles, target)");
    assert!(!decided.iter().any(|run| run.to_string().contains("ana.test")), "{decided:?}");
}

#[tokio::test]
async fn oidc_core_5_4_what_was_asked_for_and_the_user_has_stays_as_it_is() {
    let realm = Realm::new().await;
    let client =
        realm.client(json!({"userinfo_signed_response_alg": "ES256", "settings": {"skip_consent": true}})).await;
    let added = "claims(#{ name: \"Eve\", nickname: \"Evie\", gender: \"other\" })";
    let declared = "claims = { name = \"string\", nickname = \"string\", gender = \"string\" }";
    deploy(&realm, adding("names", declared, added)).await;
    let user = realm.add_user("bea").await;
    let own = json!({"claims": {"name": "Bea", "nickname": null, "gender": null}});
    realm.server.administration.update_user(&realm.name, &user.id, &own).await;
    let request = client.request().with("scope", "openid profile");
    let request = request.with("claims", &json!({"id_token": {"nickname": null}}).to_string());
    let tokens = client.obtain(&mut realm.browser(), &request, &user).await;
    let userinfo = client.userinfo(tokens.access_token()).await;
    let claims = realm.verify(&userinfo.body).await.claims;
    assert_eq!(
        (&claims["name"], &claims["nickname"], &claims["gender"]),
        (&json!("Bea"), &json!("Evie"), &json!("other"))
    );
    assert_eq!(claims["aud"], client.id);
    let id_token = jwt::read(tokens.id_token()).claims;
    assert_eq!((&id_token["nickname"], id_token.get("name")), (&json!("Evie"), None));
}

#[tokio::test]
async fn a_token_of_the_clients_own_has_claims_too() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let body = "if ctx.user != () || ctx.authentication != () { throw \"nobody\"; } claims(#{ tier: ctx.scope.len() })";
    deploy(&realm, adding("tiers", "claims = { tier = \"int\" }", body)).await;
    let token = client.client_credentials("read write").await.tokens();
    assert_eq!(jwt::read(token.access_token()).claims["tier"], 2);
    assert_eq!(client.introspect(token.access_token()).await["tier"], 2);
}

#[tokio::test]
async fn of_two_packages_the_first_counts_and_together_they_have_the_bound_of_one() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let declared = "claims = { one = \"string<=2048\", two = \"string<=2048\", three = \"string\" }";
    deploy(&realm, adding("first", declared, "claims(#{ one: \"first\" })")).await;
    deploy(&realm, adding("second", declared, "claims(#{ one: \"second\", three: \"second\" })")).await;
    let claims = jwt::read(client.client_credentials("read").await.tokens().access_token()).claims;
    assert_eq!((&claims["one"], &claims["three"]), (&json!("first"), &json!("second")));
    let long = "let s = \"0123456789abcdef\"; for i in 0..7 { s += s; }";
    deploy(&realm, adding("first", declared, &format!("{long} claims(#{{ one: s }})"))).await;
    client.client_credentials("read").await.tokens();
    deploy(&realm, adding("second", declared, &format!("{long} claims(#{{ two: s, three: \"x\" }})"))).await;
    assert_failed_closed(&client.client_credentials("read").await);
}

#[tokio::test]
async fn sc_009_on_claims_fails_closed_wherever_claims_go() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let tokens = client.obtain(&mut realm.browser(), &client.request(), &realm.user).await;
    let request = client.request();
    let code = realm.browser().complete(&request, &realm.user).await;
    deploy(&realm, adding("broken", "claims = { tier = \"int\" }", FAILS)).await;
    assert_failed_closed(&client.redeem(&request, code.code()).await);
    assert_failed_closed(&client.client_credentials("read").await);
    assert_failed_closed(&client.ask("/introspect", &[("token", tokens.access_token())]).await);
    let userinfo = client.userinfo(tokens.access_token()).await;
    assert_eq!((userinfo.status, &userinfo.json()["error"]), (500, &json!("server_error")));
    assert_eq!(userinfo.header("www-authenticate"), None, "another token would not help");
    assert_silent_about_scripts(&userinfo.body);
    // Recorded once, like a refusal of any endpoint.
    realm.events_behind(&userinfo, &["script_decision", "userinfo_refused"]).await;
    // What is not declared, or not of its type, is as good as nothing.
    for wrong in ["#{ other: 1 }", "#{ tier: \"1\" }", "#{ tier: () }"] {
        let script = format!("let added = {wrong}; claims(added)");
        deploy(&realm, adding("broken", "claims = { tier = \"int\" }", &script)).await;
        assert_failed_closed(&client.client_credentials("read").await);
    }
    deploy(&realm, adding("broken", "claims = { tier = \"int\" }", "none()")).await;
    client.redeem(&request, code.code()).await.tokens();
}

#[tokio::test]
async fn claims_that_tokens_are_good_without_may_fail_open() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let optional = "claims = { tier = { type = \"int\", optional = true } }\non_failure = { on_claims = \"open\" }";
    deploy(&realm, adding("extra", optional, FAILS)).await;
    let claims = jwt::read(client.client_credentials("read").await.tokens().access_token()).claims;
    assert!(claims.get("tier").is_none(), "{claims}");
    assert_eq!(runs(&realm, "on_claims", 1).await[0]["details"]["decision"], "open");
}

#[tokio::test]
async fn opaque_tokens_are_described_at_introspection_only() {
    let realm = Realm::new().await;
    let metadata = json!({
        "grant_types": ["client_credentials"], "scope": "read", "settings": {"access_token_format": "opaque"},
    });
    let client = realm.client(metadata).await;
    deploy(&realm, adding("tiers", "claims = { seen = \"string\" }", "claims(#{ seen: target })")).await;
    let token = client.client_credentials("read").await.tokens();
    assert_eq!(client.introspect(token.access_token()).await["seen"], "introspection");
    assert_eq!(runs(&realm, "on_claims", 1).await.len(), 1);
}

#[tokio::test]
async fn attributes_of_the_organization_are_for_scripts_that_name_them_and_for_nobody_else() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let attributes = json!({"department": "treasury", "limit": {"eur": 5_000_000}, "salary": 42});
    let change = json!({"attributes": attributes});
    realm.server.administration.update_user(&realm.name, &realm.user.id, &change).await;
    let manifest = "user_attributes = [\"department\", \"limit\", \"floor\"]\n\
                    claims = { department = \"string\", limit_eur = \"int\", floor_known = \"bool\" }";
    let body = "let user = ctx.user; claims(#{ department: user.department, limit_eur: user.limit.eur, \
                floor_known: user.floor != () })";
    deploy(&realm, adding("limits", manifest, body)).await;
    let request = client.request().with("scope", "openid profile email");
    let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    let places = [
        jwt::read(tokens.id_token()).claims,
        jwt::read(tokens.access_token()).claims,
        client.userinfo(tokens.access_token()).await.success(),
    ];
    for claims in places {
        assert_eq!((&claims["department"], &claims["limit_eur"]), (&json!("treasury"), &json!(5_000_000)), "{claims}");
        assert_eq!(claims["floor_known"], false);
        assert!(claims.get("salary").is_none() && claims.get("attributes").is_none(), "{claims}");
    }
    // What the manifest does not name cannot be read.
    let curious = "claims(#{ department: \"\" + ctx.user.salary, limit_eur: 1, floor_known: true })";
    let path = format!("/realms/{}/scripts", realm.name);
    let files = json!({"files": adding("limits", manifest, curious)});
    let answer = realm.server.administration.try_ask(http::Method::POST, &path, &files).await;
    assert_eq!(answer.status, 422, "{answer:?}");
    assert!(answer.body.contains("salary"), "{answer:?}");
}
