//! Addresses: where they may lead is for whoever registers the client to check.

use signet_protocol::client_metadata::ClientMetadata;
use url::Url;

use super::{MAXIMUM_LIST, invalid};
use crate::registry::RegistryError;

/// What the server does with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::registry) enum AddressUse {
    /// Pages link to it or have it in a frame, or it is told of what happened.
    Shown,
    /// It asks what is there.
    Fetched,
}

/// Every member that is an `https` address, with what is done with it. A member that is added is one line here.
pub(in crate::registry) fn addresses(metadata: &ClientMetadata) -> impl Iterator<Item = (&str, &str, AddressUse)> {
    let single = [
        ("client_uri", &metadata.client_uri, AddressUse::Shown),
        ("logo_uri", &metadata.logo_uri, AddressUse::Shown),
        ("policy_uri", &metadata.policy_uri, AddressUse::Shown),
        ("tos_uri", &metadata.tos_uri, AddressUse::Shown),
        ("initiate_login_uri", &metadata.initiate_login_uri, AddressUse::Shown),
        ("frontchannel_logout_uri", &metadata.frontchannel_logout_uri, AddressUse::Shown),
        ("backchannel_logout_uri", &metadata.backchannel_logout_uri, AddressUse::Shown),
        (
            "backchannel_client_notification_endpoint",
            &metadata.backchannel_client_notification_endpoint,
            AddressUse::Shown,
        ),
        ("jwks_uri", &metadata.jwks_uri, AddressUse::Fetched),
        ("sector_identifier_uri", &metadata.sector_identifier_uri, AddressUse::Fetched),
    ];
    let lists = [("request_uris", &metadata.request_uris, AddressUse::Fetched)];
    let single = single.into_iter().filter_map(|(name, value, usage)| Some((name, value.as_deref()?, usage)));
    let listed = lists
        .into_iter()
        .flat_map(|(name, values, usage)| values.iter().map(move |value| (name, value.as_str(), usage)));
    let localized = metadata.localized.iter().filter(|(name, _)| name.contains("_uri#"));
    single.chain(listed).chain(localized.map(|(name, value)| (name.as_str(), value.as_str(), AddressUse::Shown)))
}

/// The members that may be there in several languages (RFC 7591 section 2.2).
pub(crate) const LOCALIZABLE: [&str; 5] = ["client_name", "client_uri", "logo_uri", "policy_uri", "tos_uri"];

pub(super) fn check(metadata: &ClientMetadata) -> Result<(), RegistryError> {
    if metadata.localized.len() > MAXIMUM_LIST {
        return Err(invalid("localized", "has more than 100 entries"));
    }
    let is_tag = |tag: &str| {
        (2..=35).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_known =
        |name: &String| name.split_once('#').is_some_and(|(member, tag)| LOCALIZABLE.contains(&member) && is_tag(tag));
    if !metadata.localized.keys().all(is_known) {
        return Err(invalid("localized", "names members like client_name#de, with a language tag of BCP 47"));
    }
    match addresses(metadata).find(|(_, value, _)| !is_https(value)) {
        Some((field, ..)) => {
            Err(invalid(field, "must be an https URL of at most 2048 characters without user information"))
        }
        None => Ok(()),
    }
}

/// Whether every reader takes a text for the same `https` URL: nothing in it is dropped or corrected.
pub(super) fn is_https(value: &str) -> bool {
    let is_plain = value.len() <= 2048
        && value.starts_with("https://")
        && value.bytes().all(|byte| (0x21..=0x7e).contains(&byte))
        && !value.contains(['\\', '"', '<', '>']);
    is_plain
        && Url::parse(value).is_ok_and(|url| url.has_host() && url.username().is_empty() && url.password().is_none())
}
