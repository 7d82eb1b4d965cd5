//! FAPI 2.0 Security Profile.

use signet_jose::SignatureAlgorithm::{ES256, Ed25519, EdDSA, PS256};
use signet_protocol::names::{CodeChallengeMethod, GrantType, ResponseType};

use super::base::BASE;
use super::fapi1_advanced::AUTHENTICATION_METHODS;
use super::{AssertionAudience, RequestMerging, RequestObjectRules, SecurityProfile};
use crate::model::RefreshRotation;

pub(super) const FAPI2_SECURITY: SecurityProfile = SecurityProfile {
    grant_types: &[GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::ClientCredentials],
    response_types: &[ResponseType::Code],
    require_pushed_authorization_requests: true,
    client_authentication_methods: AUTHENTICATION_METHODS,
    assertion_algorithms: &[PS256, ES256, EdDSA, Ed25519],
    assertion_audience: AssertionAudience::Issuer,
    request_objects: RequestObjectRules {
        by_reference: false,
        algorithms: &[PS256, ES256, EdDSA, Ed25519],
        merging: RequestMerging::ObjectAlone,
        ..BASE.request_objects
    },
    signing_algorithms: &[PS256, ES256, EdDSA, Ed25519],
    proof_algorithms: &[PS256, ES256, EdDSA, Ed25519],
    default_signing_algorithm: ES256,
    pkce_for_confidential_clients: true,
    pkce_for_pushed_requests: true,
    code_challenge_methods: &[CodeChallengeMethod::S256],
    sender_constrained_tokens: true,
    refresh_rotation: RefreshRotation::Keep,
    // Section 5.3.2.1, note 1: where an administrator has them rotate, clients can retry with the one before.
    refresh_retry_seconds: 60,
    clock_skew_seconds: 10,
    ..BASE
};
