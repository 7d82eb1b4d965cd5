//! Claims that are gathered interactively (UMA Grant 3.3.2 and 3.3.3).

use serde_json::json;

use super::{CLAIMS_URI, World, client, refused, request, told};
use crate::support::http::encode;

#[tokio::test]
async fn uma_grant_3_3_2_a_person_logs_in_and_the_client_goes_on_with_a_new_ticket() {
    let world = World::gathering(json!({})).await;
    world.allow_bea().await;
    let discovery = world.realm.discovery().await;
    assert_eq!(discovery["claims_interaction_endpoint"], json!(world.realm.url("/uma/claims")));
    let first = world.ticket(&world.album, &["view"]).await;
    let answer = world.request(&first, &[]).await;
    let second = refused(&answer, "need_info").unwrap();
    assert_eq!(answer.json()["redirect_user"], discovery["claims_interaction_endpoint"]);

    let mut browser = world.realm.browser();
    let page = world.send(&mut browser, &second).await;
    let page = browser.log_in(&page, &world.bea).await;
    let shown = page.page("claims-page");
    assert!(page.body.contains("Photo prints") && page.body.contains("bea"), "{}", page.body);
    assert!(!page.body.contains("Album"), "UMA Grant 6.3: nothing of the owner's is told: {}", page.body);
    assert!(shown.form().field("persist").is_none());
    let answer = world.press(&mut browser, &page, "continue", &[]).await;
    world.realm.events_behind(&answer, &["claims_gathered"]).await;
    let told = told(&answer);
    assert_eq!(told["iss"], world.realm.issuer);
    let third = &told["ticket"];
    assert!(*third != first && *third != second);

    let rpt = world.request(third, &[]).await.tokens();
    let expected = json!([{"resource_id": world.album, "scopes": ["view"]}]);
    assert_eq!(world.permissions(rpt.access_token()).await, expected);
    assert_eq!(world.server.introspect(rpt.access_token()).await["sub"], json!(world.bea.id));
    assert_eq!(rpt.0.get("pct"), None);
    world.request(third, &[]).await.assert_refused("invalid_grant");

    // Whoever is signed in is asked all the same: nothing happens that the person is not aware of.
    let again = world.ticket(&world.album, &["view"]).await;
    let page = world.send(&mut browser, &again).await;
    page.page("claims-page");
}

#[tokio::test]
async fn um_002_a_ticket_that_somebody_else_began_with_is_of_no_use() {
    let world = World::gathering(json!({})).await;
    world.allow_bea().await;
    let planted = world.ticket(&world.album, &["view"]).await;
    let told = world.gather(&planted, &world.bea).await;
    // The attacker has the ticket that the link was made with, and waits for the victim to be done.
    world.request(&planted, &[]).await.assert_refused("invalid_grant");
    // The new one is the client's.
    let other = client(&world.realm, "openid", json!({"claims_redirect_uris": [CLAIMS_URI]})).await;
    request(&other, &told["ticket"], &[]).await.assert_refused("invalid_grant");
    world.request(&told["ticket"], &[]).await.tokens();
    // While the victim is at it, the old one is gone already.
    let planted = world.ticket(&world.album, &["view"]).await;
    let mut browser = world.realm.browser();
    let page = world.send(&mut browser, &planted).await;
    page.page("login-page");
    world.request(&planted, &[]).await.assert_refused("invalid_grant");
    // The same link again begins nothing.
    let again = super::told(&world.send(&mut world.realm.browser(), &planted).await);
    assert_eq!(again["error"], "invalid_request");
    assert!(!again.contains_key("ticket"));
}

#[tokio::test]
async fn um_002_a_requesting_party_is_sent_to_a_registered_claims_redirection_uri_or_nowhere() {
    let world = World::gathering(json!({})).await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    let ask = async |parameters: &[(&str, &str)]| {
        let url = format!("{}?{}", world.realm.url("/uma/claims"), encode(parameters));
        world.realm.browser().get(&url).await
    };
    let (id, own) = (("client_id", world.app.id.as_str()), ("ticket", ticket.as_str()));
    for wrong in [
        "https://evil.test/",
        "https://client.test/claims",
        "https://client.test/claims?of=uma&x=y",
        "https://client.test/callback",
    ] {
        ask(&[id, own, ("claims_redirect_uri", wrong)]).await.assert_error_page();
    }
    ask(&[own, ("claims_redirect_uri", CLAIMS_URI)]).await.assert_error_page();
    ask(&[("client_id", "nobody"), own]).await.assert_error_page();
    let twice = [id, own, ("claims_redirect_uri", CLAIMS_URI), ("claims_redirect_uri", "https://evil.test/")];
    ask(&twice).await.assert_error_page();
    // Without a registered URI there is none; redirect URIs do not stand in.
    let plain = client(&world.realm, "openid", json!({})).await;
    ask(&[("client_id", &plain.id), own]).await.assert_error_page();
    let without_grant = world.realm.client(json!({"claims_redirect_uris": [CLAIMS_URI]})).await;
    ask(&[("client_id", &without_grant.id), own]).await.assert_error_page();
    // None of this has used the ticket up. Where only one is registered, it may be left out.
    let answer = ask(&[id, own, ("state", "s")]).await;
    assert!(answer.location().unwrap().starts_with(&world.realm.url("/authorize?")), "{answer:?}");
    // What is wrong besides is told to the client.
    let missing = told(&ask(&[id, ("claims_redirect_uri", CLAIMS_URI), ("state", "s")]).await);
    assert_eq!(missing["error"], "invalid_request");
}

