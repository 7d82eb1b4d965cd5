//! FAPI 1.0 Part 2: Advanced, with the provisions of Part 1: Baseline that it takes over.

use signet_jose::SignatureAlgorithm::{ES256, PS256};
use signet_protocol::names::{ClientAuthenticationMethod, CodeChallengeMethod, GrantType, ResponseMode, ResponseType};

use super::base::BASE;
use super::{AssertionAudience, RequestMerging, RequestObjectRules, SecurityProfile};
use crate::model::RefreshRotation;

/// Seconds of section 5.2.2-13 and -17: an hour.
pub(super) const HOUR: Option<i64> = Some(3_600);

/// How clients prove who they are in every FAPI profile.
pub(super) const AUTHENTICATION_METHODS: &[ClientAuthenticationMethod] = &[
    ClientAuthenticationMethod::PrivateKeyJwt,
    ClientAuthenticationMethod::TlsClientAuth,
    ClientAuthenticationMethod::SelfSignedTlsClientAuth,
];

/// Responses that are JWTs (JARM 2.3).
pub(super) const SIGNED_RESPONSES: &[ResponseMode] =
    &[ResponseMode::Jwt, ResponseMode::QueryJwt, ResponseMode::FragmentJwt, ResponseMode::FormPostJwt];

pub(super) const FAPI1_ADVANCED: SecurityProfile = SecurityProfile {
    // The implicit grant is registered for the ID tokens of the hybrid flow; the token endpoint does not take it.
    grant_types: &[
        GrantType::AuthorizationCode,
        GrantType::Implicit,
        GrantType::RefreshToken,
        GrantType::ClientCredentials,
        // It says nothing of CIBA; FAPI-CIBA does.
        GrantType::Ciba,
    ],
    response_types: &[ResponseType::CodeIdToken, ResponseType::Code],
    response_modes: &[
        ResponseMode::Fragment,
        ResponseMode::FormPost,
        ResponseMode::Jwt,
        ResponseMode::QueryJwt,
        ResponseMode::FragmentJwt,
        ResponseMode::FormPostJwt,
    ],
    // Section 5.2.2-2 says jwt; the other three are the same at a place that is named.
    response_modes_without_id_token: SIGNED_RESPONSES,
    client_authentication_methods: AUTHENTICATION_METHODS,
    assertion_algorithms: &[PS256, ES256],
    assertion_audience: AssertionAudience::IssuerOrEndpoint,
    request_objects: RequestObjectRules {
        are_required: true,
        algorithms: &[PS256, ES256],
        merging: RequestMerging::ObjectAlone,
        required_claims: &["iss", "aud", "nbf", "exp"],
        oldest_beginning: HOUR,
        longest_validity: HOUR,
        ..BASE.request_objects
    },
    signing_algorithms: &[PS256, ES256],
    proof_algorithms: &[PS256, ES256],
    default_signing_algorithm: ES256,
    pkce_for_pushed_requests: true,
    code_challenge_methods: &[CodeChallengeMethod::S256],
    sender_constrained_tokens: true,
    // What is bound needs no rotation (RFC 9700 section 2.2.2), and whoever loses an answer can ask again.
    refresh_rotation: RefreshRotation::Keep,
    https_redirect_uris: true,
    consent_is_always_asked: true,
    nonce_with_openid: true,
    state_without_openid: true,
    state_hash: true,
    ..BASE
};
