//! `on_uma_policy`.

use serde_json::json;

use super::{FAILS, assert_silent_about_scripts, bind};
use crate::flows::uma::claim_tokens::Partner;
use crate::flows::uma::{World, refused, told};

#[tokio::test]
async fn on_uma_policy_can_narrow_and_refuse() {
    let world = World::new().await;
    let allowed = json!([{"scopes": ["view", "print", "crop"], "users": [world.bea.id]}]);
    world.allow(&world.album, allowed).await;
    let body = "if permissions[0].scopes.contains(\"crop\") { deny(\"request_denied\", \"no crops of \" + \
                permissions[0].name) } else if ctx.is_owner || ctx.owner == () { deny(\"request_denied\", \"no\") } \
                else { narrow(#{ drop_scopes: [\"print\"], access_token_seconds: 60 }) }";
    bind(&world.realm, "on_uma_policy", body).await;
    let id_token = world.id_token(&world.bea).await;
    let ticket = world.ticket(&world.album, &["view", "print"]).await;
    let rpt = world.request_for(&id_token, &ticket, &[]).await.tokens();
    assert_eq!(rpt.0["expires_in"], 60);
    let expected = json!([{"resource_id": world.album, "scopes": ["view"]}]);
    assert_eq!(world.permissions(rpt.access_token()).await, expected);

    // Nothing is left.
    let ticket = world.ticket(&world.album, &["print"]).await;
    assert_eq!(refused(&world.request_for(&id_token, &ticket, &[]).await, "request_denied"), None);
    let ticket = world.ticket(&world.album, &["crop"]).await;
    let answer = world.request_for(&id_token, &ticket, &[]).await;
    assert_eq!(refused(&answer, "request_denied"), None);
    assert_eq!(answer.json()["error_description"], "no crops of Album");
    world.request_for(&id_token, &ticket, &[]).await.assert_refused("invalid_grant");
}

#[tokio::test]
async fn on_uma_policy_hears_what_another_issuer_says_as_what_it_says() {
    let world = World::gathering(json!({"uma_claims_seconds": 600})).await;
    world.allow_bea().await;
    let partner = Partner::of(&world).await;
    let body = "if ctx.asserted == () { return deny(\"request_denied\", \"nobody says so\"); } \
                let said = ctx.asserted.claims; \
                if ctx.asserted.issuer == \"https://partner.test\" && said.department == \"press\" && said.sub == \"bea\" \
                && !(\"aud\" in said) && !(\"nonce\" in said) { return allow(); } \
                deny(\"request_denied\", \"not for them\")";
    bind(&world.realm, "on_uma_policy", body).await;
    let press = partner.with(&world, json!({"department": "press"}));
    let sales = partner.with(&world, json!({"department": "sales"}));
    let own = world.id_token(&world.bea).await;
    let why = async |token: &str| {
        let ticket = world.ticket(&world.album, &["view"]).await;
        let answer = world.request_for(token, &ticket, &[]).await;
        answer.json()["error_description"].as_str().unwrap_or("nothing").to_owned()
    };
    assert_eq!(why(&press).await, "nothing");
    assert_eq!(why(&sales).await, "not for them");
    assert_eq!(why(&own).await, "nobody says so");

    // Beside somebody who was asked in the browser, too; what persists of that is not what the issuer said.
    let mut browser = world.realm.browser();
    let page = world.send(&mut browser, &world.ticket(&world.album, &["view"]).await).await;
    let page = browser.log_in(&page, &world.bea).await;
    let told = told(&world.press(&mut browser, &page, "continue", &[("persist", "yes")]).await);
    let tokens = world.request_for(&press, &told["ticket"], &[]).await.tokens();
    let pct = tokens.0["pct"].as_str().unwrap();
    let ticket = world.ticket(&world.album, &["view"]).await;
    let answer = world.request(&ticket, &[("pct", pct)]).await;
    assert_eq!(refused(&answer, "request_denied"), None);
    assert_eq!(answer.json()["error_description"], "nobody says so");
}

#[tokio::test]
async fn on_uma_policy_allows_nothing_that_no_policy_allows() {
    let world = World::new().await;
    bind(&world.realm, "on_uma_policy", "allow()").await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    let answer = world.request_for(&world.id_token(&world.bea).await, &ticket, &[]).await;
    assert_eq!(refused(&answer, "request_denied"), None);
}

#[tokio::test]
async fn sc_009_on_uma_policy_fails_closed() {
    let world = World::new().await;
    world.allow_bea().await;
    bind(&world.realm, "on_uma_policy", FAILS).await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    let answer = world.request_for(&world.id_token(&world.bea).await, &ticket, &[]).await;
    let body = answer.json();
    assert_eq!(body["error"], "server_error", "{answer:?}");
    assert_silent_about_scripts(body["error_description"].as_str().unwrap());
}

const QUESTION: &str = "if gathering.answers.len() > 0 { return allow(); } ask(#{ notice: #{ en: \"Bea, tell us.\" }, \
                        questions: [#{ name: \"why\", label: #{ en: \"Why?\" }, kind: \"text\", required: true }, \
                        #{ name: \"nice\", label: #{ en: \"Nice?\" }, kind: \"confirmation\" }] })";

