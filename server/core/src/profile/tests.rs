//! That profiles only ever tighten.

use super::*;

fn is_part<T: PartialEq>(part: &[T], whole: &[T]) -> bool {
    part.iter().all(|item| whole.contains(item))
}

/// Both are at most as long, where they are bounded.
fn is_shorter(one: Option<i64>, other: Option<i64>) -> bool {
    other.is_none_or(|other| one.is_some_and(|one| one <= other))
}

fn request_objects_are_at_least_as_strict(strict: &RequestObjectRules, other: &RequestObjectRules) -> bool {
    strict.by_value <= other.by_value
        && strict.by_reference <= other.by_reference
        && strict.are_required >= other.are_required
        && is_part(strict.algorithms, other.algorithms)
        && (strict.merging == RequestMerging::ObjectAlone || strict.merging == other.merging)
        && is_part(other.required_claims, strict.required_claims)
        && strict.typ == other.typ
        && is_shorter(strict.oldest_beginning, other.oldest_beginning)
        && is_shorter(strict.longest_validity, other.longest_validity)
}

fn permits_no_more(strict: &SecurityProfile, other: &SecurityProfile) -> bool {
    is_part(strict.response_types, other.response_types)
        && is_part(strict.grant_types, other.grant_types)
        && is_part(strict.backchannel.delivery_modes, other.backchannel.delivery_modes)
        && is_part(strict.response_modes, other.response_modes)
        && is_part(strict.response_modes_without_id_token, other.response_modes_without_id_token)
        && is_part(strict.client_authentication_methods, other.client_authentication_methods)
        && is_part(strict.assertion_algorithms, other.assertion_algorithms)
        && is_part(strict.signing_algorithms, other.signing_algorithms)
        && is_part(strict.proof_algorithms, other.proof_algorithms)
        && is_part(strict.key_management_algorithms, other.key_management_algorithms)
        && is_part(strict.content_encryption_algorithms, other.content_encryption_algorithms)
        && is_part(strict.code_challenge_methods, other.code_challenge_methods)
        && (strict.assertion_audience == AssertionAudience::Issuer
            || strict.assertion_audience == other.assertion_audience)
}

fn demands_no_less(strict: &SecurityProfile, other: &SecurityProfile) -> bool {
    strict.require_pushed_authorization_requests >= other.require_pushed_authorization_requests
        && strict.pkce_for_confidential_clients >= other.pkce_for_confidential_clients
        && strict.pkce_for_pushed_requests >= other.pkce_for_pushed_requests
        && strict.pushed_request_seconds <= other.pushed_request_seconds
        && strict.sender_constrained_tokens >= other.sender_constrained_tokens
        && strict.https_redirect_uris >= other.https_redirect_uris
        && strict.consent_is_always_asked >= other.consent_is_always_asked
        && strict.nonce_with_openid >= other.nonce_with_openid
        && strict.state_without_openid >= other.state_without_openid
        && strict.state_hash >= other.state_hash
        && strict.backchannel.signed_requests >= other.backchannel.signed_requests
}

fn is_at_least_as_strict(strict: &SecurityProfile, other: &SecurityProfile) -> bool {
    permits_no_more(strict, other)
        && demands_no_less(strict, other)
        && request_objects_are_at_least_as_strict(&strict.request_objects, &other.request_objects)
}

#[test]
fn a_profile_that_includes_another_is_nowhere_weaker() {
    for one in ProfileName::ALL {
        for other in ProfileName::ALL {
            if one.includes(other) {
                assert!(is_at_least_as_strict(one.profile(), other.profile()), "{one:?} {other:?}");
            }
        }
        assert!(one.includes(one) && one.includes(ProfileName::Base));
    }
}

#[test]
fn a_combination_includes_both_or_permits_nothing() {
    for one in ProfileName::ALL {
        for other in ProfileName::ALL {
            assert_eq!(one.and(other), other.and(one));
            match one.and(other) {
                Some(both) => assert!(both.includes(one) && both.includes(other)),
                None => assert!(is_at_least_as_strict(ProfileName::together(None), ProfileName::Base.profile())),
            }
        }
    }
    assert_eq!(ProfileName::Fapi1Advanced.and(ProfileName::Fapi2Security), None);
    assert!(ProfileName::together(None).client_authentication_methods.is_empty());
    assert!(ProfileName::together(None).response_types.is_empty());
}

#[test]
fn within_a_profile_lists_fit_each_other() {
    for name in ProfileName::ALL {
        let profile = name.profile();
        assert!(is_part(profile.response_modes_without_id_token, profile.response_modes), "{name:?}");
        assert!(profile.signing_algorithms.contains(&profile.default_signing_algorithm), "{name:?}");
        assert_eq!(name.as_str().parse(), Ok(name));
        assert_eq!(serde_json::to_value(name).unwrap(), name.as_str());
    }
    assert_eq!("fapi2".parse::<ProfileName>(), Err(UnknownProfile));
}
