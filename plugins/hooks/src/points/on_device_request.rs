//! A device asks for codes (RFC 8628 section 3.1), after the server's own rules.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::decision::{Constructor, Denial, denial_codes};
use crate::facts::NoFacts;
use crate::hook::{Hook, HookPoint};
use crate::redaction::nothing_personal;
use crate::text::Seconds;

/// `on_device_request(ctx, req)`
pub struct OnDeviceRequest;

denial_codes! {
    /// How a device authorization request can be refused (RFC 8628 section 3.2).
    DeviceDenial {
        AccessDenied, InvalidRequest, InvalidScope, InvalidTarget, UnauthorizedClient, TemporarilyUnavailable,
    }
}

/// What a device asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceRequest {
    /// The scope values asked for and open to the client.
    pub scope: Vec<String>,
    /// Resource servers the tokens are to be for (RFC 8707).
    pub resources: Vec<String>,
}

nothing_personal!(DeviceRequest { scope, resources });

/// What may be decided about a device authorization request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum DeviceRequestDecision {
    /// Nothing to say.
    None {},
    /// Go on.
    Allow {},
    /// Refuse; the device gets the error.
    Deny(Denial<DeviceDenial>),
    /// Let the device wait for less long, or ask less often.
    Limit(DeviceLimits),
}

/// How long a device may wait, and how often it may ask.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DeviceLimits {
    /// Seconds for which the codes are good; the smaller of this and the realm's counts.
    pub expires_in: Option<Seconds<60, 1_800>>,
    /// Seconds between two polls; the larger of this and the realm's counts.
    pub interval: Option<Seconds<1, 60>>,
}

impl HookPoint for OnDeviceRequest {
    const HOOK: Hook = Hook::OnDeviceRequest;
    const ARGUMENT: Option<&'static str> = Some("req");
    const ABOUT: &'static str = "Asked when a device wants codes, after `on_authorize_request`: may it begin, for how \
                                 long may it wait, and how often may it ask?";
    const NEVER: &'static str = "approve anything; let codes live longer or polls come faster than the realm's settings \
                                 say; add a scope";
    const CONSTRUCTORS: &'static [Constructor] =
        &[Constructor::ALLOW, Constructor::DENY, Constructor::members("limit")];
    type Facts = NoFacts;
    type Argument = DeviceRequest;
    type Output = DeviceRequestDecision;

    fn sample() -> (NoFacts, DeviceRequest) {
        let request = DeviceRequest {
            scope: vec!["openid".to_owned(), "photos".to_owned()],
            resources: vec!["https://photos.example.com/".to_owned()],
        };
        (NoFacts {}, request)
    }

    fn sample_context() -> Context {
        Context::sample_without_user()
    }
}
