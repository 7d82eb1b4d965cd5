//! The protection API (UMA 2.0 Federated Authorization sections 3 and 4), metadata, and policies.

use http::Method;
use serde_json::{Value, json};

use super::{GRANT, World, client, tokens};
use crate::support::http::Request;
use crate::support::realm::Realm;

#[tokio::test]
async fn uma_federated_3_1_1_a_scope_description_is_a_document_for_everybody() {
    let print = json!({
        "scope": "print", "name": "Print", "description": "Print out photos", "icon_uri": "https://photoz.test/printer.png",
    });
    let world = World::of(json!({"uma_scopes": [print, {"scope": "photoz.view"}]}), json!({})).await;
    let get = async |path: &str| world.realm.http.send(Request::get(&world.realm.url(path))).await;
    let configuration = get("/.well-known/uma2-configuration").await.success();
    assert_eq!(configuration["scope_endpoint"], json!(world.realm.url("/uma/scopes")));
    assert_eq!(world.realm.discovery().await.get("scope_endpoint"), None, "no other document has it");
    let answer = get("/uma/scopes/print").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.content_type(), "application/json");
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let expected = json!({
        "name": "Print", "description": "Print out photos", "icon_uri": "https://photoz.test/printer.png",
    });
    assert_eq!(answer.json(), expected);
    assert_eq!(get("/uma/scopes/photoz.view").await.json(), json!({}));
    for unknown in ["crop", "PRINT", "print%20", "print/"] {
        assert_eq!(get(&format!("/uma/scopes/{unknown}")).await.status, 404, "{unknown}");
    }
    // Nothing is described: there is no such endpoint. No UMA: no description either.
    let change = json!({"uma_scopes": []});
    let administration = &world.realm.server.administration;
    let path = format!("/realms/{}", world.realm.name);
    administration.ask(Method::PATCH, &path, &change).await;
    assert_eq!(get("/.well-known/uma2-configuration").await.success().get("scope_endpoint"), None);
    administration.ask(Method::PATCH, &path, &json!({"uma_scopes": [{"scope": "print"}], "uma": false})).await;
    assert_eq!(get("/uma/scopes/print").await.status, 404);
    for wrong in [
        json!([{"scope": ""}]),
        json!([{"scope": ".."}]),
        json!([{"scope": "a b"}]),
        json!([{"scope": "a/b"}]),
        json!([{"scope": "print"}, {"scope": "print"}]),
        json!([{"scope": "print", "name": ""}]),
        json!([{"scope": "print", "description": "a\u{7}"}]),
        json!([{"scope": "print", "icon_uri": "javascript:alert(1)"}]),
        json!([{"scope": "print", "policies": []}]),
    ] {
        let answer = administration.try_ask(Method::PATCH, &path, &json!({ "uma_scopes": wrong })).await;
        assert!((400..500).contains(&answer.status), "{wrong}: {answer:?}");
    }
}

#[tokio::test]
async fn uma_federated_3_2_a_resource_is_registered_read_changed_listed_and_deleted() {
    let world = World::new().await;
    let description = json!({
        "resource_scopes": ["view", "http://photoz.example.com/dev/scopes/print"], "name": "Photo Album",
        "description": "Collection of digital photographs", "icon_uri": "http://www.example.com/icons/flower.png",
        "type": "http://www.example.com/rsrcs/photoalbum",
    });
    // The specification writes the address with a slash at its end.
    let created = world.ask(Method::POST, "/uma/resources/", &world.pat, Some(&description)).await;
    assert_eq!(created.status, 201, "{created:?}");
    let id = created.json()["_id"].as_str().unwrap().to_owned();
    let path = format!("/uma/resources/{id}");
    assert_eq!(created.location(), Some(world.realm.url(&path).as_str()));

    let mut expected = description.clone();
    expected["_id"] = json!(id);
    assert_eq!(world.ask(Method::GET, &path, &world.pat, None).await.success(), expected);
    let less = json!({"resource_scopes": ["public-read"]});
    let updated = world.ask(Method::PUT, &path, &world.pat, Some(&less)).await.success();
    assert_eq!(updated, json!({ "_id": id }));
    let read = world.ask(Method::GET, &path, &world.pat, None).await.success();
    assert_eq!(read, json!({"_id": id, "resource_scopes": ["public-read"]}), "replaced as a whole");
    let mut listed: Vec<Value> =
        world.ask(Method::GET, "/uma/resources", &world.pat, None).await.success().as_array().unwrap().clone();
    listed.retain(|known| *known != json!(world.album));
    assert_eq!(listed, [json!(id)]);

    assert_eq!(world.ask(Method::DELETE, &path, &world.pat, None).await.status, 204);
    for method in [Method::GET, Method::DELETE] {
        let gone = world.ask(method, &path, &world.pat, None).await;
        assert_eq!((gone.status, &gone.json()["error"]), (404, &json!("not_found")));
    }
    assert_eq!(world.ask(Method::PUT, &path, &world.pat, Some(&less)).await.status, 404);
    assert_eq!(world.ask(Method::PATCH, &path, &world.pat, Some(&less)).await.status, 405);
    for bad in [json!({}), json!([]), json!({"resource_scopes": "view"}), json!({"resource_scopes": [], "name": 7})] {
        let answer = world.ask(Method::POST, "/uma/resources", &world.pat, Some(&bad)).await;
        assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("invalid_request")), "{bad}");
    }
    let form = Request::form(&world.realm.url("/uma/resources"), &[("resource_scopes", "view")]);
    assert_eq!(world.realm.http.send(form.bearer(&world.pat)).await.status, 400);
}

