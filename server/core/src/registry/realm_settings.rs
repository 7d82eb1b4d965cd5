//! Bounds of a realm's policy.

use std::ops::RangeInclusive;

use signet_jose::TrustAnchors;
use signet_protocol::names::ApplicationType;
use signet_protocol::redirect_uri;

use super::{RegistryError, registration_policy};
use crate::model::{RealmSettings, UmaScope};
use crate::uma::{is_text, is_web_address};

/// Most scopes of resources that a realm describes.
const MOST_UMA_SCOPES: usize = 100;

/// Checks a realm's policy.
pub(super) fn check(settings: &RealmSettings) -> Result<(), RegistryError> {
    check_numbers(settings)?;
    check_response_types(settings)?;
    check_device_service(settings)?;
    check_uma_scopes(&settings.uma_scopes)?;
    if settings.backchannel_user_code && !settings.backchannel_authentication {
        return Err(RegistryError::invalid("settings.backchannel_user_code", "needs backchannel_authentication"));
    }
    let trust_domain = &settings.transaction_trust_domain;
    if trust_domain.len() > 200 || !trust_domain.bytes().all(|byte| byte.is_ascii_graphic()) {
        let problem = "must have at most 200 visible ASCII characters";
        return Err(RegistryError::invalid("settings.transaction_trust_domain", problem));
    }
    if settings.grant_management_action_required && !settings.grant_management {
        return Err(RegistryError::invalid("settings.grant_management_action_required", "needs grant_management"));
    }
    let least = settings.profile.profile().clock_skew_seconds;
    if settings.clock_skew_seconds < least {
        let problem = format!("must be {least} or more for the security profile");
        return Err(RegistryError::invalid("settings.clock_skew_seconds", problem));
    }
    if !(8..=64).contains(&settings.password_minimum_length) {
        return Err(RegistryError::invalid("settings.password_minimum_length", "must be from 8 to 64"));
    }
    let authorities = &settings.client_certificate_authorities;
    if !authorities.is_empty() && TrustAnchors::from_pem(authorities.as_bytes()).is_err() {
        return Err(RegistryError::invalid(
            "settings.client_certificate_authorities",
            "must be certificates in PEM, or empty",
        ));
    }
    registration_policy::check(&settings.registration)
}

/// Every number is within its bounds.
fn check_numbers(settings: &RealmSettings) -> Result<(), RegistryError> {
    let numbers: &[(&str, i64, RangeInclusive<i64>)] = &[
        ("authorization_code_seconds", settings.authorization_code_seconds, 10..=60),
        ("interaction_seconds", settings.interaction_seconds, 60..=3_600),
        ("access_token_seconds", settings.access_token_seconds, 30..=86_400),
        ("id_token_seconds", settings.id_token_seconds, 30..=86_400),
        ("refresh_token_idle_seconds", settings.refresh_token_idle_seconds, 300..=31_536_000),
        ("refresh_token_absolute_seconds", settings.refresh_token_absolute_seconds, 300..=315_360_000),
        ("refresh_retry_window_seconds", settings.refresh_retry_window_seconds, 0..=120),
        ("session_idle_seconds", settings.session_idle_seconds, 60..=7_776_000),
        ("session_absolute_seconds", settings.session_absolute_seconds, 60..=31_536_000),
        ("clock_skew_seconds", settings.clock_skew_seconds, 0..=60),
        ("password_attempts_per_account", settings.password_attempts_per_account, 3..=100),
        ("password_attempts_per_address", settings.password_attempts_per_address, 3..=10_000),
        ("password_attempt_window_seconds", settings.password_attempt_window_seconds, 30..=86_400),
        ("self_registrations_per_address", settings.self_registrations_per_address, 3..=10_000),
        // Not shorter than clients may keep the key set (the Cache-Control of the endpoint).
        ("signing_key_lead_seconds", settings.signing_key_lead_seconds, 300..=604_800),
        ("signing_key_rotation_days", settings.signing_key_rotation_days, 0..=3_650),
        // Not shorter than the longest life of a token, and an hour for clocks and clients that are late.
        ("signing_key_overlap_seconds", settings.signing_key_overlap_seconds, 90_000..=31_536_000),
        ("pushed_requests_per_client", settings.pushed_requests_per_client, 10..=1_000_000),
        ("device_code_seconds", settings.device_code_seconds, 60..=1_800),
        ("device_poll_interval_seconds", settings.device_poll_interval_seconds, 1..=60),
        ("device_requests_per_client", settings.device_requests_per_client, 10..=1_000_000),
        ("user_code_attempts_per_address", settings.user_code_attempts_per_address, 3..=1_000),
        // RFC 8628 section 5.1: 20,000 guesses at 20^8 codes hit one of them with a chance below 2^-20.
        ("user_code_attempts_per_realm", settings.user_code_attempts_per_realm, 10..=20_000),
        ("backchannel_request_seconds", settings.backchannel_request_seconds, 10..=3_600),
        ("backchannel_poll_interval_seconds", settings.backchannel_poll_interval_seconds, 1..=60),
        ("backchannel_requests_per_client", settings.backchannel_requests_per_client, 10..=1_000_000),
        ("backchannel_requests_per_user", settings.backchannel_requests_per_user, 1..=100),
        ("backchannel_requests_per_user_and_hour", settings.backchannel_requests_per_user_and_hour, 2..=1_000),
        ("script_recording_days", settings.script_recording_days, 0..=30),
        ("client_secret_overlap_seconds", settings.client_secret_overlap_seconds, 0..=2_592_000),
        ("uma_ticket_seconds", settings.uma_ticket_seconds, 30..=3_600),
        ("uma_request_seconds", settings.uma_request_seconds, 60..=2_592_000),
        ("uma_poll_interval_seconds", settings.uma_poll_interval_seconds, 0..=3_600),
        ("uma_claims_seconds", settings.uma_claims_seconds, 0..=31_536_000),
        ("uma_spontaneous_scope_seconds", settings.uma_spontaneous_scope_seconds, 60..=31_536_000),
        ("transaction_token_seconds", settings.transaction_token_seconds, 5..=600),
    ];
    for (field, value, bounds) in numbers {
        if !bounds.contains(value) {
            return Err(RegistryError::invalid(
                format!("settings.{field}"),
                format!("must be from {} to {}", bounds.start(), bounds.end()),
            ));
        }
    }
    Ok(())
}

