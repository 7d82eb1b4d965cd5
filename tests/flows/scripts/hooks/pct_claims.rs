//! What resource servers learn of requesting parties at introspection (`pct_claims`): what they may learn and people were
//! told, and nothing else.

use serde_json::{Value, json};

use super::bind;
use crate::flows::uma::claim_tokens::Partner;
use crate::flows::uma::{CLAIMS_URI, GRANT, World, told};
use crate::support::browser::Browser;
use crate::support::http::{Answer, Request};
use crate::support::realm::merged;

/// Asks for two answers on one page.
const QUESTIONS: &str = "if gathering.answers.len() > 0 { return allow(); } ask(#{ questions: [ \
                         #{ name: \"why\", label: #{ en: \"Why?\" }, kind: \"text\", required: true }, \
                         #{ name: \"nice\", label: #{ en: \"Nice?\" }, kind: \"confirmation\" }] })";

/// A world in which the friend is asked for two answers, of which the resource server may learn one.
async fn world(settings: Value, app: Value) -> World {
    let metadata = json!({"claims_redirect_uris": [CLAIMS_URI], "client_name": "Photo prints"});
    let world = World::of(settings, merged(metadata, app)).await;
    world.allow_bea().await;
    permit(&world, json!(["why", "unasked"])).await;
    bind(&world.realm, "on_uma_claims_gathering", QUESTIONS).await;
    world
}

/// What the resource server may learn from now on.
async fn permit(world: &World, names: Value) {
    world.realm.update_client(&world.server, json!({"settings": {"skip_consent": true, "pct_claims": names}})).await;
}

/// The page on which the friend is asked.
async fn asked(world: &World, browser: &mut Browser) -> Answer {
    let ticket = world.ticket(&world.album, &["view"]).await;
    let page = world.send(browser, &ticket).await;
    browser.log_in(&page, &world.bea).await
}

/// Has the friend answer; the ticket to go on with.
async fn answered(world: &World, why: &str, persist: &str) -> String {
    let mut browser = world.realm.browser();
    let page = asked(world, &mut browser).await;
    let fields = [("answer-why", why), ("answer-nice", "yes"), ("persist", persist)];
    told(&world.press(&mut browser, &page, "continue", &fields).await)["ticket"].clone()
}

/// What the resource server learns of the claims.
async fn learnt(world: &World, rpt: &str) -> Option<Value> {
    let answer = world.server.introspect(rpt).await;
    assert_eq!(answer["active"], true, "{answer}");
    answer.get("pct_claims").cloned()
}

#[tokio::test]
async fn the_resource_server_learns_what_it_may_and_people_are_told_so() {
    let world = world(json!({}), json!({})).await;
    let mut browser = world.realm.browser();
    let page = asked(&world, &mut browser).await;
    let said = page.page("claims-page").text_of("learnt-why").unwrap();
    assert!(said.contains(&world.server.id) && page.body.contains("learns this answer"), "{}", page.body);
    assert_eq!(page.page("claims-page").text_of("learnt-nice"), None);
    assert_eq!(page.page("claims-page").text_of("claims-asserted"), None, "nobody else is believed");
    for (language, words) in [("de", "erfährt diese Antwort"), ("fr", "Cette réponse est communiquée")] {
        browser.accept_language = Some(language);
        let ticket = world.ticket(&world.album, &["view"]).await;
        let page = world.send(&mut browser.clone(), &ticket).await;
        assert!(page.body.contains(words), "{language}: {}", page.body);
    }
    let fields = [("answer-why", "treatment-4711"), ("answer-nice", "yes")];
    let ticket = told(&world.press(&mut browser, &page, "continue", &fields).await)["ticket"].clone();
    let tokens = world.request(&ticket, &[]).await.tokens();
    let rpt = tokens.access_token();
    assert_eq!(learnt(&world, rpt).await, Some(json!({"why": "treatment-4711"})));

    // The same with the protection API token, and as a JWT (RFC 9701).
    let url = world.realm.url("/introspect");
    let request = Request::form(&url, &[("token", rpt)]).bearer(&world.pat);
    assert_eq!(world.realm.http.send(request).await.success()["pct_claims"], json!({"why": "treatment-4711"}));
    let form = world.server.authenticated("/introspect", &[("token", rpt)]);
    let signed = world.realm.http.send(form.header("accept", "application/token-introspection+jwt")).await;
    let signed = world.realm.verify(&signed.body).await;
    assert_eq!(signed.claims["token_introspection"]["pct_claims"], json!({"why": "treatment-4711"}));

    // Nobody else learns it: not the client, not who may introspect everything, not who reads the token.
    let settings = json!({"may_introspect": true, "pct_claims": ["why"]});
    let auditor = world.realm.client(json!({"grant_types": ["client_credentials"], "settings": settings})).await;
    for other in [&world.app, &auditor] {
        let answer = other.introspect(rpt).await;
        assert_eq!((&answer["active"], answer.get("pct_claims")), (&json!(true), None), "{answer}");
    }
    let verified = world.realm.verify(rpt).await;
    assert_eq!(verified.claims.get("pct_claims"), None);
    assert!(!verified.claims.to_string().contains("treatment-4711"));

    // What it may learn no more is gone at once; the rest ends with the token.
    permit(&world, json!(["unasked"])).await;
    assert_eq!(learnt(&world, rpt).await, None);
    permit(&world, json!(["why"])).await;
    assert!(learnt(&world, rpt).await.is_some());
    assert_eq!(world.app.revoke(rpt).await.status, 200);
    assert_eq!(world.server.introspect(rpt).await, json!({"active": false}));
}

