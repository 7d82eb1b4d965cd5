//! Who may ask about tokens, and who may revoke them (RFC 7662 sections 2.1 and 4, RFC 7009 section 2).

use http::Method;
use serde_json::json;

use crate::support::client::Credential;
use crate::support::http::Request;
use crate::support::realm::Realm;

/// IR-002.
#[tokio::test]
async fn rfc7662_4_a_stranger_learns_nothing() {
    let realm = Realm::new().await;
    let (client, stranger) = (realm.versatile_client().await, realm.versatile_client().await);
    let request = client.request().with("scope", "openid offline_access");
    let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    for token in [tokens.access_token(), tokens.refresh_token()] {
        assert!(client.is_active(token).await);
        let answer = stranger.ask("/introspect", &[("token", token)]).await;
        assert_eq!(answer.body, "{\"active\":false}");
    }
}

/// IR-004.
#[tokio::test]
async fn rfc7662_2_2_what_is_no_token_is_inactive() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let (dots, long) = (".".repeat(30_000), "x".repeat(30_000));
    for token in ["x", "a.b.c", "..", "sa_", "sr_", "' OR 1=1 --", "a\u{0}b", "\u{1f9aa}", &dots, &long] {
        let answer = client.ask("/introspect", &[("token", token)]).await;
        if token.contains('\0') {
            answer.assert_refused("invalid_request");
            continue;
        }
        assert_eq!(answer.success(), json!({"active": false}));
        assert_eq!(client.revoke(token).await.status, 200);
    }
    for huge in [".".repeat(1_000_000), "x".repeat(1_000_000)] {
        for path in ["/introspect", "/revoke"] {
            let answer = client.http.try_send(client.authenticated(path, &[("token", &huge)])).await;
            // Whoever sends so much may find the connection closed before the answer.
            assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status == 413), "{path}");
        }
    }
    for path in ["/introspect", "/revoke"] {
        client.ask(path, &[]).await.assert_refused("invalid_request");
        client.ask(path, &[("token", "")]).await.assert_refused("invalid_request");
        client.ask(path, &[("token", "a"), ("token", "a")]).await.assert_refused("invalid_request");
    }
}

#[tokio::test]
async fn rfc7662_2_1_callers_must_authenticate() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let tokens = client.client_credentials("read").await.tokens();
    let wrong = client.with_credential(Credential::Basic("wrong".to_owned()));
    let nobody = client.with_credential(Credential::None);
    for path in ["/introspect", "/revoke"] {
        for caller in [&wrong, &nobody] {
            caller.ask(path, &[("token", tokens.access_token())]).await.assert_refused("invalid_client");
        }
        let bearer = Request::form(&realm.url(path), &[("token", tokens.access_token())]).bearer(tokens.access_token());
        realm.http.send(bearer).await.assert_refused("invalid_client");
        let get = Request::get(&format!("{}?token={}", realm.url(path), tokens.access_token()));
        assert_eq!(realm.http.send(get).await.status, 405);
        let put = Request { method: Method::PUT, ..client.authenticated(path, &[("token", tokens.access_token())]) };
        assert_eq!(realm.http.send(put).await.status, 405);
    }
    assert!(client.is_active(tokens.access_token()).await);
}

/// IR-008.
#[tokio::test]
async fn rfc7009_2_1_tokens_of_others_cannot_be_revoked() {
    let realm = Realm::new().await;
    let (client, stranger) = (realm.versatile_client().await, realm.versatile_client().await);
    let public = json!({"token_endpoint_auth_method": "none", "grant_types": ["authorization_code"]});
    let public = realm.client(public).await;
    let auditor = json!({"grant_types": ["client_credentials"], "settings": {"may_introspect": true}});
    let auditor = realm.client(auditor).await;
    let request = client.request().with("scope", "openid offline_access");
    let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    let before = realm.rows().await;
    for caller in [&stranger, &public, &auditor] {
        for token in [tokens.access_token(), tokens.refresh_token()] {
            let answer = caller.revoke(token).await;
            // The same as for an unknown token: whose it is, is nobody's business.
            assert_eq!((answer.status, answer.body.as_str()), (200, ""));
        }
    }
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
    assert!(client.is_active(tokens.access_token()).await);
    client.refresh(tokens.refresh_token()).await.tokens();
}