/// Its address is one that this server may call, and says nothing that a log must not have.
fn check_device_service(settings: &RealmSettings) -> Result<(), RegistryError> {
    let Some(service) = &settings.backchannel_device_service else { return Ok(()) };
    let invalid = |member: &str, problem| {
        Err(RegistryError::invalid(format!("settings.backchannel_device_service.{member}"), problem))
    };
    if redirect_uri::check_registration(&service.url, ApplicationType::Web).is_err() {
        return invalid("url", "must be an https URL of at most 2048 characters without fragment and user name");
    }
    if service.acr.as_ref().is_some_and(|acr| acr.is_empty() || acr.len() > 200 || acr.contains(char::is_whitespace)) {
        return invalid("acr", "must be one word of at most 200 characters");
    }
    if service.amr.is_empty() || service.amr.len() > 100 || service.amr.contains(char::is_control) {
        return invalid("amr", "must be one or more words of at most 100 characters together");
    }
    Ok(())
}

/// Each has an address of its own that reads as it is written, and says something that a page can show.
fn check_uma_scopes(scopes: &[UmaScope]) -> Result<(), RegistryError> {
    let invalid = |problem| Err(RegistryError::invalid("settings.uma_scopes", problem));
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let is_word = |scope: &str| {
        (1..=100).contains(&scope.len()) && scope.bytes().all(is_unreserved) && !matches!(scope, "." | "..")
    };
    let reads =
        |text: &Option<String>, longest| text.as_ref().is_none_or(|text| !text.is_empty() && is_text(text, longest));
    let is_icon = |uri: &String| uri.len() <= 2_000 && is_web_address(uri);
    if scopes.len() > MOST_UMA_SCOPES {
        return invalid("has more than 100 entries");
    }
    for (index, described) in scopes.iter().enumerate() {
        if !is_word(&described.scope) {
            return invalid("a scope must be 1 to 100 letters, digits, hyphens, underscores, full stops and tildes");
        }
        if scopes[..index].iter().any(|before| before.scope == described.scope) {
            return invalid("names a scope twice");
        }
        if !reads(&described.name, 200) || !reads(&described.description, 1_000) {
            return invalid("a name has 1 to 200 characters, a description 1 to 1000, and no control characters");
        }
        if !described.icon_uri.as_ref().is_none_or(is_icon) {
            return invalid("an icon_uri must be an http or https URL of at most 2000 characters");
        }
    }
    Ok(())
}

fn check_response_types(settings: &RealmSettings) -> Result<(), RegistryError> {
    let (offered, permitted) = (&settings.response_types, settings.profile.profile().response_types);
    let invalid = |problem| Err(RegistryError::invalid("settings.response_types", problem));
    let is_repeated = |(index, response_type)| offered[..index].contains(response_type);
    if offered.is_empty() || offered.iter().enumerate().any(is_repeated) {
        return invalid("must name at least one response type, each once");
    }
    // What the profile does not allow is not offered, whatever stands here.
    if !offered.iter().any(|response_type| permitted.contains(response_type)) {
        return invalid("has none that the security profile allows");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use signet_protocol::names::ResponseType;

    use super::*;

    #[test]
    fn defaults_are_within_their_bounds() {
        assert!(check(&RealmSettings::default()).is_ok());
    }

    #[test]
    fn what_is_out_of_bounds_is_named() {
        let settings = RealmSettings { authorization_code_seconds: 61, ..RealmSettings::default() };
        let error = check(&settings).unwrap_err().to_string();
        assert_eq!(error, "settings.authorization_code_seconds: must be from 10 to 60");
        for response_types in [vec![], vec![ResponseType::Code, ResponseType::Code]] {
            let error = check(&RealmSettings { response_types, ..RealmSettings::default() }).unwrap_err().to_string();
            assert!(error.starts_with("settings.response_types: "), "{error}");
        }
        let settings = RealmSettings { client_certificate_authorities: "x".to_owned(), ..RealmSettings::default() };
        assert!(check(&settings).is_err());
    }
}
