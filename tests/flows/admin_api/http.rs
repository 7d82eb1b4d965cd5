//! What the API does with requests that are no good as HTTP, whatever they ask for.

use serde_json::json;

use super::service::{PUBLIC, Service};

#[tokio::test]
async fn rfc6750_2_a_token_counts_only_in_one_authorization_header() {
    let service = Service::start().await;
    let token = service.token.clone();
    let in_query = service.get(format!("/realms?access_token={token}"));
    assert_eq!(in_query.token(None).send().await.problem(), (400, "malformed", ""));
    let both = service.get(format!("/realms?access_token={token}")).send().await;
    assert_eq!(both.problem(), (400, "malformed", ""));
    let twice = service.get("/realms").header("authorization", &format!("Bearer {token}")).send().await;
    assert_eq!(twice.problem(), (400, "malformed", ""));
    let basic = service.get("/realms").token(None).header("authorization", "Basic YTpi").send().await;
    assert_eq!(basic.problem(), (401, "unauthenticated", ""));
    let form = service.method("GET", "/realms").token(None).bytes(format!("access_token={token}"));
    let form = form.header("content-type", "application/x-www-form-urlencoded").send().await;
    assert_eq!(form.problem(), (401, "unauthenticated", ""));
    let lower_case =
        service.get("/realms").token(None).header("authorization", &format!("bearer {token}")).send().await;
    assert_eq!(lower_case.status, 200);
    service.stop().await;
}

#[tokio::test]
async fn ht_017_no_other_spelling_of_a_path_reaches_an_operation() {
    let service = Service::start().await;
    for path in [
        "",
        "/",
        "/nothing",
        "/Realms",
        "/realms/",
        "/realms//clients",
        "//realms",
        "/./realms",
        "/realms;x",
        "/%72ealms",
        "/realms%2Fadmin",
        "/realms/admin/",
        "/realms/admin/../admin",
        "/realms/ADMIN",
        "/realms/admin%00",
        "/realms/admin/users/x/password/y",
    ] {
        assert_eq!(service.get(path).send().await.problem().0, 404, "{path}");
        assert_eq!(service.get(path).token(None).send().await.problem().0, 401, "{path}");
    }
    assert_eq!(service.get("/realms/%ff").send().await.status, 400);
    service.stop().await;
}

#[tokio::test]
async fn rfc9110_15_5_6_another_method_is_405_and_says_which_would_do() {
    let service = Service::start().await;
    for (method, path, allowed) in [
        ("PUT", "/realms", "GET, POST"),
        ("OPTIONS", "/realms/admin", "GET, PATCH, DELETE"),
        ("TRACE", "/realms/admin", "GET, PATCH, DELETE"),
        ("GET", "/realms/admin/keys/rotate/../rotate", ""),
        ("DELETE", "/realms/admin/users/x/password", "PUT"),
    ] {
        let answer = service.method(method, path).send().await;
        if allowed.is_empty() {
            assert_eq!(answer.problem().0, 404, "{method} {path}");
        } else {
            assert_eq!(answer.problem(), (405, "method-not-allowed", ""), "{method} {path}");
            assert_eq!(answer.header("allow"), allowed, "{method} {path}");
        }
    }
    let overridden = service.post("/realms/admin", &json!({})).header("x-http-method-override", "DELETE").send().await;
    assert_eq!(overridden.status, 405);
    service.stop().await;
}

#[tokio::test]
async fn ht_009_bodies_that_do_not_read_change_nothing() {
    let service = Service::start().await;
    let good = json!({"name": "x", "display_name": "X"}).to_string();
    let twice = r#"{"name":"x","name":"y","display_name":"X"}"#;
    for (content_type, body, expected) in [
        ("", good.as_str(), 415),
        ("text/plain", &good, 415),
        ("application/x-www-form-urlencoded", "name=x", 415),
        ("application/merge-patch+json", &good, 415),
        ("application/json", "", 400),
        ("application/json", "{", 400),
        ("application/json", "[]", 400),
        ("application/json", twice, 400),
        ("application/json", "{\"name\":\"\\ud800\"}", 400),
    ] {
        let answer = service.method("POST", "/realms").header("content-type", content_type).bytes(body).send().await;
        assert_eq!(answer.problem().0, expected, "{content_type} {body}");
    }
    let long = format!("{{\"name\":\"{}\"}}", "x".repeat(signet_admin::MAXIMUM_BODY_BYTES));
    let answer = service.method("POST", "/realms").header("content-type", "application/json").bytes(long).send().await;
    assert_eq!(answer.problem(), (413, "too-large", ""));
    assert_eq!(service.get("/realms").send().await.body["items"].as_array().unwrap().len(), 1);
    service.stop().await;
}

#[tokio::test]
async fn ht_014_nobody_keeps_frames_or_sniffs_an_answer() {
    let service = Service::start().await;
    for answer in [
        service.get("/realms").send().await,
        service.get("/realms").token(None).send().await,
        service.get("/nothing").send().await,
        service.get("/openapi.json").send().await,
        service.method("HEAD", "/realms/admin").send().await,
    ] {
        assert_eq!(answer.header("cache-control"), "no-store", "{answer:?}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{answer:?}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{answer:?}");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{answer:?}");
        assert!(answer.header("access-control-allow-origin").is_empty(), "{answer:?}");
        assert!(answer.header("set-cookie").is_empty(), "{answer:?}");
    }
    service.stop().await;
}

#[tokio::test]
async fn the_description_is_open_to_everyone_and_nothing_else_is() {
    let service = Service::start().await;
    let answer = service.get("/openapi.json").token(None).send().await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    assert_eq!(answer.body["servers"][0]["url"], format!("{PUBLIC}/admin/api/v1"));
    assert_eq!(service.method("POST", "/openapi.json").token(None).send().await.status, 405);
    assert_eq!(service.get("/openapi.json/").token(None).send().await.status, 401);
    service.stop().await;
}

#[tokio::test]
async fn ad_009_lists_go_on_from_page_to_page_and_cursors_are_not_trusted() {
    let service = Service::start().await;
    let realm = service.realm("one").await;
    for name in ["c", "a", "e", "b", "d"] {
        let client = json!({"client_id": name, "redirect_uris": ["https://rp.test/cb"]});
        assert_eq!(service.post(format!("{realm}/clients"), &client).send().await.status, 201);
    }
    let (mut seen, mut cursor) = (String::new(), String::new());
    for _ in 0..3 {
        let page = service.get(format!("{realm}/clients?limit=2{cursor}")).send().await.body;
        for client in page["items"].as_array().unwrap() {
            seen.push_str(client["client_id"].as_str().unwrap());
        }
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
        // What the cursor names may go meanwhile.
        assert_eq!(service.delete(format!("{realm}/clients/{next}")).send().await.status, 204);
    }
    assert_eq!(seen, "abcde");
    for (path, field) in [
        ("/realms?limit=0", "limit"),
        ("/realms?limit=201", "limit"),
        ("/realms?limit=-1", "limit"),
        ("/realms?limit=x", "limit"),
        ("/realms?limit=1&limit=1", "limit"),
        ("/realms?cursor=A%20B", "cursor"),
        ("/realms/one/users?cursor=x", "cursor"),
        ("/realms/one/keys?cursor=%00", ""),
        ("/realms/one/resource-servers?cursor=1'--", "cursor"),
    ] {
        assert_eq!(service.get(path).send().await.problem(), (400, "malformed", field), "{path}");
    }
    service.stop().await;
}
