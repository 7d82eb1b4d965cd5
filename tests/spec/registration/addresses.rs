//! Addresses in client metadata: what they may be, and which of them the server asks.

use http::Response;
use serde_json::json;

use super::{assert_refused, open_realm, register, registered, text};
use crate::support::realm::REDIRECT_URI;
use crate::support::web::WebServer;

/// RG-002, RG-004; oidcc-3rd-party-init-login-nohttps.
#[tokio::test]
async fn rg_002_rg_004_every_address_with_a_bad_scheme_or_host_is_refused_by_name() {
    let realm = open_realm().await;
    let schemes = [
        "javascript:alert(1)",
        "JAVASCRIPT:x",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://a.test/x",
        "about:blank",
        "ftp://a.test/",
        "\u{1}https://a.test/",
        "http://a.test/",
    ];
    for bad in schemes {
        let answer = register(&realm, &json!({"redirect_uris": [bad]})).await;
        assert_refused(&answer, "invalid_redirect_uri", "redirect_uris");
    }
    // The tests' own server permits private addresses; these are refused by every server.
    let internal = ["https://169.254.169.254/latest/", "https://[::ffff:127.0.0.1]/", "https://0.0.0.0/"];
    let members = [
        "logo_uri",
        "client_uri",
        "policy_uri",
        "tos_uri",
        "jwks_uri",
        "sector_identifier_uri",
        "initiate_login_uri",
        "frontchannel_logout_uri",
        "backchannel_logout_uri",
        "backchannel_client_notification_endpoint",
        "tos_uri#de",
    ];
    for member in members {
        for bad in schemes.iter().chain(&internal) {
            let answer = register(&realm, &json!({"redirect_uris": [REDIRECT_URI], member: bad})).await;
            assert_refused(&answer, "invalid_client_metadata", member);
        }
    }
    // A browser goes there after a logout; the server never does.
    for bad in schemes {
        let body = json!({"redirect_uris": [REDIRECT_URI], "post_logout_redirect_uris": [bad]});
        assert_refused(&register(&realm, &body).await, "invalid_client_metadata", "post_logout_redirect_uris");
    }
    for bad in schemes.iter().chain(&internal) {
        let answer = register(&realm, &json!({"redirect_uris": [REDIRECT_URI], "request_uris": [bad]})).await;
        assert_refused(&answer, "invalid_client_metadata", "request_uris");
    }
}

/// oidcc-redirect-uri-regfrag.
#[tokio::test]
async fn az_010_a_redirect_uri_with_a_fragment_is_refused() {
    let realm = open_realm().await;
    for uri in ["https://client.test/cb#", "https://client.test/cb#x"] {
        let answer = register(&realm, &json!({"redirect_uris": [uri]})).await;
        assert_refused(&answer, "invalid_redirect_uri", "redirect_uris");
    }
}

#[tokio::test]
async fn rg_005_a_logo_is_never_fetched() {
    let web = WebServer::start(|_| Response::new(String::new())).await;
    let realm = open_realm().await;
    let body = json!({"redirect_uris": [REDIRECT_URI], "logo_uri": format!("{}/logo", web.url)});
    registered(&realm, &body).await;
    assert!(web.received().is_empty());
}

/// oidcc-registration-sector-uri, oidcc-registration-sector-bad.
#[tokio::test]
async fn rg_006_a_sector_identifier_document_lists_every_redirect_uri() {
    let web = WebServer::start(|request| {
        let body = match request.target.as_str() {
            "/good" => json!([REDIRECT_URI, "https://other.test/cb"]).to_string(),
            "/other" => json!(["https://other.test/cb"]).to_string(),
            "/object" => json!({"a": REDIRECT_URI}).to_string(),
            "/numbers" => json!([REDIRECT_URI, 1]).to_string(),
            "/long" => format!("[\"{}\"]", "x".repeat(300 * 1024)),
            "/moved" => {
                return Response::builder().status(302).header("location", "/good").body(String::new()).unwrap();
            }
            _ => return Response::builder().status(500).body(String::new()).unwrap(),
        };
        Response::new(body)
    })
    .await;
    let realm = open_realm().await;
    let body =
        |path: &str| json!({"redirect_uris": [REDIRECT_URI], "sector_identifier_uri": format!("{}{path}", web.url)});
    let client = registered(&realm, &body("/good")).await;
    assert_eq!(text(&client, "sector_identifier_uri"), format!("{}/good", web.url));
    for path in ["/other", "/object", "/numbers", "/long", "/moved", "/broken"] {
        let answer = register(&realm, &body(path)).await;
        assert_refused(&answer, "invalid_client_metadata", "sector_identifier_uri");
    }
}
