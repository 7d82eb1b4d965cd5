//! From the client to the login page, to the consent page and back; and the ways that end elsewhere.

use super::chromium::{Chromium, response};
use super::{client_at, client_site};
use crate::support::realm::Realm;

#[tokio::test]
async fn a_person_logs_in_and_decides() {
    let realm = Realm::new().await;
    let site = client_site().await;
    let client = client_at(&realm, &site, "Harbour Savings").await;
    Chromium::with(async |chromium| {
        // Cancelled before anything was said.
        let cancelled = client.request();
        chromium.open(&cancelled.url()).await;
        chromium.shows("login-page").await;
        chromium.press("login-cancel").await;
        let url = chromium.arrives_at(&client.redirect_uri).await;
        assert_eq!(response(&url, &cancelled).error(), "access_denied");

        // A wrong password, then the right one.
        let request = client.request().with("scope", "openid email");
        chromium.open(&request.url()).await;
        chromium.fill("username", &realm.user.username).await;
        chromium.fill("password", "not this one").await;
        chromium.press("login-submit").await;
        chromium.shows("login-problem").await;
        assert!(!chromium.text("login-problem").await.is_empty());
        assert_eq!(chromium.value("username").await, realm.user.username, "nobody types a name twice");
        assert_eq!(chromium.value("password").await, "");
        chromium.log_in(&realm.user).await;

        // No, and then yes: the session is there already.
        chromium.shows("consent-page").await;
        assert!(chromium.text("consent-page").await.contains("Harbour Savings"));
        chromium.press("consent-deny").await;
        let url = chromium.arrives_at(&client.redirect_uri).await;
        assert_eq!(response(&url, &request).error(), "access_denied");
        let request = client.request().with("scope", "openid email");
        chromium.open(&request.url()).await;
        chromium.shows("consent-page").await;
        chromium.press("consent-allow").await;
        let url = chromium.arrives_at(&client.redirect_uri).await;
        let tokens = client.redeem(&request, response(&url, &request).code()).await.tokens();
        assert_eq!(client.userinfo(tokens.access_token()).await.success()["email"], "ana@ana.test");

        // Agreed to and signed in: the client is answered at once.
        let again = client.request().with("scope", "openid email").with("prompt", "none");
        chromium.open(&again.url()).await;
        let url = chromium.arrives_at(&client.redirect_uri).await;
        response(&url, &again).code();

        // A client that asks for an address that is not its own learns nothing.
        let arrived = site.received().len();
        let foreign = client.request().with("redirect_uri", &format!("{}/elsewhere", site.url));
        chromium.open(&foreign.url()).await;
        chromium.shows("error-page").await;
        assert!(!chromium.text("support-code").await.is_empty());
        assert_eq!(site.received().len(), arrived);
        assert_eq!(chromium.complaints().await, Vec::<String>::new());
    })
    .await;
}
