//! What clients get.

use signet_jose::{ContentEncryptionAlgorithm, KeyManagementAlgorithm};
use signet_protocol::spec::{fapi1_advanced, fapi2_security};

use super::authentication::{algorithms, foreign_algorithm};
use super::{Place, Registered, Requirement, Shortfall, listed, unseen, yes_or_no};
use crate::model::RefreshRotation;
use crate::profile::ProfileName::{Fapi1Advanced, Fapi2MessageSigning, Fapi2Security};
use crate::tokens::EncryptedResponse;

pub(super) static SENDER_CONSTRAINED_TOKENS: Requirement = Requirement {
    name: "sender_constrained_tokens",
    about: "Whether access tokens are bound to a certificate or a key of the client.",
    places: &[Place::Token],
    sections: &[
        (Fapi1Advanced, fapi1_advanced("5.2.2-5")),
        (Fapi2Security, fapi2_security("5.3.2.1-4")),
        (Fapi2MessageSigning, fapi2_security("5.3.2.1-4")),
    ],
    stated: |profile| yes_or_no(profile.sender_constrained_tokens).to_owned(),
    shortfall: unseen,
    in_requests: Some(|registered| {
        let metadata = &registered.client.metadata;
        let to_certificate = metadata.tls_client_certificate_bound_access_tokens == Some(true);
        let bound = to_certificate || metadata.dpop_bound_access_tokens == Some(true);
        let asks = registered.profile.sender_constrained_tokens && !bound;
        asks.then_some(
            "have tokens bound: register tls_client_certificate_bound_access_tokens or dpop_bound_access_tokens",
        )
    }),
};

pub(super) static PROOF_ALGORITHM: Requirement = Requirement {
    name: "proof_algorithm",
    about: "How DPoP proofs are signed.",
    places: &[Place::Authorization, Place::Token],
    sections: &[
        (Fapi1Advanced, fapi1_advanced("8.6-1")),
        (Fapi2Security, fapi2_security("5.4.1-1")),
        (Fapi2MessageSigning, fapi2_security("5.4.1-1")),
    ],
    stated: |profile| algorithms(profile.proof_algorithms),
    shortfall: unseen,
    in_requests: None,
};

pub(super) static SIGNING_ALGORITHM: Requirement = Requirement {
    name: "signing_algorithm",
    about: "How ID tokens, authorization, userinfo and introspection responses and JWT access tokens are signed.",
    places: &[Place::Registration, Place::Authorization, Place::Token],
    sections: &[
        (Fapi1Advanced, fapi1_advanced("8.6-1")),
        (Fapi2Security, fapi2_security("5.4.1-1")),
        (Fapi2MessageSigning, fapi2_security("5.4.1-1")),
    ],
    stated: |profile| {
        let default = profile.default_signing_algorithm;
        format!("{}; ID tokens {default} where nothing is registered", algorithms(profile.signing_algorithms))
    },
    shortfall: |registered| {
        let (metadata, settings) = (&registered.client.metadata, &registered.client.settings);
        let named = [
            ("id_token_signed_response_alg", &metadata.id_token_signed_response_alg),
            ("userinfo_signed_response_alg", &metadata.userinfo_signed_response_alg),
            ("authorization_signed_response_alg", &metadata.authorization_signed_response_alg),
            ("introspection_signed_response_alg", &metadata.introspection_signed_response_alg),
            ("settings.access_token_signed_response_alg", &settings.access_token_signed_response_alg),
        ];
        let permitted = registered.profile.signing_algorithms;
        named.into_iter().find_map(|(field, name)| foreign_algorithm(field, name.as_deref()?, permitted))
    },
    in_requests: None,
};

pub(super) static ENCRYPTION_ALGORITHM: Requirement = Requirement {
    name: "encryption_algorithm",
    about: "How tokens and responses are encrypted to clients that want that. RSA1_5 is there in no profile.",
    places: &[Place::Registration, Place::Authorization, Place::Token],
    sections: &[(Fapi1Advanced, fapi1_advanced("8.6.1-1"))],
    stated: |profile| {
        let content = profile.content_encryption_algorithms.iter().map(|algorithm| algorithm.as_str());
        let keys = profile.key_management_algorithms.iter().map(|algorithm| algorithm.as_str());
        format!("{}; {}", listed(keys), listed(content))
    },
    shortfall: |registered| EncryptedResponse::ALL.into_iter().find_map(|response| foreign(registered, response)),
    in_requests: None,
};

pub(super) static REFRESH_ROTATION: Requirement = Requirement {
    name: "refresh_rotation",
    about: "How refresh tokens of confidential clients change on use unless the client's settings say otherwise, and for how \
            many seconds at least the one before a change stays good. Those of public clients always change.",
    places: &[Place::Issuing],
    sections: &[(Fapi2Security, fapi2_security("5.3.2.1-9")), (Fapi2MessageSigning, fapi2_security("5.3.2.1-9"))],
    stated: |profile| match profile.refresh_rotation {
        RefreshRotation::Rotate => format!("rotate, {} s", profile.refresh_retry_seconds),
        RefreshRotation::Keep => format!("keep, {} s", profile.refresh_retry_seconds),
    },
    shortfall: unseen,
    in_requests: None,
};

pub(super) static STATE_HASH: Requirement = Requirement {
    name: "state_hash",
    about: "Whether an ID token from the authorization endpoint has the hash of the state (`s_hash`).",
    places: &[Place::Issuing],
    sections: &[(Fapi1Advanced, fapi1_advanced("5.2.2.1-5"))],
    stated: |profile| yes_or_no(profile.state_hash).to_owned(),
    shortfall: unseen,
    in_requests: None,
};

/// What a response is encrypted with that the profile does not allow.
fn foreign(registered: &Registered<'_>, response: EncryptedResponse) -> Option<Shortfall> {
    let (alg, enc) = response.registered(&registered.client.metadata);
    let (keys, content) =
        (registered.profile.key_management_algorithms, registered.profile.content_encryption_algorithms);
    let is_key = |name: &str| name.parse().is_ok_and(|alg: KeyManagementAlgorithm| keys.contains(&alg));
    let is_content = |name: &str| name.parse().is_ok_and(|enc: ContentEncryptionAlgorithm| content.contains(&enc));
    let change = |name: &str| format!("the security profile does not allow {name}");
    let foreign_key = alg.filter(|name| !is_key(name)).map(|name| (response.alg_field(), change(name)));
    let foreign_content = || enc.filter(|name| !is_content(name)).map(|name| (response.enc_field(), change(name)));
    let (field, change) = foreign_key.or_else(foreign_content)?;
    Some(Shortfall { field, change })
}
