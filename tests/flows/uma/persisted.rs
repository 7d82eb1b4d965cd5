//! Claims that persist (UMA Grant 3.3.5): the persisted claims token.

use http::Method;
use serde_json::json;

use super::{CLAIMS_URI, World, client, refused, request, told};
use crate::support::realm::User;

/// A world in which claims persist.
async fn world() -> World {
    let world = World::gathering(json!({"uma_claims_seconds": 3_600})).await;
    world.allow_bea().await;
    world
}

/// An RPT of a person who lets claims persist; the persisted claims token.
async fn persisted(world: &World, user: &User) -> String {
    let ticket = world.ticket(&world.album, &["view"]).await;
    let mut browser = world.realm.browser();
    let page = world.send(&mut browser, &ticket).await;
    let page = browser.log_in(&page, user).await;
    let told = told(&world.press(&mut browser, &page, "continue", &[("persist", "yes")]).await);
    let answer = world.request(&told["ticket"], &[]).await;
    answer.tokens().0["pct"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn uma_grant_3_3_5_claims_persist_where_the_requesting_party_lets_them() {
    let world = world().await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    let told = world.gather(&ticket, &world.bea).await;
    let answer = world.request(&told["ticket"], &[]).await.tokens();
    assert_eq!(answer.0.get("pct"), None, "nobody agreed to it");
    // Neither do claims persist that somebody pushed.
    let ticket = world.ticket(&world.album, &["view"]).await;
    let pushed = world.request_for(&world.id_token(&world.bea).await, &ticket, &[]).await.tokens();
    assert_eq!(pushed.0.get("pct"), None);

    let first = persisted(&world, &world.bea).await;
    assert!(first.len() >= 43 && !first.contains('.'));
    let ticket = world.ticket(&world.album, &["view"]).await;
    let answer = world.request(&ticket, &[("pct", &first)]).await.tokens();
    let second = answer.0["pct"].as_str().unwrap();
    assert_ne!(second, first, "it rotates");
    assert_eq!(world.server.introspect(answer.access_token()).await["sub"], json!(world.bea.id));
    // A claim token that is pushed counts first.
    let ticket = world.ticket(&world.album, &["view"]).await;
    let owners = world.id_token(&world.realm.user).await;
    assert_eq!(refused(&world.request_for(&owners, &ticket, &[("pct", second)]).await, "request_denied"), None);
    // It is nothing else, anywhere.
    assert_eq!(world.server.introspect(second).await, json!({"active": false}));
    assert_eq!(world.app.introspect(second).await, json!({"active": false}));
    // Refused is not used.
    let denied = world.ticket(&world.album, &["crop"]).await;
    assert_eq!(refused(&world.request(&denied, &[("pct", second)]).await, "request_denied"), None);
    let ticket = world.ticket(&world.album, &["view"]).await;
    world.request(&ticket, &[("pct", second)]).await.tokens();
}

#[tokio::test]
async fn uma_grant_5_2_persisted_claims_are_the_clients_alone_and_a_copy_ends_them() {
    let world = world().await;
    let first = persisted(&world, &world.bea).await;
    let other = client(&world.realm, "openid", json!({"claims_redirect_uris": [CLAIMS_URI]})).await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    assert!(refused(&request(&other, &ticket, &[("pct", &first)]).await, "need_info").is_some());
    let ticket = world.ticket(&world.album, &["view"]).await;
    assert!(refused(&world.request(&ticket, &[("pct", "nonsense")]).await, "need_info").is_some());

    let ticket = world.ticket(&world.album, &["view"]).await;
    let second = world.request(&ticket, &[("pct", &first)]).await.tokens().0["pct"].as_str().unwrap().to_owned();
    // The one before comes again: somebody has a copy, and nobody knows who.
    let ticket = world.ticket(&world.album, &["view"]).await;
    assert!(refused(&world.request(&ticket, &[("pct", &first)]).await, "need_info").is_some());
    let ticket = world.ticket(&world.album, &["view"]).await;
    assert!(refused(&world.request(&ticket, &[("pct", &second)]).await, "need_info").is_some());
}

#[tokio::test]
async fn persisted_claims_end_with_revocation_with_access_and_with_the_password() {
    let world = world().await;
    let is_good = async |pct: &str| {
        let ticket = world.ticket(&world.album, &["view"]).await;
        let answer = world.request(&ticket, &[("pct", pct)]).await;
        if answer.status == 200 { answer.tokens().0["pct"].as_str().map(str::to_owned) } else { None }
    };
    // UMA Grant 3.7: another client revokes nothing of it.
    let revoked = persisted(&world, &world.bea).await;
    let other = client(&world.realm, "openid", json!({})).await;
    assert_eq!(other.revoke(&revoked).await.status, 200);
    let next = is_good(&revoked).await.unwrap();
    assert_eq!(world.app.revoke(&next).await.status, 200);
    assert_eq!(is_good(&next).await, None);

    // The person takes it from the application.
    let kept = persisted(&world, &world.bea).await;
    let mut browser = world.realm.browser();
    let ticket = world.ticket(&world.album, &["view"]).await;
    let page = world.send(&mut browser, &ticket).await;
    browser.log_in(&page, &world.bea).await;
    let page = browser.get(&world.realm.url("/account/apps")).await;
    let form = page.page("apps-page").form().with("client", &world.app.id);
    browser.submit(&page, &form).await.page("apps-page");
    assert_eq!(is_good(&kept).await, None);

    // The password is set anew.
    let kept = persisted(&world, &world.bea).await;
    let administration = &world.realm.server.administration;
    administration.set_password(&world.realm.name, &world.bea.id, &world.bea.password).await;
    assert_eq!(is_good(&kept).await, None);

    // Everything is revoked that the client was issued, or that was issued for the person.
    for of in [format!("clients/{}", world.app.id), format!("users/{}", world.bea.id)] {
        let kept = persisted(&world, &world.bea).await;
        let kept = is_good(&kept).await.unwrap();
        let path = format!("/realms/{}/{of}/revocation", world.realm.name);
        administration.ask(Method::POST, &path, &json!(null)).await;
        assert_eq!(is_good(&kept).await, None, "{of}");
    }

    // The realm does not want it any more.
    let kept = persisted(&world, &world.bea).await;
    let none = json!({"uma_claims_seconds": 0});
    world.realm.server.administration.update_realm(&world.realm.name, &none).await;
    assert_eq!(is_good(&kept).await, None);
}
