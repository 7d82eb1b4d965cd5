//! Tokens in places that are not theirs: every artefact is good for one thing only (RFC 8725 section 3.12), and what is
//! offered in a wrong place is neither accepted nor used up.

use serde_json::{Value, json};

use crate::support::authorization::AuthorizationRequest;
use crate::support::browser::Browser;
use crate::support::client::Client;
use crate::support::http::Request;
use crate::support::jwt::{self, SigningKey};
use crate::support::realm::Realm;

/// One of everything that this server hands out.
struct Artefacts {
    client: Client,
    request: AuthorizationRequest,
    browser: Browser,
    by_name: Vec<(&'static str, String)>,
}

async fn artefacts(realm: &Realm) -> Artefacts {
    let client = realm.versatile_client().await;
    let settings = json!({"access_token_format": "opaque", "skip_consent": true});
    let opaque = realm.client(json!({"settings": settings})).await;
    let request = client.request().with("scope", "openid offline_access");
    let mut browser = realm.browser();
    let tokens = client.obtain(&mut browser, &request, &realm.user).await;
    let opaque = opaque.obtain(&mut browser, &opaque.request(), &realm.user).await;
    let code = browser.complete(&request, &realm.user).await.code().to_owned();
    let page = browser.authorize(&request.clone().with("prompt", "login")).await;
    let interaction = page.page("login-page").form().field("interaction").unwrap().to_owned();
    let claims = jwt::read(tokens.access_token()).claims;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let by_name = vec![
        ("code", code),
        ("JWT access token", tokens.access_token().to_owned()),
        ("opaque access token", opaque.access_token().to_owned()),
        ("refresh token", tokens.refresh_token().to_owned()),
        ("ID token", tokens.id_token().to_owned()),
        ("interaction", interaction),
        ("token reference", text(&claims["ref"])),
        ("jti", text(&claims["jti"])),
        ("sid", text(&jwt::read(tokens.id_token()).claims["sid"])),
        ("subject", realm.user.id.clone()),
        ("session cookie", browser.cookie("session").unwrap().1.to_owned()),
        ("binding cookie", browser.cookie("browser").unwrap().1.to_owned()),
    ];
    Artefacts { client, request, browser, by_name }
}

impl Artefacts {
    fn others(&self, own: &[&str]) -> impl Iterator<Item = &(&'static str, String)> {
        let own: Vec<String> = own.iter().map(|name| (*name).to_owned()).collect();
        self.by_name.iter().filter(move |(name, _)| !own.iter().any(|own| own == name))
    }