#[tokio::test]
async fn on_uma_claims_gathering_asks_and_on_uma_policy_hears_the_answers() {
    let world = World::gathering(json!({})).await;
    world.allow_bea().await;
    bind(&world.realm, "on_uma_claims_gathering", QUESTION).await;
    let body = "if ctx.answers.len() == 0 { return gather(); } \
                if ctx.answers.why == \"fun\" && ctx.answers.nice == false { return allow(); } \
                deny(\"request_denied\", \"not for that\")";
    bind(&world.realm, "on_uma_policy", body).await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    let answer = world.request_for(&world.id_token(&world.bea).await, &ticket, &[]).await;
    let ticket = refused(&answer, "need_info").unwrap();
    assert_eq!(answer.json()["redirect_user"], json!(world.realm.url("/uma/claims")));
    assert_eq!(answer.json().get("required_claims"), None, "it is known who it is");

    let mut browser = world.realm.browser();
    let page = world.send(&mut browser, &ticket).await;
    let page = browser.log_in(&page, &world.bea).await;
    for shown in ["Bea, tell us.", "Why?", "Nice?"] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    // What must be answered is.
    let again = world.press(&mut browser, &page, "continue", &[("answer-why", " "), ("answer-nice", "")]).await;
    assert!(again.page("claims-page").text_of("claims-problem").is_some());
    let fields = [("answer-why", "fun"), ("answer-nice", ""), ("answer-more", "nothing that was asked")];
    let told = told(&world.press(&mut browser, &again, "continue", &fields).await);
    world.request(&told["ticket"], &[]).await.tokens();

    // Where the client cannot have anybody asked, there is no way on.
    let world = World::new().await;
    world.allow_bea().await;
    bind(&world.realm, "on_uma_policy", "gather()").await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    let answer = world.request_for(&world.id_token(&world.bea).await, &ticket, &[]).await;
    assert_eq!(refused(&answer, "request_denied"), None);
}

#[tokio::test]
async fn on_uma_claims_gathering_can_refuse_and_does_not_ask_for_ever() {
    for (body, error) in [
        ("deny(\"access_denied\", \"not today\")", "access_denied"),
        ("ask(#{ questions: [#{ name: \"more\", label: #{ en: \"More?\" }, kind: \"text\" }] })", "server_error"),
    ] {
        let world = World::gathering(json!({})).await;
        bind(&world.realm, "on_uma_claims_gathering", body).await;
        let ticket = world.ticket(&world.album, &["view"]).await;
        let mut browser = world.realm.browser();
        let page = world.send(&mut browser, &ticket).await;
        let mut page = browser.log_in(&page, &world.bea).await;
        let mut pages = 0;
        while page.is_page("claims-page") {
            pages += 1;
            page = world.press(&mut browser, &page, "continue", &[]).await;
        }
        assert_eq!(told(&page)["error"], error);
        assert!(pages <= 5, "{pages}");
    }
}

#[tokio::test]
async fn sc_009_on_uma_claims_gathering_fails_closed() {
    let world = World::gathering(json!({})).await;
    bind(&world.realm, "on_uma_claims_gathering", FAILS).await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    let mut browser = world.realm.browser();
    let page = world.send(&mut browser, &ticket).await;
    let told = told(&browser.log_in(&page, &world.bea).await);
    assert_eq!(told["error"], "server_error");
    assert_silent_about_scripts(&told["error_description"]);
}

#[tokio::test]
async fn what_is_asked_on_five_large_pages_fits_and_too_much_that_is_answered_is_refused() {
    let words = "w".repeat(400);
    let body = format!(
        "if gathering.page > 3 {{ return allow(); }} let words = \"{words}\"; let questions = []; \
         for number in 0..10 {{ questions.push(#{{ name: \"page_\" + gathering.page + \"_\" + number, \
         label: #{{ en: words, de: words, fr: words }}, kind: \"text\" }}); }} \
         ask(#{{ notice: #{{ en: words }}, questions: questions }})"
    );
    for (answer, error) in [("x", None), (&*"x".repeat(200), Some("invalid_request"))] {
        let world = World::gathering(json!({})).await;
        bind(&world.realm, "on_uma_claims_gathering", &body).await;
        let ticket = world.ticket(&world.album, &["view"]).await;
        let mut browser = world.realm.browser();
        let page = world.send(&mut browser, &ticket).await;
        let mut page = browser.log_in(&page, &world.bea).await;
        let mut number = 0;
        while page.is_page("claims-page") {
            let names: Vec<String> = (0..10).map(|question| format!("answer-page_{number}_{question}")).collect();
            let fields: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), answer)).collect();
            page = world.press(&mut browser, &page, "continue", &fields).await;
            number += 1;
        }
        assert_eq!(told(&page).get("error").map(String::as_str), error);
    }
}

#[tokio::test]
async fn on_uma_policy_hears_what_the_resource_server_says_of_the_attempt() {
    let world = World::gathering(json!({})).await;
    world.allow_bea().await;
    let body =
        "if permissions[0].params.method == \"GET\" { allow() } else { deny(\"request_denied\", \"read only\") }";
    bind(&world.realm, "on_uma_policy", body).await;
    let ticket_for = async |method: &str| {
        let params = json!({"method": method, "url": "https://photoz.test/1"});
        world.ticket_for(&json!({"resource_id": world.album, "resource_scopes": ["view"], "params": params})).await
    };
    // It goes along with the ticket that follows.
    let told = world.gather(&ticket_for("GET").await, &world.bea).await;
    let rpt = world.request(&told["ticket"], &[]).await.tokens();
    let expected = json!([{"resource_id": world.album, "scopes": ["view"]}]);
    assert_eq!(world.permissions(rpt.access_token()).await, expected);
    let told = world.gather(&ticket_for("PUT").await, &world.bea).await;
    assert_eq!(refused(&world.request(&told["ticket"], &[]).await, "request_denied"), None);
}
