//! Native SSO: apps of one vendor share a login (OpenID Connect Native SSO for Mobile Apps 1.0).

mod endings;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::client::{Client, Tokens};
use crate::support::dpop::ProofKey;
use crate::support::http::Answer;
use crate::support::jwt::{self, SigningKey, sha256};
use crate::support::realm::{Realm, merged};

pub(crate) const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
pub(crate) const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
pub(crate) const ID: &str = "urn:ietf:params:oauth:token-type:id_token";
pub(crate) const DEVICE_SECRET: &str = "urn:openid:params:token-type:device-secret";
pub(crate) const SCOPE: &str = "openid email offline_access device_sso";

/// Two apps of one vendor on a device.
pub(crate) struct World {
    pub(crate) realm: Realm,
    pub(crate) mail: Client,
    pub(crate) maps: Client,
}

fn app(name: &str, more: Value) -> Value {
    let own = json!({
        "client_id": name, "application_type": "native", "token_endpoint_auth_method": "none",
        "redirect_uris": ["com.example.app:/callback"], "scope": SCOPE,
        "grant_types": ["authorization_code", "refresh_token", GRANT],
        "settings": {"skip_consent": true, "native_sso_group": "vendor"},
    });
    merged(own, more)
}

async fn apps_in(realm: Realm) -> World {
    let mail = realm.client(app("mail", json!({}))).await;
    let maps = realm.client(app("maps", json!({}))).await;
    World { realm, mail, maps }
}

pub(crate) async fn world() -> World {
    apps_in(Realm::with(json!({"native_sso": true})).await).await
}

impl World {
    /// What the first app gets.
    pub(super) async fn login(&self) -> Tokens {
        self.login_for(SCOPE).await
    }

    async fn login_for(&self, scope: &str) -> Tokens {
        let request = self.mail.request().with("scope", scope);
        self.mail.obtain(&mut self.realm.browser(), &request, &self.realm.user).await
    }

    /// What the second app asks for.
    pub(super) async fn share(&self, login: &Tokens, more: &[(&str, &str)]) -> Answer {
        share(&self.maps, (login.id_token(), login.device_secret()), more).await
    }
}

/// A request of section 4.2; what `more` has is in the place of what stands in the profile.
async fn share(client: &Client, (id_token, secret): (&str, &str), more: &[(&str, &str)]) -> Answer {
    let profile = [
        ("grant_type", GRANT),
        ("audience", client.issuer.as_str()),
        ("subject_token", id_token),
        ("subject_token_type", ID),
        ("actor_token", secret),
        ("actor_token_type", DEVICE_SECRET),
    ];
    let is_other = |name: &str| more.iter().any(|(other, _)| *other == name);
    let kept = profile.into_iter().filter(|(name, _)| !is_other(name));
    let parameters: Vec<_> = kept.chain(more.iter().copied().filter(|(_, value)| *value != "-")).collect();
    client.ask("/token", &parameters).await
}

async fn refresh(client: &Client, tokens: &Tokens, more: &[(&str, &str)]) -> Answer {
    let parameters = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh_token())];
    client.ask("/token", &[&parameters, more].concat()).await
}

#[tokio::test]
async fn native_sso_3_4_a_device_secret_comes_with_an_id_token_that_is_bound_to_it() {
    let world = world().await;
    let login = world.login().await;
    let claims = world.realm.verify(login.id_token()).await.claims;
    let secret = login.device_secret();
    assert!(secret.starts_with("sd_") && secret.len() == 46, "{secret}");
    let hash = claims["ds_hash"].as_str().unwrap();
    assert!(claims["sid"].is_string(), "{claims}");
    // Section 3.4.1: nothing in the token helps whoever has it.
    assert_ne!(hash, URL_SAFE_NO_PAD.encode(sha256(secret.as_bytes())));
    // The secret itself is stored nowhere.
    let rows = world.realm.rows().await;
    assert_eq!(rows.count("device_secrets"), 1);
    assert!(!rows.contain(secret) && !rows.contain(&secret[3..]) && !rows.contain(hash));
    // Without the scope there is none.
    let plain = world.login_for("openid email").await;
    assert!(plain.0.get("device_secret").is_none());
    assert!(world.realm.verify(plain.id_token()).await.claims.get("ds_hash").is_none());
}

