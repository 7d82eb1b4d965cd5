//! Refresh tokens that must not work, or not any more (RFC 6749 sections 6 and 10.4, RFC 9700 section 4.14).

use serde_json::json;

use crate::support::client::{Client, Tokens};
use crate::support::http::{Answer, at_once};
use crate::support::realm::Realm;

async fn offline(realm: &Realm, client: &Client) -> Tokens {
    let request = client.request().with("scope", "openid email offline_access");
    client.obtain(&mut realm.browser(), &request, &realm.user).await
}

/// A realm in which a rotated token is dead at once.
async fn strict_realm() -> Realm {
    Realm::with(json!({"refresh_retry_window_seconds": 0})).await
}

/// RefreshTokenRequestExpectingErrorSteps.
#[tokio::test]
async fn rfc6749_6_a_token_is_for_the_client_it_was_issued_to() {
    let realm = strict_realm().await;
    let (client, other) = (realm.versatile_client().await, realm.versatile_client().await);
    let public = json!({"token_endpoint_auth_method": "none", "grant_types": ["authorization_code", "refresh_token"]});
    let public = realm.client(public).await;
    let tokens = offline(&realm, &client).await;
    let before = realm.rows().await;
    for thief in [&other, &public] {
        thief.refresh(tokens.refresh_token()).await.assert_refused("invalid_grant");
    }
    let anonymous = client.with_credential(crate::support::client::Credential::None);
    anonymous.refresh(tokens.refresh_token()).await.assert_refused("invalid_client");
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
    client.refresh(tokens.refresh_token()).await.tokens();
}

#[tokio::test]
async fn rfc6749_6_a_wider_scope_is_invalid_scope() {
    let realm = strict_realm().await;
    let client = realm.versatile_client().await;
    let tokens = offline(&realm, &client).await;
    let before = realm.rows().await;
    for scope in ["openid email offline_access phone", "write", "admin", "openid \"", "a\\b"] {
        let parameters = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh_token()), ("scope", scope)];
        client.ask("/token", &parameters).await.assert_refused("invalid_scope");
    }
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
    client.refresh(tokens.refresh_token()).await.tokens();
}

#[tokio::test]
async fn rfc8707_2_2_another_resource_is_invalid_target() {
    let realm = strict_realm().await;
    let body = json!({"identifier": "https://api.test", "display_name": "API", "scopes": [], "token_format": "jwt"});
    realm.server.administration.create_resource_server(&realm.name, &body).await;
    let client = realm.versatile_client().await;
    let tokens = offline(&realm, &client).await;
    for resource in ["https://api.test", "https://unknown.test", "/api"] {
        let parameters =
            [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh_token()), ("resource", resource)];
        client.ask("/token", &parameters).await.assert_refused("invalid_target");
    }
    client.refresh(tokens.refresh_token()).await.tokens();
}

#[tokio::test]
async fn rfc6749_5_2_missing_and_invented_tokens_are_refused() {
    let realm = strict_realm().await;
    let client = realm.versatile_client().await;
    let tokens = offline(&realm, &client).await;
    let good = tokens.refresh_token();
    let before = realm.rows().await;
    client.ask("/token", &[("grant_type", "refresh_token")]).await.assert_refused("invalid_request");
    client.refresh("").await.assert_refused("invalid_request");
    let (head, last) = good.split_at(good.len() - 1);
    // The last character carries fewer bits than it could: another one that means the same is another spelling.
    let spellings = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let respelt: Vec<String> = spellings
        .chars()
        .filter(|character| *character != last.chars().next().unwrap())
        .map(|c| format!("{head}{c}"))
        .collect();
    let damaged = format!("{}{}", &good[..10], good[10..].replacen(|_: char| true, "_", 1));
    let others = ["x".to_owned(), "sr_".to_owned(), head.to_owned(), format!("{good}="), format!("{good}A"), damaged];
    for token in respelt.iter().chain(&others).filter(|token| *token != good) {
        client.refresh(token).await.assert_refused("invalid_grant");
    }
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
    client.refresh(good).await.tokens();
}

#[tokio::test]
async fn rfc9700_4_14_2_of_many_uses_at_once_without_a_window_one_counts_and_the_family_ends() {
    let realm = strict_realm().await;
    let client = realm.versatile_client().await;
    let tokens = offline(&realm, &client).await;
    let answers = at_once(16, async || client.refresh(tokens.refresh_token()).await).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert!(won.len() <= 1, "{} won", won.len());
    for answer in &lost {
        answer.assert_refused("invalid_grant");
    }
    for tokens in won.iter().map(Answer::tokens).chain([tokens]) {
        assert!(!client.is_active(tokens.access_token()).await);
        assert!(!client.is_active(tokens.refresh_token()).await);
    }
}

