//! Requests that wait for the owner (UMA Grant 3.3.6), and the page on which owners answer and share.

use http::Method;
use serde_json::{Value, json};

use super::{World, refused};
use crate::support::browser::Browser;
use crate::support::http::{Answer, at_once};
use crate::support::realm::User;

/// A world in which others may ask the owner of the album, and polls are answered at once.
pub(super) async fn world() -> World {
    let world = World::of(json!({"uma_poll_interval_seconds": 0}), json!({"client_name": "Photo prints"})).await;
    world.allow(&world.album, json!([{"scopes": ["view", "print"], "ask": true}])).await;
    world
}

/// A browser in which a person is signed in.
pub(super) async fn signed_in(world: &World, user: &User) -> Browser {
    let client = world.realm.client(json!({"settings": {"skip_consent": true}})).await;
    let mut browser = world.realm.browser();
    browser.complete(&client.request(), user).await;
    browser
}

/// The owner's page.
pub(super) async fn page(world: &World, browser: &mut Browser) -> Answer {
    let page = browser.get(&world.realm.url("/account/sharing")).await;
    page.page("sharing-page");
    page
}

/// Sends the first form of the page that can do this, with more fields.
pub(super) async fn press(browser: &mut Browser, page: &Answer, has: &str, fields: &[(&str, &str)]) -> Answer {
    let forms = page.page("sharing-page").forms();
    let form = forms.into_iter().find(|form| form.field(has).is_some()).unwrap_or_else(|| panic!("{}", page.body));
    let form = fields.iter().fold(form, |form, (name, value)| form.with(name, value));
    let answer = browser.submit(page, &form).await;
    answer.page("sharing-page");
    answer
}

/// A request that the owner is asked about; the ticket to go on with.
pub(super) async fn submitted(world: &World, scopes: &[&str]) -> String {
    let ticket = world.ticket(&world.album, scopes).await;
    let answer = world.request_for(&world.id_token(&world.bea).await, &ticket, &[]).await;
    refused(&answer, "request_submitted").unwrap()
}

async fn policies(world: &World) -> Value {
    let path = format!("/uma/policies/{}", world.album);
    world.ask(Method::GET, &path, &world.owner, None).await.success()["policies"].clone()
}

#[tokio::test]
async fn uma_grant_3_3_6_the_owner_allows_it_and_the_client_goes_on() {
    let world = world().await;
    let first = submitted(&world, &["view"]).await;
    let answer = world.request(&first, &[]).await;
    let second = refused(&answer, "request_submitted").unwrap();
    assert_eq!(answer.json()["interval"], 0);
    assert_ne!(second, first, "it rotates");
    world.request(&first, &[]).await.assert_refused("invalid_grant");

    let mut owner = signed_in(&world, &world.realm.user).await;
    let shown = page(&world, &mut owner).await;
    for text in ["bea", "Photo prints", "Album"] {
        assert!(shown.body.contains(text), "{text}: {}", shown.body);
    }
    assert_eq!(shown.page("sharing-page").forms().iter().filter(|form| form.field("request").is_some()).count(), 1);
    let shown = press(&mut owner, &shown, "request", &[("action", "allow")]).await;
    assert!(shown.page("sharing-page").text_of("sharing-outcome").unwrap().contains("allowed"));
    assert!(shown.page("sharing-page").forms().iter().all(|form| form.field("request").is_none()));

    let rpt = world.request(&second, &[]).await.tokens();
    let expected = json!([{"resource_id": world.album, "scopes": ["view"]}]);
    assert_eq!(world.permissions(rpt.access_token()).await, expected);
    assert_eq!(world.server.introspect(rpt.access_token()).await["sub"], json!(world.bea.id));
    // The next time nobody is asked; with another client somebody is.
    let ticket = world.ticket(&world.album, &["view"]).await;
    world.request_for(&world.id_token(&world.bea).await, &ticket, &[]).await.tokens();
    let allowed = policies(&world).await;
    assert_eq!(allowed[1], json!({"scopes": ["view"], "users": [world.bea.id], "clients": [world.app.id]}));
    // What was allowed is taken back like anything else.
    let shown = page(&world, &mut owner).await;
    let forms = shown.page("sharing-page").forms();
    let form = forms.into_iter().rfind(|form| form.field("policy").is_some()).unwrap();
    owner.submit(&shown, &form.with("action", "take-back")).await.page("sharing-page");
    assert!(!world.server.is_active(rpt.access_token()).await);
}

