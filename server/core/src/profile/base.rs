//! The base profile: OpenID Connect Core 1.0 with the best current practice of RFC 9700.

use signet_jose::SignatureAlgorithm::{
    ES256, ES384, ES512, Ed25519, EdDSA, HS256, HS384, HS512, PS256, PS384, PS512, RS256, RS384, RS512,
};
use signet_jose::{ContentEncryptionAlgorithm, KeyManagementAlgorithm, TypeRule};
use signet_protocol::names::{
    ClientAuthenticationMethod, CodeChallengeMethod, GrantType, ResponseMode, ResponseType, TokenDeliveryMode,
};

use super::{AssertionAudience, BackchannelRules, RequestMerging, RequestObjectRules, SecurityProfile};
use crate::model::RefreshRotation;

pub(super) const BASE: SecurityProfile = SecurityProfile {
    grant_types: GrantType::ALL,
    backchannel: BackchannelRules { delivery_modes: TokenDeliveryMode::ALL, signed_requests: false },
    response_types: ResponseType::ALL,
    response_modes: ResponseMode::ALL,
    response_modes_without_id_token: ResponseMode::ALL,
    client_authentication_methods: ClientAuthenticationMethod::ALL,
    assertion_algorithms: &[
        RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519, HS256, HS384, HS512,
    ],
    assertion_audience: AssertionAudience::IssuerOrEndpoint,
    require_pushed_authorization_requests: false,
    pushed_request_seconds: 60,
    request_objects: RequestObjectRules {
        by_value: true,
        by_reference: true,
        are_required: false,
        algorithms: &[
            RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519, HS256, HS384, HS512,
        ],
        merging: RequestMerging::ObjectSupersedes,
        // Core 6.1 says SHOULD. Without them an object for one server would be one for every other.
        required_claims: &["iss", "aud"],
        typ: TypeRule::AbsentOrOneOf(&["JWT", "oauth-authz-req+jwt"]),
        oldest_beginning: None,
        longest_validity: None,
    },
    signing_algorithms: &[
        RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519, HS256, HS384, HS512,
    ],
    // OpenID Connect Registration 2.
    default_signing_algorithm: RS256,
    key_management_algorithms: &KeyManagementAlgorithm::ALL,
    content_encryption_algorithms: &ContentEncryptionAlgorithm::ALL,
    pkce_for_confidential_clients: false,
    pkce_for_pushed_requests: false,
    code_challenge_methods: &[CodeChallengeMethod::S256, CodeChallengeMethod::Plain],
    sender_constrained_tokens: false,
    proof_algorithms: &[ES256, PS256, EdDSA, Ed25519, ES384, ES512, PS384, PS512, RS256, RS384, RS512],
    refresh_rotation: RefreshRotation::Rotate,
    refresh_retry_seconds: 0,
    clock_skew_seconds: 0,
    https_redirect_uris: false,
    consent_is_always_asked: false,
    nonce_with_openid: false,
    state_without_openid: false,
    state_hash: false,
};