    fn named(&self, name: &str) -> &str {
        &self.by_name.iter().find(|(known, _)| *known == name).unwrap().1
    }
}

/// IR-005: neither an ID token nor a refresh token opens userinfo; TK-008.
#[tokio::test]
async fn rfc8725_3_12_nothing_stands_in_for_anything_else() {
    let realm = Realm::new().await;
    let artefacts = artefacts(&realm).await;
    let Artefacts { client, request, browser, .. } = &artefacts;
    let before = realm.rows().await;
    for (name, value) in artefacts.others(&["code"]) {
        let answer = client.redeem(request, value).await;
        assert_eq!(answer.json()["error"], "invalid_grant", "{name} as code: {answer:?}");
    }
    for (name, value) in artefacts.others(&["refresh token"]) {
        let answer = client.refresh(value).await;
        assert_eq!(answer.json()["error"], "invalid_grant", "{name} as refresh token: {answer:?}");
    }
    for (name, value) in artefacts.others(&["JWT access token", "opaque access token"]) {
        let answer = client.userinfo(value).await;
        assert_eq!(answer.status, 401, "{name} as access token: {answer:?}");
    }
    for (name, value) in artefacts.others(&["JWT access token", "refresh token", "opaque access token"]) {
        assert_eq!(client.introspect(value).await, json!({"active": false}), "{name}");
        assert_eq!(client.revoke(value).await.status, 200, "{name}");
    }
    for (name, value) in artefacts.others(&["ID token"]) {
        let request = request.clone().with("prompt", "none").with("id_token_hint", value);
        let answer = browser.clone().authorize(&request).await;
        let error = crate::support::authorization::AuthorizationResponse::read(&answer, &request);
        assert_eq!(error.error(), "invalid_request", "{name} as hint");
    }
    for (name, value) in artefacts.others(&["session cookie"]) {
        let mut thief = realm.browser();
        let cookie = browser.cookie("session").unwrap().0.to_owned();
        thief.cookies.insert(cookie, value.clone());
        assert!(thief.authorize(request).await.is_page("login-page"), "{name} as session cookie");
    }
    for (name, value) in artefacts.others(&["interaction"]) {
        let url = format!("{}&interaction={value}", request.url());
        let answer = browser.clone().get(&url).await;
        assert!(answer.is_page("error-page"), "{name} as interaction: {answer:?}");
    }
    for (name, value) in artefacts.others(&[]) {
        let answer =
            realm.http.send(Request::get(&format!("{}/admin/api/v1/realms", realm.server.public_url)).bearer(value));
        assert_eq!(answer.await.status, 401, "{name} as administrator");
        let answer = client.present(value).await;
        assert_eq!(answer.json()["error"], "invalid_client", "{name} as assertion");
    }
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
    // All of them are as good as before.
    client.userinfo(artefacts.named("JWT access token")).await.success();
    client.userinfo(artefacts.named("opaque access token")).await.success();
    client.refresh(artefacts.named("refresh token")).await.tokens();
    client.redeem(request, artefacts.named("code")).await.tokens();
}

#[tokio::test]
async fn rfc9068_4_tokens_that_others_made_are_refused() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let tokens = client.obtain(&mut realm.browser(), &client.request(), &realm.user).await;
    let good = jwt::read(tokens.access_token());
    let header = serde_json::to_value(&good.header).unwrap();
    let keys = realm.get("/jwks").await.success();
    let published = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == header["kid"]).unwrap();
    let attacker = SigningKey::generate("ES256");
    let mut none = header.clone();
    none["alg"] = json!("none");
    let mut symmetric = header.clone();
    symmetric["alg"] = json!("HS256");
    let parts: Vec<&str> = tokens.access_token().split('.').collect();
    let elsewhere = Realm::new().await;
    let stranger = elsewhere.versatile_client().await;
    let foreign = stranger.obtain(&mut elsewhere.browser(), &stranger.request(), &elsewhere.user).await;
    let cases = [
        ("another key", attacker.sign_with_header(&header, &good.claims)),
        ("no algorithm", attacker.sign_with_header(&none, &good.claims)),
        ("public key as secret", {
            SigningKey::from_secret("HS256", &published.to_string()).sign_with_header(&symmetric, &good.claims)
        }),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("another payload", format!("{}.{}.{}", parts[0], foreign.access_token().split('.').nth(1).unwrap(), parts[2])),
        ("another realm", foreign.access_token().to_owned()),
    ];
    for (what, token) in cases {
        let answer = client.userinfo(&token).await;
        assert_eq!(answer.status, 401, "{what}: {answer:?}");
        answer.assert_token_refused(401, "invalid_token");
        assert_eq!(client.introspect(&token).await, json!({"active": false}), "{what}");
        assert_eq!(client.revoke(&token).await.status, 200);
    }
    client.userinfo(tokens.access_token()).await.success();
}

/// IR-006: nor is a token good there that has no `openid`.
#[tokio::test]
async fn rfc6750_3_1_a_client_is_nobody_at_userinfo() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let tokens = client.client_credentials("read").await.tokens();
    client.userinfo(tokens.access_token()).await.assert_token_refused(403, "insufficient_scope");
    let request = client.request().with("scope", "email");
    let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    client.userinfo(tokens.access_token()).await.assert_token_refused(403, "insufficient_scope");
}

