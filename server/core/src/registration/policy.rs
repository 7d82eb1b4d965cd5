//! What a realm permits to clients that register themselves. Absent members get the default of their specification
//! first, so that what is left out is checked like what is said.

use signet_jose::SignatureAlgorithm;
use signet_protocol::client_metadata::ClientMetadata;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::{ClientAuthenticationMethod, GrantType};
use signet_protocol::scope::Scope;
use signet_protocol::spec::rfc7591;
use url::Url;

use crate::endpoints::{authentication_methods, request_encryption_algorithms, signing_algorithms};
use crate::model::RegistrationPolicy;
use crate::realm::RealmContext;
use crate::registry::{ADMIN_READ_SCOPE, ADMIN_SCOPE};

fn invalid(member: &str, problem: &str) -> Refusal {
    ErrorCode::InvalidClientMetadata.because(format!("{member}: {problem}")).per(rfc7591("3.2.2"))
}

/// Completes metadata and holds it against the policy of the realm.
///
/// # Errors
/// Names the member that asks for more than the realm permits.
pub(super) fn apply(realm: &RealmContext, metadata: &mut ClientMetadata) -> Result<(), Refusal> {
    let policy = &realm.realm.settings.registration;
    metadata.response_types = Some(metadata.response_types().to_vec());
    metadata.grant_types = Some(metadata.grant_types().to_vec());
    metadata.application_type = Some(metadata.application_type());
    metadata.token_endpoint_auth_method = Some(metadata.authentication_method());
    if !metadata.grant_types().iter().all(|grant| policy.grant_types.contains(grant)) {
        return Err(invalid("grant_types", "has a grant that this realm does not let clients register"));
    }
    let method = metadata.authentication_method();
    let listed = |methods: &Vec<ClientAuthenticationMethod>| methods.contains(&method);
    if !authentication_methods(realm).contains(&method)
        || !policy.token_endpoint_auth_methods.as_ref().is_none_or(listed)
    {
        return Err(invalid("token_endpoint_auth_method", "is not one that this realm lets clients register"));
    }
    apply_algorithms(realm, metadata)?;
    for uri in &metadata.redirect_uris {
        if !is_permitted_host(policy, uri) {
            let reason = "redirect_uris: has a host that this realm does not let clients register";
            return Err(ErrorCode::InvalidRedirectUri.because(reason).per(rfc7591("3.2.2")));
        }
    }
    apply_scope(realm, metadata)
}

/// Only algorithms that the realm has keys for already: no stranger makes it make some.
fn apply_algorithms(realm: &RealmContext, metadata: &mut ClientMetadata) -> Result<(), Refusal> {
    let policy = &realm.realm.settings.registration;
    let is_listed = |name: &str| {
        policy.signing_algorithms.as_ref().is_none_or(|listed| listed.iter().any(|algorithm| algorithm == name))
    };
    let offered = signing_algorithms(realm);
    let is_offered = |name: &str| is_listed(name) && offered.iter().any(|algorithm| algorithm.as_str() == name);
    let has_users = |grant: &GrantType| *grant != GrantType::ClientCredentials;
    if metadata.id_token_signed_response_alg.is_none() && metadata.grant_types().iter().any(has_users) {
        // RS256 when absent (OpenID Connect Registration 2), or what the realm has instead.
        let rs256 = [SignatureAlgorithm::RS256];
        let candidates = rs256.iter().chain(offered.iter().filter(|algorithm| !algorithm.is_symmetric()));
        let default = candidates.map(|algorithm| algorithm.as_str()).find(|name| is_offered(name));
        metadata.id_token_signed_response_alg = default.map(str::to_owned);
    }
    for (member, name) in [
        ("id_token_signed_response_alg", &metadata.id_token_signed_response_alg),
        ("userinfo_signed_response_alg", &metadata.userinfo_signed_response_alg),
        ("authorization_signed_response_alg", &metadata.authorization_signed_response_alg),
        ("introspection_signed_response_alg", &metadata.introspection_signed_response_alg),
    ] {
        if name.as_deref().is_some_and(|name| !is_offered(name)) {
            return Err(invalid(member, "is not an algorithm that this realm offers to clients"));
        }
    }
    if metadata.token_endpoint_auth_signing_alg.as_deref().is_some_and(|name| !is_listed(name)) {
        return Err(invalid(
            "token_endpoint_auth_signing_alg",
            "is not an algorithm that this realm lets clients register",
        ));
    }
    apply_request_encryption(realm, metadata)
}

fn apply_request_encryption(realm: &RealmContext, metadata: &ClientMetadata) -> Result<(), Refusal> {
    let Some(name) = metadata.request_object_encryption_alg.as_deref() else { return Ok(()) };
    if request_encryption_algorithms(realm).any(|algorithm| algorithm.as_str() == name) {
        Ok(())
    } else {
        Err(invalid("request_object_encryption_alg", "is not an algorithm that this realm offers to clients"))
    }
}

fn is_permitted_host(policy: &RegistrationPolicy, uri: &str) -> bool {
    if policy.redirect_hosts.is_empty() {
        return true;
    }
    // What does not read is refused for that reason later.
    let Ok(url) = Url::parse(uri) else { return false };
    let scheme = format!("{}:", url.scheme());
    let host = url.host_str().map(str::to_ascii_lowercase);
    let fits = |pattern: &String| match (pattern.strip_prefix('*'), &host) {
        _ if pattern.ends_with(':') => *pattern == scheme,
        (Some(suffix), Some(host)) => host.len() > suffix.len() && host.ends_with(suffix),
        (None, Some(host)) => pattern == host,
        (_, None) => false,
    };
    policy.redirect_hosts.iter().any(fits)
}

/// Scope values beyond the policy are left out, which the answer says (RFC 7591 section 3.2.1).
fn apply_scope(realm: &RealmContext, metadata: &mut ClientMetadata) -> Result<(), Refusal> {
    let settings = &realm.realm.settings;
    let permitted = settings.registration.scope.as_ref().unwrap_or(&settings.default_scope);
    let is_permitted = |scope: &str| permitted.contains(scope) && ![ADMIN_SCOPE, ADMIN_READ_SCOPE].contains(&scope);
    let asked = metadata.scope.as_ref().unwrap_or(permitted);
    let registered: Scope = asked.filtered(is_permitted);
    if registered.is_empty() && !asked.is_empty() {
        return Err(invalid("scope", "has no value that this realm lets clients register"));
    }
    metadata.scope = Some(registered);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_compared_whole_or_below_a_domain() {
        let hosts = ["rp.test", "*.apps.test", "com.example.app:"].map(str::to_owned).to_vec();
        let policy = RegistrationPolicy { redirect_hosts: hosts, ..RegistrationPolicy::default() };
        for permitted in
            ["https://rp.test/cb", "https://RP.test:8443/cb", "https://a.b.apps.test/", "com.example.app:/cb"]
        {
            assert!(is_permitted_host(&policy, permitted), "{permitted}");
        }
        for refused in
            ["https://rp.test.evil.test/", "https://apps.test/", "https://evilapps.test/", "com.example.other:/cb", "x"]
        {
            assert!(!is_permitted_host(&policy, refused), "{refused}");
        }
        assert!(is_permitted_host(&RegistrationPolicy::default(), "https://any.test/"));
    }
}