#[tokio::test]
async fn uma_grant_3_3_6_the_owner_refuses_and_the_client_learns_it() {
    let world = world().await;
    let ticket = submitted(&world, &["print"]).await;
    // The same again is the same request.
    submitted(&world, &["print"]).await;
    let mut owner = signed_in(&world, &world.realm.user).await;
    let shown = page(&world, &mut owner).await;
    assert_eq!(shown.body.matches("name=\"request\"").count(), 1, "{}", shown.body);
    press(&mut owner, &shown, "request", &[("action", "deny")]).await;
    assert_eq!(refused(&world.request(&ticket, &[]).await, "request_denied"), None);
    world.request(&ticket, &[]).await.assert_refused("invalid_grant");
    assert_eq!(policies(&world).await.as_array().unwrap().len(), 1);
    // The owner is not asked again for the same.
    let ticket = world.ticket(&world.album, &["print"]).await;
    let answer = world.request_for(&world.id_token(&world.bea).await, &ticket, &[]).await;
    assert_eq!(refused(&answer, "request_denied"), None);
    // Answered is answered.
    let again = press(&mut owner, &shown, "request", &[("action", "allow")]).await;
    assert!(again.page("sharing-page").text_of("sharing-outcome").unwrap().contains("Nothing was changed"));
    assert_eq!(policies(&world).await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn um_010_nobody_is_asked_unless_the_owner_wants_to_be() {
    let world = world().await;
    let id_token = world.id_token(&world.bea).await;
    for policies in [
        json!([]),
        json!([{"scopes": ["view"], "ask": true, "users": [world.realm.user.id]}]),
        json!([{"scopes": ["print"], "ask": true}]),
    ] {
        world.allow(&world.album, policies).await;
        let ticket = world.ticket(&world.album, &["view"]).await;
        assert_eq!(refused(&world.request_for(&id_token, &ticket, &[]).await, "request_denied"), None);
    }
    world.allow(&world.album, json!([{"scopes": ["view"], "ask": true}])).await;
    // Who is not known is not put before anybody.
    let ticket = world.ticket(&world.album, &["view"]).await;
    assert!(refused(&world.request(&ticket, &[]).await, "need_info").is_some());
}

#[tokio::test]
async fn a_poll_that_comes_too_early_learns_nothing_and_costs_time() {
    let world = World::of(json!({"uma_poll_interval_seconds": 600}), json!({})).await;
    world.allow(&world.album, json!([{"scopes": ["view"], "ask": true}])).await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    let answer = world.request_for(&world.id_token(&world.bea).await, &ticket, &[]).await;
    assert_eq!(answer.json()["interval"], 600);
    let next = refused(&answer, "request_submitted").unwrap();
    let mut owner = signed_in(&world, &world.realm.user).await;
    let shown = page(&world, &mut owner).await;
    press(&mut owner, &shown, "request", &[("action", "allow")]).await;
    let early = world.request(&next, &[]).await;
    assert!(refused(&early, "request_submitted").is_some());
    assert_eq!(early.json()["interval"], 605);
}

#[tokio::test]
async fn um_008_owners_answer_and_share_what_is_theirs_and_nothing_else() {
    let world = world().await;
    submitted(&world, &["view"]).await;
    let before = policies(&world).await;
    let mut owner = signed_in(&world, &world.realm.user).await;
    let owners = page(&world, &mut owner).await;
    let mut bea = signed_in(&world, &world.bea).await;
    let shown = page(&world, &mut bea).await;
    assert!(!shown.body.contains("Album"), "{}", shown.body);
    // With the fields of the owner's forms, and her own token.
    let csrf = owners.page("sharing-page").form().field("csrf").unwrap().to_owned();
    let own = bea.get(&world.realm.url("/account/sign-out")).await;
    let own = own.page("sign-out-page").form().field("csrf").unwrap().to_owned();
    for form in owners.page("sharing-page").forms() {
        for action in ["allow", "deny", "share", "take-back", "ask", "do-not-ask"] {
            let form = form.clone().with("action", action).with("username", "bea").with("scope", "view");
            let answer = bea.submit(&owners, &form.clone().with("csrf", &own)).await;
            assert!(answer.page("sharing-page").text_of("sharing-outcome").unwrap().contains("Nothing was changed"));
            assert_eq!(bea.submit(&owners, &form.with("csrf", &csrf)).await.status, 403);
        }
    }
    // Another site sends nothing for the owner.
    let form = owners.page("sharing-page").form().with("action", "allow");
    let forged = owners.submission(&form).header("origin", "https://evil.test").header("sec-fetch-site", "cross-site");
    assert_eq!(owner.send(forged).await.status, 403);
    assert_eq!(policies(&world).await, before);
    world.realm.browser().get(&world.realm.url("/account/sharing")).await.page("signed-out-page");
}

#[tokio::test]
async fn owners_share_by_username_and_say_who_may_ask() {
    let world = World::new().await;
    let mut owner = signed_in(&world, &world.realm.user).await;
    let shown = page(&world, &mut owner).await;
    let outcome = |answer: &Answer| answer.page("sharing-page").text_of("sharing-outcome").unwrap();
    for (username, expected) in [("nobody", "nobody else"), ("ana", "nobody else"), ("", "nobody else")] {
        let fields = [("action", "share"), ("username", username), ("scope", "view")];
        assert!(outcome(&press(&mut owner, &shown, "username", &fields).await).contains(expected), "{username}");
    }
    let nothing = [("action", "share"), ("username", "bea"), ("scope", "delete")];
    assert!(outcome(&press(&mut owner, &shown, "username", &nothing).await).contains("Nothing was changed"));
    assert_eq!(policies(&world).await, json!([]));

    let fields = [("action", "share"), ("username", " BEA "), ("scope", "view")];
    assert!(outcome(&press(&mut owner, &shown, "username", &fields).await).contains("share it now"));
    assert_eq!(policies(&world).await, json!([{"scopes": ["view"], "users": [world.bea.id]}]));
    let ticket = world.ticket(&world.album, &["view"]).await;
    let id_token = world.id_token(&world.bea).await;
    world.request_for(&id_token, &ticket, &[]).await.tokens();

    let ticket = world.ticket(&world.album, &["print"]).await;
    assert_eq!(refused(&world.request_for(&id_token, &ticket, &[]).await, "request_denied"), None);
    press(&mut owner, &shown, "username", &[("action", "ask")]).await;
    let ticket = world.ticket(&world.album, &["print"]).await;
    assert!(refused(&world.request_for(&id_token, &ticket, &[]).await, "request_submitted").is_some());
    press(&mut owner, &shown, "username", &[("action", "do-not-ask")]).await;
    let ticket = world.ticket(&world.album, &["print"]).await;
    assert_eq!(refused(&world.request_for(&id_token, &ticket, &[]).await, "request_denied"), None);
    // In the three languages.
    for (language, words) in [("de", "Was Sie teilen"), ("fr", "Ce que vous partagez"), ("en", "What you share")] {
        owner.accept_language = Some(language);
        assert!(page(&world, &mut owner).await.body.contains(words), "{language}");
    }
}

/// Shares the album with a name at the page; the status, and whether somebody has it.
async fn tried(owner: &mut Browser, page: &Answer, username: &str) -> (u16, bool) {
    let fields = [("action", "share"), ("username", username), ("scope", "view")];
    let answer = press(owner, page, "username", &fields).await;
    let outcome = answer.page("sharing-page").text_of("sharing-outcome").unwrap();
    assert_eq!(answer.header("retry-after").is_some(), answer.status == 429);
    (answer.status, outcome.contains("share it now"))
}

#[tokio::test]
async fn um_008_sharing_does_not_tell_one_name_after_the_other_who_is_here() {
    let settings = json!({"password_attempts_per_account": 3, "password_attempts_per_address": 5});
    let world = World::of(settings, json!({})).await;
    let mut owner = signed_in(&world, &world.realm.user).await;
    let shown = page(&world, &mut owner).await;
    // Names of people do not count, as often as they come; one's own does.
    for _ in 0..4 {
        assert_eq!(tried(&mut owner, &shown, "bea").await, (200, true));
    }
    for nobody in ["dora", "ana", "emil"] {
        assert_eq!(tried(&mut owner, &shown, nobody).await, (200, false), "{nobody}");
    }
    // From then on nothing is looked up, whoever has the name.
    let before = policies(&world).await;
    for name in ["fritz", "bea"] {
        assert_eq!(tried(&mut owner, &shown, name).await, (429, false), "{name}");
    }
    assert_eq!(policies(&world).await, before);
    // The rest of the page goes on.
    assert_eq!(press(&mut owner, &shown, "username", &[("action", "ask")]).await.status, 200);
    // The auditor learns that it was refused, and not for which name.
    let fields = [("action", "share"), ("username", "fritz"), ("scope", "view")];
    let answer = press(&mut owner, &shown, "username", &fields).await;
    let refused = world.realm.event_behind(&answer, "account_refused").await;
    assert_eq!(refused["details"]["error"], "temporarily_unavailable");
    assert!(!refused.to_string().contains("fritz"), "{refused}");
}

#[tokio::test]
async fn um_008_names_that_come_at_once_count_too() {
    let world = World::of(json!({"password_attempts_per_account": 3}), json!({})).await;
    let mut owner = signed_in(&world, &world.realm.user).await;
    let shown = page(&world, &mut owner).await;
    let forms = shown.page("sharing-page").forms();
    let form = forms.into_iter().find(|form| form.field("username").is_some()).unwrap();
    let form = form.with("action", "share").with("scope", "view").with("username", "dora");
    let answers = at_once(8, async || owner.clone().submit(&shown, &form).await).await;
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(200), count(429)), (3, 5));
}

