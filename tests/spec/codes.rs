//! Authorization codes at the token endpoint (RFC 6749 sections 4.1.2, 4.1.3 and 10.5, RFC 7636, RFC 9700 section 4.5).

use serde_json::json;

use crate::support::authorization::AuthorizationRequest;
use crate::support::client::{Client, Credential};
use crate::support::http::at_once;
use crate::support::jwt::random_text;
use crate::support::realm::Realm;

/// A request that was answered with a code.
async fn code(realm: &Realm, client: &Client) -> (AuthorizationRequest, String) {
    let request = client.request().with("scope", "openid offline_access");
    let response = realm.browser().complete(&request, &realm.user).await;
    let code = response.code().to_owned();
    (request, code)
}

/// Checks that the parameters are refused, leave no trace, and that the code still works.
async fn assert_refused(realm: &Realm, client: &Client, cases: &[(&str, &str, Option<&str>)]) {
    let (request, code) = code(realm, client).await;
    let before = realm.rows().await;
    for (error, name, value) in cases {
        let mut parameters = Client::redemption(&request, &code);
        parameters.retain(|(known, _)| known != name);
        parameters.extend(value.map(|value| (*name, value)));
        client.ask("/token", &parameters).await.assert_refused(error);
        assert_eq!(realm.rows().await.changed_since(&before), [""; 0], "{name}={value:?}");
    }
    client.redeem(&request, &code).await.tokens();
}

#[tokio::test]
async fn rfc6749_4_1_3_the_redirect_uri_must_be_the_same() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let cases = [
        ("invalid_grant", "redirect_uri", None),
        ("invalid_grant", "redirect_uri", Some("")),
        ("invalid_grant", "redirect_uri", Some("https://client.test/other")),
        ("invalid_grant", "redirect_uri", Some("https://client.test/callback?")),
        ("invalid_grant", "redirect_uri", Some("https://CLIENT.test/callback")),
    ];
    assert_refused(&realm, &client, &cases).await;
}

/// AZ-041.
#[tokio::test]
async fn rfc7636_4_6_the_verifier_must_fit_the_challenge() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let cases = [("invalid_grant", "code_verifier", None), ("invalid_grant", "code_verifier", Some(""))];
    assert_refused(&realm, &client, &cases).await;
}

/// Checks that a wrong verifier is refused and that the code is gone with it.
async fn assert_burns(realm: &Realm, client: &Client, wrong: impl FnOnce(&AuthorizationRequest) -> String) {
    let (request, code) = code(realm, client).await;
    let guess = AuthorizationRequest { verifier: Some(wrong(&request)), ..request.clone() };
    client.redeem(&guess, &code).await.assert_refused("invalid_grant");
    client.redeem(&request, &code).await.assert_refused("invalid_grant");
}

#[tokio::test]
async fn az_044_a_wrong_verifier_burns_the_code() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    assert_burns(&realm, &client, |_| random_text()).await;
    assert_burns(&realm, &client, |_| "short".to_owned()).await;
    assert_burns(&realm, &client, |_| "a".repeat(129)).await;
    assert_burns(&realm, &client, |request| request.get("code_challenge").unwrap().to_owned()).await;
    let (other, _) = code(&realm, &client).await;
    assert_burns(&realm, &client, |_| other.verifier.clone().unwrap()).await;
}

#[tokio::test]
async fn az_044_a_wrong_verifier_burns_no_code_of_another_client() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let (request, code) = code(&realm, &client).await;
    let guess = AuthorizationRequest { verifier: Some(random_text()), ..request.clone() };
    realm.versatile_client().await.redeem(&guess, &code).await.assert_refused("invalid_grant");
    let wrong_secret = Credential::Basic(random_text());
    client.with_credential(wrong_secret).redeem(&guess, &code).await.assert_refused("invalid_client");
    client.redeem(&request, &code).await.tokens();
}

/// AZ-042.
#[tokio::test]
async fn rfc9700_4_8_2_a_verifier_without_a_challenge_is_a_downgrade() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let request = client.request().without_pkce();
    let response = realm.browser().complete(&request, &realm.user).await;
    let downgraded = AuthorizationRequest { verifier: Some(random_text()), ..request.clone() };
    client.redeem(&downgraded, response.code()).await.assert_refused("invalid_grant");
    client.redeem(&request, response.code()).await.tokens();
}

#[tokio::test]
async fn rfc6749_5_2_missing_and_invented_codes_are_refused() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let (_, good) = code(&realm, &client).await;
    let shorter = &good[..good.len() - 4];
    let changed = format!("{shorter}AAAA");
    let longer = format!("{good}AAAA");
    let mut cases = vec![("invalid_request", "code", None), ("invalid_request", "code", Some(""))];
    for value in ["x", "sc_", "sc_AQAAAAE", shorter, changed.as_str(), longer.as_str(), "sc_\u{e9}"] {
        cases.push(("invalid_grant", "code", Some(value)));
    }
    assert_refused(&realm, &client, &cases).await;
}

