//! What a cell says, and how it is checked.

use crate::support::authorization::AuthorizationResponse;
use crate::support::http::Request;
use crate::support::realm::Realm;

use super::changes::{Change, Standing};
use super::grants::{Driver, Redeemed};
use super::world::World;

/// What becomes of a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Granted,
    /// Granted without the scope value that was taken away.
    Narrowed,
    /// An error of RFC 6749 section 5.2.
    Refused(&'static str),
    /// An error of UMA Grant section 3.3.6.
    Forbidden(&'static str),
    /// An error that the browser takes to the client.
    Told(&'static str),
    /// An error of CIBA Core section 12, at the client's notification endpoint.
    Notified(&'static str),
    /// Nothing arrives there.
    Silence,
    /// A page for the user, and nothing for the client.
    Page,
    /// There is no such realm.
    Gone,
    /// Nothing to try.
    NotApplicable,
}

/// What becomes of tokens that were issued before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Afterwards {
    Active,
    Inactive,
    /// Nobody is answered who could ask.
    Unheard,
    /// Nothing to try.
    NotApplicable,
}

/// What a grant gave: the token that the columns of [`super::matrix::AFTERWARDS`] are about.
pub(super) enum Held {
    Access(String),
    Refresh(String),
    Nothing,
}

impl Held {
    /// What a redemption gave that succeeded.
    pub(super) fn of(driver: Driver, redeemed: &Redeemed) -> Self {
        match (driver, redeemed) {
            (Driver::Refresh | Driver::OfflineRefresh, Redeemed::Tokens(answer)) => {
                Self::Refresh(answer.tokens().refresh_token().to_owned())
            }
            (_, Redeemed::Tokens(answer)) => Self::Access(answer.tokens().access_token().to_owned()),
            (_, Redeemed::Notification(body)) => {
                let body = body.as_ref().expect("a notification");
                Self::Access(body["access_token"].as_str().unwrap_or_else(|| panic!("{body}")).to_owned())
            }
            (Driver::Pushed, Redeemed::Browser(answer, request)) => {
                AuthorizationResponse::read(answer, request).code();
                Self::Nothing
            }
            (_, Redeemed::Browser(answer, request)) => {
                Self::Access(AuthorizationResponse::read(answer, request).access_token().to_owned())
            }
        }
    }
}

impl Outcome {
    /// Whether nothing is issued.
    pub(super) const fn is_refusal(self) -> bool {
        !matches!(self, Self::Granted | Self::Narrowed | Self::NotApplicable)
    }

    /// Checks what came of a redemption.
    pub(super) fn check(self, redeemed: &Redeemed) {
        match (self, redeemed) {
            (Self::Refused(error), Redeemed::Tokens(answer)) => answer.assert_refused(error),
            (Self::Forbidden(error), Redeemed::Tokens(answer)) => {
                assert_eq!((answer.status, answer.json()["error"].as_str()), (403, Some(error)), "{answer:?}");
            }
            (Self::Gone, Redeemed::Tokens(answer) | Redeemed::Browser(answer, _)) => {
                assert_eq!((answer.status, answer.location()), (404, None), "{answer:?}");
            }
            (Self::Granted, Redeemed::Tokens(answer)) => drop(answer.tokens()),
            (Self::Narrowed, Redeemed::Tokens(answer)) => assert_narrowed(answer.tokens().0["scope"].as_str()),
            (Self::Granted, Redeemed::Browser(answer, request)) => {
                let response = AuthorizationResponse::read(answer, request);
                assert_eq!(response.get("error"), None, "{response:?}");
            }
            (Self::Narrowed, Redeemed::Browser(answer, request)) => {
                assert_narrowed(AuthorizationResponse::read(answer, request).get("scope"));
            }
            (Self::Told(error), Redeemed::Browser(answer, request)) => {
                drop(answer.assert_error_response(request, error));
            }
            (Self::Page, Redeemed::Browser(answer, request)) => {
                let leaves = answer.location().is_some_and(|location| location.starts_with(request.redirect_uri()));
                assert!(!leaves && answer.status != 500 && !answer.body.contains("access_token"), "{answer:?}");
            }
            (Self::Granted, Redeemed::Notification(Some(body))) => assert!(body["access_token"].is_string(), "{body}"),
            (Self::Narrowed, Redeemed::Notification(Some(body))) => assert_narrowed(body["scope"].as_str()),
            (Self::Notified(error), Redeemed::Notification(Some(body))) => {
                assert_eq!((&body["error"], body["access_token"].as_str()), (&error.into(), None), "{body}");
            }
            (Self::Silence, Redeemed::Notification(None)) => {}
            (outcome, Redeemed::Notification(body)) => panic!("{outcome:?} is not what arrived: {body:?}"),
            (outcome, Redeemed::Tokens(answer) | Redeemed::Browser(answer, _)) => {
                panic!("{outcome:?} is no outcome of this grant: {answer:?}")
            }
        }
    }
}

fn assert_narrowed(scope: Option<&str>) {
    let scope: Vec<&str> = scope.expect("the scope is another than asked for").split(' ').collect();
    assert!(scope.contains(&"write") && !scope.contains(&"read"), "{scope:?}");
}

impl Afterwards {
    /// Asks introspection, the userinfo endpoint and the revocation endpoint about a token of before.
    pub(super) async fn check(self, world: &World, (change, driver): (Change, Driver), held: &Held) {
        let (token, asker) = match held {
            Held::Access(token) => (token, &world.watch),
            Held::Refresh(token) => (token, &world.client),
            Held::Nothing => return assert_eq!(self, Self::NotApplicable),
        };
        let answer = asker.ask("/introspect", &[("token", token)]).await;
        match self {
            Self::Active => assert_eq!(answer.success()["active"], true, "{answer:?}"),
            // RFC 7662 section 2.2: nothing more is said of it.
            Self::Inactive => assert_eq!(answer.success(), serde_json::json!({"active": false})),
            Self::Unheard if change.client_is() == Standing::Gone => assert_eq!(answer.status, 404, "{answer:?}"),
            Self::Unheard => answer.assert_refused("invalid_client"),
            Self::NotApplicable => return,
        }
        let is_of_openid = matches!(
            driver,
            Driver::Code | Driver::Device | Driver::Ciba | Driver::CibaPing | Driver::CibaPush | Driver::FrontChannel
        );
        if is_of_openid {
            self.check_at_userinfo(&world.realm, token).await;
        }
        self.check_revocation(world, change, (token, asker)).await;
    }

    async fn check_at_userinfo(self, realm: &Realm, token: &str) {
        let answer = realm.http.send(Request::get(&realm.url("/userinfo")).bearer(token)).await;
        match self {
            Self::Active => drop(answer.success()),
            Self::Inactive => answer.assert_token_refused(401, "invalid_token"),
            Self::Unheard | Self::NotApplicable => assert_eq!(answer.status, 404, "{answer:?}"),
        }
    }

    /// RFC 7009 section 2.2: the client is answered alike, whatever the token is; afterwards it is dead in any case.
    async fn check_revocation(
        self,
        world: &World,
        change: Change,
        (token, asker): (&str, &crate::support::client::Client),
    ) {
        let answer = world.client.revoke(token).await;
        match change.client_is() {
            Standing::Good => {
                assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{answer:?}");
                assert!(!asker.is_active(token).await);
            }
            Standing::Refused => answer.assert_refused("invalid_client"),
            Standing::Gone => assert_eq!(answer.status, 404, "{answer:?}"),
        }
    }
}
