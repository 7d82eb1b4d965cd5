//! Logout in a real browser: the frames that tell clients, the way back without a script, and the page that watches the
//! session from within a frame.

use http::Response;
use serde_json::{Value, json};

use super::chromium::{Chromium, response};
use crate::support::http::encode;
use crate::support::jwt::read;
use crate::support::realm::Realm;
use crate::support::web::WebServer;

/// Asks the frame, and hears what it says.
const ASK: &str = "
    const done = arguments[arguments.length - 1];
    const listener = event => { removeEventListener('message', listener); done([event.data, event.origin]); };
    addEventListener('message', listener);
    document.getElementById('op').contentWindow.postMessage(arguments[0], '*');
";

/// LO-009: asks very often, and hears the answer to the last question.
const ASK_VERY_OFTEN: &str = "
    const done = arguments[arguments.length - 1];
    let answers = 0;
    addEventListener('message', () => { answers += 1; if (answers === 100000) { done(answers); } });
    const frame = document.getElementById('op').contentWindow;
    for (let number = 0; number < 100000; number++) { frame.postMessage(arguments[0], '*'); }
";

/// A client's site: where its users arrive, what is loaded in a frame at a logout, and a page that watches.
async fn site(frame: String) -> WebServer {
    WebServer::start(move |received| {
        let page = match received.target.split('?').next().unwrap() {
            "/watch" => format!("<!doctype html><title>Watch</title><iframe id=\"op\" src=\"{frame}\"></iframe>"),
            _ => "<!doctype html><title>Client</title><main id=\"client-page\">Welcome back.</main>".to_owned(),
        };
        Response::builder().header("content-type", "text/html").body(page).unwrap()
    })
    .await
}

async fn asked(chromium: &Chromium, site: &WebServer, message: &str) -> String {
    chromium.open(&format!("{}/watch", site.url)).await;
    let answer = chromium.run_async(ASK, vec![json!(message)]).await;
    answer[0].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// oidcc-session-management-rp-initiated-logout.
#[tokio::test]
async fn a_session_is_watched_and_ends_with_its_frames_and_the_way_back() {
    let realm = Realm::new().await;
    let frame = realm.discovery().await["check_session_iframe"].as_str().unwrap().to_owned();
    let (own, foreign) = (site(frame.clone()).await, site(frame).await);
    let client = realm
        .client(json!({
            "redirect_uris": [format!("{}/callback", own.url)],
            "post_logout_redirect_uris": [format!("{}/bye", own.url)],
            "frontchannel_logout_uri": format!("{}/frame", own.url), "frontchannel_logout_session_required": true,
            "settings": {"skip_consent": true},
        }))
        .await;
    Chromium::with(async |chromium| {
        let request = client.request();
        chromium.open(&request.url()).await;
        chromium.log_in(&realm.user).await;
        let url = chromium.arrives_at(&client.redirect_uri).await;
        let answered = response(&url, &request);
        let state = answered.get("session_state").unwrap().to_owned();
        let tokens = client.redeem(&request, answered.code()).await.tokens();

        // Session Management 3.2.
        let message = format!("{} {state}", client.id);
        assert_eq!(asked(chromium, &own, &message).await, "unchanged");
        assert_eq!(asked(chromium, &own, &format!("other {state}")).await, "changed");
        assert_eq!(asked(chromium, &own, &format!("{}x.salt", client.id)).await, "error");
        assert_eq!(asked(chromium, &own, "").await, "error");
        // Another site learns nothing with what it stole.
        assert_eq!(asked(chromium, &foreign, &message).await, "changed");
        chromium.open(&format!("{}/watch", own.url)).await;
        assert_eq!(chromium.run_async(ASK_VERY_OFTEN, vec![json!(message)]).await, json!(100_000));

        // Front-Channel Logout 3, and back without a script.
        let bye = format!("{}/bye", own.url);
        let parameters = [("id_token_hint", tokens.id_token()), ("post_logout_redirect_uri", &*bye), ("state", "s")];
        chromium.open(&format!("{}?{}", realm.url("/logout"), encode(&parameters))).await;
        let url = chromium.arrives_at(&bye).await;
        assert_eq!(url.query(), Some("state=s"));
        let framed: Vec<String> = own.received().into_iter().map(|received| received.target).collect();
        let sid: Value = read(tokens.id_token()).claims["sid"].clone();
        let expected = encode(&[("iss", realm.issuer.as_str()), ("sid", sid.as_str().unwrap())]);
        assert!(framed.contains(&format!("/frame?{expected}")), "{framed:?}");
        assert_eq!(asked(chromium, &own, &message).await, "changed");
        assert_eq!(chromium.complaints().await, Vec::<String>::new());
    })
    .await;
}
