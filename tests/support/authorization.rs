//! The authorization endpoint as a client and its user see it: the request, the pages in between, the response.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use url::Url;

use super::browser::Browser;
use super::client::Client;
use super::http::{Answer, Request, decode, encode};
use super::realm::User;

/// What every authorization response may carry (RFC 6749 section 4.1.2, RFC 9207 section 2, Session Management 2).
const RESPONSE_MEMBERS: &[&str] = &["error", "error_description", "state", "iss", "session_state"];

/// What a successful response to a request for these words has besides (OpenID Connect Core 3.2.2.5 and 3.3.2.5).
fn granted_members(response_type: &str) -> Vec<&'static str> {
    let members = |word| match word {
        "code" => vec!["code"],
        "id_token" => vec!["id_token"],
        "token" => vec!["access_token", "token_type", "expires_in", "scope"],
        _ => Vec::new(),
    };
    response_type.split(' ').flat_map(members).collect()
}

/// An authorization request with what the client remembers of it.
#[derive(Debug, Clone)]
pub(crate) struct AuthorizationRequest {
    /// The issuer it is sent to.
    pub(crate) issuer: String,
    pub(crate) parameters: Vec<(String, String)>,
    /// The code verifier (RFC 7636 section 4.1).
    pub(crate) verifier: Option<String>,
}

/// The claims of a request object that asks for what a request asks for (RFC 9101 section 4).
pub(crate) fn object_of(client: &Client, request: &AuthorizationRequest) -> Value {
    let parameters = request.parameters.iter().map(|(name, value)| (name.clone(), json!(value)));
    let mut claims = Value::Object(parameters.collect());
    claims["iss"] = json!(client.id);
    claims["aud"] = json!(client.issuer);
    claims
}

impl AuthorizationRequest {
    /// Sets a parameter in place of what it was before.
    pub(crate) fn with(self, name: &str, value: &str) -> Self {
        let mut request = self.without(name);
        request.parameters.push((name.to_owned(), value.to_owned()));
        request
    }

    /// Adds a parameter to what is there already.
    pub(crate) fn repeated(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.parameters.retain(|(candidate, _)| candidate != name);
        self
    }

    pub(crate) fn without_pkce(self) -> Self {
        Self { verifier: None, ..self.without("code_challenge").without("code_challenge_method") }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(candidate, _)| candidate == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("{}/authorize", self.issuer)
    }

    pub(crate) fn url(&self) -> String {
        format!("{}?{}", self.endpoint(), encode(&self.parameters))
    }

    /// Where the response travels, and whether as a JWT: as asked for and fit, or the default of the response type
    /// (Multiple Response Types 3 and 5, JARM 2.3).
    fn response_mode(&self) -> (&str, bool) {
        let words = self.parameters.iter().filter(|(name, _)| name == "response_type");
        let asks_for_token =
            words.flat_map(|(_, text)| text.split(' ')).any(|word| ["token", "id_token"].contains(&word));
        let default = if asks_for_token { "fragment" } else { "query" };
        let modes = self.parameters.iter().filter(|(name, _)| name == "response_mode").count();
        match self.get("response_mode").filter(|_| modes == 1) {
            Some("jwt") => (default, true),
            Some("query.jwt") if default == "query" => (default, true),
            Some(mode @ ("fragment.jwt" | "form_post.jwt")) => (mode.trim_end_matches(".jwt"), true),
            Some(mode @ ("fragment" | "form_post")) => (mode, false),
            _ => (default, false),
        }
    }

    pub(crate) fn redirect_uri(&self) -> &str {
        self.get("redirect_uri").expect("a redirect URI")
    }
}

/// An authorization response, checked for what holds for every one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuthorizationResponse {
    pub(crate) parameters: BTreeMap<String, String>,
}

