//! How device secrets are rotated and end, and what ends what is shared.

use serde_json::{Value, json};

use super::{SCOPE, app, apps_in, refresh, share, world};
use crate::support::client::{Client, Tokens};
use crate::support::databases::{Kind, TestDatabase};
use crate::support::http::{Answer, at_once};
use crate::support::jwt;
use crate::support::provider::TimedProvider;
use crate::support::realm::Realm;
use crate::support::server::{Configuration, Server};

#[tokio::test]
async fn native_sso_4_3_4_what_is_shared_ends_with_the_session() {
    let world = world().await;
    let mut browser = world.realm.browser();
    let request = world.mail.request().with("scope", SCOPE);
    let login = world.mail.obtain(&mut browser, &request, &world.realm.user).await;
    let shared = world.share(&login, &[]).await.tokens();
    let sid = jwt::read(login.id_token()).claims["sid"].as_str().unwrap().to_owned();
    let path = format!("/realms/{}/sessions/{sid}", world.realm.name);
    world.realm.server.administration.ask(http::Method::DELETE, &path, &Value::Null).await;
    world.share(&login, &[]).await.assert_refused("invalid_grant");
    assert_eq!(world.realm.rows().await.count("device_secrets"), 0);
    for (client, tokens) in [(&world.mail, &login), (&world.maps, &shared)] {
        refresh(client, tokens, &[]).await.assert_refused("invalid_grant");
        assert_eq!(client.userinfo(tokens.access_token()).await.status, 401);
    }
}

#[tokio::test]
async fn native_sso_4_3_users_clients_and_agreements_are_looked_at_again() {
    let world = world().await;
    let login = world.login().await;
    let shared = world.share(&login, &[]).await.tokens();
    // The app that shared is gone: so is what came of it.
    world.realm.update_client(&world.mail, json!({"enabled": false})).await;
    world.share(&login, &[]).await.assert_refused("invalid_request");
    assert_eq!(world.maps.userinfo(shared.access_token()).await.status, 401);
    refresh(&world.maps, &shared, &[]).await.assert_refused("invalid_grant");
    // The user is locked.
    let world = self::world().await;
    let login = world.login().await;
    let shared = world.share(&login, &[]).await.tokens();
    let administration = &world.realm.server.administration;
    administration.update_user(&world.realm.name, &world.realm.user.id, &json!({"enabled": false})).await;
    world.share(&login, &[]).await.assert_refused("invalid_grant");
    refresh(&world.maps, &shared, &[]).await.assert_refused("invalid_grant");
    assert_eq!(world.maps.userinfo(shared.access_token()).await.status, 401);
    // Whoever leaves the group has nothing of it any more.
    let world = self::world().await;
    let login = world.login().await;
    let shared = world.share(&login, &[]).await.tokens();
    let left = json!({"settings": {"skip_consent": true, "native_sso_group": "rival"}});
    world.realm.update_client(&world.maps, left).await;
    world.share(&login, &[]).await.assert_refused("invalid_request");
    refresh(&world.maps, &shared, &[]).await.assert_refused("invalid_grant");
}

#[tokio::test]
async fn native_sso_4_3_an_app_that_its_user_has_removed_shares_nothing_more() {
    let world = world().await;
    let mut browser = world.realm.browser();
    let request = world.mail.request().with("scope", "openid device_sso");
    let login = world.mail.obtain(&mut browser, &request, &world.realm.user).await;
    world.share(&login, &[]).await.tokens();
    let page = browser.get(&world.realm.url("/account/apps")).await;
    let form = page.page("apps-page").form().with("client", &world.mail.id);
    browser.submit(&page, &form).await.page("apps-page");
    world.share(&login, &[]).await.assert_refused("invalid_grant");
}

#[tokio::test]
async fn native_sso_3_3_a_secret_that_is_sent_again_is_rotated() {
    let world = world().await;
    let login = world.login().await;
    // With a refresh.
    let refreshed = refresh(&world.mail, &login, &[("device_secret", login.device_secret())]).await.tokens();
    assert_ne!(refreshed.device_secret(), login.device_secret());
    world.share(&login, &[]).await.assert_refused("invalid_request");
    share(&world.maps, (refreshed.id_token(), login.device_secret()), &[]).await.assert_refused("invalid_request");
    let shared = world.share(&refreshed, &[]).await.tokens();
    // The second app's own refresh makes one of its own, and the first one's stays.
    let second = refresh(&world.maps, &shared, &[]).await.tokens();
    assert_ne!(second.device_secret(), refreshed.device_secret());
    world.share(&refreshed, &[]).await.tokens();
    // It rotates the one that both share, if it sends that.
    let rotated = refresh(&world.maps, &second, &[("device_secret", refreshed.device_secret())]).await.tokens();
    world.share(&refreshed, &[]).await.assert_refused("invalid_request");
    let pair = (rotated.id_token(), rotated.device_secret());
    share(&world.mail, pair, &[]).await.tokens();
    assert_eq!(world.realm.rows().await.count("device_secrets"), 1);
    // A narrower scope asks for none.
    let narrow = refresh(&world.maps, &rotated, &[("scope", "openid email")]).await.tokens();
    assert!(narrow.0.get("device_secret").is_none());
}