#[tokio::test]
async fn native_sso_3_4_1_the_session_is_named_also_where_no_logout_needs_it() {
    let settings = json!({"native_sso": true, "backchannel_logout": false, "frontchannel_logout": false});
    let world = apps_in(Realm::with(settings).await).await;
    let login = world.login().await;
    assert!(world.realm.verify(login.id_token()).await.claims["sid"].is_string());
    let plain = world.login_for("openid").await;
    assert!(world.realm.verify(plain.id_token()).await.claims.get("sid").is_none());
}

#[tokio::test]
async fn native_sso_4_4_another_app_gets_tokens_of_its_own_in_the_same_session() {
    let world = world().await;
    let login = world.login().await;
    let before = world.realm.verify(login.id_token()).await.claims;
    let shared = world.share(&login, &[]).await.tokens();
    assert_eq!((&shared.0["issued_token_type"], &shared.0["scope"]), (&json!(ACCESS), &json!(SCOPE)));
    assert!(shared.0.get("device_secret").is_none());
    let claims = world.realm.verify(shared.id_token()).await.claims;
    for same in ["sub", "sid", "auth_time", "ds_hash"] {
        assert_eq!(claims[same], before[same], "{same}");
    }
    assert_eq!((&claims["aud"], claims.get("act")), (&json!("maps"), None));
    let access = world.realm.verify(shared.access_token()).await.claims;
    assert_eq!((&access["client_id"], &access["sub"]), (&json!("maps"), &json!(world.realm.user.id)));
    assert_eq!(world.maps.userinfo(shared.access_token()).await.success()["email"], "ana@ana.test");
    // The second app may hand the login on, and refreshes by itself.
    let calendar = world.realm.client(app("calendar", json!({}))).await;
    share(&calendar, (shared.id_token(), login.device_secret()), &[]).await.tokens();
    let refreshed = refresh(&world.maps, &shared, &[]).await.tokens();
    assert_eq!(world.maps.userinfo(refreshed.access_token()).await.status, 200);
    let issued = world.realm.events("kind=token_issued", 4).await;
    let grants: Vec<_> = issued.iter().map(|event| event["details"]["grant"].as_str().unwrap()).collect();
    assert_eq!(grants, ["authorization_code", GRANT, GRANT, "refresh_token"]);
}

#[tokio::test]
async fn native_sso_4_1_a_request_is_as_the_profile_says() {
    let world = world().await;
    let login = world.login().await;
    for wrong in [
        ("audience", "-"),
        ("audience", "https://other.test"),
        ("subject_token", "-"),
        ("subject_token", "x"),
        ("subject_token", login.access_token()),
        ("subject_token_type", "-"),
        ("subject_token_type", ACCESS),
        ("actor_token", "-"),
        ("actor_token", "sd_x"),
        ("actor_token", login.id_token()),
        ("actor_token_type", "-"),
        ("requested_token_type", ID),
    ] {
        let answer = world.share(&login, &[wrong]).await;
        let expected = if wrong == ("actor_token_type", "-") { "unauthorized_client" } else { "invalid_request" };
        answer.assert_refused(expected);
    }
    world.share(&login, &[("scope", "email")]).await.assert_refused("invalid_scope");
    world.share(&login, &[("scope", "openid phone")]).await.assert_refused("invalid_scope");
    world.share(&login, &[("resource", "https://unknown.test")]).await.assert_refused("invalid_target");
    let details = ("authorization_details", "[]");
    world.share(&login, &[details]).await.assert_refused("invalid_authorization_details");
    let narrow = world.share(&login, &[("scope", "openid"), ("requested_token_type", ACCESS)]).await.tokens();
    assert_eq!(narrow.0["scope"], "openid");
    assert!(narrow.0.get("refresh_token").is_none());
    assert!(world.realm.verify(narrow.id_token()).await.claims.get("ds_hash").is_none());
    // A device secret is good for nothing else.
    let as_subject = [("subject_token", login.device_secret()), ("subject_token_type", DEVICE_SECRET)];
    world.share(&login, &as_subject).await.assert_refused("invalid_request");
}

