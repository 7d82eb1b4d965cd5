//! The userinfo endpoint (OpenID Connect Core 5.3, RFC 6750 section 2).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::client::{Client, Tokens};
use crate::support::http::{Request, members};
use crate::support::jwt;
use crate::support::realm::{Realm, claims};

async fn obtain(realm: &Realm, client: &Client, scope: &str) -> Tokens {
    let request = client.request().with("scope", scope);
    client.obtain(&mut realm.browser(), &request, &realm.user).await
}

/// oidcc-userinfo-get, oidcc-userinfo-post-header, oidcc-userinfo-post-body.
#[tokio::test]
async fn oidc_core_5_3_1_the_token_may_be_in_the_header_or_in_the_body() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    let tokens = obtain(&realm, &client, "openid email").await;
    let (url, token) = (realm.url("/userinfo"), tokens.access_token());
    let expected = json!({"sub": realm.user.id, "email": "ana@ana.test", "email_verified": true});
    for request in [
        Request::get(&url).bearer(token),
        Request::get(&url).header("authorization", &format!("bearer {token}")),
        Request::form(&url, &[]).bearer(token),
        Request::form(&url, &[("access_token", token)]),
    ] {
        let answer = realm.http.send(request).await;
        assert_eq!(answer.success(), expected);
        assert_eq!(answer.content_type(), "application/json");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

/// IR-012; AbstractVerifyScopesReturnedInClaims.
#[tokio::test]
async fn oidc_core_5_4_each_scope_gives_its_claims_and_no_others() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    let profile = "name given_name family_name middle_name nickname preferred_username profile picture website gender \
                   birthdate zoneinfo locale updated_at";
    for (scope, names) in [
        ("openid", ""),
        ("openid email", "email email_verified"),
        ("openid phone", "phone_number phone_number_verified"),
        ("openid address", "address"),
        ("openid profile", profile),
    ] {
        let tokens = obtain(&realm, &client, scope).await;
        let answered = client.userinfo(tokens.access_token()).await.success();
        let names: BTreeSet<&str> = names.split_whitespace().collect();
        assert_eq!(members(&answered), &names | &BTreeSet::from(["sub"]), "{scope}");
        for name in names.into_iter().filter(|name| *name != "updated_at") {
            assert_eq!(answered[name], claims()[name]);
        }
        assert!(answered.get("updated_at").is_none_or(Value::is_i64));
    }
}

#[tokio::test]
async fn oidc_core_5_2_claims_come_in_the_languages_asked_for() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    let request = client.request().with("scope", "openid profile").with("claims_locales", "fr de");
    let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    let answered = client.userinfo(tokens.access_token()).await.success();
    assert_eq!(answered["name"], "Ana Example");
    assert_eq!(answered["name#de-CH"], "Anna Beispiel");
    assert_eq!(answered["family_name#fr"], "Exemple");
}

/// oidcc-userinfo-rs256, ValidateSignedUserInfoResponseStandardJWTClaims.
#[tokio::test]
async fn oidc_core_5_3_2_a_signed_answer_names_issuer_and_audience() {
    let realm = Realm::new().await;
    for algorithm in ["RS256", "ES256", "EdDSA"] {
        let client = realm.client(json!({"userinfo_signed_response_alg": algorithm})).await;
        let tokens = obtain(&realm, &client, "openid email").await;
        let answer = client.userinfo(tokens.access_token()).await;
        assert_eq!((answer.status, answer.content_type()), (200, "application/jwt"));
        let token = realm.verify(&answer.body).await;
        assert_eq!(token.header["alg"], algorithm);
        let expected = json!({
            "iss": realm.issuer, "aud": client.id, "sub": realm.user.id, "email": "ana@ana.test", "email_verified": true,
        });
        assert_eq!(token.claims, expected);
    }
}

#[tokio::test]
async fn oidc_core_5_3_2_an_answer_may_be_authenticated_with_the_secret() {
    let realm = Realm::new().await;
    let client = realm.client(json!({"userinfo_signed_response_alg": "HS256"})).await;
    let crate::support::client::Credential::Basic(secret) = &client.credential else { panic!("a secret expected") };
    let tokens = obtain(&realm, &client, "openid").await;
    let answer = client.userinfo(tokens.access_token()).await;
    assert_eq!(jwt::verify_with_secret(&answer.body, secret).claims["sub"], realm.user.id);
}

#[tokio::test]
async fn oidc_core_5_3_changes_of_the_user_show_at_once() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    let tokens = obtain(&realm, &client, "openid email").await;
    let change = json!({"claims": {"email": "new@ana.test", "email_verified": false}});
    realm.server.administration.update_user(&realm.name, &realm.user.id, &change).await;
    let answered = client.userinfo(tokens.access_token()).await.success();
    assert_eq!((&answered["email"], &answered["email_verified"]), (&json!("new@ana.test"), &json!(false)));
}
