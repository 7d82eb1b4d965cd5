//! The client configuration endpoint (RFC 7592): what a client does with its own registration.

use http::Method;
use serde_json::{Value, json};

use super::{assert_refused, managed, open_realm, registered, text, usable};
use crate::support::http::Request;
use crate::support::realm::REDIRECT_URI;

/// oidcc-3rd-party-init-login, UnregisterDynamicallyRegisteredClient.
#[tokio::test]
async fn rfc7592_2_a_client_reads_changes_and_deletes_itself() {
    let realm = open_realm().await;
    let body = json!({"redirect_uris": [REDIRECT_URI], "initiate_login_uri": "https://client.test/start"});
    let client = registered(&realm, &body).await;
    let read = managed(&realm, Method::GET, &client, &Value::Null).await;
    assert_eq!((read.status, read.header("cache-control")), (200, Some("no-store")));
    let read = read.json();
    assert_eq!(read["initiate_login_uri"], "https://client.test/start");
    assert!(read["client_secret"].is_null(), "RG-018");
    assert_eq!(read["registration_access_token"], client["registration_access_token"]);

    let change = json!({"client_id": client["client_id"], "client_secret": client["client_secret"],
        "redirect_uris": ["https://client.test/other"], "client_name": "Other"});
    let changed = managed(&realm, Method::PUT, &client, &change).await.success();
    assert!(changed["initiate_login_uri"].is_null(), "what is left out is gone");
    assert_eq!(changed["client_name"], "Other");
    assert_ne!(changed["registration_access_token"], client["registration_access_token"]);
    // RG-012: the old token is worth nothing.
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        assert_eq!(managed(&realm, method, &client, &change).await.status, 401);
    }
    let deleted = managed(&realm, Method::DELETE, &changed, &Value::Null).await;
    assert_eq!((deleted.status, deleted.body.as_str()), (204, ""));
    assert_eq!(managed(&realm, Method::GET, &changed, &Value::Null).await.status, 401);
}

#[tokio::test]
async fn rfc7592_2_2_a_change_names_the_client_and_chooses_no_secret() {
    let realm = open_realm().await;
    let client = registered(&realm, &json!({"redirect_uris": [REDIRECT_URI]})).await;
    let id = &client["client_id"];
    for (body, member) in [
        (json!({}), "client_id"),
        (json!({"client_id": "other"}), "client_id"),
        (json!({"client_id": id, "client_secret": "chosen by the client"}), "client_secret"),
        (json!({"client_id": id, "client_secret_expires_at": 0}), "client_secret_expires_at"),
        (json!({"client_id": id, "client_id_issued_at": 0}), "client_id_issued_at"),
        (json!({"client_id": id, "registration_client_uri": "x"}), "registration_client_uri"),
        (json!({"client_id": id, "registration_access_token": "x"}), "registration_access_token"),
    ] {
        let mut whole = json!({"redirect_uris": [REDIRECT_URI]});
        whole.as_object_mut().unwrap().extend(body.as_object().cloned().unwrap());
        assert_refused(&managed(&realm, Method::PUT, &client, &whole).await, "invalid_client_metadata", member);
    }
}

#[tokio::test]
async fn rg_012_a_token_is_good_for_its_own_client_and_enables_nobody() {
    let realm = open_realm().await;
    let body = json!({"redirect_uris": [REDIRECT_URI]});
    let (first, second) = (registered(&realm, &body).await, registered(&realm, &body).await);
    let crossed = json!({"registration_client_uri": second["registration_client_uri"],
        "registration_access_token": first["registration_access_token"]});
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        assert_eq!(managed(&realm, method, &crossed, &body).await.status, 401);
    }
    let id = text(&first, "client_id");
    realm.server.administration.update_client(&realm.name, id, &json!({"enabled": false})).await;
    let change = json!({"client_id": id, "redirect_uris": [REDIRECT_URI]});
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let answer = managed(&realm, method, &first, &change).await;
        assert_eq!((answer.status, &answer.json()["error"]), (403, &json!("access_denied")));
    }
    assert_eq!(realm.server.administration.client(&realm.name, id).await["enabled"], false);
}

#[tokio::test]
async fn rg_014_an_authorization_header_without_a_token_is_401() {
    let realm = open_realm().await;
    let client = registered(&realm, &json!({"redirect_uris": [REDIRECT_URI]})).await;
    for header in ["Bearer", "Bearer ", "Bearer \t", "Bearer a b", "Bearer \"x\""] {
        for url in [realm.url("/register"), text(&client, "registration_client_uri").to_owned()] {
            let mut request = Request::post(&url, "application/json", "{}").header("authorization", header);
            if !url.ends_with("/register") {
                request.method = Method::GET;
            }
            assert_eq!(realm.http.send(request).await.status, 401, "{header:?} {url}");
        }
    }
}

#[tokio::test]
async fn rg_017_what_a_deleted_client_was_issued_is_dead() {
    let realm = open_realm().await;
    let registered = registered(
        &realm,
        &json!({"redirect_uris": [REDIRECT_URI], "grant_types": ["authorization_code",
        "refresh_token"], "scope": "openid offline_access"}),
    )
    .await;
    let client = usable(&realm, &registered);
    let request = client.request().with("scope", "openid offline_access");
    let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    assert!(client.is_active(tokens.access_token()).await);
    assert_eq!(managed(&realm, Method::DELETE, &registered, &Value::Null).await.status, 204);
    client.userinfo(tokens.access_token()).await.assert_token_refused(401, "invalid_token");
    client.refresh(tokens.refresh_token()).await.assert_refused("invalid_client");
}
