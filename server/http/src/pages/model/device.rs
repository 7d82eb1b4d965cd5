//! The pages of device authorization (RFC 8628 section 3.3).

use serde::{Serialize, Serializer};

use super::{ClientView, Heading, InteractionForm, message_enum};
use crate::pages::permissions::{DetailView, ScopeView};
use crate::pages::qr_code::QrCode;
use crate::pages::values::{DisplayText, OwnPath};

/// Field `user_code`.
#[derive(Debug, Clone, Serialize)]
pub struct DevicePage {
    /// Where the form is posted.
    pub action: OwnPath,
    /// The address of the page, for whoever would rather go on at a phone. It has no code in it.
    pub here: Option<QrCode>,
    /// Why the last code led nowhere.
    pub problem: Option<DeviceProblem>,
}

message_enum! {
    /// Why a code led nowhere. One text for an unknown, an expired and an answered one.
    DeviceProblem {
        /// Nothing waits under this code.
        Code = "device-problem-code",
        /// Too many wrong codes.
        Throttled = "device-problem-throttled",
    }
}

/// `action` is `confirm` or `deny`.
#[derive(Debug, Clone, Serialize)]
pub struct DeviceConfirmPage {
    /// Who asks.
    pub client: ClientView,
    /// The code, to be compared with what the device shows.
    pub user_code: String,
    /// The network address that the device asked from.
    pub address: Option<DisplayText>,
    /// What the device calls itself.
    pub user_agent: Option<DisplayText>,
    /// How long ago it asked, in whole minutes.
    pub minutes_ago: i64,
    /// What the realm's scripts say.
    pub notice: Option<DisplayText>,
    /// What is asked for in detail (RFC 9396).
    pub details: Vec<DetailView>,
    /// The scopes asked for.
    pub scopes: Vec<ScopeView>,
    /// The form.
    pub form: InteractionForm,
}

/// What became of the request of a device.
#[derive(Debug, Clone, Serialize)]
pub struct DeviceDonePage {
    /// Who asked.
    pub client: ClientView,
    /// What became of it.
    #[serde(serialize_with = "title_and_text")]
    pub outcome: DeviceOutcome,
}

message_enum! {
    /// What became of the request of a device; each has a heading (`-title`) and a text (`-text`).
    DeviceOutcome {
        /// The device gets what it asked for.
        Approved = "device-approved",
        /// It does not.
        Denied = "device-denied",
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn title_and_text<S: Serializer>(outcome: &DeviceOutcome, serializer: S) -> Result<S::Ok, S::Error> {
    Heading::of(outcome.key()).serialize(serializer)
}
