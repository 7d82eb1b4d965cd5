//! What holds for every answer and every address: headers, methods, spellings of paths, claims of strangers about
//! where a request came from (OWASP ASVS 5.0 chapters 3.4 and 4, RFC 9110).

use http::Method;
use serde_json::json;

use crate::support::http::{Answer, Request};
use crate::support::realm::Realm;

/// Checks the headers that every answer has.
fn assert_safe(answer: &Answer) {
    if !answer.body.is_empty() {
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{answer:?}");
    }
    assert!(answer.header("x-request-id").is_some(), "{answer:?}");
    for telling in ["server", "x-powered-by", "via"] {
        assert_eq!(answer.header(telling), None);
    }
    if answer.content_type().starts_with("text/html") {
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert!(answer.header("referrer-policy").is_some());
    }
}

#[tokio::test]
async fn asvs_3_4_every_answer_has_its_security_headers() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let mut browser = realm.browser();
    let login = browser.authorize(&client.request()).await;
    let consent = browser.log_in(&login, &realm.user).await;
    let style = login.body.split("href=\"").find(|rest| rest.contains("signet.css")).unwrap();
    let style = style.split('"').next().unwrap().replace("&#x2f;", "/");
    let base = &realm.server.public_url;
    let mut answers = vec![login, consent];
    for url in [
        realm.url("/.well-known/openid-configuration"),
        realm.url("/jwks"),
        realm.url("/userinfo"),
        realm.url("/token"),
        realm.url("/introspect"),
        realm.url("/account"),
        realm.url("/account/apps"),
        realm.url("/authorize"),
        realm.url("/unknown"),
        format!("{base}/"),
        format!("{base}/unknown"),
        format!("{base}{style}"),
        format!("{base}/assets/unknown"),
        format!("{base}/admin/api/v1/realms"),
        format!("{base}/admin/api/v1/unknown"),
    ] {
        for method in ["GET", "POST", "PUT"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            answers.push(browser.send(Request { method, ..Request::get(&url) }).await);
        }
    }
    for answer in &answers {
        assert_safe(answer);
        assert!(answer.status < 500, "{answer:?}");
    }
}

#[tokio::test]
async fn rfc9110_15_5_6_methods_that_are_not_served_are_405_with_those_that_are() {
    let realm = Realm::new().await;
    for (path, methods) in [
        ("/token", "OPTIONS, POST"),
        ("/introspect", "POST"),
        ("/revoke", "OPTIONS, POST"),
        ("/jwks", "GET, HEAD, OPTIONS"),
        ("/.well-known/openid-configuration", "GET, HEAD, OPTIONS"),
        ("/userinfo", "GET, HEAD, OPTIONS, POST"),
        ("/authorize", "GET, HEAD, POST"),
        ("/login", "POST"),
        ("/consent", "POST"),
        ("/account", "GET, HEAD"),
    ] {
        for method in ["PUT", "DELETE", "PATCH", "TRACE", "BREW"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let answer = realm.http.send(Request { method, ..Request::get(&realm.url(path)) }).await;
            assert_eq!(answer.status, 405, "{answer:?}");
            let mut allowed: Vec<&str> = answer.header("allow").expect("RFC 9110 section 15.5.6").split(", ").collect();
            allowed.sort_unstable();
            assert_eq!(allowed.join(", "), methods, "{path}");
        }
    }
}

#[tokio::test]
async fn asvs_4_1_a_header_never_changes_the_method() {
    let realm = Realm::new().await;
    for header in ["x-http-method-override", "x-http-method", "x-method-override"] {
        let request = Request::get(&realm.url("/token")).header(header, "POST");
        assert_eq!(realm.http.send(request).await.status, 405);
    }
    let request = Request::form(&realm.url("/token"), &[("_method", "GET")]);
    realm.http.send(request).await.assert_refused("invalid_client");
}

