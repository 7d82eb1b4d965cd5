//! Resource servers.

use serde_json::json;

use super::service::Service;

#[tokio::test]
async fn a_resource_server_is_made_shown_changed_and_deleted() {
    let service = Service::start().await;
    let servers = format!("{}/resource-servers", service.realm("one").await);
    let scopes = json!([{"name": "read", "description": "Read your things."}]);
    let body = json!({
        "identifier": "https://api.test/v1", "display_name": "API", "scopes": scopes, "token_format": "opaque",
        "algorithm": "ES512", "access_token_seconds": 60, "required_acr_values": ["urn:signet:acr:password"],
        "max_authentication_age_seconds": 900,
    });
    let made = service.post(servers.clone(), &body).send().await;
    assert_eq!(made.status, 201, "{made:?}");
    for (member, value) in body.as_object().unwrap() {
        assert_eq!(made.body[member], *value, "{member}");
    }
    let path = format!("{servers}/{}", made.body["id"].as_str().unwrap());
    assert!(made.header("location").ends_with(&path), "{made:?}");
    let change = json!({"token_format": null, "algorithm": null, "scopes": [], "display_name": "Things",
        "required_acr_values": null, "max_authentication_age_seconds": null});
    let changed = service.patch(path.clone(), &change).send().await.body;
    assert_eq!((&changed["token_format"], &changed["scopes"]), (&json!("jwt"), &json!([])));
    assert_eq!((changed.get("algorithm"), &changed["access_token_seconds"]), (None, &json!(60)));
    assert_eq!(service.get(path.clone()).send().await.body, changed);
    assert_eq!(service.get(servers).send().await.body, json!({"items": [changed], "next": null}));
    assert_eq!(service.delete(path.clone()).send().await.status, 204);
    assert_eq!(service.delete(path).send().await.status, 404);
    service.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_resource_server_is_named_and_nothing_is_made() {
    let service = Service::start().await;
    let servers = format!("{}/resource-servers", service.realm("one").await);
    let with = |name: &str, value: serde_json::Value| {
        let mut body = json!({"identifier": "https://api.test", "display_name": "API"});
        body[name] = value;
        body
    };
    for (body, field) in [
        (json!({"display_name": "API"}), "identifier"),
        (with("identifier", json!("api")), "identifier"),
        (with("identifier", json!("https://api.test/#x")), "identifier"),
        (with("display_name", json!(" ")), "display_name"),
        (with("scopes", json!(["read"])), "scopes[0]"),
        (with("scopes", json!([{"name": "read"}])), "scopes[0].description"),
        (with("scopes", json!([{"name": "a b", "description": "x"}])), "scopes"),
        (with("token_format", json!("saml")), "token_format"),
        (with("algorithm", json!("HS256")), "algorithm"),
        (with("access_token_seconds", json!(29)), "access_token_seconds"),
        (with("required_acr_values", json!(["urn:unknown"])), "required_acr_values"),
        (with("required_acr_values", json!("urn:signet:acr:password")), "required_acr_values"),
        (with("max_authentication_age_seconds", json!(29)), "max_authentication_age_seconds"),
        (with("id", json!("AAAAAAAAAAAAAAAAAAAAAA")), "id"),
    ] {
        assert_eq!(service.post(servers.clone(), &body).send().await.problem(), (422, "invalid", field), "{body}");
    }
    let body = with("token_format", json!("jwt"));
    assert_eq!(service.post(servers.clone(), &body).send().await.status, 201);
    assert_eq!(service.post(servers, &body).send().await.problem(), (409, "duplicate", ""));
    service.stop().await;
}
