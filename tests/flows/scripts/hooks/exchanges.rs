//! `on_token_exchange`, `on_transaction_token` and `on_assertion_grant`.

use http::Method;
use serde_json::json;

use super::{FAILS, assert_failed_closed, bind};
use crate::support::client::Client;
use crate::support::http::Answer;
use crate::support::jwt::{self, SigningKey, random_text};
use crate::support::realm::Realm;
use crate::support::time::now;

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const TXN: &str = "urn:ietf:params:oauth:token-type:txn_token";
const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
const ONE: &str = "https://one.test/";
const TWO: &str = "https://two.test/";

async fn exchanging() -> (Realm, Client) {
    let realm = Realm::new().await;
    for identifier in [ONE, TWO] {
        let body = json!({"identifier": identifier, "display_name": identifier});
        realm.server.administration.create_resource_server(&realm.name, &body).await;
    }
    let policy = json!({"audiences": [ONE, TWO], "scope": "read write", "impersonation": true, "delegation": true});
    let client = realm.client(json!({
        "grant_types": ["authorization_code", "client_credentials", EXCHANGE], "scope": "read write",
        "settings": {"token_exchange": policy, "skip_consent": true},
    }));
    let client = client.await;
    (realm, client)
}

async fn exchange(client: &Client, token: &str) -> Answer {
    let own = client.client_credentials("read").await.tokens();
    let parameters = [
        ("grant_type", EXCHANGE),
        ("subject_token", token),
        ("subject_token_type", ACCESS),
        ("actor_token", own.access_token()),
        ("actor_token_type", ACCESS),
    ];
    client.ask("/token", &parameters).await
}

#[tokio::test]
async fn on_token_exchange_can_narrow_and_refuse_and_fails_closed() {
    let (realm, client) = exchanging().await;
    let request = client.request().with("scope", "read write").without("nonce");
    let login = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    let body = format!(
        "if exchange.actor.is_user || exchange.earlier_actors > 0 || exchange.subject_client != ctx.client.id {{ \
             deny(\"invalid_request\", \"not you\") \
         }} else {{ narrow(#{{ drop_scopes: [\"write\", \"x\"], drop_resources: [\"{TWO}\"], token_seconds: 60 }}) }}"
    );
    bind(&realm, "on_token_exchange", &body).await;
    let tokens = exchange(&client, login.access_token()).await.tokens();
    assert_eq!((&tokens.0["scope"], &tokens.0["expires_in"]), (&json!("read"), &json!(60)));
    assert_eq!(jwt::read(tokens.access_token()).claims["aud"], ONE);
    let again = exchange(&client, tokens.access_token()).await;
    again.assert_refused("invalid_request");
    assert_eq!(again.json()["error_description"], "not you");
    bind(&realm, "on_token_exchange", "narrow(#{ drop_scopes: exchange.scope })").await;
    exchange(&client, login.access_token()).await.assert_refused("invalid_scope");
    bind(&realm, "on_token_exchange", "narrow(#{ drop_resources: exchange.resources })").await;
    exchange(&client, login.access_token()).await.assert_refused("invalid_target");
    bind(&realm, "on_token_exchange", FAILS).await;
    assert_failed_closed(&exchange(&client, login.access_token()).await);
}