#[tokio::test]
async fn uma_grant_5_1_only_the_browser_that_was_asked_answers_and_once() {
    let world = World::gathering(json!({})).await;
    world.allow_bea().await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    let mut browser = world.realm.browser();
    let page = world.send(&mut browser, &ticket).await;
    let page = browser.log_in(&page, &world.bea).await;
    let form = page.page("claims-page").form().with("action", "continue");
    // From another site, from another browser, with another interaction.
    let forged = page.submission(&form).header("origin", "https://evil.test").header("sec-fetch-site", "cross-site");
    assert_eq!(browser.send(forged).await.status, 403);
    let mut stranger = world.realm.signed_in_browser().await;
    stranger.submit(&page, &form).await.assert_error_page();
    browser.submit(&page, &form.clone().with("interaction", "x")).await.assert_error_page();
    // The address alone says nothing.
    let address = form.action.split_once('?').unwrap().1;
    world.realm.browser().get(&world.realm.url(&format!("/authorize?{address}"))).await.assert_error_page();
    let first = told(&browser.submit(&page, &form).await);
    browser.submit(&page, &form).await.assert_error_page();
    world.request(&first["ticket"], &[]).await.tokens();
}

#[tokio::test]
async fn uma_grant_3_3_3_who_does_not_want_to_go_on_is_heard() {
    let world = World::gathering(json!({})).await;
    world.allow_bea().await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    let mut browser = world.realm.browser();
    let page = world.send(&mut browser, &ticket).await;
    let page = browser.log_in(&page, &world.bea).await;
    let told = told(&world.press(&mut browser, &page, "deny", &[]).await);
    assert_eq!(told["error"], "access_denied");
    assert!(!told.contains_key("ticket"));
    world.press(&mut browser, &page, "continue", &[]).await.assert_error_page();
    // Giving up at the login is an answer, too.
    let ticket = world.ticket(&world.album, &["view"]).await;
    let mut browser = world.realm.browser();
    let page = world.send(&mut browser, &ticket).await;
    let answer = browser.press(&page, "cancel").await;
    assert_eq!(super::told(&answer)["error"], "access_denied");
}

#[tokio::test]
async fn um_004_what_is_pushed_is_about_whoever_was_asked() {
    let world = World::gathering(json!({})).await;
    world.allow_bea().await;
    let owners = world.id_token(&world.realm.user).await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    let gathered = world.gather(&ticket, &world.bea).await;
    let answer = world.request_for(&owners, &gathered["ticket"], &[]).await;
    // What was found out before is not carried on.
    let next = refused(&answer, "need_info").unwrap();
    assert!(refused(&world.request(&next, &[]).await, "need_info").is_some());
    let ticket = world.ticket(&world.album, &["view"]).await;
    let gathered = world.gather(&ticket, &world.bea).await;
    let beas = world.id_token(&world.bea).await;
    world.request_for(&beas, &gathered["ticket"], &[]).await.tokens();
}

#[tokio::test]
async fn um_004_who_has_signed_out_since_asks_for_nothing() {
    let world = World::gathering(json!({})).await;
    world.allow_bea().await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    let mut browser = world.realm.browser();
    let page = world.send(&mut browser, &ticket).await;
    let page = browser.log_in(&page, &world.bea).await;
    let told = told(&world.press(&mut browser, &page, "continue", &[]).await);
    let page = browser.get(&world.realm.url("/account/sign-out")).await;
    browser.press(&page, "sign-out").await.page("signed-out-page");
    world.request(&told["ticket"], &[]).await.assert_refused("invalid_grant");
}

#[tokio::test]
async fn where_the_realm_has_no_uma_nobody_is_asked() {
    let world = World::gathering(json!({})).await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    let off = json!({"uma": false});
    world.realm.server.administration.update_realm(&world.realm.name, &off).await;
    let answer = world.send(&mut world.realm.browser(), &ticket).await;
    assert_eq!(answer.status, 404);
    assert_eq!(world.realm.discovery().await.get("claims_interaction_endpoint"), None);
}
