//! Dynamic client registration (RFC 7591, RFC 7592, OpenID Connect Registration 1.0).

use http::{Method, Response};
use serde_json::{Value, json};

use crate::support::client::{Client, Credential};
use crate::support::http::{Answer, Request, at_once};
use crate::support::jwt::SigningKey;
use crate::support::realm::{REDIRECT_URI, Realm};
use crate::support::web::WebServer;

async fn open_realm() -> Realm {
    Realm::with(json!({"registration": {"mode": "open", "attempts_per_address": 10_000}})).await
}

async fn ask(realm: &Realm, (method, url): (Method, &str), token: Option<&str>, body: &Value) -> Answer {
    let mut request = Request::post(url, "application/json", body.to_string());
    request.method = method;
    if let Some(token) = token {
        request = request.bearer(token);
    }
    realm.http.send(request).await
}

async fn register(realm: &Realm, body: &Value) -> Answer {
    ask(realm, (Method::POST, &realm.url("/register")), None, body).await
}

/// The members of a client that was registered just now.
async fn registered(realm: &Realm, body: &Value) -> Value {
    let answer = register(realm, body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.json()
}

fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object[name].as_str().unwrap_or_else(|| panic!("no {name} in {object}"))
}

async fn managed(realm: &Realm, method: Method, client: &Value, body: &Value) -> Answer {
    let place = (method, text(client, "registration_client_uri"));
    ask(realm, place, Some(text(client, "registration_access_token")), body).await
}

/// A registered client as tests use it.
fn usable(realm: &Realm, client: &Value) -> Client {
    Client {
        issuer: realm.issuer.clone(),
        mtls_issuer: realm.issuer.replacen(&realm.server.public_url, &realm.server.mtls_url, 1),
        id: text(client, "client_id").to_owned(),
        credential: Credential::Basic(text(client, "client_secret").to_owned()),
        redirect_uri: REDIRECT_URI.to_owned(),
        http: realm.http.clone(),
    }
}

#[track_caller]
fn assert_refused(answer: &Answer, error: &str, member: &str) {
    assert_eq!(answer.status, 400, "{member}: {answer:?}");
    let body = answer.json();
    assert_eq!(body["error"], error, "{member}: {body}");
    assert!(text(&body, "error_description").starts_with(&format!("{member}: ")), "{member}: {body}");
}

#[tokio::test]
async fn rfc7591_3_registration_is_off_unless_a_realm_says_otherwise() {
    let realm = Realm::new().await;
    assert_eq!(register(&realm, &json!({"redirect_uris": [REDIRECT_URI]})).await.status, 404);
    assert!(realm.discovery().await["registration_endpoint"].is_null());
    let open = open_realm().await;
    assert_eq!(open.discovery().await["registration_endpoint"], open.url("/register"));
}

