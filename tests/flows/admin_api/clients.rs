//! Clients and their secrets.

use serde_json::{Value, json};
use signet_core::client_auth::{Presented, authenticate};
use signet_core::endpoints::Endpoint;
use signet_core::protocol::parameters::Parameters;
use signet_core::registry;

use super::service::{ADDRESS, PUBLIC, Service};

/// Whether a client of realm `one` can authenticate itself with a secret in the body.
async fn authenticates(service: &Service, client_id: &str, secret: &str) -> bool {
    let realm = registry::find_realm(&service.provider, &"one".parse().unwrap()).await.unwrap();
    let parameters = Parameters::default().with("client_id", client_id).with("client_secret", secret);
    let presented = Presented::collect(None, &parameters, None).unwrap();
    authenticate(&service.provider.serving_itself(), &realm, &presented, ADDRESS, Endpoint::Token).await.is_ok()
}

fn web(client_id: &str) -> Value {
    json!({
        "client_id": client_id,
        "redirect_uris": ["https://rp.test/cb"],
        "token_endpoint_auth_method": "client_secret_post",
    })
}

fn text<'a>(body: &'a Value, member: &str) -> &'a str {
    body[member].as_str().unwrap_or_else(|| panic!("no {member} in {body}"))
}

#[tokio::test]
async fn ad_002_a_secret_is_seen_when_it_is_made_and_never_again() {
    let service = Service::start().await;
    let clients = format!("{}/clients", service.realm("one").await);
    let made = service.post(clients.clone(), &web("app")).send().await;
    assert_eq!(made.status, 201);
    let secret = text(&made.body, "client_secret");
    assert_eq!(secret.len(), 86);
    assert!(authenticates(&service, "app", secret).await);
    let shown = service.get(format!("{clients}/app")).send().await;
    assert_eq!(shown.header("etag"), made.header("etag"));
    let patched = service.patch(format!("{clients}/app"), &json!({"client_name": "App"})).send().await;
    assert_eq!(patched.body["client_name"], "App");
    let list = service.get(clients).send().await;
    for answer in [&shown, &patched, &list] {
        assert!(!answer.body.to_string().contains("secret\":"), "{answer:?}");
    }
    assert!(authenticates(&service, "app", secret).await);
    service.stop().await;
}

#[tokio::test]
async fn a_rotated_secret_replaces_the_old_one_at_once() {
    let service = Service::start().await;
    let clients = format!("{}/clients", service.realm("one").await);
    let made = service.post(clients.clone(), &web("app")).send().await;
    let rotated = service.method("POST", format!("{clients}/app/secret")).send().await;
    assert_eq!((rotated.status, &rotated.body["client_id"]), (200, &json!("app")));
    assert!(!authenticates(&service, "app", text(&made.body, "client_secret")).await);
    assert!(authenticates(&service, "app", text(&rotated.body, "client_secret")).await);
    let mut public = web("public");
    public["token_endpoint_auth_method"] = "none".into();
    assert!(service.post(clients.clone(), &public).send().await.body["client_secret"].is_null());
    let refused = service.method("POST", format!("{clients}/public/secret")).send().await;
    assert_eq!(refused.problem(), (409, "conflict", ""));
    service.stop().await;
}

#[tokio::test]
async fn a_secret_may_be_chosen_and_is_not_repeated() {
    let service = Service::start().await;
    let clients = format!("{}/clients", service.realm("one").await);
    let mut body = web("app");
    body["client_secret"] = "chosen by the operator".into();
    let made = service.post(clients.clone(), &body).send().await;
    assert_eq!(made.status, 201);
    assert!(!made.body.to_string().contains("chosen"), "{made:?}");
    assert!(authenticates(&service, "app", "chosen by the operator").await);
    body["client_id"] = "short".into();
    body["client_secret"] = "short".into();
    let refused = service.post(clients.clone(), &body).send().await;
    assert_eq!(refused.problem(), (422, "invalid", "client_secret"));
    assert!(!refused.body.to_string().contains("\"short"), "{refused:?}");
    let patched = service.patch(format!("{clients}/app"), &json!({"client_secret": "chosen by the operator"}));
    assert_eq!(patched.send().await.problem(), (422, "invalid", "client_secret"));
    service.stop().await;
}