#[tokio::test]
async fn native_sso_4_3_5_only_apps_of_one_group_share_and_nobody_by_default() {
    let world = world().await;
    let login = world.login().await;
    let other = app("other", json!({"settings": {"skip_consent": true, "native_sso_group": "rival"}}));
    let other = world.realm.client(other).await;
    share(&other, (login.id_token(), login.device_secret()), &[]).await.assert_refused("invalid_request");
    let alone = json!({
        "client_id": "alone", "scope": SCOPE, "settings": {"skip_consent": true},
        "grant_types": ["authorization_code", "refresh_token", GRANT],
    });
    let alone = world.realm.client(alone).await;
    share(&alone, (login.id_token(), login.device_secret()), &[]).await.assert_refused("unauthorized_client");
    // Whoever shares nothing gets no secret: the scope value is like an unknown one.
    let request = alone.request().with("scope", SCOPE);
    let tokens = alone.obtain(&mut world.realm.browser(), &request, &world.realm.user).await;
    assert_eq!(tokens.0["scope"], "openid email offline_access");
    assert!(tokens.0.get("device_secret").is_none());
    // The app that shared has left the group.
    world.realm.update_client(&world.mail, json!({"settings": {"native_sso_group": "rival"}})).await;
    world.share(&login, &[]).await.assert_refused("invalid_request");
    // Where the realm does not say so, there is nothing of it.
    let off = apps_in(Realm::new().await).await;
    let login = off.login().await;
    assert!(login.0.get("device_secret").is_none());
    share(&off.maps, (login.id_token(), "sd_x"), &[]).await.assert_refused("unauthorized_client");
    assert!(off.realm.discovery().await.get("native_sso_supported").is_none());
}

#[tokio::test]
async fn native_sso_5_metadata_says_so_where_it_is_on() {
    let document = world().await.realm.discovery().await;
    assert_eq!(document["native_sso_supported"], true);
    assert!(document["scopes_supported"].as_array().unwrap().contains(&json!("device_sso")));
    assert!(document["claims_supported"].as_array().unwrap().contains(&json!("ds_hash")));
}

#[tokio::test]
async fn native_sso_4_3_3_secret_and_id_token_belong_together() {
    let world = world().await;
    let (login, second) = (world.login().await, world.login().await);
    let cross = [(login.id_token(), second.device_secret()), (second.id_token(), login.device_secret())];
    for pair in cross {
        share(&world.maps, pair, &[]).await.assert_refused("invalid_request");
    }
    // Of another user of the same realm.
    let bob = world.realm.add_user("bob").await;
    let request = world.mail.request().with("scope", SCOPE);
    let bobs = world.mail.obtain(&mut world.realm.browser(), &request, &bob).await;
    share(&world.maps, (bobs.id_token(), login.device_secret()), &[]).await.assert_refused("invalid_request");
    // Of another realm.
    let elsewhere = self::world().await;
    let foreign = elsewhere.login().await;
    share(&world.maps, (foreign.id_token(), foreign.device_secret()), &[]).await.assert_refused("invalid_request");
    // Without the claim, and forged with it.
    let plain = world.login_for("openid email").await;
    share(&world.maps, (plain.id_token(), login.device_secret()), &[]).await.assert_refused("invalid_request");
    let forged = SigningKey::generate("RS256").sign(&jwt::read(login.id_token()).claims);
    share(&world.maps, (&forged, login.device_secret()), &[]).await.assert_refused("invalid_request");
    world.share(&login, &[]).await.tokens();
}