#[tokio::test]
async fn rfc9068_4_a_token_for_another_audience_is_refused() {
    let realm = Realm::new().await;
    let body = json!({"identifier": "https://api.test", "display_name": "API", "scopes": [], "token_format": "jwt"});
    realm.server.administration.create_resource_server(&realm.name, &body).await;
    let client = realm.versatile_client().await;
    let request = client.request().with("scope", "email").with("resource", "https://api.test");
    let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    client.userinfo(tokens.access_token()).await.assert_token_refused(401, "invalid_token");
    assert!(client.is_active(tokens.access_token()).await);
}

#[tokio::test]
async fn rfc6750_2_a_token_is_sent_once_and_never_in_the_query() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let tokens = client.obtain(&mut realm.browser(), &client.request(), &realm.user).await;
    let (url, token) = (realm.url("/userinfo"), tokens.access_token());
    let both = Request::form(&url, &[("access_token", token)]).bearer(token);
    realm.http.send(both).await.assert_token_refused(400, "invalid_request");
    let twice = Request::form(&url, &[("access_token", token), ("access_token", token)]);
    realm.http.send(twice).await.assert_token_refused(400, "invalid_request");
    let in_query = realm.http.get(&format!("{url}?access_token={token}")).await;
    assert!([400, 401].contains(&in_query.status), "{in_query:?}");
    let beside = Request::get(&format!("{url}?access_token={token}")).bearer(token);
    assert_ne!(realm.http.send(beside).await.status, 200);
    let twice = Request::get(&url).bearer(token).bearer(token);
    assert_ne!(realm.http.send(twice).await.status, 200);
}

#[tokio::test]
async fn rfc6750_3_without_a_token_there_is_a_bare_challenge() {
    let realm = Realm::new().await;
    for request in [
        Request::get(&realm.url("/userinfo")),
        Request::form(&realm.url("/userinfo"), &[]),
        Request::get(&realm.url("/userinfo")).header("authorization", "Basic YTpi"),
    ] {
        let answer = realm.http.send(request).await;
        assert_eq!(answer.status, 401, "{answer:?}");
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(challenge.starts_with("Bearer") && !challenge.contains("error="), "{challenge}");
    }
    for token in ["", " ", "a b", "\"", "x".repeat(7000).as_str()] {
        let answer = realm.http.send(Request::get(&realm.url("/userinfo")).bearer(token)).await;
        assert!([400, 401].contains(&answer.status), "{token}: {answer:?}");
    }
}

/// Whether both kinds of tokens die of a change.
async fn assert_dies(change: impl AsyncFn(&Realm, &Client)) {
    for format in ["jwt", "opaque"] {
        let realm = Realm::new().await;
        let auditor = json!({"grant_types": ["client_credentials"], "settings": {"may_introspect": true}});
        let auditor = realm.client(auditor).await;
        let client = realm.client(json!({"settings": {"access_token_format": format}})).await;
        let tokens = client.obtain(&mut realm.browser(), &client.request(), &realm.user).await;
        client.userinfo(tokens.access_token()).await.success();
        change(&realm, &client).await;
        client.userinfo(tokens.access_token()).await.assert_token_refused(401, "invalid_token");
        assert_eq!(auditor.introspect(tokens.access_token()).await, json!({"active": false}), "{format}");
    }
}

#[tokio::test]
async fn design_6_an_access_token_dies_with_what_it_rests_on() {
    let user = async |realm: &Realm, change: &Value| {
        realm.server.administration.update_user(&realm.name, &realm.user.id, change).await;
    };
    assert_dies(async |realm, _| user(realm, &json!({"enabled": false})).await).await;
    assert_dies(async |realm, _| {
        user(realm, &json!({"enabled": false})).await;
        user(realm, &json!({"enabled": true})).await;
    })
    .await;
    assert_dies(async |realm, _| {
        realm.server.administration.set_password(&realm.name, &realm.user.id, "another 9 mussels").await;
    })
    .await;
    assert_dies(async |realm, _| realm.server.administration.delete_user(&realm.name, &realm.user.id).await).await;
    assert_dies(async |realm, client| realm.update_client(client, json!({"enabled": false})).await).await;
    assert_dies(async |realm, client| {
        realm.server.administration.delete_client(&realm.name, &client.id).await;
    })
    .await;
}
