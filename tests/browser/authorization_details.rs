//! A person sees what a payment and access to accounts come to, agrees, and finds the access again (RFC 9396).

use serde_json::json;

use super::chromium::{Chromium, response};
use super::client_site;
use crate::flows::authorization_details::{accounts, asking, client_of, payment, register};
use crate::support::realm::Realm;

#[tokio::test]
async fn a_person_reads_what_a_payment_is_and_approves_it() {
    let realm = Realm::new().await;
    register(&realm, json!({})).await;
    let site = client_site().await;
    let client = client_of(&realm, json!({"redirect_uris": [format!("{}/callback", site.url)]})).await;
    Chromium::with(async |chromium| {
        let request = asking(&client, &json!([payment(), accounts()]));
        chromium.open(&request.url()).await;
        chromium.log_in(&realm.user).await;
        chromium.shows("consent-page").await;
        let page = chromium.text("consent-page").await;
        for shown in
            ["Harbour Savings asks you to approve", "Amount: 123.50 EUR", "To: Merchant A", "Look at your accounts"]
        {
            assert!(page.contains(shown), "{shown}: {page}");
        }
        chromium.press("consent-allow").await;
        let url = chromium.arrives_at(&client.redirect_uri).await;
        let tokens = client.redeem(&request, response(&url, &request).code()).await.tokens();
        assert_eq!(tokens.0["authorization_details"], json!([payment(), accounts()]));

        // Access stays and is listed; a payment is over when it was made.
        chromium.open(&realm.url("/account/apps")).await;
        chromium.shows("apps-page").await;
        let page = chromium.text("apps-page").await;
        assert!(page.contains("Look at your accounts") && !page.contains("Merchant A"), "{page}");
        assert_eq!(chromium.complaints().await, Vec::<String>::new());
    })
    .await;
}