impl AuthorizationResponse {
    /// Reads the answer to a request in the response mode that the request asked for.
    pub(crate) fn read(answer: &Answer, request: &AuthorizationRequest) -> Self {
        let (place, as_jwt) = request.response_mode();
        let mut pairs = match place {
            "form_post" => posted(answer, request),
            "fragment" => added(answer, request, '#'),
            _ => added(answer, request, if request.redirect_uri().contains('?') { '&' } else { '?' }),
        };
        if as_jwt {
            pairs = said_in_jwt(&pairs, request);
        }
        let parameters: BTreeMap<String, String> = pairs.iter().cloned().collect();
        assert_eq!(parameters.len(), pairs.len(), "something is there twice: {pairs:?}");
        let granted = granted_members(request.get("response_type").unwrap_or_default());
        for name in parameters.keys() {
            let has_place = RESPONSE_MEMBERS.contains(&name.as_str()) || granted.contains(&name.as_str());
            assert!(has_place, "{name} has no place in {pairs:?}");
        }
        let response = Self { parameters };
        // AZ-025.
        assert_eq!(response.get("iss"), Some(request.issuer.as_str()), "RFC 9207 section 2");
        assert_eq!(response.get("state"), request.get("state").filter(|state| !state.is_empty()), "{pairs:?}");
        let is_error = response.get("error").is_some();
        for member in granted {
            assert_ne!(response.get(member).is_some(), is_error, "{member} in {pairs:?}");
        }
        if let Some(description) = response.get("error_description") {
            assert_describes(description);
        }
        response
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    pub(crate) fn code(&self) -> &str {
        self.get("code").unwrap_or_else(|| panic!("no code: {self:?}"))
    }

    pub(crate) fn access_token(&self) -> &str {
        self.get("access_token").unwrap_or_else(|| panic!("no access token: {self:?}"))
    }

    pub(crate) fn id_token(&self) -> &str {
        self.get("id_token").unwrap_or_else(|| panic!("no ID token: {self:?}"))
    }

    pub(crate) fn error(&self) -> &str {
        self.get("error").unwrap_or_else(|| panic!("no error: {self:?}"))
    }
}

/// RFC 6749 sections 4.1.2.1 and 5.2: the characters of a description.
pub(crate) fn assert_describes(description: &str) {
    let allowed = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    assert!(!description.is_empty() && description.bytes().all(allowed), "{description:?}");
}

/// The parameters that a redirect added to the redirect URI.
fn added(answer: &Answer, request: &AuthorizationRequest, separator: char) -> Vec<(String, String)> {
    assert_eq!(answer.status, 303, "{answer:?}");
    assert!(answer.body.is_empty(), "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    let location = answer.location().expect("a redirect says where to");
    let response = location.strip_prefix(request.redirect_uri()).and_then(|rest| rest.strip_prefix(separator));
    let response = response.unwrap_or_else(|| panic!("{location} is not the redirect URI with {separator}"));
    // AZ-026: an empty fragment of its own, so that the browser brings none along.
    let response = if separator == '#' { Some(response) } else { response.strip_suffix('#') };
    decode(response.unwrap_or_else(|| panic!("{location} would inherit a fragment")))
}

/// What a response says that is one JWT, and nothing but that (JARM 2.1 and 2.3). Who signed it is not looked at here.
fn said_in_jwt(pairs: &[(String, String)], request: &AuthorizationRequest) -> Vec<(String, String)> {
    let [(name, token)] = pairs else { panic!("nothing belongs beside the JWT: {pairs:?}") };
    assert_eq!(name, "response");
    let claims = super::jwt::read(token).claims;
    assert_eq!(claims["aud"], request.get("client_id").unwrap(), "{claims}");
    assert!(claims["exp"].is_i64(), "{claims}");
    let said = claims.as_object().unwrap().iter().filter(|(name, _)| !["aud", "exp"].contains(&name.as_str()));
    said.map(|(name, value)| (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))).collect()
}

/// The parameters of the form that a page posts to the client.
fn posted(answer: &Answer, request: &AuthorizationRequest) -> Vec<(String, String)> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let form = answer.page("form-post-page").form();
    assert_eq!(form.action, request.redirect_uri());
    form.fields
}

impl Browser {
    /// Opens the authorization endpoint with GET.
    pub(crate) async fn authorize(&mut self, request: &AuthorizationRequest) -> Answer {
        self.get(&request.url()).await
    }

    /// Opens the authorization endpoint with POST, as a form on the client's site does: without our cookies, because
    /// they are SameSite=Lax.
    pub(crate) async fn authorize_by_form(&mut self, request: &AuthorizationRequest) -> Answer {
        let body = encode(&request.parameters);
        let post = Request::post(&request.endpoint(), "application/x-www-form-urlencoded", body)
            .header("origin", "https://client.test")
            .header("sec-fetch-site", "cross-site");
        let answer = self.http.send(post).await;
        self.follow(answer).await
    }

    /// Answers the login page with these credentials and goes on to whatever comes next.
    pub(crate) async fn log_in_as(&mut self, page: &Answer, username: &str, password: &str) -> Answer {
        let form = page.page("login-page").form();
        let form = form.with("username", username).with("password", password).with("action", "login");
        let answer = self.submit(page, &form).await;
        self.follow(answer).await
    }

    pub(crate) async fn log_in(&mut self, page: &Answer, user: &User) -> Answer {
        self.log_in_as(page, &user.username, &user.password).await
    }

    /// Answers the login page or the consent page with a button.
    pub(crate) async fn press(&mut self, page: &Answer, action: &str) -> Answer {
        let form = super::html::HtmlPage::new(&page.body).form().with("action", action);
        self.submit(page, &form).await
    }

    /// Answers the consent page.
    pub(crate) async fn allow(&mut self, page: &Answer) -> Answer {
        page.page("consent-page");
        self.press(page, "allow").await
    }

    /// Does what the pages ask for, as a user who agrees, until the client is answered.
    pub(crate) async fn complete(&mut self, request: &AuthorizationRequest, user: &User) -> AuthorizationResponse {
        let mut answer = self.authorize(request).await;
        if answer.is_page("login-page") {
            answer = self.log_in(&answer, user).await;
        }
        if answer.is_page("consent-page") {
            answer = self.allow(&answer).await;
        }
        AuthorizationResponse::read(&answer, request)
    }
}

impl Answer {
    /// Checks that the client was told this error (RFC 6749 section 4.1.2.1).
    pub(crate) fn assert_error_response(&self, request: &AuthorizationRequest, error: &str) -> AuthorizationResponse {
        let response = AuthorizationResponse::read(self, request);
        assert_eq!(response.error(), error, "{response:?}");
        response
    }

    /// Checks that the user sees an error and nothing was sent to anybody.
    pub(crate) fn assert_error_page(&self) {
        assert!((400..500).contains(&self.status), "{self:?}");
        assert_eq!(self.location(), None);
        let page = self.page("error-page");
        assert!(page.text_of("support-code").is_some_and(|code| !code.is_empty()), "{self:?}");
        let policy = self.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'none'"), "{policy}");
        assert!(!policy.contains("script-src"), "{policy}");
    }

    /// The redirect's target without its parameters.
    pub(crate) fn target(&self) -> String {
        let mut url = Url::parse(self.location().expect("a redirect")).unwrap();
        url.set_query(None);
        url.set_fragment(None);
        url.to_string()
    }
}
