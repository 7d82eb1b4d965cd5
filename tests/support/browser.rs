//! A browser without a window: it keeps cookies as browsers do, sends forms with the headers that browsers add, and
//! follows a redirect only when it is told to.

use std::collections::BTreeMap;

use http::header::{COOKIE, SET_COOKIE};
use url::Url;

use super::html::{Form, HtmlPage};
use super::http::{Answer, HttpClient, Request, encode};

/// A browser with its cookies.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    pub(crate) http: HttpClient,
    pub(crate) cookies: BTreeMap<String, String>,
    /// The languages that it asks for.
    pub(crate) accept_language: Option<&'static str>,
}

impl Browser {
    pub(crate) fn new(http: HttpClient) -> Self {
        Self { http, cookies: BTreeMap::new(), accept_language: None }
    }

    pub(crate) async fn get(&mut self, url: &str) -> Answer {
        self.send(Request::get(url)).await
    }

    /// Submits a form of the page that `page` is.
    pub(crate) async fn submit(&mut self, page: &Answer, form: &Form) -> Answer {
        let origin = Url::parse(&page.url).unwrap().origin().ascii_serialization();
        let request = page.submission(form);
        self.send(request.header("origin", &origin).header("sec-fetch-site", "same-origin")).await
    }

    /// Sends a request with the cookies of this browser and keeps those of the answer.
    pub(crate) async fn send(&mut self, mut request: Request) -> Answer {
        if !self.cookies.is_empty() {
            let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request.headers.insert(COOKIE, pairs.join("; ").parse().unwrap());
        }
        if let Some(languages) = self.accept_language {
            request = request.header("accept-language", languages);
        }
        let answer = self.http.send(request).await;
        for cookie in answer.headers.get_all(SET_COOKIE) {
            self.keep(cookie.to_str().unwrap());
        }
        answer
    }

    /// Follows the redirects of an answer as long as they stay at the same origin.
    pub(crate) async fn follow(&mut self, mut answer: Answer) -> Answer {
        let here = Url::parse(&answer.url).unwrap().origin();
        while let Some(location) = answer.location() {
            let location = Url::parse(&answer.url).unwrap().join(location).unwrap();
            if location.origin() != here {
                break;
            }
            answer = self.get(location.as_str()).await;
        }
        answer
    }

    /// Keeps a cookie. Every cookie of the server is one that no other host and no script can read or replace
    /// (RFC 6265bis section 4.1.3.2).
    fn keep(&mut self, cookie: &str) {
        let mut parts = cookie.split("; ");
        let (name, value) = parts.next().unwrap().split_once('=').unwrap();
        let attributes: Vec<&str> = parts.collect();
        assert!(name.starts_with("__Host-"), "{cookie}");
        // Only what clients' pages watch the session by is for scripts and frames (Session Management 3.2).
        let is_watched = name.starts_with("__Host-signet-state-");
        let expected: &[&str] = if is_watched { &["SameSite=None"] } else { &["HttpOnly", "SameSite=Lax"] };
        for expected in ["Path=/", "Secure"].iter().chain(expected) {
            assert!(attributes.contains(expected), "{expected} is missing: {cookie}");
        }
        assert_eq!(attributes.contains(&"HttpOnly"), !is_watched, "{cookie}");
        assert!(!attributes.iter().any(|attribute| attribute.starts_with("Domain")), "{cookie}");
        if attributes.contains(&"Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    /// The name and value of the cookie whose name has `part` in it.
    pub(crate) fn cookie(&self, part: &str) -> Option<(&str, &str)> {
        let mut found = self.cookies.iter().filter(|(name, _)| name.contains(part));
        let first = found.next().map(|(name, value)| (name.as_str(), value.as_str()));
        assert!(found.next().is_none(), "{:?}", self.cookies.keys());
        first
    }
}

impl Answer {
    /// The submission of a form of this page, without the headers that tell where it comes from.
    pub(crate) fn submission(&self, form: &Form) -> Request {
        let action = Url::parse(&self.url).unwrap().join(&form.action).unwrap();
        Request::post(action.as_str(), "application/x-www-form-urlencoded", encode(&form.fields))
    }

    /// The page, which must be the one with this identifier.
    pub(crate) fn page(&self, id: &str) -> HtmlPage<'_> {
        assert!(self.content_type().starts_with("text/html"), "{id} expected: {self:?}");
        let page = HtmlPage::new(&self.body);
        assert_eq!(page.id(), id, "{self:?}");
        page
    }

    /// Whether this is the page with this identifier.
    pub(crate) fn is_page(&self, id: &str) -> bool {
        self.content_type().starts_with("text/html") && HtmlPage::new(&self.body).id() == id
    }
}
