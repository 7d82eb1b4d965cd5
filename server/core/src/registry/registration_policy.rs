//! Bounds of what a realm permits at its registration endpoint.

use std::ops::RangeInclusive;

use signet_jose::{JwkSet, SignatureAlgorithm};
use url::Url;

use super::{ADMIN_READ_SCOPE, ADMIN_SCOPE, RegistryError};
use crate::model::{RegistrationPolicy, SoftwareStatementIssuer};

/// Most hosts and issuers that are listed.
const MAXIMUM_LIST: usize = 100;

fn invalid(field: &str, problem: impl Into<String>) -> RegistryError {
    RegistryError::invalid(format!("settings.registration.{field}"), problem)
}

/// Checks a policy.
pub(super) fn check(policy: &RegistrationPolicy) -> Result<(), RegistryError> {
    check_numbers(policy)?;
    if policy.grant_types.is_empty() {
        return Err(invalid("grant_types", "is empty"));
    }
    if policy.token_endpoint_auth_methods.as_ref().is_some_and(Vec::is_empty) {
        return Err(invalid("token_endpoint_auth_methods", "is empty"));
    }
    if policy.signing_algorithms.iter().flatten().any(|name| name.parse::<SignatureAlgorithm>().is_err()) {
        return Err(invalid("signing_algorithms", "names an algorithm that this server does not have"));
    }
    if policy.redirect_hosts.len() > MAXIMUM_LIST || !policy.redirect_hosts.iter().all(|host| is_host_pattern(host)) {
        return Err(invalid(
            "redirect_hosts",
            "must be at most 100 of rp.example.com, *.example.com and com.example.app:, in lower case",
        ));
    }
    let administers = |scope: &str| [ADMIN_SCOPE, ADMIN_READ_SCOPE].contains(&scope);
    if policy.scope.as_ref().is_some_and(|scope| scope.iter().any(administers)) {
        return Err(invalid("scope", "has a scope of administration, which no stranger registers"));
    }
    if policy.software_statement_issuers.len() > MAXIMUM_LIST {
        return Err(invalid("software_statement_issuers", "has more than 100 entries"));
    }
    if policy.software_statement_required && policy.software_statement_issuers.is_empty() {
        return Err(invalid("software_statement_required", "needs somebody in software_statement_issuers"));
    }
    policy.software_statement_issuers.iter().try_for_each(check_issuer)
}

fn check_numbers(policy: &RegistrationPolicy) -> Result<(), RegistryError> {
    let from_zero: [(&str, i64, RangeInclusive<i64>); 2] = [
        ("client_secret_seconds", policy.client_secret_seconds, 3_600..=315_360_000),
        ("unused_client_seconds", policy.unused_client_seconds, 86_400..=315_360_000),
    ];
    for (field, value, bounds) in from_zero {
        if value != 0 && !bounds.contains(&value) {
            return Err(invalid(field, format!("must be 0, or from {} to {}", bounds.start(), bounds.end())));
        }
    }
    let numbers: [(&str, i64, RangeInclusive<i64>); 4] = [
        ("access_token_seconds", policy.access_token_seconds.unwrap_or(30), 30..=86_400),
        ("maximum_clients", policy.maximum_clients, 1..=1_000_000),
        ("attempts_per_address", policy.attempts_per_address, 1..=100_000),
        ("attempt_window_seconds", policy.attempt_window_seconds, 30..=86_400),
    ];
    for (field, value, bounds) in numbers {
        if !bounds.contains(&value) {
            return Err(invalid(field, format!("must be from {} to {}", bounds.start(), bounds.end())));
        }
    }
    Ok(())
}

fn is_host_pattern(pattern: &str) -> bool {
    let is_name = |name: &str| {
        (1..=253).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.:[]".contains(&byte))
    };
    match pattern.strip_suffix(':') {
        Some(scheme) => scheme.contains('.') && is_name(scheme) && !scheme.contains([':', '[', ']']),
        None => is_name(pattern.strip_prefix("*.").unwrap_or(pattern)),
    }
}

fn check_issuer(issuer: &SoftwareStatementIssuer) -> Result<(), RegistryError> {
    let wrong = |problem: &str| Err(invalid("software_statement_issuers", problem));
    if issuer.issuer.is_empty() || issuer.issuer.len() > 512 {
        return wrong("has an issuer that is empty or has more than 512 bytes");
    }
    match (&issuer.jwks, &issuer.jwks_uri) {
        (Some(jwks), None) => {
            let usable = JwkSet::parse(jwks.to_string().as_bytes()).is_ok_and(|set| !set.keys().is_empty());
            if usable { Ok(()) } else { wrong("has a jwks without a key that can be used") }
        }
        (None, Some(uri)) if Url::parse(uri).is_ok_and(|url| url.scheme() == "https") => Ok(()),
        (None, Some(_)) => wrong("has a jwks_uri that is no https URL"),
        _ => wrong("needs jwks or jwks_uri for each issuer, and not both"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn checked(json: serde_json::Value) -> Result<(), String> {
        check(&serde_json::from_value(json).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_default_and_a_full_policy_are_accepted() {
        assert_eq!(checked(json!({})), Ok(()));
        let issuer = json!({"issuer": "https://trust.test", "jwks_uri": "https://trust.test/jwks", "single_use": true});
        assert_eq!(
            checked(json!({
                "mode": "open", "grant_types": ["authorization_code"], "token_endpoint_auth_methods": ["private_key_jwt"],
                "signing_algorithms": ["ES256"], "redirect_hosts": ["rp.test", "*.rp.test", "com.example.app:"],
                "scope": "openid", "access_token_seconds": 300, "client_secret_seconds": 3600, "maximum_clients": 5,
                "unused_client_seconds": 86400, "software_statement_required": true,
                "software_statement_issuers": [issuer],
            })),
            Ok(())
        );
    }

    #[test]
    fn what_is_out_of_bounds_is_named() {
        for (json, field) in [
            (json!({"grant_types": []}), "grant_types"),
            (json!({"signing_algorithms": ["none"]}), "signing_algorithms"),
            (json!({"redirect_hosts": ["https://rp.test"]}), "redirect_hosts"),
            (json!({"redirect_hosts": ["*"]}), "redirect_hosts"),
            (json!({"redirect_hosts": ["app:"]}), "redirect_hosts"),
            (json!({"scope": "openid signet.admin"}), "scope"),
            (json!({"client_secret_seconds": 1}), "client_secret_seconds"),
            (json!({"unused_client_seconds": -1}), "unused_client_seconds"),
            (json!({"maximum_clients": 0}), "maximum_clients"),
            (json!({"attempts_per_address": 0}), "attempts_per_address"),
            (json!({"software_statement_required": true}), "software_statement_required"),
            (json!({"software_statement_issuers": [{"issuer": "x"}]}), "software_statement_issuers"),
            (
                json!({"software_statement_issuers": [{"issuer": "x", "jwks_uri": "http://x"}]}),
                "software_statement_issuers",
            ),
            (
                json!({"software_statement_issuers": [{"issuer": "x", "jwks": {"keys": []}}]}),
                "software_statement_issuers",
            ),
        ] {
            let error = checked(json.clone()).unwrap_err();
            assert!(error.starts_with(&format!("settings.registration.{field}: ")), "{json} gave {error}");
        }
    }
}
