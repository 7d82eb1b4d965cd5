//! What a security profile would have refused of real traffic, told before it is enforced: the forecast equals the real
//! thing.

use http::Method;
use serde_json::{Value, json};

use super::{Bank, only};
use crate::support::authorization::AuthorizationRequest;
use crate::support::client::Client;
use crate::support::process::without_settings;
use crate::support::realm::{Realm, merged};
use crate::support::server::program;
use crate::support::time::now;
use crate::support::wait::until;

const PROFILES: [&str; 3] = ["fapi1_advanced", "fapi2_security", "fapi2_message_signing"];

/// A way to ask for authorization that the base profile takes.
#[derive(Clone)]
struct Way {
    name: &'static str,
    pushed: bool,
    /// What is changed in the request object; nothing where there is none.
    object: Option<Value>,
    /// What is changed in the request; `null` takes a parameter out.
    change: Value,
}

fn ways() -> Vec<Way> {
    let way = |name, pushed, object, change| Way { name, pushed, object, change };
    let jwt = json!({"response_mode": "jwt"});
    let no_pkce = json!({"code_challenge": null, "code_challenge_method": null});
    let signed = merged(jwt.clone(), no_pkce.clone());
    vec![
        way("plain", false, None, json!({})),
        way("without PKCE", false, None, no_pkce.clone()),
        way("signed response", false, None, jwt.clone()),
        way("pushed", true, None, json!({})),
        way("pushed without PKCE", true, None, no_pkce),
        way("pushed with a signed response", true, None, jwt.clone()),
        way("object", false, Some(json!({})), signed.clone()),
        way("object without a signed response", false, Some(json!({})), json!({"code_challenge": null})),
        way("object with PKCE", false, Some(json!({})), jwt.clone()),
        way("object without nonce", false, Some(json!({})), merged(signed.clone(), json!({"nonce": null}))),
        way(
            "object without openid and state",
            false,
            Some(json!({})),
            merged(signed.clone(), json!({"scope": "read", "nonce": null, "state": null})),
        ),
        way("object without nbf", false, Some(json!({"nbf": null})), signed.clone()),
        way("object without exp", false, Some(json!({"exp": null})), signed.clone()),
        way("object for long", false, Some(json!({"exp": now() + 7_300})), signed.clone()),
        way("old object", false, Some(json!({"nbf": now() - 7_300, "exp": now() + 60})), signed),
        way("pushed object", true, Some(json!({})), jwt.clone()),
        way("pushed object without nbf", true, Some(json!({"nbf": null})), jwt),
        way("pushed object without a signed response", true, Some(json!({})), json!({})),
    ]
}

/// Whether the client is served that asks in this way.
async fn is_served(bank: &Bank, way: &Way) -> bool {
    let members = way.change.as_object().unwrap();
    let request = members.iter().fold(bank.client.request(), |request, (name, value)| match value.as_str() {
        Some(value) => request.with(name, value),
        None => request.without(name).without(if name == "code_challenge" { "code_challenge_method" } else { "" }),
    });
    let request = match &way.object {
        None => request,
        Some(change) => by_value(bank, &request, change),
    };
    if way.pushed {
        return bank.push(&request.parameters).await.status == 201;
    }
    bank.realm.browser().authorize(&request).await.is_page("login-page")
}

/// The request as an object; outside of it, and inside again, what OpenID Connect Core 6.1 wants there.
fn by_value(bank: &Bank, request: &AuthorizationRequest, change: &Value) -> AuthorizationRequest {
    let object = bank.object(request, change.clone());
    let outside = ["response_type", "scope"].map(|name| (name, request.get(name).unwrap_or_default()));
    only(&bank.client, &outside).with("request", &object)
}

