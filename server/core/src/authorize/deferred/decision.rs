//! `on_device_request` and `on_device_verify`: the shortest life and the longest interval count, the first text is shown,
//! and the first refusal is the answer.

use signet_hooks::points::on_authorize_request::RequestNarrowing;
use signet_hooks::points::on_device_request::{DeviceLimits, DeviceRequest, DeviceRequestDecision};
use signet_hooks::points::on_device_verify::{
    DeviceConfirmation, DeviceOrigin, DeviceVerification, DeviceVerifyDecision,
};
use signet_hooks::points::{OnDeviceRequest, OnDeviceVerify};
use signet_hooks::{LocalizedText, NoFacts, Seconds};
use signet_protocol::error::Refusal;

use super::content::AskedFrom;
use crate::authorize::decisions::Narrowing;
use crate::authorize::{Accepted, AuthorizeError};
use crate::events::Serving;
use crate::hooks::Subject;
use crate::realm::RealmContext;

/// How long a device may wait, and how often it may ask. Seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    pub(super) expires_in: i64,
    pub(super) interval: i64,
}

impl Limits {
    fn at_most(self, more: &DeviceLimits) -> Self {
        let (expires_in, interval) = (more.expires_in.map(Seconds::get), more.interval.map(Seconds::get));
        Self {
            expires_in: expires_in.map_or(self.expires_in, |seconds| seconds.min(self.expires_in)),
            interval: interval.map_or(self.interval, |seconds| seconds.max(self.interval)),
        }
    }
}

/// Asks about a request of a device, and for how long it may wait.
pub(super) async fn asked(serving: &Serving<'_>, realm: &RealmContext, accepted: &Accepted) -> Result<Limits, Refusal> {
    let settings = &realm.realm.settings;
    let mut limits =
        Limits { expires_in: settings.device_code_seconds, interval: settings.device_poll_interval_seconds };
    let request = || DeviceRequest { scope: scope_of(accepted), resources: accepted.request.resources().to_vec() };
    let subject = Subject::client(&accepted.client);
    for answer in serving.ask::<OnDeviceRequest>(realm, subject, || (NoFacts {}, request())).await? {
        match answer.decision {
            DeviceRequestDecision::None {} | DeviceRequestDecision::Allow {} => {}
            DeviceRequestDecision::Deny(denial) => return Err(denial.refusal()),
            DeviceRequestDecision::Limit(more) => limits = limits.at_most(&more),
        }
    }
    Ok(limits)
}

/// Asks about a person who has found the request of a device: a text for the page, and how fresh the login must be, which
/// goes into the narrowing.
pub(super) async fn found(
    serving: &Serving<'_>,
    realm: &RealmContext,
    accepted: &Accepted,
    (asked_from, by_link): (&AskedFrom, bool),
    narrowing: &mut Narrowing,
) -> Result<Option<LocalizedText>, AuthorizeError> {
    let verification = || DeviceVerification {
        scope: scope_of(accepted),
        resources: accepted.request.resources().to_vec(),
        device: DeviceOrigin {
            ip: asked_from.address.map(|address| address.to_string()),
            user_agent: asked_from.user_agent.clone(),
            seconds_ago: serving.now().since(asked_from.at),
        },
        by_link,
    };
    let subject = Subject::client(&accepted.client);
    let answers = serving.ask::<OnDeviceVerify>(realm, subject, || (NoFacts {}, verification())).await;
    let mut notice = None;
    for answer in answers.map_err(|refusal| accepted.redirect.refuse(refusal))? {
        match answer.decision {
            DeviceVerifyDecision::None {} | DeviceVerifyDecision::Allow {} => {}
            DeviceVerifyDecision::Deny(denial) => return Err(accepted.redirect.refuse(denial.refusal())),
            DeviceVerifyDecision::Confirm(DeviceConfirmation { notice: text, max_age }) => {
                notice = notice.or(text);
                let more = RequestNarrowing { max_age, ..RequestNarrowing::default() };
                narrowing.tighten(more, accepted.request.scope());
            }
        }
    }
    Ok(notice)
}

fn scope_of(accepted: &Accepted) -> Vec<String> {
    accepted.request.scope().iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_life_and_the_longest_interval_count() {
        let limits = Limits { expires_in: 600, interval: 5 };
        let more = |value: serde_json::Value| serde_json::from_value::<DeviceLimits>(value).unwrap();
        let both = limits
            .at_most(&more(serde_json::json!({"expires_in": 300, "interval": 10})))
            .at_most(&more(serde_json::json!({"expires_in": 900, "interval": 5})))
            .at_most(&DeviceLimits::default());
        assert_eq!(both, Limits { expires_in: 300, interval: 10 });
    }
}