#[tokio::test]
async fn native_sso_4_3_6_where_the_user_has_to_agree_there_is_interaction() {
    let world = world().await;
    let login = world.login().await;
    let asking = app("asking", json!({"settings": {"native_sso_group": "vendor"}}));
    let asking = world.realm.client(asking).await;
    let pair = (login.id_token(), login.device_secret());
    share(&asking, pair, &[]).await.assert_refused("interaction_required");
    let request = asking.request().with("scope", "openid email");
    asking.obtain(&mut world.realm.browser(), &request, &world.realm.user).await;
    share(&asking, pair, &[("scope", "openid email")]).await.tokens();
    share(&asking, pair, &[("scope", "openid offline_access")]).await.assert_refused("interaction_required");
}

#[tokio::test]
async fn rfc9449_5_what_a_public_app_gets_is_bound_to_its_key() {
    let world = world().await;
    let login = world.login().await;
    let (key, thief) = (ProofKey::generate("ES256"), ProofKey::generate("ES256"));
    let parameters = [
        ("grant_type", GRANT),
        ("audience", world.maps.issuer.as_str()),
        ("subject_token", login.id_token()),
        ("subject_token_type", ID),
        ("actor_token", login.device_secret()),
        ("actor_token_type", DEVICE_SECRET),
    ];
    let shared = world.maps.ask_with(&key, &parameters).await.bound_tokens();
    let again = [("grant_type", "refresh_token"), ("refresh_token", shared.refresh_token())];
    world.maps.ask_with(&thief, &again).await.assert_refused("invalid_grant");
    world.maps.ask("/token", &again).await.assert_refused("invalid_grant");
    world.maps.ask_with(&key, &again).await.bound_tokens();
}

#[tokio::test]
async fn native_sso_3_1_what_is_asked_at_another_device_shares_nothing() {
    let world = apps_in(Realm::with(json!({"native_sso": true, "device_authorization": true})).await).await;
    let device_code = "urn:ietf:params:oauth:grant-type:device_code";
    let grants = json!(["authorization_code", "refresh_token", device_code]);
    let tv = world.realm.client(app("tv", json!({"grant_types": grants}))).await;
    let codes = tv.codes(SCOPE).await;
    world.realm.browser().verify(&world.realm, &codes.user_code, &world.realm.user).await;
    let tokens = tv.poll(&codes.device_code).await.tokens();
    assert_eq!(tokens.0["scope"], "openid email offline_access");
    assert!(refresh(&tv, &tokens, &[]).await.tokens().0.get("device_secret").is_none());
    tv.ask_for_codes(&[("scope", "device_sso")]).await.assert_refused("invalid_scope");
}

#[tokio::test]
async fn only_native_apps_that_an_administrator_registered_share_logins() {
    let world = world().await;
    let administration = &world.realm.server.administration;
    let path = format!("/realms/{}/clients", world.realm.name);
    for wrong in [
        json!({"application_type": "web", "redirect_uris": ["https://rp.test/cb"]}),
        json!({"settings": {"native_sso_group": ""}}),
        json!({"settings": {"native_sso_group": "a b"}}),
        json!({"settings": {"native_sso_group": "x".repeat(101)}}),
        json!({"settings": {"native_sso_group": "vendor", "dynamically_registered": true}}),
        json!({"settings": {}}),
        json!({"settings": {"native_sso_group": "vendor", "token_exchange": {"impersonation": true}}}),
    ] {
        let answer = administration.try_ask(http::Method::POST, &path, &app("wrong", wrong.clone())).await;
        assert_eq!(answer.status, 422, "{wrong} {answer:?}");
    }
}
