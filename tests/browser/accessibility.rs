//! Every page against the rules of WCAG 2.2 AA that axe-core can check, in both colour schemes.

use std::collections::BTreeMap;

use http::header::REFRESH;
use http::{HeaderName, HeaderValue, Response};
use serde_json::{Value, json};
use signet_http::pages::{Brand, Locale, Pages, Window, headers_of, samples};

use super::chromium::{Chromium, provided};
use crate::support::web::{Received, WebServer};

const RULES: &[&str] = &["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

const CHECK: &str = "
    const done = arguments[arguments.length - 1];
    const options = { runOnly: { type: 'tag', values: arguments[0] } };
    axe.run(document, options).then(results => done(results.violations), error => done(String(error)));
";

/// Grey text on the light background, through a door that no policy closes.
const SEED: &str = "
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('.lead { color: #b9c0c8 !important }');
    document.adoptedStyleSheets = [sheet];
";

/// The headers and the text of a page.
type Sample = (Vec<(HeaderName, HeaderValue)>, String);

/// Serves every sample page at `/{name}` as the server does, with the headers of its kind.
async fn gallery() -> WebServer {
    let pages = Pages::new(None).unwrap();
    let samples: BTreeMap<String, Sample> = samples::all()
        .into_iter()
        .map(|(name, page)| {
            let html = pages.render(&page, &Brand::default(), Locale::English).unwrap();
            // The page that sends itself on is to stay.
            let html = html.replace("<script>", "<template>").replace("</script>", "</template>");
            // So is the one that the browser goes on from by itself.
            let mut headers = headers_of(&page, Window::Own);
            headers.retain(|(name, _)| *name != REFRESH);
            (format!("/{name}"), (headers, html))
        })
        .collect();
    WebServer::start(move |request| serve(&pages, &samples, request)).await
}

fn serve(pages: &Pages, samples: &BTreeMap<String, Sample>, request: &Received) -> Response<String> {
    let mut response = Response::new(String::new());
    if let Some((headers, html)) = samples.get(&request.target) {
        response.body_mut().clone_from(html);
        response.headers_mut().extend(headers.clone());
    } else if let Some(asset) = pages.assets().find(&request.target) {
        *response.body_mut() = String::from_utf8(asset.bytes.to_vec()).unwrap();
        response.headers_mut().extend(asset.headers(&request.target));
    } else {
        *response.status_mut() = http::StatusCode::NOT_FOUND;
    }
    response
}

/// The violations on the page that is open.
async fn violations(chromium: &Chromium, axe: &str) -> Vec<Value> {
    chromium.run(axe).await;
    let found = chromium.run_async(CHECK, vec![json!(RULES)]).await;
    found.as_array().unwrap_or_else(|| panic!("axe-core failed: {found}")).clone()
}

#[tokio::test]
async fn every_page_is_accessible_in_both_colour_schemes() {
    let axe = std::fs::read_to_string(provided("SIGNET_TEST_AXE")).unwrap();
    let gallery = gallery().await;
    Chromium::with(async |chromium| {
        let mut backgrounds = Vec::new();
        for scheme in ["light", "dark"] {
            let feature = json!({"name": "prefers-color-scheme", "value": scheme});
            chromium.devtools("Emulation.setEmulatedMedia", &json!({"features": [feature]})).await;
            for (name, _) in samples::all() {
                chromium.open(&format!("{}/{name}", gallery.url)).await;
                assert!(chromium.run("return document.querySelector('main') !== null").await == true, "{name}");
                let found = violations(chromium, &axe).await;
                assert!(found.is_empty(), "{name}, {scheme}: {found:#?}");
            }
            backgrounds.push(chromium.run("return getComputedStyle(document.body).backgroundColor").await);
        }
        assert_ne!(backgrounds[0], backgrounds[1], "the stylesheet did not follow the colour scheme");
        assert_eq!(chromium.complaints().await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn text_that_is_too_pale_would_be_found() {
    let axe = std::fs::read_to_string(provided("SIGNET_TEST_AXE")).unwrap();
    let gallery = gallery().await;
    Chromium::with(async |chromium| {
        chromium.open(&format!("{}/login", gallery.url)).await;
        chromium.run(SEED).await;
        let found = violations(chromium, &axe).await;
        let rules: Vec<&Value> = found.iter().map(|violation| &violation["id"]).collect();
        assert_eq!(rules, ["color-contrast"]);
    })
    .await;
}