#[tokio::test]
async fn on_transaction_token_can_say_more_and_refuse_and_fails_closed() {
    let realm = Realm::with(json!({"transaction_trust_domain": "domain.test"})).await;
    let policy = json!({
        "scope": "read write", "client_subjects": true, "issued_token_types": [TXN],
        "transaction_tokens": {"request_details": ["quantity"], "replacement": true},
    });
    let client = realm.client(json!({
        "grant_types": ["client_credentials", EXCHANGE], "scope": "read write", "redirect_uris": [], "response_types": [],
        "settings": {"token_exchange": policy},
    }));
    let client = client.await;
    let own = client.client_credentials("read write").await.tokens();
    let ask = async |token: &str, kind: &str, scope: &str| {
        let parameters = [
            ("grant_type", EXCHANGE),
            ("requested_token_type", TXN),
            ("audience", "domain.test"),
            ("scope", scope),
            ("subject_token", token),
            ("subject_token_type", kind),
            ("request_details", r#"{"quantity": 100}"#),
        ];
        client.ask("/token", &parameters).await
    };
    let body = "if transaction.replaces { allow() } else { \
                    let few = if transaction.tctx.quantity > 9 { 9 } else { transaction.tctx.quantity }; \
                    describe(#{ tctx: #{ level: \"VIP\", quantity: few }, rctx: #{ domain: transaction.trust_domain }, \
                                drop_scopes: [\"write\", \"x\"], token_seconds: 10 }) \
                }";
    bind(&realm, "on_transaction_token", body).await;
    let token = ask(own.access_token(), ACCESS, "read write").await.tokens();
    let claims = jwt::read(token.access_token()).claims;
    assert_eq!(claims["tctx"], json!({"level": "VIP", "quantity": 9}));
    assert_eq!((&claims["rctx"], &claims["scope"]), (&json!({"domain": "domain.test"}), &json!("read")));
    assert!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap() <= 10);
    // What a token says stays, whoever wants it otherwise.
    ask(token.access_token(), TXN, "read").await.assert_refused("invalid_request");
    bind(&realm, "on_transaction_token", "describe(#{ tctx: #{ level: \"other\" } })").await;
    assert_failed_closed(&replace(&client, token.access_token()).await);
    bind(&realm, "on_transaction_token", "describe(#{ drop_scopes: transaction.scope })").await;
    ask(own.access_token(), ACCESS, "read").await.assert_refused("invalid_scope");
    bind(&realm, "on_transaction_token", "deny(\"invalid_request\", \"not now\")").await;
    let refused = ask(own.access_token(), ACCESS, "read").await;
    refused.assert_refused("invalid_request");
    assert_eq!(refused.json()["error_description"], "not now");
    bind(&realm, "on_transaction_token", FAILS).await;
    assert_failed_closed(&ask(own.access_token(), ACCESS, "read").await);
}

async fn replace(client: &Client, token: &str) -> Answer {
    let parameters = [
        ("grant_type", EXCHANGE),
        ("requested_token_type", TXN),
        ("audience", "domain.test"),
        ("scope", "read"),
        ("subject_token", token),
        ("subject_token_type", TXN),
    ];
    client.ask("/token", &parameters).await
}

#[tokio::test]
async fn on_assertion_grant_names_the_user_only_where_it_may() {
    let realm = Realm::new().await;
    let key = SigningKey::generate("ES256");
    let metadata = json!({
        "client_id": "agent", "grant_types": [BEARER], "response_types": [], "redirect_uris": [], "scope": "read write",
    });
    let client = realm.client(metadata).await;
    let body = json!({
        "issuer": "https://partner.test", "jwks": key.public_set(), "uses": ["assertion_grant"], "clients": ["agent"],
        "subject_mapping": "script",
    });
    let path = format!("/realms/{}/trusted-issuers", realm.name);
    let administration = &realm.server.administration;
    let made = administration.ask(Method::POST, &path, &body).await.json();
    let path = format!("{path}/{}", made["id"].as_str().unwrap());
    let present = async |sub: &str| {
        let assertion = key.sign(&json!({
            "iss": "https://partner.test", "sub": sub, "aud": realm.issuer, "jti": random_text(), "exp": now() + 60,
        }));
        client.ask("/token", &[("grant_type", BEARER), ("assertion", &assertion)]).await
    };
    // Nobody says who it is.
    present("8f3a").await.assert_refused("invalid_grant");
    let body = "if assertion.claims.sub == \"8f3a\" { name(#{ username: \"ana\" }) } \
                else if assertion.claims.sub == \"lost\" { name(#{ username: \"lost\" }) } \
                else if assertion.claims.sub == \"ana\" { narrow(#{ drop_scopes: [\"write\"], access_token_seconds: 30 }) } \
                else { deny(\"invalid_grant\", \"unknown here\") }";
    bind(&realm, "on_assertion_grant", body).await;
    let tokens = present("8f3a").await.tokens();
    assert_eq!(jwt::read(tokens.access_token()).claims["sub"], realm.user.id.as_str());
    for stranger in ["lost", "ana", "other"] {
        present(stranger).await.assert_refused("invalid_grant");
    }
    administration.ask(Method::PATCH, &path, &json!({"subject_mapping": "username"})).await;
    let tokens = present("ana").await.tokens();
    assert_eq!((&tokens.0["scope"], &tokens.0["expires_in"]), (&json!("read"), &json!(30)));
    realm.add_user("8f3a").await;
    assert_failed_closed(&present("8f3a").await);
    bind(&realm, "on_assertion_grant", FAILS).await;
    assert_failed_closed(&present("ana").await);
}