/// A bank of the base profile with a client for each way, which meets every profile by its registration.
async fn client_of_way(bank: &Bank) -> Bank {
    let path = format!("/realms/{}/clients/{}", bank.realm.name, bank.client.id);
    let administration = &bank.realm.server.administration;
    let shown = administration.try_ask(Method::GET, &path, &Value::Null).await.success();
    let mut copy = shown.as_object().unwrap().clone();
    for name in ["client_id", "client_secret", "created_at", "updated_at"] {
        copy.remove(name);
    }
    let made = administration.create_client(&bank.realm.name, &Value::Object(copy)).await;
    let client = Client { id: made["client_id"].as_str().unwrap().to_owned(), ..bank.client.clone() };
    Bank { realm: bank.realm.clone(), client, key: bank.key.clone() }
}

/// The forecast of a client, once so many requests of a kind are counted.
async fn forecast_after(realm: &Realm, client: &Client, (profile, kind, requests): (&str, &str, u64)) -> Value {
    let path = format!("/realms/{}/clients/{}/forecast?profile={profile}", realm.name, client.id);
    until("the requests are counted", async || {
        let told = realm.server.administration.try_ask(Method::GET, &path, &Value::Null).await.success();
        (of_kind(&told, kind)["requests"].as_u64().unwrap() >= requests).then_some(told)
    })
    .await
}

fn of_kind<'a>(forecast: &'a Value, kind: &str) -> &'a Value {
    forecast["traffic"].as_array().unwrap().iter().find(|traffic| traffic["kind"] == kind).unwrap()
}

fn failing(forecast: &Value) -> Vec<(&str, u64)> {
    let gaps = forecast["gaps"].as_array().unwrap().iter();
    let gaps = gaps.filter(|gap| gap["failing"].as_u64().unwrap() > 0);
    gaps.map(|gap| (gap["requirement"].as_str().unwrap(), gap["failing"].as_u64().unwrap())).collect()
}

#[tokio::test]
async fn the_forecast_refuses_exactly_what_the_profile_refuses() {
    let base = Bank::of("base").await;
    let mut asked = Vec::new();
    for way in ways() {
        let bank = client_of_way(&base).await;
        assert!(is_served(&bank, &way).await, "the base profile takes: {}", way.name);
        asked.push((way, bank));
    }
    for profile in PROFILES {
        let strict = Bank::of(profile).await;
        for (way, bank) in &asked {
            let told = forecast_after(&bank.realm, &bank.client, (profile, "authorization", 1)).await;
            let is_refused = of_kind(&told, "authorization")["failing"] == 1;
            assert_eq!(is_refused, !is_served(&strict, way).await, "{profile}, {}: {told}", way.name);
            let without_object = ["request_object_algorithm", "request_object_times"];
            assert!(way.object.is_some() || failing(&told).iter().all(|(name, _)| !without_object.contains(name)));
        }
    }
}

#[tokio::test]
async fn methods_and_bearer_tokens_are_forecast_and_refused_by_the_profile() {
    let realm = Realm::new().await;
    let client = realm.client(json!({"grant_types": ["client_credentials"], "scope": "read"})).await;
    for _ in 0..3 {
        client.client_credentials("read").await.tokens();
    }
    // What is refused today tells nothing.
    client.client_credentials("else").await.assert_refused("invalid_scope");
    let told = forecast_after(&realm, &client, ("fapi2_security", "authentication", 4)).await;
    assert_eq!(failing(&told), [("client_authentication", 4), ("sender_constrained_tokens", 3)]);
    assert_eq!((&told["clear"], &told["days"]), (&json!(false), &json!(7)));
    let method = &told["gaps"][0];
    assert_eq!((&method["field"], &method["kind"]), (&json!("token_endpoint_auth_method"), &json!("authentication")));
    assert_eq!(of_kind(&told, "token"), &json!({"kind": "token", "requests": 3, "failing": 3}));
    let same = forecast_after(&realm, &client, ("base", "token", 3)).await;
    assert_eq!((failing(&same), &same["clear"]), (vec![], &json!(true)));
    // The same figures are published, and told on the command line.
    let metrics = realm.http.get(&realm.server.management_url("/metrics")).await;
    let metrics = metrics.body;
    let line = format!(
        "client_profile_gap{{realm=\"{}\",client=\"{}\",profile=\"fapi2_security\",\
         requirement=\"sender_constrained_tokens\"}} 3",
        realm.name, client.id
    );
    let is_named = metrics.contains(&line);
    assert!(is_named || metrics.contains("client=\"(others)\""), "{metrics}");
    let printed = command(&realm, &format!("{} --output json", client.id));
    let told_again: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(told_again["items"], json!([told]));
    let table = command(&realm, "--all");
    assert!(table.contains("sender_constrained_tokens") && table.contains(&client.id), "{table}");
}

