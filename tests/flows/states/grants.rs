//! One driver a grant: how it begins, and how what was begun is redeemed.

use serde_json::{Value, json};
use signet_core::protocol::names::GrantType;

use crate::support::authorization::AuthorizationRequest;
use crate::support::browser::Browser;
use crate::support::ciba::is_ping;
use crate::support::client::Client;
use crate::support::device::assert_connected;
use crate::support::http::Answer;
use crate::support::jwt::random_text;
use crate::support::time::now;
use crate::support::wait::until_true;

use super::world::{PARTNER, STOCK, TAKES_NO_PINGS, TAKES_PINGS, World};

const NOTIFICATION_TOKEN: &str = "8d67dc78-7faa-4d41-aabd-67707b374255";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
const ID_TOKEN_FORMAT: &str = "http://openid.net/specs/openid-connect-core-1_0.html#IDToken";

/// A column of the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Driver {
    Code,
    /// A refresh token that ends with the session.
    Refresh,
    /// One that outlives it (OpenID Connect Core 11).
    OfflineRefresh,
    ClientCredentials,
    Device,
    Ciba,
    /// The same by a client that is told when to poll (CIBA Core 10.2).
    CibaPing,
    /// The same by a client that is sent its tokens (CIBA Core 10.3).
    CibaPush,
    Exchange,
    /// Of a token that another issuer made.
    ForeignExchange,
    JwtBearer,
    Uma,
    /// Tokens that leave through the browser.
    FrontChannel,
    /// A request that was pushed before the browser came with it.
    Pushed,
}