/// EnsureAuthorizationCodeIsBoundToClient.
#[tokio::test]
async fn rfc6749_4_1_3_a_code_is_for_the_client_it_was_issued_to() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let (request, code) = code(&realm, &client).await;
    let before = realm.rows().await;
    let other = realm.versatile_client().await;
    let before_other = realm.rows().await;
    assert_ne!(before, before_other);
    other.redeem(&request, &code).await.assert_refused("invalid_grant");
    let public = realm.client(json!({"token_endpoint_auth_method": "none"})).await;
    let before_public = realm.rows().await;
    public.redeem(&request, &code).await.assert_refused("invalid_grant");
    assert_eq!(realm.rows().await.changed_since(&before_public), [""; 0]);
    client.redeem(&request, &code).await.tokens();
}

#[tokio::test]
async fn rfc6749_4_1_3_a_code_is_for_the_realm_it_was_issued_in() {
    let (here, there) = (Realm::new().await, Realm::new().await);
    let body = json!({
        "client_id": "app", "client_secret": "the very same secret", "grant_types": ["authorization_code"],
    });
    let secret = crate::support::client::Credential::Basic("the very same secret".to_owned());
    let client = here.client(body.clone()).await.with_credential(secret.clone());
    let twin = there.client(body).await.with_credential(secret);
    let (request, code) = code(&here, &client).await;
    twin.redeem(&request, &code).await.assert_refused("invalid_grant");
    client.redeem(&request, &code).await.tokens();
}

/// oidcc-codereuse.
#[tokio::test]
async fn rfc6749_4_1_2_a_second_use_revokes_what_the_first_gave() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let (request, code) = code(&realm, &client).await;
    let tokens = client.redeem(&request, &code).await.tokens();
    let refreshed = client.refresh(tokens.refresh_token()).await.tokens();
    assert!(client.is_active(refreshed.access_token()).await);
    client.redeem(&request, &code).await.assert_refused("invalid_grant");
    for token in [tokens.access_token(), tokens.refresh_token(), refreshed.access_token(), refreshed.refresh_token()] {
        assert_eq!(client.introspect(token).await, json!({"active": false}));
    }
    client.userinfo(refreshed.access_token()).await.assert_token_refused(401, "invalid_token");
    client.refresh(refreshed.refresh_token()).await.assert_refused("invalid_grant");
    client.redeem(&request, &code).await.assert_refused("invalid_grant");
}

#[tokio::test]
async fn rfc6749_10_5_a_second_use_with_mistakes_revokes_nothing() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let (request, code) = code(&realm, &client).await;
    let tokens = client.redeem(&request, &code).await.tokens();
    let other = realm.versatile_client().await;
    other.redeem(&request, &code).await.assert_refused("invalid_grant");
    let wrong = AuthorizationRequest { verifier: Some(random_text()), ..request.clone() };
    client.redeem(&wrong, &code).await.assert_refused("invalid_grant");
    client.redeem(&request.with("redirect_uri", "https://evil.test"), &code).await.assert_refused("invalid_grant");
    assert!(client.is_active(tokens.access_token()).await);
}

#[tokio::test]
async fn rfc6749_10_5_of_many_who_redeem_one_code_at_once_one_wins() {
    let realm = Realm::new().await;
    let clients = [realm.versatile_client().await, realm.client_with_key("ES256", json!({})).await.0];
    for (round, client) in clients.into_iter().enumerate() {
        let (request, code) = code(&realm, &client).await;
        let answers = at_once(20, async || client.redeem(&request, &code).await).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
        assert_eq!(won.len(), 1);
        for answer in &lost {
            answer.assert_refused("invalid_grant");
        }
        assert_eq!(realm.rows().await.count("denials"), round + 1, "the losers revoked what the winner got");
    }
}

/// What happens between the code and its redemption.
async fn assert_fallen(change: impl AsyncFnOnce(&Realm, &Client)) {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let (request, code) = code(&realm, &client).await;
    change(&realm, &client).await;
    let answer = client.redeem(&request, &code).await;
    assert_ne!(answer.status, 200, "{answer:?}");
    let error = answer.json()["error"].as_str().unwrap().to_owned();
    assert!(["invalid_grant", "invalid_client", "unauthorized_client"].contains(&error.as_str()), "{error}");
    assert_eq!(realm.rows().await.count("refresh_families"), 0);
}