#[tokio::test]
async fn rfc7591_3_2_1_a_registered_client_is_told_everything_and_can_log_people_in() {
    let realm = open_realm().await;
    let body = json!({
        "redirect_uris": [REDIRECT_URI], "client_name": "Shop", "client_name#de": "Laden", "contacts": ["a@shop.test"],
        "policy_uri": "https://shop.test/policy", "tos_uri": "https://shop.test/tos",
        "logo_uri": "https://shop.test/logo.png", "client_uri": "https://shop.test/", "unknown": {"x": 1},
    });
    let client = registered(&realm, &body).await;
    for member in ["redirect_uris", "client_name", "client_name#de", "contacts", "policy_uri", "logo_uri"] {
        assert_eq!(client[member], body[member], "{member}");
    }
    assert!(client["unknown"].is_null() && client["localized"].is_null());
    assert_eq!(client["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(client["id_token_signed_response_alg"], "RS256");
    assert_eq!(client["client_secret_expires_at"], 0);
    // RG-018: at least 128 bits.
    assert!(text(&client, "client_secret").len() >= 43);
    let uri = format!("{}/{}", realm.url("/register"), text(&client, "client_id"));
    assert_eq!(text(&client, "registration_client_uri"), uri);
    let usable = usable(&realm, &client);
    let mut browser = realm.browser();
    let login = browser.authorize(&usable.request()).await;
    for shown in ["Shop", "https:&#x2f;&#x2f;shop.test&#x2f;policy", "https:&#x2f;&#x2f;shop.test&#x2f;tos", "logo.png"]
    {
        assert!(login.body.contains(shown), "{shown} in {}", login.body);
    }
    let consent = browser.log_in(&login, &realm.user).await;
    // RFC 9700 section 4.11.2: nobody vouched for the client, so people see where they go.
    assert!(consent.body.contains("client.test"), "{}", consent.body);
    usable.obtain(&mut realm.browser(), &usable.request(), &realm.user).await;
}

#[tokio::test]
async fn rg_001_an_initial_access_token_permits_as_many_registrations_as_it_says() {
    let realm = Realm::with(json!({"registration": {"mode": "initial_access_token"}})).await;
    let body = json!({"redirect_uris": [REDIRECT_URI]});
    let answer = register(&realm, &body).await;
    assert_eq!(answer.status, 401);
    let challenge = answer.header("www-authenticate").unwrap();
    assert!(challenge.starts_with("Bearer realm=") && !challenge.contains("error="), "{challenge}");
    let made = realm.server.administration.create_initial_access_token(&realm.name, &json!({"uses": 1})).await;
    let (url, token) = (realm.url("/register"), text(&made, "token").to_owned());
    // What is refused uses nothing up.
    let refused = ask(&realm, (Method::POST, &url), Some(&token), &json!({"redirect_uris": ["x"]})).await;
    assert_refused(&refused, "invalid_redirect_uri", "redirect_uris");
    let answers = at_once(16, async || ask(&realm, (Method::POST, &url), Some(&token), &body).await).await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(201), count(401)), (1, 15));
    let answer = ask(&realm, (Method::POST, &url), Some("wrong"), &body).await;
    assert_eq!(answer.status, 401);
    assert!(answer.header("www-authenticate").unwrap().contains("invalid_token"));
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
        "tos_uri#de",
    ];
    for member in members {
        for bad in schemes.iter().chain(&internal) {
            let answer = register(&realm, &json!({"redirect_uris": [REDIRECT_URI], member: bad})).await;
            assert_refused(&answer, "invalid_client_metadata", member);
        }
    }
    for bad in schemes.iter().chain(&internal) {
        let answer = register(&realm, &json!({"redirect_uris": [REDIRECT_URI], "request_uris": [bad]})).await;
        assert_refused(&answer, "invalid_client_metadata", "request_uris");
    }
}

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