#[tokio::test]
async fn a_change_that_needs_another_secret_answers_it() {
    let service = Service::start().await;
    let clients = format!("{}/clients", service.realm("one").await);
    let mut body = web("app");
    body["token_endpoint_auth_method"] = "none".into();
    assert_eq!(service.post(clients.clone(), &body).send().await.status, 201);
    let change = json!({"token_endpoint_auth_method": "client_secret_post"});
    let changed = service.patch(format!("{clients}/app"), &change).send().await;
    assert!(authenticates(&service, "app", text(&changed.body, "client_secret")).await);
    service.stop().await;
}

#[tokio::test]
async fn rfc7591_2_metadata_is_kept_as_registered_and_settings_beside_it() {
    let service = Service::start().await;
    let clients = format!("{}/clients", service.realm("one").await);
    let body = json!({
        "client_name": "App \u{1f512}", "redirect_uris": ["https://rp.test/cb?a=b"], "scope": "openid email",
        "grant_types": ["authorization_code", "refresh_token"], "id_token_signed_response_alg": "PS256",
        "contacts": ["ops@rp.test"], "default_max_age": 0, "require_auth_time": true,
        "settings": {"require_pkce": true, "access_token_format": "opaque", "refresh_rotation": "keep"},
    });
    let made = service.post(clients.clone(), &body).send().await;
    assert_eq!(made.status, 201, "{made:?}");
    for (member, value) in body.as_object().unwrap() {
        assert_eq!(made.body[member], *value, "{member}");
    }
    let path = format!("{clients}/{}", text(&made.body, "client_id"));
    assert_eq!(made.header("location"), format!("{PUBLIC}/admin/api/v1{path}"));
    let settings = json!({"require_pkce": null, "access_token_seconds": 90,
        "backchannel_logout_timeout_seconds": 20, "backchannel_notification_timeout_seconds": 1});
    let change = json!({"scope": null, "settings": settings, "enabled": false});
    let changed = service.patch(path.clone(), &change).send().await.body;
    assert!(changed["scope"].is_null());
    let settings = json!({"access_token_format": "opaque", "refresh_rotation": "keep", "access_token_seconds": 90,
        "backchannel_logout_timeout_seconds": 20, "backchannel_notification_timeout_seconds": 1});
    assert_eq!((&changed["settings"], &changed["enabled"]), (&settings, &json!(false)));
    assert_eq!(service.get(path).send().await.body, changed);
    service.stop().await;
}

#[tokio::test]
async fn rfc6749_a_1_every_client_identifier_has_an_address() {
    let service = Service::start().await;
    let clients = format!("{}/clients", service.realm("one").await);
    for client_id in ["https://rp.test/a?b=c#d", "a b", "..", ".", "a%2Fb", "{realm}", ":id", "*", "app;x=1", "a\\b"] {
        let made = service.post(clients.clone(), &web(client_id)).send().await;
        assert_eq!(made.status, 201, "{client_id}");
        let path = made.header("location").strip_prefix(&format!("{PUBLIC}/admin/api/v1")).unwrap().to_owned();
        assert_eq!(service.get(path.clone()).send().await.body["client_id"], client_id);
        assert_eq!(service.delete(path).send().await.status, 204, "{client_id}");
    }
    service.stop().await;
}

const TIMEOUT: &str = "settings.backchannel_logout_timeout_seconds";
const NOTIFICATION_TIMEOUT: &str = "settings.backchannel_notification_timeout_seconds";

