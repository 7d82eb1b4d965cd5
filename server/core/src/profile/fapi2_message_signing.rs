//! FAPI 2.0 Message Signing: authorization requests (section 5.3) and authorization responses (section 5.4) are signed.

use super::fapi1_advanced::{HOUR, SIGNED_RESPONSES};
use super::fapi2_security::FAPI2_SECURITY;
use super::{RequestObjectRules, SecurityProfile};

pub(super) const FAPI2_MESSAGE_SIGNING: SecurityProfile = SecurityProfile {
    response_modes: SIGNED_RESPONSES,
    response_modes_without_id_token: SIGNED_RESPONSES,
    request_objects: RequestObjectRules {
        are_required: true,
        required_claims: &["iss", "aud", "nbf", "exp"],
        oldest_beginning: HOUR,
        longest_validity: HOUR,
        ..FAPI2_SECURITY.request_objects
    },
    ..FAPI2_SECURITY
};