#[tokio::test]
async fn rg_008_rg_010_scopes_and_grants_beyond_the_policy_are_not_registered() {
    let policy = json!({"mode": "open", "scope": "openid email", "redirect_hosts": ["client.test"],
        "token_endpoint_auth_methods": ["client_secret_post"], "access_token_seconds": 60});
    let realm = Realm::with(json!({"registration": policy})).await;
    let post = |more: Value| {
        let mut body = json!({"redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "client_secret_post"});
        body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        body
    };
    let client = registered(&realm, &post(json!({"scope": "openid signet.admin uma_protection"}))).await;
    assert_eq!(client["scope"], "openid");
    // What is left out gets what the policy permits, not what the realm does.
    assert_eq!(registered(&realm, &post(json!({}))).await["scope"], "openid email");
    let client = realm.server.administration.client(&realm.name, text(&client, "client_id")).await;
    assert_eq!(client["settings"]["access_token_seconds"], 60);
    assert_eq!(client["settings"]["dynamically_registered"], true);
    for (more, member) in [
        (json!({"scope": "signet.admin"}), "scope"),
        (json!({"grant_types": ["client_credentials"]}), "grant_types"),
        (json!({"token_endpoint_auth_method": "none"}), "token_endpoint_auth_method"),
        (json!({"token_endpoint_auth_method": null}), "token_endpoint_auth_method"),
        (json!({"id_token_signed_response_alg": "ES384"}), "id_token_signed_response_alg"),
        (json!({"id_token_signed_response_alg": "none"}), "id_token_signed_response_alg"),
    ] {
        assert_refused(&register(&realm, &post(more)).await, "invalid_client_metadata", member);
    }
    let answer = register(&realm, &post(json!({"redirect_uris": ["https://elsewhere.test/cb"]}))).await;
    assert_refused(&answer, "invalid_redirect_uri", "redirect_uris");
}

#[tokio::test]
async fn rg_009_members_that_are_the_servers_own_are_ignored() {
    let realm = open_realm().await;
    let body = json!({
        "redirect_uris": [REDIRECT_URI], "skip_consent": true, "settings": {"skip_consent": true}, "enabled": false,
        "client_id": "mine", "client_secret": "mine", "require_pkce": false, "localized": {"client_name#de": "x"},
        "registration_access_token": "mine", "epoch": 9,
    });
    let client = registered(&realm, &body).await;
    assert!(text(&client, "client_id") != "mine" && text(&client, "client_secret") != "mine");
    let stored = realm.server.administration.client(&realm.name, text(&client, "client_id")).await;
    assert_eq!(stored["enabled"], true);
    assert_eq!(stored["settings"], json!({"dynamically_registered": true}));
    assert!(stored["localized"].is_null());
}

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
async fn rg_013_only_statements_of_trusted_issuers_count_and_they_win() {
    let (trusted, stranger) = (SigningKey::generate("ES256"), SigningKey::generate("ES256"));
    let issuer = json!({"issuer": "https://trust.test", "jwks": trusted.public_set(), "single_use": true});
    let policy = json!({"mode": "open", "software_statement_required": true, "software_statement_issuers": [issuer]});
    let realm = Realm::with(json!({"registration": policy})).await;
    let claims = |more: Value| {
        let mut claims = json!({"iss": "https://trust.test", "exp": 4_000_000_000_u64, "jti": "one",
            "client_name": "Theirs", "redirect_uris": [REDIRECT_URI]});
        claims.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        claims
    };
    let body = |statement: &str| json!({"software_statement": statement, "client_name": "Mine", "redirect_uris": []});
    let answer = register(&realm, &json!({"redirect_uris": [REDIRECT_URI]})).await;
    assert_refused(&answer, "unapproved_software_statement", "software_statement");
    // {"alg":"none"} and {"iss":"https://trust.test"}
    let none = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL3RydXN0LnRlc3QifQ.".to_owned();
    for (statement, error) in [
        (none, "invalid_software_statement"),
        ("x".to_owned(), "invalid_software_statement"),
        (stranger.sign(&claims(json!({}))), "invalid_software_statement"),
        (trusted.sign(&claims(json!({"exp": 1}))), "invalid_software_statement"),
        (trusted.sign(&claims(json!({"jti": null}))), "invalid_software_statement"),
        (stranger.sign(&claims(json!({"iss": "https://stranger.test"}))), "unapproved_software_statement"),
    ] {
        assert_refused(&register(&realm, &body(&statement)).await, error, "software_statement");
    }
    let good = trusted.sign(&claims(json!({})));
    let client = registered(&realm, &body(&good)).await;
    assert_eq!(client["client_name"], "Theirs");
    assert_eq!(client["redirect_uris"], json!([REDIRECT_URI]));
    assert_eq!(client["software_statement"], good);
    let again = register(&realm, &body(&good)).await;
    assert_refused(&again, "invalid_software_statement", "software_statement");
}

#[tokio::test]
async fn rg_016_hostile_documents_are_refused() {
    let realm = open_realm().await;
    let url = realm.url("/register");
    let many: serde_json::Map<String, Value> = (0..10_000).map(|n| (format!("m{n}"), json!(n))).collect();
    let mut large = json!(many);
    large["redirect_uris"] = json!([REDIRECT_URI]);
    assert!(registered(&realm, &large).await["m1"].is_null(), "10,000 unknown members are 10,000 ignored ones");
    for (body, member) in [
        (json!({"redirect_uris": [REDIRECT_URI], "client_name": "x".repeat(100 * 1024)}), "client_name"),
        (json!({"redirect_uris": [REDIRECT_URI], "contacts": vec!["a"; 10_000]}), "contacts"),
        (json!({"redirect_uris": vec![REDIRECT_URI; 101]}), "redirect_uris"),
        (json!({"redirect_uris": [REDIRECT_URI, null]}), "redirect_uris"),
        (json!({"redirect_uris": [REDIRECT_URI], "contacts": {"0": "a"}}), "contacts"),
    ] {
        let error = if member == "redirect_uris" { "invalid_redirect_uri" } else { "invalid_client_metadata" };
        assert_refused(&register(&realm, &body).await, error, member);
    }
    let deep = format!("{}1{}", "{\"a\":".repeat(5_000), "}".repeat(5_000));
    let long = json!({"redirect_uris": [REDIRECT_URI], "contacts": vec!["a"; 100_000]}).to_string();
    for body in ["", "[]", "null", "{\"client_name\":\"a\",\"client_name\":\"b\"}", "{\"a\":1e999}", &deep, &long] {
        let answer = realm.http.send(Request::post(&url, "application/json", body)).await;
        assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("invalid_client_metadata")));
    }
    let answer = realm.http.send(Request::post(&url, "text/plain", "{}")).await;
    assert_eq!(answer.status, 400);
    let longer = "x".repeat(512 * 1024 + 1);
    assert_eq!(realm.http.send(Request::post(&url, "application/json", longer)).await.status, 413);
}