#[tokio::test]
async fn what_is_wrong_with_a_client_is_named_and_nothing_is_made() {
    let service = Service::start().await;
    let clients = format!("{}/clients", service.realm("one").await);
    let with = |name: &str, value: Value| {
        let mut body = web("app");
        body[name] = value;
        body
    };
    for (body, field) in [
        (with("client_id", json!("caf\u{e9}")), "client_id"),
        (with("redirect_uris", json!(["http://rp.test/cb"])), "redirect_uris"),
        (with("redirect_uris", json!("https://rp.test/cb")), "redirect_uris"),
        (with("redirect_uris", json!([1])), "redirect_uris[0]"),
        (with("grant_types", json!(["password"])), "grant_types[0]"),
        (with("response_types", json!(["token"])), "response_types[0]"),
        (with("token_endpoint_auth_method", json!("CLIENT_SECRET_POST")), "token_endpoint_auth_method"),
        (with("scope", json!(["openid"])), "scope"),
        (with("scope", json!("a\\b")), "scope"),
        (with("default_max_age", json!(-1)), "default_max_age"),
        (with("default_max_age", json!(4_294_967_296u64)), "default_max_age"),
        (with("id_token_signed_response_alg", json!("none")), "id_token_signed_response_alg"),
        (with("jwks", json!({"keys": "x"})), "jwks"),
        (with("settings", json!({"skip_consent": 1})), "settings.skip_consent"),
        (with("settings", json!({"admin": true})), "settings.admin"),
        (with("settings", json!({"access_token_seconds": 1})), "settings.access_token_seconds"),
        (with("settings", json!({"backchannel_logout_timeout_seconds": 0})), TIMEOUT),
        (with("settings", json!({"backchannel_logout_timeout_seconds": 21})), TIMEOUT),
        (with("settings", json!({"backchannel_logout_timeout_seconds": "5"})), TIMEOUT),
        (with("settings", json!({"backchannel_notification_timeout_seconds": 0})), NOTIFICATION_TIMEOUT),
        (with("settings", json!({"backchannel_notification_timeout_seconds": 21})), NOTIFICATION_TIMEOUT),
        (with("settings", json!([])), "settings"),
        (with("secret", json!({"kind": "slow"})), "secret"),
        (with("epoch", json!(1)), "epoch"),
        (with("realm_id", json!("x")), "realm_id"),
        (with("registration_access_token", json!("x")), "registration_access_token"),
    ] {
        let answer = service.post(clients.clone(), &body).send().await;
        assert_eq!(answer.problem(), (422, "invalid", field), "{body}");
    }
    assert_eq!(service.get(clients.clone()).send().await.body["items"], json!([]));
    assert_eq!(service.post(clients.clone(), &web("app")).send().await.status, 201);
    assert_eq!(service.post(clients.clone(), &web("app")).send().await.problem(), (409, "duplicate", ""));
    let renamed = service.patch(format!("{clients}/app"), &json!({"client_id": "other"})).send().await;
    assert_eq!(renamed.problem(), (422, "invalid", "client_id"));
    service.stop().await;
}

#[tokio::test]
async fn ad_008_the_last_client_that_administers_stays() {
    let service = Service::start().await;
    let clients = "/realms/admin/clients";
    let list = service.get(clients).send().await.body;
    let path = format!("{clients}/{}", text(&list["items"][0], "client_id"));
    let changes = [
        json!({"enabled": false}),
        json!({"scope": "signet.admin.read"}),
        json!({"scope": null}),
        json!({"grant_types": ["refresh_token", "authorization_code"], "scope": "openid", "redirect_uris": ["https://rp.test/cb"]}),
    ];
    let before = service.get(path.clone()).send().await;
    for change in &changes {
        let refused = service.patch(path.clone(), change).send().await;
        assert_eq!(refused.problem(), (409, "conflict", ""), "{change}");
        assert!(text(&refused.body, "detail").contains("last client that can administer"), "{refused:?}");
    }
    assert_eq!(service.delete(path.clone()).send().await.problem(), (409, "conflict", ""));
    assert_eq!(service.get(path.clone()).send().await.header("etag"), before.header("etag"));
    // What does not take the power away is permitted, and so is everything once there is another.
    assert_eq!(service.patch(path.clone(), &json!({"client_name": "Operations"})).send().await.status, 200);
    service.token_with("admin", "signet.admin.read").await;
    assert_eq!(service.delete(path.clone()).send().await.status, 409);
    service.token_with("admin", "signet.admin").await;
    assert_eq!(service.delete(path).send().await.status, 204);
    service.stop().await;
}