#[tokio::test]
async fn uma_grant_6_2_what_people_were_not_told_is_not_learnt() {
    let world = world(json!({"uma_claims_seconds": 600}), json!({})).await;
    // The page says nothing of an answer that the resource server may learn only afterwards.
    let ticket = answered(&world, "fun", "yes").await;
    permit(&world, json!(["why", "nice"])).await;
    let tokens = world.request(&ticket, &[]).await.tokens();
    assert_eq!(learnt(&world, tokens.access_token()).await, Some(json!({"why": "fun"})));

    // What persists is told to the same resource server again.
    let pct = tokens.0["pct"].as_str().unwrap();
    let ticket = world.ticket(&world.album, &["view"]).await;
    let tokens = world.request(&ticket, &[("pct", pct)]).await.tokens();
    assert_eq!(learnt(&world, tokens.access_token()).await, Some(json!({"why": "fun"})));
    assert!(!world.server.introspect(tokens.access_token()).await.to_string().contains("pct\""));

    // To another one it is not: nobody said so.
    let pct = tokens.0["pct"].as_str().unwrap();
    let (other, ticket) = world.another_server(json!(["why"])).await;
    let tokens = world.request(&ticket, &[("pct", pct)]).await.tokens();
    let answer = other.introspect(tokens.access_token()).await;
    assert_eq!((&answer["active"], answer.get("pct_claims")), (&json!(true), None), "{answer}");
}

#[tokio::test]
async fn what_another_issuer_says_is_learnt_before_what_people_say() {
    let world = world(json!({}), json!({})).await;
    permit(&world, json!(["why", "department"])).await;
    let partner = Partner::of(&world).await;
    let rpt = async |id_token: &str, ticket: &str| {
        let tokens = world.request_for(id_token, ticket, &[]).await.tokens();
        learnt(&world, tokens.access_token()).await
    };
    let fresh = async || world.ticket(&world.album, &["view"]).await;
    let press = partner.with(&world, json!({"department": "press", "why": "theirs", "secret": "s"}));
    let expected = Some(json!({"department": "press", "why": "theirs"}));
    assert_eq!(rpt(&press, &fresh().await).await, expected);
    assert_eq!(rpt(&press, &answered(&world, "mine", "").await).await, expected);
    // Of an ID token of this realm nothing counts but the user.
    assert_eq!(rpt(&world.id_token(&world.bea).await, &fresh().await).await, None);
    // What is too long is not told, and not in part either.
    let long = partner.with(&world, json!({"department": "x".repeat(1_100), "why": "short"}));
    assert_eq!(rpt(&long, &fresh().await).await, None);
    // Whoever is asked is told that, too.
    let page = asked(&world, &mut world.realm.browser()).await;
    assert!(page.page("claims-page").text_of("claims-asserted").is_some());
    for words in ["another organization", "why, department"] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
}

#[tokio::test]
async fn uma_grant_3_6_what_is_learnt_goes_along_when_an_rpt_is_refreshed() {
    let grants = json!(["authorization_code", "refresh_token", GRANT]);
    let settings = json!({"access_token_format": "opaque", "skip_consent": true});
    let world = world(json!({}), json!({"grant_types": grants, "settings": settings})).await;
    let ticket = answered(&world, "treatment-4711", "").await;
    let first = world.request(&ticket, &[]).await.tokens();
    let second = world.app.refresh(first.refresh_token()).await.tokens();
    for tokens in [&first, &second] {
        assert_eq!(learnt(&world, tokens.access_token()).await, Some(json!({"why": "treatment-4711"})));
    }
    let rows = world.realm.rows().await;
    assert_eq!(rows.count("refresh_families"), 1);
    assert!(!rows.of_table("refresh_families").contains("treatment-4711"), "it is encrypted");
    permit(&world, json!([])).await;
    let third = world.app.refresh(second.refresh_token()).await.tokens();
    permit(&world, json!(["why"])).await;
    assert_eq!(learnt(&world, third.access_token()).await, None);
}

#[tokio::test]
async fn only_resource_servers_that_are_known_learn_something() {
    let world = world(json!({}), json!({})).await;
    let administration = &world.realm.server.administration;
    let path = format!("/realms/{}/clients", world.realm.name);
    let many: Vec<String> = (0..21).map(|number| number.to_string()).collect();
    for wrong in [
        json!({"settings": {"pct_claims": many}}),
        json!({"settings": {"pct_claims": [""]}}),
        json!({"settings": {"pct_claims": ["a\nb"]}}),
        json!({"settings": {"pct_claims": ["x".repeat(101)]}}),
        json!({"settings": {"pct_claims": ["why", "why"]}}),
        json!({"settings": {"pct_claims": ["why"], "dynamically_registered": true}}),
        json!({"settings": {"pct_claims": ["why"]}, "token_endpoint_auth_method": "none"}),
    ] {
        let body = merged(json!({"redirect_uris": ["https://rp.test/cb"]}), wrong.clone());
        let answer = administration.try_ask(http::Method::POST, &path, &body).await;
        assert_eq!(answer.status, 422, "{wrong} {answer:?}");
        assert!(answer.body.contains("settings.pct_claims"), "{answer:?}");
    }
}