#[tokio::test]
async fn rg_020_too_many_registrations_from_one_address_are_429_and_a_full_realm_is_403() {
    let policy = json!({"mode": "open", "attempts_per_address": 3, "maximum_clients": 2});
    let realm = Realm::with(json!({"registration": policy})).await;
    let body = json!({"redirect_uris": [REDIRECT_URI]});
    registered(&realm, &body).await;
    registered(&realm, &body).await;
    let full = register(&realm, &body).await;
    assert_eq!((full.status, &full.json()["error"]), (403, &json!("access_denied")));
    let fast = register(&realm, &body).await;
    assert_eq!(fast.status, 429);
    assert_eq!(fast.header("retry-after"), Some("3600"));
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

#[tokio::test]
async fn rfc7591_3_2_1_secrets_that_end_are_replaced_by_a_change_and_the_old_one_stays_for_a_while() {
    let settings = json!({"client_secret_overlap_seconds": 600,
        "registration": {"mode": "open", "client_secret_seconds": 7200}});
    let realm = Realm::with(settings).await;
    let client = registered(&realm, &json!({"redirect_uris": [REDIRECT_URI]})).await;
    let (issued, expires) = (client["client_id_issued_at"].as_i64(), client["client_secret_expires_at"].as_i64());
    assert_eq!(expires.zip(issued).map(|(expires, issued)| expires - issued), Some(7200));
    let id = text(&client, "client_id");
    let rotated = realm.server.administration.rotate_client_secret(&realm.name, id).await;
    for secret in [text(&client, "client_secret"), text(&rotated, "client_secret")] {
        let request = Request::form(&realm.url("/introspect"), &[("token", "x")]).basic(id, secret);
        assert_eq!(realm.http.send(request).await.status, 200);
    }
    let wrong = Request::form(&realm.url("/introspect"), &[("token", "x")]).basic(id, "wrong");
    assert_eq!(realm.http.send(wrong).await.status, 401);
}

#[tokio::test]
async fn oidc_core_4_people_start_a_login_at_an_application_they_allowed() {
    let realm = open_realm().await;
    let body = json!({"redirect_uris": [REDIRECT_URI], "client_name": "Shop",
        "initiate_login_uri": "https://client.test/start?x=1"});
    let registered = registered(&realm, &body).await;
    let client = usable(&realm, &registered);
    let mut browser = realm.browser();
    client.obtain(&mut browser, &client.request().with("scope", "openid email"), &realm.user).await;
    let page = browser.get(&realm.url("/account/apps")).await;
    page.page("apps-page");
    let shown = page.body.replace("&#x2f;", "/").replace("&amp;", "&");
    let issuer = realm.issuer.replace(':', "%3A").replace('/', "%2F");
    assert!(shown.contains(&format!("https://client.test/start?x=1&iss={issuer}\"")), "{shown}");
}