#[tokio::test]
async fn uma_federated_1_3_the_protection_api_wants_a_token_with_its_scope() {
    let world = World::new().await;
    let description = json!({"resource_scopes": ["view"]});
    for (method, path) in [
        (Method::POST, "/uma/resources".to_owned()),
        (Method::GET, "/uma/resources".to_owned()),
        (Method::GET, format!("/uma/resources/{}", world.album)),
        (Method::PUT, format!("/uma/resources/{}", world.album)),
        (Method::DELETE, format!("/uma/resources/{}", world.album)),
        (Method::POST, "/uma/permissions".to_owned()),
        (Method::GET, format!("/uma/policies/{}", world.album)),
        (Method::PUT, format!("/uma/policies/{}", world.album)),
    ] {
        let other = if path.starts_with("/uma/policies") { &world.pat } else { &world.owner };
        let answer = world.ask(method.clone(), &path, other, Some(&description)).await;
        answer.assert_token_refused(403, "insufficient_scope");
        world.ask(method, &path, "nonsense", Some(&description)).await.assert_token_refused(401, "invalid_token");
    }
    // Nobody gets it who is not registered for it.
    let app = world.app.request().with("scope", "uma_protection");
    let answer = world.realm.browser().authorize(&app).await;
    answer.assert_error_response(&app, "invalid_scope");
}

#[tokio::test]
async fn uma_federated_4_3_only_what_is_registered_can_be_asked_for() {
    let world = World::new().await;
    let one = |id: &str, scopes: Value| json!({"resource_id": id, "resource_scopes": scopes});
    for (body, error) in [
        (one("AAAAAAAAAAAAAAAAAAAAAA", json!(["view"])), "invalid_resource_id"),
        (one("*", json!(["view"])), "invalid_resource_id"),
        (one(&world.album, json!(["delete"])), "invalid_scope"),
        (json!([one(&world.album, json!(["view"])), one("x", json!([]))]), "invalid_resource_id"),
        (one(&world.album, json!("view")), "invalid_request"),
        (json!([]), "invalid_request"),
        (json!({"resource_scopes": []}), "invalid_request"),
    ] {
        let answer = world.ask(Method::POST, "/uma/permissions", &world.pat, Some(&body)).await;
        assert_eq!((answer.status, &answer.json()["error"]), (400, &json!(error)), "{body}");
    }
    let second = world.register(&["view"]).await;
    let several = json!([one(&world.album, json!(["view", "print"])), one(&second, json!([]))]);
    let (first, again) = (world.ticket_for(&several).await, world.ticket_for(&several).await);
    assert_ne!(first, again);
    assert_eq!(first.len(), 43, "256 bits that nobody guesses");
}

