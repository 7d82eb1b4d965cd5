//! Tokens that are issued, refused, revoked and used a second time.

use serde_json::json;

use super::{assert_about, assert_refused, user_of};
use crate::support::client::Credential;
use crate::support::realm::Realm;

#[tokio::test]
async fn issued_tokens_leave_an_event_each() {
    let realm = Realm::with(json!({"refresh_retry_window_seconds": 60})).await;
    let client = realm.versatile_client().await;
    let mut browser = realm.browser();
    let request = client.request().with("scope", "openid offline_access email");
    let code = browser.complete(&request, &realm.user).await.code().to_owned();
    let lineage = realm.last_event("code_issued", 1).await["details"]["lineage"].clone();

    let answer = client.redeem(&request, &code).await;
    let first = answer.tokens();
    let issued = realm.event_behind(&answer, "token_issued").await;
    assert_about(&issued, user_of(&realm), Some(&client));
    let expected = json!({
        "grant": "authorization_code", "lineage": lineage, "scope": "openid offline_access email", "resources": [],
        "id_token": true, "refresh_generation": 1,
        "passed": [
            "client_authentication", "grant_type", "code", "redirect_uri", "code_verifier", "dpop_jkt", "resource", "user",
        ],
    });
    assert_eq!(issued["details"], expected);

    let parameters = [("grant_type", "refresh_token"), ("refresh_token", first.refresh_token()), ("scope", "openid")];
    let answer = client.ask("/token", &parameters).await;
    answer.tokens();
    let issued = realm.event_behind(&answer, "token_issued").await;
    assert_about(&issued, user_of(&realm), Some(&client));
    let expected = json!({
        "grant": "refresh_token", "lineage": lineage, "scope": "openid", "resources": [],
        "id_token": true, "refresh_generation": 2,
        "passed": ["client_authentication", "grant_type", "refresh_token", "scope", "resource", "user"],
    });
    assert_eq!(issued["details"], expected);
    // The same again, because the answer may have been lost: the same generation.
    let answer = client.refresh(first.refresh_token()).await;
    let issued = realm.event_behind(&answer, "token_issued").await;
    assert_eq!(issued["details"]["refresh_generation"], 2);

    let answer = client.client_credentials("read").await;
    answer.tokens();
    let issued = realm.event_behind(&answer, "token_issued").await;
    assert_about(&issued, None, Some(&client));
    assert_eq!(
        (&issued["details"]["grant"], &issued["details"]["scope"]),
        (&json!("client_credentials"), &json!("read"))
    );

    let (keyed, key) = realm.client_with_key("ES256", json!({"grant_types": ["client_credentials"]})).await;
    let assertion = key.sign(&keyed.assertion_claims());
    let answer = keyed.present(&assertion).await;
    answer.tokens();
    assert_about(&realm.event_behind(&answer, "token_issued").await, None, Some(&keyed));
    let answer = keyed.present(&assertion).await;
    let failed = realm.event_behind(&answer, "client_authentication_failed").await;
    assert_about(&failed, None, Some(&keyed));
}

#[tokio::test]
async fn what_is_used_a_second_time_leaves_the_event_and_the_rule() {
    let realm = Realm::with(json!({"refresh_retry_window_seconds": 0})).await;
    let client = realm.versatile_client().await;
    let mut browser = realm.browser();
    let request = client.request().with("scope", "openid offline_access");
    let code = browser.complete(&request, &realm.user).await.code().to_owned();
    let tokens = client.redeem(&request, &code).await.tokens();
    let answer = client.redeem(&request, &code).await;
    let events = realm.events_behind(&answer, &["code_reuse", "token_refused"]).await;
    assert_about(&events[0], user_of(&realm), Some(&client));
    assert_refused(&events[1], "invalid_grant", "RFC 6749 section 4.1.2");
    assert_eq!(events[1]["details"]["grant"], "authorization_code");
    client.refresh(tokens.refresh_token()).await.assert_refused("invalid_grant");

    let tokens = client.obtain(&mut browser, &request, &realm.user).await;
    client.refresh(tokens.refresh_token()).await.tokens();
    let answer = client.refresh(tokens.refresh_token()).await;
    let events = realm.events_behind(&answer, &["refresh_reuse", "token_refused"]).await;
    assert_about(&events[0], user_of(&realm), Some(&client));
    assert_eq!((&events[0]["details"]["presented"], &events[0]["details"]["current"]), (&json!(1), &json!(2)));
    assert_refused(&events[1], "invalid_grant", "RFC 9700 section 4.14.2");
}