#[tokio::test]
async fn ad_008_other_realms_have_no_last_administrator() {
    let service = Service::start().await;
    let clients = format!("{}/clients", service.realm("one").await);
    service.token_with("one", "signet.admin").await;
    let list = service.get(clients.clone()).send().await.body;
    let path = format!("{clients}/{}", text(&list["items"][0], "client_id"));
    assert_eq!(service.delete(path).send().await.status, 204);
    service.stop().await;
}

/// Whether a client of realm `one` can authenticate itself with a secret in the body, from an address.
async fn authenticates_from(service: &Service, address: &str, client_id: &str, secret: &str) -> bool {
    let realm = registry::find_realm(&service.provider, &"one".parse().unwrap()).await.unwrap();
    let parameters = Parameters::default().with("client_id", client_id).with("client_secret", secret);
    let presented = Presented::collect(None, &parameters, None).unwrap();
    authenticate(&service.provider.serving_itself(), &realm, &presented, address.parse().unwrap(), Endpoint::Token)
        .await
        .is_ok()
}

const CHOSEN: &str = "chosen by the operator";

async fn client_with_chosen_secret(service: &Service, client_id: &str) {
    let mut body = web(client_id);
    body["client_secret"] = CHOSEN.into();
    assert_eq!(service.post("/realms/one/clients", &body).send().await.status, 201);
}

#[tokio::test]
async fn tk_021_guessers_of_a_secret_are_stopped_and_lock_nobody_out() {
    let service = Service::start().await;
    let realm = service.realm("one").await;
    assert_eq!(service.patch(realm, &json!({"password_attempts_per_account": 3})).send().await.status, 200);
    client_with_chosen_secret(&service, "known").await;
    client_with_chosen_secret(&service, "new").await;
    let (guesser, elsewhere) = ("203.0.113.7", "203.0.113.8");
    assert!(authenticates_from(&service, guesser, "known", CHOSEN).await);
    for client_id in ["known", "new"] {
        for guess in 0..4 {
            assert!(!authenticates_from(&service, guesser, client_id, &format!("wrong secret number {guess}")).await);
        }
    }
    // Unseen where it has been guessed at, but for what this node has found right before.
    assert!(!authenticates_from(&service, guesser, "new", CHOSEN).await);
    assert!(authenticates_from(&service, guesser, "known", CHOSEN).await);
    assert!(authenticates_from(&service, elsewhere, "new", CHOSEN).await);
    // A window later, there too.
    service.clock.advance(900);
    assert!(authenticates_from(&service, guesser, "new", CHOSEN).await);
    service.stop().await;
}

#[tokio::test]
async fn tk_021_one_network_cannot_have_many_secrets_hashed_by_naming_many_clients() {
    let service = Service::start().await;
    let realm = service.realm("one").await;
    assert_eq!(service.patch(realm, &json!({"password_attempts_per_address": 3})).send().await.status, 200);
    client_with_chosen_secret(&service, "app").await;
    for number in 0..3 {
        assert!(!authenticates_from(&service, "2001:db8::1", &format!("unknown-{number}"), CHOSEN).await);
    }
    assert!(!authenticates_from(&service, "2001:db8::ffff", "app", CHOSEN).await);
    assert!(authenticates_from(&service, "2001:db8:1::1", "app", CHOSEN).await);
    service.stop().await;
}

#[tokio::test]
async fn tk_021_secrets_that_were_made_work_while_others_are_guessed_at() {
    let service = Service::start().await;
    let realm = service.realm("one").await;
    assert_eq!(service.patch(realm, &json!({"password_attempts_per_address": 3})).send().await.status, 200);
    let made = service.post("/realms/one/clients", &web("app")).send().await;
    let secret = text(&made.body, "client_secret");
    for _ in 0..5 {
        assert!(!authenticates_from(&service, "203.0.113.7", "app", "a wrong secret of it").await);
    }
    assert!(authenticates_from(&service, "203.0.113.7", "app", secret).await);
    service.stop().await;
}