#[tokio::test]
async fn uma_grant_2_the_metadata_lists_what_the_realm_has_on() {
    let world = World::new().await;
    let document = world.realm.get("/.well-known/uma2-configuration").await.success();
    assert_eq!(document["issuer"], world.realm.issuer);
    for (member, path) in [
        ("token_endpoint", "/token"),
        ("introspection_endpoint", "/introspect"),
        ("permission_endpoint", "/uma/permissions"),
        ("resource_registration_endpoint", "/uma/resources"),
    ] {
        assert_eq!(document[member], world.realm.url(path));
    }
    assert!(document["grant_types_supported"].as_array().unwrap().contains(&json!(GRANT)));
    assert!(document["protected_resources"].as_array().unwrap().contains(&json!(world.realm.url("/uma"))));
    assert_eq!(document, world.realm.discovery().await);
    let public = &world.realm.server.public_url;
    let path = world.realm.url("/uma").strip_prefix(public.as_str()).unwrap().to_owned();
    let about = world.realm.http.get(&format!("{public}/.well-known/oauth-protected-resource{path}")).await.success();
    assert_eq!(about["scopes_supported"], json!(["uma_protection", "uma_policy"]));
}

#[tokio::test]
async fn a_realm_without_uma_has_nothing_of_it() {
    let realm = Realm::new().await;
    assert!(!realm.discovery().await.to_string().contains("uma"));
    for path in ["/.well-known/uma2-configuration", "/uma/resources", "/uma/resources/x", "/uma/policies/x"] {
        assert_eq!(realm.get(path).await.status, 404, "{path}");
    }
    let app = client(&realm, "openid uma_protection", json!({})).await;
    let token = tokens(&realm, &app, &realm.user, "uma_protection").await;
    let request = Request::post(&realm.url("/uma/permissions"), "application/json", "{}");
    assert_eq!(realm.http.send(request.bearer(token.access_token())).await.status, 404);
    super::request(&app, "x", &[]).await.assert_refused("unsupported_grant_type");
}

#[tokio::test]
async fn an_owner_reads_and_replaces_policies() {
    let world = World::new().await;
    let path = format!("/uma/policies/{}", world.album);
    let read = async || world.ask(Method::GET, &path, &world.owner, None).await.success();
    assert_eq!(read().await, json!({"policies": []}));
    let policies = json!([
        {"scopes": ["view"], "owner": true},
        {"scopes": ["print"], "users": [world.bea.id], "clients": [world.app.id], "not_before": 5, "expires_at": 7},
    ]);
    world.allow(&world.album, policies.clone()).await;
    assert_eq!(read().await, json!({ "policies": policies }));
    for bad in [json!({}), json!({"policies": [{"scopes": ["view"]}]}), json!({"policies": [{"owner": true}]})] {
        let answer = world.ask(Method::PUT, &path, &world.owner, Some(&bad)).await;
        assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("invalid_request")), "{bad}");
    }
    // What the resource server says anew leaves what the owner allows.
    let described = json!({"resource_scopes": ["view"]});
    let resource = format!("/uma/resources/{}", world.album);
    world.ask(Method::PUT, &resource, &world.pat, Some(&described)).await.success();
    assert_eq!(read().await, json!({ "policies": policies }));
}

#[tokio::test]
async fn uma_federated_1_3_a_resource_server_may_own_resources_itself() {
    let world = World::new().await;
    let server = client(&world.realm, "uma_protection uma_policy", json!({})).await;
    let own = server.client_credentials("uma_protection uma_policy").await.tokens();
    let body = json!({"resource_scopes": ["view"]});
    let created = world.ask(Method::POST, "/uma/resources", own.access_token(), Some(&body)).await.json();
    let id = created["_id"].as_str().unwrap();
    // The token of its users is about what is theirs.
    let of_user = tokens(&world.realm, &server, &world.realm.user, "uma_protection uma_policy").await;
    let path = format!("/uma/resources/{id}");
    assert_eq!(world.ask(Method::GET, &path, of_user.access_token(), None).await.status, 404);
    let policies = json!({"policies": [{"scopes": ["view"], "clients": [world.app.id]}]});
    let path = format!("/uma/policies/{id}");
    assert_eq!(world.ask(Method::PUT, &path, of_user.access_token(), Some(&policies)).await.status, 404);
    assert_eq!(world.ask(Method::PUT, &path, own.access_token(), Some(&policies)).await.status, 204);
    let permission = json!({"resource_id": id, "resource_scopes": ["view"]});
    let asked = world.ask(Method::POST, "/uma/permissions", own.access_token(), Some(&permission)).await.json();
    // A policy of clients alone needs nobody to be known.
    let rpt = world.request(asked["ticket"].as_str().unwrap(), &[]).await.tokens();
    assert_eq!(server.introspect(rpt.access_token()).await["sub"], json!(world.app.id));
}