#[tokio::test]
async fn refused_requests_of_clients_name_their_rule() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let wrong = client.with_credential(Credential::Basic("wrong".to_owned()));
    let answer = wrong.client_credentials("read").await;
    let failed = realm.event_behind(&answer, "client_authentication_failed").await;
    assert_about(&failed, None, Some(&client));
    assert_refused(&failed, "invalid_client", "RFC 6749 section 5.2");
    assert_eq!(failed["details"]["endpoint"], "/token");
    let mut unknown = client.with_credential(Credential::Basic("wrong".to_owned()));
    unknown.id = "nobody".to_owned();
    let answer = unknown.ask("/introspect", &[("token", "x")]).await;
    let failed = realm.event_behind(&answer, "client_authentication_failed").await;
    // Nobody knows what it was that came instead of a name.
    assert_about(&failed, None, None);
    assert_eq!(failed["details"]["endpoint"], "/introspect");

    for (path, parameters, kind, error, specification) in [
        ("/token", &[][..], "token_refused", "invalid_request", "RFC 6749 section 5.2"),
        ("/token", &[("grant_type", "password")], "token_refused", "unsupported_grant_type", "RFC 6749 section 5.2"),
        ("/token", &[("grant_type", "refresh_token")], "token_refused", "invalid_request", "RFC 6749 section 6"),
        ("/introspect", &[], "introspection_refused", "invalid_request", "RFC 7662 section 2.1"),
        ("/revoke", &[], "revocation_refused", "invalid_request", "RFC 7009 section 2.1"),
    ] {
        let answer = client.ask(path, parameters).await;
        let refused = realm.event_behind(&answer, kind).await;
        assert_about(&refused, None, Some(&client));
        assert_refused(&refused, error, specification);
    }
    let answer = realm.http.send(client.authenticated("/token", &[]).header("content-type", "text/plain")).await;
    realm.event_behind(&answer, "token_refused").await;

    let answer = client.userinfo("invented").await;
    let refused = realm.event_behind(&answer, "userinfo_refused").await;
    assert_refused(&refused, "invalid_token", "RFC 6750 section 3.1");
    let answer = realm.get("/userinfo").await;
    assert_refused(&realm.event_behind(&answer, "userinfo_refused").await, "invalid_token", "RFC 6750 section 3");
}

#[tokio::test]
async fn revoked_tokens_leave_an_event_and_foreign_ones_none() {
    let realm = Realm::new().await;
    let (client, other) = (realm.versatile_client().await, realm.versatile_client().await);
    let request = client.request().with("scope", "openid offline_access");
    let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    for token in [tokens.access_token(), tokens.refresh_token(), "invented"] {
        assert_eq!(other.revoke(token).await.status, 200);
    }
    for (token, kind) in [(tokens.access_token(), "access_token"), (tokens.refresh_token(), "refresh_token")] {
        let answer = client.revoke(token).await;
        let revoked = realm.event_behind(&answer, "token_revoked").await;
        assert_about(&revoked, user_of(&realm), Some(&client));
        assert_eq!(revoked["details"]["token"], kind);
        assert_eq!(revoked["details"]["lineage"], realm.last_event("code_issued", 1).await["details"]["lineage"]);
    }
    realm.events("kind=token_revoked", 2).await;
}