/// What waits to be redeemed.
pub(super) enum Begun {
    /// A request of the token endpoint.
    Request(Vec<(&'static str, String)>),
    /// An answer of the user that the client is to be sent, by `auth_req_id`.
    Notification(String),
    /// A page that asks the user.
    Page(Box<(Browser, AuthorizationRequest, Answer)>),
    /// An address that the browser is sent to, and what was pushed.
    Visit(Box<(Browser, AuthorizationRequest, AuthorizationRequest)>),
}

/// What came of it.
pub(super) enum Redeemed {
    /// The answer of the token endpoint.
    Tokens(Answer),
    /// What arrived at the client's notification endpoint, if anything did.
    Notification(Option<Value>),
    /// What the browser got, and what it had asked for.
    Browser(Answer, Box<AuthorizationRequest>),
}

impl Driver {
    /// Every column, in the order of the matrix.
    pub(super) const ALL: [Self; 14] = [
        Self::Code,
        Self::Refresh,
        Self::OfflineRefresh,
        Self::ClientCredentials,
        Self::Device,
        Self::Ciba,
        Self::CibaPing,
        Self::CibaPush,
        Self::Exchange,
        Self::ForeignExchange,
        Self::JwtBearer,
        Self::Uma,
        Self::FrontChannel,
        Self::Pushed,
    ];

    /// The grant that it drives.
    pub(super) const fn grant_type(self) -> GrantType {
        match self {
            Self::Code | Self::Pushed => GrantType::AuthorizationCode,
            Self::Refresh | Self::OfflineRefresh => GrantType::RefreshToken,
            Self::ClientCredentials => GrantType::ClientCredentials,
            Self::Device => GrantType::DeviceCode,
            Self::Ciba | Self::CibaPing | Self::CibaPush => GrantType::Ciba,
            Self::Exchange | Self::ForeignExchange => GrantType::TokenExchange,
            Self::JwtBearer => GrantType::JwtBearer,
            Self::Uma => GrantType::UmaTicket,
            Self::FrontChannel => GrantType::Implicit,
        }
    }

    /// The names of all grants that are driven.
    pub(super) fn grant_types() -> Vec<&'static str> {
        let mut names: Vec<&str> = Self::ALL.iter().map(|driver| driver.grant_type().as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Begins the grant: afterwards everything that a person has to do is done.
    pub(super) async fn begin(self, world: &mut World) -> Begun {
        let parameters = match self {
            Self::Code => code(world).await,
            Self::Refresh => refresh(world, "read write").await,
            Self::OfflineRefresh => refresh(world, "openid offline_access read write").await,
            Self::ClientCredentials => vec![("scope", "read".to_owned())],
            Self::Device => device(world).await,
            Self::Ciba => vec![("auth_req_id", ciba(world, &[]).await)],
            Self::CibaPing => vec![("auth_req_id", pinged(world, TAKES_PINGS).await)],
            Self::CibaPush => return Begun::Notification(pinged(world, TAKES_NO_PINGS).await),
            Self::Exchange => exchange(world).await,
            Self::ForeignExchange => exchanged((vouched(world), JWT)),
            Self::JwtBearer => vec![("assertion", vouched(world)), ("scope", "read".to_owned())],
            Self::Uma => uma(world).await,
            Self::FrontChannel => return front_channel(world).await,
            Self::Pushed => return pushed(world).await,
        };
        Begun::Request(parameters)
    }

    /// Redeems what was begun.
    pub(super) async fn redeem(self, world: &World, begun: Begun) -> Redeemed {
        match begun {
            Begun::Request(parameters) => {
                let mut form = vec![("grant_type", self.grant_type().as_str())];
                form.extend(parameters.iter().map(|(name, value)| (*name, value.as_str())));
                Redeemed::Tokens(world.client.ask("/token", &form).await)
            }
            Begun::Notification(auth_req_id) => Redeemed::Notification(sent(world, &auth_req_id).await),
            Begun::Page(begun) => {
                let (mut browser, request, page) = *begun;
                Redeemed::Browser(browser.press(&page, "allow").await, Box::new(request))
            }
            Begun::Visit(begun) => {
                let (mut browser, address, request) = *begun;
                Redeemed::Browser(browser.authorize(&address).await, Box::new(request))
            }
        }
    }
}

async fn code(world: &mut World) -> Vec<(&'static str, String)> {
    let request = world.client.request().with("scope", "openid read write");
    let response = world.browser.complete(&request, &world.realm.user).await;
    vec![
        ("code", response.code().to_owned()),
        ("redirect_uri", request.redirect_uri().to_owned()),
        ("code_verifier", request.verifier.clone().expect("a verifier")),
    ]
}

async fn refresh(world: &mut World, scope: &str) -> Vec<(&'static str, String)> {
    let request = world.client.request().with("scope", scope).without("nonce");
    let tokens = world.client.obtain(&mut world.browser, &request, &world.realm.user).await;
    vec![("refresh_token", tokens.refresh_token().to_owned())]
}

async fn device(world: &mut World) -> Vec<(&'static str, String)> {
    let codes = world.client.codes("openid read write").await;
    let mut answer = world.browser.verify(&world.realm, &codes.user_code, &world.realm.user).await;
    if answer.is_page("consent-page") {
        answer = world.browser.press(&answer, "allow").await;
    }
    assert_connected(&answer);
    vec![("device_code", codes.device_code)]
}

async fn ciba(world: &mut World, more: &[(&str, &str)]) -> String {
    let mut asked = vec![("scope", "openid read write"), ("login_hint", &*world.realm.user.username)];
    asked.extend(more);
    let auth_req_id = world.client.ask_user(&asked).await.success()["auth_req_id"].as_str().unwrap().to_owned();
    let page = world.browser.get(&world.realm.url("/account/requests")).await;
    page.page("requests-page");
    world.browser.press(&page, "allow").await.page("requests-page");
    auth_req_id
}

async fn pinged(world: &mut World, place: &str) -> String {
    world.have_the_client_told("ping", place).await;
    let before = world.told.received().len();
    let auth_req_id = ciba(world, &[("client_notification_token", NOTIFICATION_TOKEN)]).await;
    until_true("the ping", async || world.told.received().len() > before).await;
    auth_req_id
}

/// What a client is sent that is to be sent its tokens from now on: its pings did not arrive, so that the server comes again.
async fn sent(world: &World, auth_req_id: &str) -> Option<Value> {
    world.have_the_client_told("push", TAKES_NO_PINGS).await;
    until_true("nothing waits to be told", async || world.count("backchannel_notifications", "NOT dead").await == 0)
        .await;
    let sent = world.told.received().into_iter().filter(|received| !is_ping(received));
    let mut sent: Vec<Value> = sent
        .inspect(|received| assert_eq!(received.headers["authorization"], format!("Bearer {NOTIFICATION_TOKEN}")))
        .map(|received| serde_json::from_str(&received.body).unwrap())
        .filter(|body: &Value| body["auth_req_id"] == auth_req_id)
        .collect();
    assert!(sent.len() <= 1, "{sent:?}");
    sent.pop()
}

async fn exchange(world: &mut World) -> Vec<(&'static str, String)> {
    let subject = world.obtain("openid read write").await;
    exchanged((subject.access_token().to_owned(), ACCESS_TOKEN))
}

fn exchanged((token, token_type): (String, &str)) -> Vec<(&'static str, String)> {
    vec![
        ("subject_token", token),
        ("subject_token_type", token_type.to_owned()),
        ("audience", STOCK.to_owned()),
        ("scope", "read".to_owned()),
    ]
}

/// What another issuer says of the user.
fn vouched(world: &World) -> String {
    world.partner_key.sign(&json!({
        "iss": PARTNER, "sub": world.realm.user.username, "aud": world.realm.issuer, "jti": random_text(),
        "iat": now(), "exp": now() + 60,
    }))
}

async fn uma(world: &mut World) -> Vec<(&'static str, String)> {
    let ticket = world.ticket().await;
    let party = world.obtain("openid").await;
    vec![
        ("ticket", ticket),
        ("claim_token", party.id_token().to_owned()),
        ("claim_token_format", ID_TOKEN_FORMAT.to_owned()),
    ]
}

async fn front_channel(world: &mut World) -> Begun {
    let request = world.client.request().with("response_type", "id_token token").without_pkce();
    let request = request.with("scope", "openid read write").with("prompt", "consent");
    let page = world.browser.authorize(&request).await;
    page.page("consent-page");
    Begun::Page(Box::new((world.browser.clone(), request, page)))
}

async fn pushed(world: &mut World) -> Begun {
    let request = world.client.request().with("scope", "openid read write");
    // The user agrees once, so that nothing is asked when the browser comes.
    world.browser.complete(&request, &world.realm.user).await.code();
    let address = Client::pushed(&world.client, &request).await;
    Begun::Visit(Box::new((world.browser.clone(), address, request)))
}