#[tokio::test]
async fn native_sso_3_4_a_secret_that_is_not_good_is_as_if_none_had_come() {
    let world = world().await;
    let bob = world.realm.add_user("bob").await;
    let bobs = world.mail.request().with("scope", SCOPE);
    let bobs = world.mail.obtain(&mut world.realm.browser(), &bobs, &bob).await;
    let request = world.mail.request().with("scope", SCOPE);
    let mut browser = world.realm.browser();
    for secret in ["sd_x", "", bobs.device_secret()] {
        let response = browser.complete(&request, &world.realm.user).await;
        let mut parameters = Client::redemption(&request, response.code());
        parameters.push(("device_secret", secret));
        let tokens = world.mail.ask("/token", &parameters).await.tokens();
        world.share(&tokens, &[]).await.tokens();
    }
    // Nobody rotates what is not theirs.
    share(&world.maps, (bobs.id_token(), bobs.device_secret()), &[]).await.tokens();
}

#[tokio::test]
async fn rfc7009_2_1_each_app_of_the_group_can_revoke_the_secret_and_nobody_else() {
    let world = world().await;
    let login = world.login().await;
    let shared = world.share(&login, &[]).await.tokens();
    let other = app("other", json!({"settings": {"skip_consent": true, "native_sso_group": "rival"}}));
    let other = world.realm.client(other).await;
    assert_eq!(other.revoke(login.device_secret()).await.status, 200);
    world.share(&login, &[]).await.tokens();
    assert_eq!(world.maps.revoke(login.device_secret()).await.status, 200);
    world.share(&login, &[]).await.assert_refused("invalid_request");
    assert_eq!(world.maps.userinfo(shared.access_token()).await.status, 200);
    let revoked = world.realm.events("kind=token_revoked", 1).await;
    assert_eq!(revoked[0]["details"]["token"], "device_secret");
    // With the refresh token of the app that shares goes its secret.
    let login = world.login().await;
    assert_eq!(world.mail.revoke(login.refresh_token()).await.status, 200);
    world.share(&login, &[]).await.assert_refused("invalid_request");
}

#[tokio::test]
async fn native_sso_6_3_the_id_token_may_have_expired_and_the_session_may_not() {
    let timed = TimedProvider::start().await;
    let world = apps_in(timed.realm(json!({"native_sso": true})).await).await;
    let login = world.login().await;
    timed.advance(7 * 3_600);
    world.share(&login, &[]).await.tokens();
    // Apps that share keep the session in use.
    timed.advance(7 * 3_600);
    let shared = world.share(&login, &[]).await.tokens();
    timed.advance(9 * 3_600);
    world.share(&login, &[]).await.assert_refused("invalid_grant");
    refresh(&world.maps, &shared, &[]).await.assert_refused("invalid_grant");
    drop(world);
    timed.stop().await;
}

/// Of requests at the same time with one secret one is left with a good one, on every database.
async fn one_secret_stays_on(kind: Kind) {
    let database = TestDatabase::empty(kind).await;
    let own = Configuration { database: Some(database.url.clone()), ..Configuration::default() };
    let server = Server::start(own).await;
    let world = apps_in(Realm::on(&server, json!({"native_sso": true})).await).await;
    let login = world.login().await;
    let parameters = [
        ("grant_type", "refresh_token"),
        ("refresh_token", login.refresh_token()),
        ("device_secret", login.device_secret()),
    ];
    let answers = at_once(8, async || world.mail.ask("/token", &parameters).await).await;
    let answers: Vec<Tokens> = answers.iter().filter(|answer| answer.status == 200).map(Answer::tokens).collect();
    assert!(!answers.is_empty());
    world.share(&login, &[]).await.assert_refused("invalid_request");
    let mut good = 0;
    for tokens in &answers {
        good += usize::from(world.share(tokens, &[]).await.status == 200);
    }
    assert_eq!(good, 1);
    assert_eq!(database.count("device_secrets").await, 1);
    let last = world.mail.revoke(answers[0].refresh_token()).await;
    assert_eq!((last.status, database.count("device_secrets").await), (200, 0));
    drop((world, server));
    database.remove().await;
}

#[tokio::test]
async fn native_sso_3_4_3_one_secret_stays_on_sqlite() {
    one_secret_stays_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn native_sso_3_4_3_one_secret_stays_on_postgres() {
    one_secret_stays_on(Kind::Postgres).await;
}

#[tokio::test]
async fn native_sso_3_4_3_one_secret_stays_on_mariadb() {
    one_secret_stays_on(Kind::MariaDb).await;
}