#[tokio::test]
async fn uma_federated_3_1_1_owners_read_what_the_realm_calls_a_scope() {
    let scopes = json!([{"scope": "view", "name": "Look at the pictures"}, {"scope": "print", "name": "Make prints"}]);
    let world = World::of(json!({"uma_scopes": scopes}), json!({})).await;
    let address = world.realm.url("/uma/scopes/print");
    world.register(&[&address, "https://other.test/uma/scopes/print"]).await;
    world.allow(&world.album, json!([{"scopes": ["view"], "ask": true}])).await;
    submitted(&world, &["view"]).await;
    let mut owner = signed_in(&world, &world.realm.user).await;
    let shown = page(&world, &mut owner).await;
    // In the request, in the policy and in the form of the one; in the form of the other.
    assert_eq!(shown.body.matches("Look at the pictures").count(), 3, "{}", shown.body);
    assert_eq!(shown.body.matches("Make prints").count(), 2, "{}", shown.body);
    assert!(shown.body.contains("> crop</label>"), "{}", shown.body);
    // What is shared is the scope as it was registered.
    let forms = shown.page("sharing-page").forms();
    let is_for = |form: &crate::support::html::Form| form.fields.iter().any(|(_, value)| *value == world.album);
    let form = forms.into_iter().find(|form| form.field("username").is_some() && is_for(form)).unwrap();
    owner.submit(&shown, &form.with("action", "share").with("username", "bea").with("scope", "view")).await;
    assert_eq!(policies(&world).await[1]["scopes"], json!(["view"]));
}