#[tokio::test]
async fn rfc6749_5_2_a_code_falls_with_what_it_rests_on() {
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
    assert_fallen(async |realm, client| realm.update_client(client, json!({"enabled": false})).await).await;
    assert_fallen(async |realm, client| {
        realm.update_client(client, json!({"enabled": false})).await;
        realm.update_client(client, json!({"enabled": true})).await;
    })
    .await;
    assert_fallen(async |realm, client| {
        realm.server.administration.delete_client(&realm.name, &client.id).await;
    })
    .await;
    assert_fallen(async |realm, client| {
        let grants = json!({"grant_types": ["client_credentials"], "response_types": null});
        realm.update_client(client, grants).await;
    })
    .await;
}

#[tokio::test]
async fn tk_082_rfc8707_2_2_resources_that_were_not_asked_for_are_invalid_target() {
    let realm = Realm::new().await;
    for identifier in ["https://one.test", "https://two.test"] {
        let body = json!({"identifier": identifier, "display_name": "API", "scopes": [], "token_format": "jwt"});
        realm.server.administration.create_resource_server(&realm.name, &body).await;
    }
    let client = realm.versatile_client().await;
    let request = client.request().with("resource", "https://one.test");
    let response = realm.browser().complete(&request, &realm.user).await;
    for resource in ["https://two.test", "https://unknown.test", "/relative", "https://one.test#fragment"] {
        let mut parameters = Client::redemption(&request, response.code());
        parameters.push(("resource", resource));
        client.ask("/token", &parameters).await.assert_refused("invalid_target");
        parameters.push(("resource", "https://one.test"));
        client.ask("/token", &parameters).await.assert_refused("invalid_target");
    }
    client.redeem(&request, response.code()).await.tokens();
}

/// AZ-037, for which `sealed_values` in `server/jose` samples many more; EnsureMinimumAuthorizationCodeEntropy,
/// EnsureMinimumAccessTokenEntropy, EnsureMinimumRefreshTokenEntropy, EnsureAccessTokenContainsAllowedCharactersOnly,
/// EnsureRefreshTokenContainsAllowedCharactersOnly.
#[tokio::test]
async fn rfc6749_10_10_codes_and_tokens_are_unguessable_and_stand_nowhere_in_the_database() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let (request, code) = code(&realm, &client).await;
    let (_, other) = self::code(&realm, &client).await;
    let common = code.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
    assert!(common < 16 && code.len() - common > 100, "{common} of {} characters are the same", code.len());
    let tokens = client.redeem(&request, &code).await.tokens();
    let rows = realm.rows().await;
    let signature = tokens.access_token().rsplit('.').next().unwrap();
    for secret in [code.as_str(), tokens.refresh_token(), tokens.access_token(), signature] {
        assert!(!rows.contain(secret), "{secret}");
        // RFC 6750 section 2.1: characters that travel in a header.
        let travels = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
        assert!(secret.bytes().all(travels), "{secret}");
    }
}

/// Changes rows past the store.
async fn execute(server: &crate::support::server::Server, sql: &str) {
    let connection = crate::support::databases::connect_directly(&server.database).await;
    sea_orm::ConnectionTrait::execute_unprepared(&connection, sql).await.unwrap();
    connection.close().await.unwrap();
}

/// A new timeline, as an administrator begins it after a restore.
async fn begin_timeline(realm: &Realm) {
    let path = format!("/realms/{}/timeline", realm.name);
    realm.server.administration.ask(http::Method::POST, &path, &json!({})).await;
}

#[tokio::test]
async fn design_6_a_restored_database_revives_no_code_in_a_new_timeline() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let mut browser = realm.browser();
    let request = client.request().with("scope", "openid offline_access");
    let code = browser.complete(&request, &realm.user).await;
    let tokens = client.redeem(&request, code.code()).await.tokens();
    // What an older backup knows of it.
    let of_realm = format!("realm_id = (SELECT realm_id FROM realms WHERE name = '{}')", realm.name);
    execute(&realm.server, &format!("DELETE FROM used_records WHERE {of_realm}")).await;
    let open = browser.complete(&request, &realm.user).await;
    let mut another = realm.browser();
    let login = another.authorize(&request).await;
    begin_timeline(&realm).await;
    for code in [&code, &open] {
        client.redeem(&request, code.code()).await.assert_refused("invalid_grant");
    }
    another.log_in(&login, &realm.user).await.assert_error_page();
    assert!(!client.is_active(tokens.access_token()).await);
    // What has a row of its own to be judged by goes on, and so does everything that begins now.
    client.refresh(tokens.refresh_token()).await.tokens();
    let again = browser.complete(&request, &realm.user).await;
    client.redeem(&request, again.code()).await.tokens();
    let path = format!("/realms/{}/audit-events?kind=administrative_change&limit=200", realm.name);
    let changes = realm.server.administration.ask(http::Method::GET, &path, &json!(null)).await.json();
    let begun =
        changes["items"].as_array().unwrap().iter().any(|change| change["details"]["action"] == "timeline_begun");
    assert!(begun, "{changes}");
}
