//! Somebody has entered the code of a device (RFC 8628 section 3.3), before the page that asks for confirmation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::on_device_request::DeviceDenial;
use crate::context::Context;
use crate::decision::{Constructor, Denial};
use crate::facts::NoFacts;
use crate::hook::{Hook, HookPoint};
use crate::redaction::Redact;
use crate::text::{LocalizedText, Seconds};

/// `on_device_verify(ctx, info)`
pub struct OnDeviceVerify;

/// A device that waits. Who has entered its code is in `ctx.net`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceVerification {
    /// The scope values asked for and open to the client.
    pub scope: Vec<String>,
    /// Resource servers the tokens are to be for (RFC 8707).
    pub resources: Vec<String>,
    /// Where the device asked from.
    pub device: DeviceOrigin,
    /// Whether the code came by a link or a QR code, and was not typed.
    pub by_link: bool,
}

/// Where a device asked from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceOrigin {
    /// Its network address.
    pub ip: Option<String>,
    /// Its `User-Agent` header, at most 200 characters of it.
    pub user_agent: Option<String>,
    /// How long ago it asked, in seconds.
    pub seconds_ago: i64,
}

/// What may be decided about a code that was entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum DeviceVerifyDecision {
    /// Nothing to say.
    None {},
    /// Go on.
    Allow {},
    /// Refuse; the device gets `access_denied`.
    Deny(Denial<DeviceDenial>),
    /// Ask with more care.
    Confirm(DeviceConfirmation),
}

/// With what care a person is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DeviceConfirmation {
    /// A text on the page that asks for confirmation, by language; the first script's counts.
    pub notice: Option<LocalizedText>,
    /// The login must not be older than that. 0 demands a fresh login.
    pub max_age: Option<Seconds<0, 31_536_000>>,
}

impl Redact for DeviceVerification {
    fn redact(&mut self) {
        let Self { scope: _, resources: _, device: DeviceOrigin { ip: _, user_agent: _, seconds_ago: _ }, by_link: _ } =
            self;
    }
}

impl HookPoint for OnDeviceVerify {
    const HOOK: Hook = Hook::OnDeviceVerify;
    const ARGUMENT: Option<&'static str> = Some("info");
    const ABOUT: &'static str = "Asked when somebody has entered the code of a device that waits, before the page on \
                                 which they confirm that it is theirs.";
    const NEVER: &'static str = "approve anything; leave the confirmation, the login or the consent out";
    const CONSTRUCTORS: &'static [Constructor] =
        &[Constructor::ALLOW, Constructor::DENY, Constructor::members("confirm")];
    type Facts = NoFacts;
    type Argument = DeviceVerification;
    type Output = DeviceVerifyDecision;

    fn sample() -> (NoFacts, DeviceVerification) {
        let verification = DeviceVerification {
            scope: vec!["openid".to_owned(), "photos".to_owned()],
            resources: vec!["https://photos.example.com/".to_owned()],
            device: DeviceOrigin {
                ip: Some("198.51.100.23".to_owned()),
                user_agent: Some("ExampleTV/2.1".to_owned()),
                seconds_ago: 42,
            },
            by_link: false,
        };
        (NoFacts {}, verification)
    }

    fn sample_context() -> Context {
        Context::sample_without_user()
    }
}
