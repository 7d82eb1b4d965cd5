//! The demands of the profiles by name: which section wants each, where it is checked, and what the registration of a
//! client lacks of it.
//!
//! A demand is one entry of [`REQUIREMENTS`]. What it demands is data of the profile; the rule that checks it in requests
//! is named beside it; what can be seen from a registration is checked here, for whoever registers the client, for the
//! command that tells what a client would have to change, and again where the client asks for something, because the
//! profile of its realm may have changed since.

mod authentication;
mod clauses;
mod page;
mod requests;
mod tokens;
mod traffic;

use signet_protocol::spec::SpecRef;

pub use page::reference;
pub use traffic::RequestKind;
pub(crate) use traffic::{
    Observed, ObservedAssertion, ObservedAuthentication, ObservedAuthorization, ObservedObject, ObservedToken,
};

use super::{ProfileName, SecurityProfile};
use crate::model::{Client, RealmSettings};

/// A demand of profiles.
pub struct Requirement {
    /// The name of it.
    pub name: &'static str,
    /// What it is about, for people.
    pub about: &'static str,
    /// Where it is checked.
    pub places: &'static [Place],
    /// The sections that want it. A profile that is not there wants no more than [`ProfileName::Base`].
    pub sections: &'static [(ProfileName, SpecRef)],
    /// What a profile says of it.
    pub stated: fn(&SecurityProfile) -> String,
    /// What a registration lacks of it.
    pub shortfall: fn(&Registered<'_>) -> Option<Shortfall>,
    /// What the client has to do in its requests, as far as no registration shows it.
    pub in_requests: Option<fn(&Registered<'_>) -> Option<&'static str>>,
}

/// Where a demand is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Where a client is registered: command line, admin API, registration endpoint.
    Registration,
    /// The authorization endpoint.
    Authorization,
    /// The token endpoint.
    Token,
    /// Every endpoint where clients authenticate.
    Authentication,
    /// Where something is issued.
    Issuing,
    /// The settings of a realm.
    Realm,
}

/// A client as it is registered, in its realm, and the profile that it is held against.
#[derive(Clone, Copy)]
pub struct Registered<'a> {
    /// The profile.
    pub profile: &'static SecurityProfile,
    /// Settings of the realm.
    pub realm: &'a RealmSettings,
    /// The client.
    pub client: &'a Client,
}

/// What a registration lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortfall {
    /// The member that would have to change.
    pub field: &'static str,
    /// What is wrong with it and what to do.
    pub change: String,
}

/// A demand that a client does not meet.
pub struct Gap {
    /// The demand.
    pub requirement: &'static Requirement,
    /// The section that wants it, if the profile has a name.
    pub section: Option<SpecRef>,
    /// What to change; nothing where it is a matter of requests.
    pub shortfall: Option<Shortfall>,
    /// What to do in requests.
    pub in_requests: Option<&'static str>,
}

/// Every demand, in the order in which a client meets them.
pub static REQUIREMENTS: &[&Requirement] = &[
    &authentication::CONFIDENTIAL_CLIENT,
    &authentication::CLIENT_AUTHENTICATION,
    &authentication::ASSERTION_ALGORITHM,
    &authentication::ASSERTION_AUDIENCE,
    &authentication::CLOCK_SKEW,
    &requests::RESPONSE_TYPE,
    &requests::GRANT_TYPE,
    &requests::RESPONSE_MODE,
    &requests::PUSHED_REQUEST,
    &requests::SIGNED_REQUEST,
    &requests::REQUEST_OBJECT_ALGORITHM,
    &requests::REQUEST_OBJECT_TIMES,
    &requests::PKCE,
    &requests::BACKCHANNEL,
    &requests::REDIRECT_URI,
    &requests::NONCE,
    &requests::STATE,
    &requests::CONSENT,
    &tokens::SENDER_CONSTRAINED_TOKENS,
    &tokens::PROOF_ALGORITHM,
    &tokens::SIGNING_ALGORITHM,
    &tokens::ENCRYPTION_ALGORITHM,
    &tokens::REFRESH_ROTATION,
    &tokens::STATE_HASH,
];

impl Requirement {
    /// The section that wants it of a profile.
    pub fn section(&self, name: ProfileName) -> Option<SpecRef> {
        let own = |wanted| self.sections.iter().find(|(profile, _)| *profile == wanted).map(|(_, section)| *section);
        // FAPI-CIBA 5.2.2 takes over all of FAPI 1.0.
        let taken_over = || (name == ProfileName::FapiCiba).then(|| own(ProfileName::Fapi1Advanced)).flatten();
        own(name).or_else(taken_over)
    }
}

/// The first thing that a registration lacks.
pub fn first_shortfall(registered: &Registered<'_>) -> Option<(&'static Requirement, Shortfall)> {
    REQUIREMENTS.iter().find_map(|requirement| Some((*requirement, (requirement.shortfall)(registered)?)))
}

/// Everything that a client would have to change to meet a profile.
pub fn gaps(name: ProfileName, realm: &RealmSettings, client: &Client) -> Vec<Gap> {
    let registered = Registered { profile: name.profile(), realm, client };
    let gap = |requirement: &&'static Requirement| {
        let shortfall = (requirement.shortfall)(&registered);
        let in_requests = requirement.in_requests.and_then(|asked| asked(&registered));
        let is_one = shortfall.is_some() || in_requests.is_some();
        is_one.then(|| Gap { requirement, section: requirement.section(name), shortfall, in_requests })
    };
    REQUIREMENTS.iter().filter_map(gap).collect()
}

/// A registration shows nothing of it.
const fn unseen(_: &Registered<'_>) -> Option<Shortfall> {
    None
}

/// Names with commas between them.
fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().collect::<Vec<_>>().join(", ")
}

const fn yes_or_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

#[cfg(test)]
mod tests;