#[tokio::test]
async fn policies_by_claims_count_what_the_organization_knows() {
    let world = World::new().await;
    world.allow(&world.album, json!([{"scopes": ["view"], "claims": {"groups": ["family"]}}])).await;
    let id_token = world.id_token(&world.bea).await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    assert_eq!(refused(&world.request_for(&id_token, &ticket, &[]).await, "request_denied"), None);
    let change = json!({"attributes": {"groups": ["family", "work"]}});
    let administration = &world.realm.server.administration;
    administration.update_user(&world.realm.name, &world.bea.id, &change).await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    let rpt = world.request_for(&id_token, &ticket, &[]).await.tokens();
    assert!(world.server.is_active(rpt.access_token()).await);
    let change = json!({"attributes": {"groups": ["work"]}});
    administration.update_user(&world.realm.name, &world.bea.id, &change).await;
    assert!(!world.server.is_active(rpt.access_token()).await, "gone at the next introspection");
}

#[tokio::test]
async fn nobody_fills_an_owners_page_alone() {
    let world = world().await;
    let scopes: Vec<String> = (0..11).map(|number| format!("scope-{number}")).collect();
    let names: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let resource = world.register(&names).await;
    world.allow(&resource, json!([{"scopes": scopes, "ask": true}])).await;
    let id_token = world.id_token(&world.bea).await;
    for (number, scope) in names.iter().enumerate() {
        let ticket = world.ticket(&resource, &[scope]).await;
        let expected = if number < 10 { "request_submitted" } else { "request_denied" };
        refused(&world.request_for(&id_token, &ticket, &[]).await, expected);
    }
}