/// What `signet client forecast` prints for the profile `fapi2_security`.
fn command(realm: &Realm, line: &str) -> String {
    let file = realm.server.configuration_file().to_str().unwrap();
    let line = format!("client forecast --realm {} --profile fapi2_security --config {file} {line}", realm.name);
    let mut command = std::process::Command::new(program());
    let output = without_settings(&mut command).args(line.split_whitespace()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn assertions_are_forecast_by_audience_and_algorithm() {
    let realm = Realm::new().await;
    let metadata = json!({"grant_types": ["client_credentials"], "response_types": [], "scope": "read",
        "dpop_bound_access_tokens": true});
    let (client, key) = realm.client_with_key("RS256", metadata).await;
    let proof = crate::support::dpop::ProofKey::generate("ES384");
    let claims = merged(client.assertion_claims(), json!({"aud": [realm.issuer]}));
    let assertion = key.sign(&claims);
    let parameters = [
        ("grant_type", "client_credentials"),
        ("scope", "read"),
        ("client_assertion_type", crate::support::client::JWT_BEARER),
        ("client_assertion", &*assertion),
    ];
    let url = client.endpoint("/token");
    let request = crate::support::http::Request::form(&url, &parameters).dpop(&proof.post(&url));
    realm.http.send(request).await.bound_tokens();
    for (profile, expected) in [
        ("fapi1_advanced", vec![("assertion_algorithm", 1), ("proof_algorithm", 1)]),
        ("fapi2_security", vec![("assertion_algorithm", 1), ("assertion_audience", 1), ("proof_algorithm", 1)]),
    ] {
        let told = forecast_after(&realm, &client, (profile, "token", 1)).await;
        assert_eq!(failing(&told), expected, "{profile}");
    }
}

#[tokio::test]
async fn what_is_asked_of_a_forecast_is_checked() {
    let realm = Realm::with(json!({"profile": "fapi1_advanced"})).await;
    let key = crate::support::jwt::SigningKey::generate("ES256");
    let client = realm.client(json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": key.public_set()})).await;
    let ask = async |rest: &str| {
        let path = format!("/realms/{}/{rest}", realm.name);
        realm.server.administration.try_ask(Method::GET, &path, &Value::Null).await
    };
    let one = format!("clients/{}/forecast", client.id);
    for days in ["0", "9"] {
        for place in [&one, "client-forecasts"] {
            let refused = ask(&format!("{place}?days={days}")).await;
            assert_eq!((refused.status, &refused.json()["field"]), (422, &json!("days")), "{refused:?}");
        }
    }
    assert_eq!(ask(&format!("{one}?days=many")).await.status, 400);
    assert_eq!(ask(&format!("{one}?profile=fapi3")).await.status, 400);
    let excluded = ask(&format!("{one}?profile=fapi2_security")).await;
    assert_eq!((excluded.status, &excluded.json()["field"]), (422, &json!("profile")), "{excluded:?}");
    assert_eq!(ask("client-forecasts?profile=fapi2_security").await.success()["items"], json!([]));
    let items = ask("client-forecasts?days=8").await.success();
    assert_eq!(items["items"][0]["client_id"], client.id.as_str());
    assert_eq!(items["items"][0]["profile"], "fapi1_advanced");
}