#[tokio::test]
async fn cve_2026_33494_other_spellings_of_a_path_are_other_paths() {
    let realm = Realm::new().await;
    let base = &realm.server.public_url;
    let name = &realm.name;
    for path in [
        format!("//realms/{name}/jwks"),
        format!("/realms//{name}/jwks"),
        format!("/realms/{name}//jwks"),
        format!("/realms/{name}/jwks/"),
        format!("/realms/{name}/jwks;x"),
        format!("/realms/{name}/jwks%2f"),
        format!("/realms/{name}/%6Awks%00"),
        format!("/realms/{name}%2fjwks"),
        format!("/REALMS/{name}/jwks"),
        format!("/realms/{name}/JWKS"),
        format!("/realms/{name}/x/..%2fjwks"),
        format!("/realms/{}/jwks", name.to_uppercase()),
        "/assets/..%2f..%2fetc%2fpasswd".to_owned(),
        "/assets/".to_owned(),
        "/.git/config".to_owned(),
        "/.env".to_owned(),
    ] {
        let answer = realm.http.get(&format!("{base}{path}")).await;
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
        assert!(!answer.body.contains(&path), "{answer:?}");
    }
}

#[tokio::test]
async fn cve_2023_49097_issuer_and_links_come_from_the_configuration_alone() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    let honest = realm.discovery().await;
    for (name, value) in [
        ("x-forwarded-host", "evil.test"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-port", "1"),
        ("x-forwarded-prefix", "/evil"),
        ("forwarded", "host=evil.test;proto=http"),
        ("x-original-url", "/evil"),
        ("x-rewrite-url", "/evil"),
        ("x-host", "evil.test"),
        ("origin", "https://evil.test"),
        ("referer", "https://evil.test/"),
    ] {
        let request = Request::get(&realm.url("/.well-known/openid-configuration")).header(name, value);
        assert_eq!(realm.http.send(request).await.success(), honest, "{name}");
        let request = client.request();
        let answer = realm.http.send(Request::get(&request.url()).header(name, value)).await;
        assert!(answer.page("login-page").form().action.starts_with("/realms/"), "{name}");
        assert!(!answer.body.contains("evil"), "{name}");
        let silent = request.with("prompt", "none");
        let answer = realm.http.send(Request::get(&silent.url()).header(name, value)).await;
        answer.assert_error_response(&silent, "login_required");
    }
    let misdirected = Request::get(&realm.url("/.well-known/openid-configuration")).header("host", "evil.test");
    let answer = realm.http.send(misdirected).await;
    assert_eq!(answer.status, 421, "{answer:?}");
    assert!(!answer.body.contains("evil"), "{answer:?}");
}

#[tokio::test]
async fn asvs_15_3_7_parameters_are_taken_as_they_stand() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    let request = client.request().with("prompt", "none");
    let query = |text: String| Request::get(&format!("{}?{text}", request.endpoint()));
    let good = crate::support::http::encode(&request.parameters);
    // A semicolon separates nothing, and brackets mean nothing.
    for (from, to) in
        [("&prompt", ";prompt"), ("prompt=", "prompt[]="), ("prompt=", "prompt[a]="), ("prompt=", "PROMPT=")]
    {
        let answer = realm.http.send(query(good.replacen(from, to, 1))).await;
        assert!(answer.status != 303 || answer.location().unwrap().contains("error=invalid_request"), "{answer:?}");
    }
    let answer = realm.http.send(query(good)).await;
    answer.assert_error_response(&request, "login_required");
    // A body is no query and a query no body.
    let body = Request::form(&request.endpoint(), &[]);
    let answer = realm.http.send(Request { url: request.url(), ..body }).await;
    let answer = realm.browser().follow(answer).await;
    answer.assert_error_page();
}

#[tokio::test]
async fn asvs_4_2_5_what_is_too_large_is_refused_and_the_server_lives() {
    let realm = Realm::new().await;
    let url = realm.url("/token");
    let huge = Request::post(&url, "application/x-www-form-urlencoded", "a".repeat(200_000));
    assert_eq!(realm.http.send(huge).await.status, 413);
    let address = format!("{}?a={}", realm.url("/authorize"), "a".repeat(9_000));
    assert_eq!(realm.http.get(&address).await.status, 414);
    let mut many = Request::get(&realm.url("/jwks"));
    for number in 0..110 {
        many = many.header(&format!("x-{number}"), "a");
    }
    assert_eq!(realm.http.send(many).await.status, 431);
    let wide = Request::get(&realm.url("/jwks")).header("x-wide", &"a".repeat(20_000));
    assert_eq!(realm.http.send(wide).await.status, 431);
    realm.get("/jwks").await.success();
}
