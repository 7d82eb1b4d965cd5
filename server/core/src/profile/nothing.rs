//! What two profiles make together that exclude each other: nothing is permitted. Such a pair is refused where a client
//! is registered; it comes about where a realm is given another profile later.

use super::fapi2_message_signing::FAPI2_MESSAGE_SIGNING;
use super::{BackchannelRules, RequestObjectRules, SecurityProfile};

pub(super) const NOTHING: SecurityProfile = SecurityProfile {
    grant_types: &[],
    backchannel: BackchannelRules { delivery_modes: &[], signed_requests: true },
    response_types: &[],
    response_modes: &[],
    response_modes_without_id_token: &[],
    client_authentication_methods: &[],
    assertion_algorithms: &[],
    request_objects: RequestObjectRules {
        by_value: false,
        by_reference: false,
        algorithms: &[],
        ..FAPI2_MESSAGE_SIGNING.request_objects
    },
    signing_algorithms: &[],
    proof_algorithms: &[],
    key_management_algorithms: &[],
    content_encryption_algorithms: &[],
    code_challenge_methods: &[],
    https_redirect_uris: true,
    consent_is_always_asked: true,
    nonce_with_openid: true,
    state_without_openid: true,
    ..FAPI2_MESSAGE_SIGNING
};
