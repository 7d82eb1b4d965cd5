//! How clients prove who they are.

use signet_jose::SignatureAlgorithm;
use signet_protocol::names::ClientAuthenticationMethod;
use signet_protocol::spec::{fapi1_advanced, fapi2_security};

use super::{Place, Registered, Requirement, Shortfall, listed, unseen};
use crate::profile::AssertionAudience;
use crate::profile::ProfileName::{Fapi1Advanced, Fapi2MessageSigning, Fapi2Security};

pub(super) static CONFIDENTIAL_CLIENT: Requirement = Requirement {
    name: "confidential_client",
    about: "Whether clients that cannot keep a secret are served.",
    places: &[Place::Registration, Place::Authorization, Place::Authentication],
    sections: &[
        (Fapi1Advanced, fapi1_advanced("5.2.2-16")),
        (Fapi2Security, fapi2_security("5.3.2.1-3")),
        (Fapi2MessageSigning, fapi2_security("5.3.2.1-3")),
    ],
    stated: |profile| {
        let public = profile.client_authentication_methods.contains(&ClientAuthenticationMethod::None);
        if public { "public and confidential" } else { "confidential only" }.to_owned()
    },
    shortfall: |registered| {
        let permits = registered.profile.client_authentication_methods.contains(&ClientAuthenticationMethod::None);
        let is_public = !registered.client.metadata.is_confidential();
        (is_public && !permits).then(|| Shortfall {
            field: "token_endpoint_auth_method",
            change: format!(
                "the security profile does not allow public clients; register one of {}",
                methods(registered.profile.client_authentication_methods)
            ),
        })
    },
    in_requests: None,
};

pub(super) static CLIENT_AUTHENTICATION: Requirement = Requirement {
    name: "client_authentication",
    about: "How clients prove who they are.",
    places: &[Place::Registration, Place::Authorization, Place::Authentication],
    sections: &[
        (Fapi1Advanced, fapi1_advanced("5.2.2-14")),
        (Fapi2Security, fapi2_security("5.3.2.1-6")),
        (Fapi2MessageSigning, fapi2_security("5.3.2.1-6")),
    ],
    stated: |profile| methods(profile.client_authentication_methods),
    shortfall: |registered| {
        let (method, permitted) =
            (registered.client.metadata.authentication_method(), registered.profile.client_authentication_methods);
        let is_foreign = registered.client.metadata.is_confidential() && !permitted.contains(&method);
        is_foreign.then(|| Shortfall {
            field: "token_endpoint_auth_method",
            change: format!("the security profile does not allow {method}; register one of {}", methods(permitted)),
        })
    },
    in_requests: None,
};

pub(super) static ASSERTION_ALGORITHM: Requirement = Requirement {
    name: "assertion_algorithm",
    about: "How client assertions are signed. RSA keys have 2048 bits or more, elliptic curves 256, in every profile.",
    places: &[Place::Registration, Place::Authorization, Place::Authentication],
    sections: &[
        (Fapi1Advanced, fapi1_advanced("8.6-1")),
        (Fapi2Security, fapi2_security("5.4.1-1")),
        (Fapi2MessageSigning, fapi2_security("5.4.1-1")),
    ],
    stated: |profile| algorithms(profile.assertion_algorithms),
    shortfall: |registered| {
        let name = registered.client.metadata.token_endpoint_auth_signing_alg.as_deref()?;
        foreign_algorithm("token_endpoint_auth_signing_alg", name, registered.profile.assertion_algorithms)
    },
    in_requests: Some(|registered| {
        let metadata = &registered.client.metadata;
        let is_open = metadata.token_endpoint_auth_signing_alg.is_none() && signs_assertions(registered);
        (is_open && is_narrowed(registered)).then_some("sign client assertions with an algorithm of the profile")
    }),
};

pub(super) static ASSERTION_AUDIENCE: Requirement = Requirement {
    name: "assertion_audience",
    about: "What `aud` of a client assertion may be.",
    places: &[Place::Authentication],
    sections: &[(Fapi2Security, fapi2_security("5.3.2.1-8")), (Fapi2MessageSigning, fapi2_security("5.3.2.1-8"))],
    stated: |profile| {
        match profile.assertion_audience {
            AssertionAudience::IssuerOrEndpoint => "issuer or endpoint, alone or in a list",
            AssertionAudience::Issuer => "the issuer as a string",
        }
        .to_owned()
    },
    shortfall: unseen,
    in_requests: Some(|registered| {
        let is_strict = registered.profile.assertion_audience == AssertionAudience::Issuer;
        (is_strict && signs_assertions(registered))
            .then_some("put the issuer, as a string, into aud of client assertions")
    }),
};

pub(super) static CLOCK_SKEW: Requirement = Requirement {
    name: "clock_skew",
    about: "Seconds by which clocks of clients may be off; 60 at most in every profile.",
    places: &[Place::Realm, Place::Registration, Place::Authorization],
    sections: &[(Fapi2Security, fapi2_security("5.3.2.1-13")), (Fapi2MessageSigning, fapi2_security("5.3.2.1-13"))],
    stated: |profile| format!("{} to 60", profile.clock_skew_seconds),
    shortfall: |registered| {
        let least = registered.profile.clock_skew_seconds;
        (registered.realm.clock_skew_seconds < least).then(|| Shortfall {
            field: "settings.profile",
            change: format!("the realm's clock_skew_seconds must be {least} or more for this security profile"),
        })
    },
    in_requests: None,
};

fn signs_assertions(registered: &Registered<'_>) -> bool {
    registered.client.metadata.authentication_method() == ClientAuthenticationMethod::PrivateKeyJwt
}

/// Whether the profile takes less than everything.
fn is_narrowed(registered: &Registered<'_>) -> bool {
    !registered.profile.assertion_algorithms.contains(&SignatureAlgorithm::RS256)
}

fn methods(methods: &[ClientAuthenticationMethod]) -> String {
    listed(methods.iter().map(|method| method.as_str()))
}

pub(super) fn algorithms(algorithms: &[SignatureAlgorithm]) -> String {
    listed(algorithms.iter().map(|algorithm| algorithm.as_str()))
}

/// A registered algorithm that the profile does not allow.
pub(super) fn foreign_algorithm(
    field: &'static str,
    name: &str,
    permitted: &[SignatureAlgorithm],
) -> Option<Shortfall> {
    let is_permitted = name.parse().is_ok_and(|algorithm: SignatureAlgorithm| permitted.contains(&algorithm));
    (!is_permitted).then(|| Shortfall {
        field,
        change: format!("the security profile does not allow {name}; register one of {}", algorithms(permitted)),
    })
}