#[tokio::test]
async fn rfc9700_4_14_2_many_uses_at_once_inside_the_window_get_the_same_next_token() {
    let realm = Realm::with(json!({"refresh_retry_window_seconds": 120})).await;
    let client = realm.versatile_client().await;
    let tokens = offline(&realm, &client).await;
    let answers = at_once(16, async || client.refresh(tokens.refresh_token()).await).await;
    let given: Vec<Tokens> = answers.iter().map(Answer::tokens).collect();
    for tokens in &given {
        assert_eq!(tokens.refresh_token(), given[0].refresh_token());
        assert!(client.is_active(tokens.access_token()).await);
    }
    client.refresh(given[0].refresh_token()).await.tokens();
}

#[tokio::test]
async fn keycloak_50999_several_rotations_within_a_second_are_told_apart() {
    let realm = strict_realm().await;
    let client = realm.versatile_client().await;
    let mut chain = vec![offline(&realm, &client).await];
    for _ in 0..5 {
        let next = client.refresh(chain.last().unwrap().refresh_token()).await.tokens();
        chain.push(next);
    }
    client.refresh(chain[2].refresh_token()).await.assert_refused("invalid_grant");
    for tokens in &chain {
        assert!(!client.is_active(tokens.access_token()).await);
    }
}

#[tokio::test]
async fn rfc7009_2_1_after_a_revocation_nothing_of_the_grant_is_left_however_close_the_race() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    for _ in 0..10 {
        let tokens = offline(&realm, &client).await;
        let (refreshed, revoked) =
            tokio::join!(client.refresh(tokens.refresh_token()), client.revoke(tokens.refresh_token()));
        assert_eq!(revoked.status, 200);
        let mut left = vec![tokens.access_token().to_owned(), tokens.refresh_token().to_owned()];
        if refreshed.status == 200 {
            let tokens = refreshed.tokens();
            left.extend([tokens.access_token().to_owned(), tokens.refresh_token().to_owned()]);
        }
        for token in left {
            assert!(!client.is_active(&token).await);
        }
    }
}

/// What happens between a token and its use.
async fn assert_fallen(change: impl AsyncFnOnce(&Realm, &Client)) {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let tokens = offline(&realm, &client).await;
    change(&realm, &client).await;
    let answer = client.refresh(tokens.refresh_token()).await;
    let error = answer.json()["error"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned();
    assert!(["invalid_grant", "invalid_client", "unauthorized_client"].contains(&error.as_str()), "{error}");
}

#[tokio::test]
async fn rfc6749_5_2_a_token_falls_with_what_it_rests_on() {
    assert_fallen(async |realm, _| {
        let disabled = json!({"enabled": false});
        realm.server.administration.update_user(&realm.name, &realm.user.id, &disabled).await;
    })
    .await;
    assert_fallen(async |realm, _| {
        realm.server.administration.set_password(&realm.name, &realm.user.id, "another 9 mussels").await;
    })
    .await;
    assert_fallen(async |realm, _| realm.server.administration.delete_user(&realm.name, &realm.user.id).await).await;
    assert_fallen(async |realm, client| {
        realm.update_client(client, json!({"enabled": false})).await;
        realm.update_client(client, json!({"enabled": true})).await;
    })
    .await;
    assert_fallen(async |realm, client| {
        realm.update_client(client, json!({"grant_types": ["authorization_code"]})).await;
    })
    .await;
    assert_fallen(async |realm, client| {
        realm.update_client(client, json!({"scope": "openid email"})).await;
    })
    .await;
}

#[tokio::test]
async fn ghsa_895x_scope_that_was_taken_from_the_client_is_not_given_again() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let tokens = offline(&realm, &client).await;
    realm.update_client(&client, json!({"scope": "openid offline_access"})).await;
    let refreshed = client.refresh(tokens.refresh_token()).await.tokens();
    assert_eq!(refreshed.0["scope"], "openid offline_access");
    let parameters =
        [("grant_type", "refresh_token"), ("refresh_token", refreshed.refresh_token()), ("scope", "openid email")];
    client.ask("/token", &parameters).await.assert_refused("invalid_scope");
}

#[tokio::test]
async fn cve_2026_55670_a_new_user_of_the_same_name_is_somebody_else() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let mut browser = realm.browser();
    let request = client.request().with("scope", "openid offline_access");
    let tokens = client.obtain(&mut browser, &request, &realm.user).await;
    realm.server.administration.delete_user(&realm.name, &realm.user.id).await;
    let successor = realm.add_user("ana").await;
    assert_ne!(successor.id, realm.user.id);
    client.refresh(tokens.refresh_token()).await.assert_refused("invalid_grant");
    client.userinfo(tokens.access_token()).await.assert_token_refused(401, "invalid_token");
    // Neither the session nor the consent passed on.
    let page = browser.authorize(&request).await;
    browser.log_in(&page, &successor).await.page("consent-page");
}
