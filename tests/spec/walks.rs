//! Walks at random through the pages between a request and its response: whatever order somebody tries them in, without
//! the password nobody gets through (AZ-093).

use serde_json::json;

use crate::support::authorization::AuthorizationRequest;
use crate::support::browser::Browser;
use crate::support::client::Client;
use crate::support::html::{Form, HtmlPage};
use crate::support::http::{Answer, Request, encode};
use crate::support::realm::Realm;

/// Walks, and steps of each.
const WALKS: u64 = 4;
const STEPS: usize = 150;

/// Numbers that look random and come again with the same seed (Marsaglia's xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }
}

/// Somebody who knows the name of a user and nothing more.
struct Walker<'a> {
    realm: &'a Realm,
    clients: &'a [Client],
    dice: Dice,
    browser: Browser,
    request: AuthorizationRequest,
    /// Pages with forms that were shown on the way, the newest last.
    pages: Vec<Answer>,
    /// Sealed values that were seen.
    sealed: Vec<String>,
}

impl<'a> Walker<'a> {
    fn new(realm: &'a Realm, clients: &'a [Client], seed: u64) -> Self {
        let request = clients[0].request();
        let (browser, sealed) = (realm.browser(), vec!["x".to_owned()]);
        Self { realm, clients, dice: Dice(seed), browser, request, pages: Vec::new(), sealed }
    }

    /// Begins with a new request, or goes back to the beginning of the one before.
    async fn begin(&mut self) -> Answer {
        if self.dice.below(3) > 0 {
            self.request = self.dice.one_of(self.clients).request();
            let prompts = ["login", "consent", "none", "select_account", "login consent"];
            if self.dice.below(2) == 0 {
                self.request = self.request.clone().with("prompt", self.dice.one_of(&prompts));
            }
        }
        self.browser.authorize(&self.request).await
    }

    /// Goes on with a request as if something had been answered.
    async fn resume(&mut self) -> Answer {
        let sealed = self.dice.one_of(&self.sealed);
        let more = encode(&[("interaction", sealed.as_str())]);
        self.browser.get(&format!("{}&{more}", self.request.url())).await
    }

    /// Answers a form that was shown once, with any value, at any endpoint.
    async fn answer(&mut self) -> Option<Answer> {
        let page = (!self.pages.is_empty()).then(|| self.dice.one_of(&self.pages))?;
        let mut form = HtmlPage::new(&page.body).forms().into_iter().next()?;
        for endpoint in ["/login?", "/consent?"] {
            let to = self.dice.one_of(&["/login?", "/consent?", "/sign-up?", "/device?"]);
            if self.dice.below(4) == 0 {
                form.action = form.action.replace(endpoint, to);
            }
        }
        if self.dice.below(3) == 0 {
            let sealed = self.dice.one_of(&self.sealed);
            form = form.with("interaction", &sealed);
        }
        let actions = ["login", "allow", "deny", "cancel", "sign-up", "confirm", ""];
        form = form.with("action", self.dice.one_of(&actions));
        let names = [self.realm.user.username.as_str(), "nobody", ""];
        let passwords = ["", "wrong password", "ana"];
        form = form.with("username", self.dice.one_of(&names)).with("password", self.dice.one_of(&passwords));
        if self.dice.below(5) == 0 {
            form = Form { fields: Vec::new(), ..form };
        }
        Some(self.browser.submit(&page, &form).await)
    }

    /// Visits what only somebody who is signed in sees.
    async fn visit(&mut self) -> Answer {
        let path = self.dice.one_of(&["/account", "/account/apps", "/account/sign-out", "/consent", "/userinfo"]);
        let url = self.realm.url(path);
        if self.dice.below(3) == 0 {
            let form = encode(&[("action", "allow"), ("client_id", self.clients[0].id.as_str())]);
            return self.browser.send(Request::post(&url, "application/x-www-form-urlencoded", form)).await;
        }
        self.browser.get(&url).await
    }

    async fn step(&mut self) {
        let answer = match self.dice.below(10) {
            0..=2 => self.begin().await,
            3 => self.resume().await,
            4 => self.visit().await,
            _ => match self.answer().await {
                Some(answer) => answer,
                None => return,
            },
        };
        let answer = self.browser.follow(answer).await;
        assert!(answer.status < 500, "{answer:?}");
        let location = answer.location().unwrap_or_default();
        for granted in ["code=", "token="] {
            assert!(!location.contains(granted), "{answer:?}");
        }
        assert!(self.browser.cookie("session").is_none(), "{answer:?}");
        if answer.content_type().starts_with("text/html") {
            for page in ["consent-page", "apps-page", "signed-in-page"] {
                assert!(!answer.is_page(page), "{answer:?}");
            }
            let forms = HtmlPage::new(&answer.body).forms();
            self.sealed.extend(forms.iter().filter_map(|form| form.field("interaction")).map(str::to_owned));
            if !forms.is_empty() {
                self.pages.push(answer);
            }
        }
    }
}

#[tokio::test]
async fn az_093_no_walk_at_random_ends_in_a_session_without_the_password() {
    let realm = Realm::with(json!({"password_attempts_per_address": 10_000})).await;
    let clients = [realm.client(json!({})).await, realm.client(json!({"settings": {"skip_consent": true}})).await];
    let walks = (1..=WALKS).map(|seed| {
        let mut walker = Walker::new(&realm, &clients, seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        async move {
            for _ in 0..STEPS {
                walker.step().await;
            }
            walker.pages.len()
        }
    });
    let shown = futures_util::future::join_all(walks).await;
    assert!(shown.iter().all(|pages| *pages > STEPS / 10), "the walks went nowhere: {shown:?}");
    let rows = realm.rows().await;
    assert_eq!((rows.count("sessions"), rows.count("authorizations")), (0, 0));
    // With a password the same pages lead to the end.
    let ben = realm.add_user("ben").await;
    realm.browser().complete(&clients[0].request(), &ben).await.code();
}
