//! The pages of a signed-in person: the account, its applications, signing out.

use super::chromium::{Chromium, response};
use super::{client_at, client_site};
use crate::support::realm::Realm;

#[tokio::test]
async fn a_person_takes_consent_back_and_signs_out() {
    let realm = Realm::new().await;
    let site = client_site().await;
    let client = client_at(&realm, &site, "Photo prints").await;
    Chromium::with(async |chromium| {
        let request = client.request().with("scope", "openid email");
        chromium.open(&request.url()).await;
        chromium.log_in(&realm.user).await;
        chromium.press("consent-allow").await;
        let url = chromium.arrives_at(&client.redirect_uri).await;
        let tokens = client.redeem(&request, response(&url, &request).code()).await.tokens();

        chromium.open(&realm.url("/account")).await;
        chromium.shows("signed-in-page").await;
        assert!(chromium.text("signed-in-page").await.contains(&realm.user.username));
        chromium.press("signed-in-apps").await;
        chromium.shows("apps-page").await;
        assert!(chromium.text("apps-page").await.contains("Photo prints"));
        chromium.press_first("button[name=authorization]").await;
        chromium.shows("apps-removed").await;
        assert!(chromium.text("apps-removed").await.contains("Photo prints"));
        chromium.shows("apps-none").await;
        client.userinfo(tokens.access_token()).await.assert_token_refused(401, "invalid_token");

        // Asked first, and staying is an answer.
        chromium.open(&realm.url("/account/sign-out")).await;
        chromium.shows("sign-out-page").await;
        chromium.press("sign-out-stay").await;
        chromium.shows("signed-in-page").await;
        chromium.press("sign-out").await;
        chromium.shows("signed-out-page").await;
        chromium.open(&realm.url("/account")).await;
        chromium.shows("signed-out-page").await;
        chromium.open(&client.request().url()).await;
        chromium.shows("login-page").await;
        assert_eq!(chromium.complaints().await, Vec::<String>::new());
    })
    .await;
}
