//! How clients ask for authorization.

use signet_protocol::names::{GrantType, ResponseMode, ResponseType};
use signet_protocol::spec::{fapi_ciba, fapi1_advanced, fapi1_baseline, fapi2_message_signing, fapi2_security};

use super::authentication::{algorithms, foreign_algorithm};
use super::{Place, Registered, Requirement, Shortfall, listed, unseen, yes_or_no};
use crate::profile::ProfileName::{Fapi1Advanced, Fapi2MessageSigning, Fapi2Security, FapiCiba};

pub(super) static BACKCHANNEL: Requirement = Requirement {
    name: "backchannel",
    about: "How users are asked at another device (CIBA): how clients learn of answers, and whether requests are signed.",
    places: &[Place::Registration, Place::Authorization],
    sections: &[(FapiCiba, fapi_ciba("5.2.2-3"))],
    stated: |profile| {
        let modes = listed(profile.backchannel.delivery_modes.iter().map(|mode| mode.as_str()));
        let signed = if profile.backchannel.signed_requests { "signed requests" } else { "signed requests or others" };
        format!("{modes}; {signed}")
    },
    shortfall: |registered| {
        let (mode, rules) =
            (registered.client.metadata.backchannel_token_delivery_mode, &registered.profile.backchannel);
        let foreign = mode.filter(|mode| !rules.delivery_modes.contains(mode))?;
        Some(Shortfall {
            field: "backchannel_token_delivery_mode",
            change: format!(
                "the security profile does not allow {foreign}; register one of {}",
                listed(rules.delivery_modes.iter().map(|mode| mode.as_str()))
            ),
        })
    },
    in_requests: None,
};

pub(super) static GRANT_TYPE: Requirement = Requirement {
    name: "grant_type",
    about: "How clients get tokens.",
    places: &[Place::Registration, Place::Token],
    sections: &[
        (Fapi1Advanced, fapi1_advanced("5.2.2-2")),
        (Fapi2Security, fapi2_security("5.3.2.2-1")),
        (Fapi2MessageSigning, fapi2_security("5.3.2.2-1")),
    ],
    stated: |profile| listed(profile.grant_types.iter().map(|grant| grant.as_str())),
    shortfall: |registered| {
        let permitted = registered.profile.grant_types;
        let foreign = registered.client.metadata.grant_types().iter().find(|grant| !permitted.contains(grant))?;
        Some(Shortfall {
            field: "grant_types",
            change: format!(
                "the security profile does not allow {foreign}; register some of {}",
                listed(permitted.iter().map(|grant| grant.as_str()))
            ),
        })
    },
    in_requests: None,
};

pub(super) static RESPONSE_TYPE: Requirement = Requirement {
    name: "response_type",
    about: "What the authorization endpoint returns.",
    places: &[Place::Registration, Place::Authorization],
    sections: &[
        (Fapi1Advanced, fapi1_advanced("5.2.2-2")),
        (Fapi2Security, fapi2_security("5.3.2.2-1")),
        (Fapi2MessageSigning, fapi2_security("5.3.2.2-1")),
    ],
    stated: |profile| listed(profile.response_types.iter().map(|kind| kind.as_str())),
    shortfall: |registered| {
        let permitted = registered.profile.response_types;
        let foreign = registered.client.metadata.response_types.as_deref().unwrap_or_default();
        let foreign = foreign.iter().find(|kind| !permitted.contains(kind))?;
        Some(Shortfall {
            field: "response_types",
            change: format!(
                "the security profile does not allow {foreign}; register some of {}",
                listed(permitted.iter().map(|kind| kind.as_str()))
            ),
        })
    },
    in_requests: None,
};

pub(super) static RESPONSE_MODE: Requirement = Requirement {
    name: "response_mode",
    about: "How responses travel, where they have no ID token that is signed. A code is never in a query beside an ID token.",
    places: &[Place::Authorization],
    sections: &[(Fapi1Advanced, fapi1_advanced("5.2.2-2")), (Fapi2MessageSigning, fapi2_message_signing("5.4.1-1"))],
    stated: |profile| modes(profile.response_modes_without_id_token),
    shortfall: unseen,
    in_requests: Some(|registered| {
        let permitted = registered.profile.response_modes_without_id_token;
        let asks = uses_codes(registered) && !permitted.contains(&ResponseMode::Query);
        asks.then_some("ask for a signed response with response_mode jwt, unless the response has an ID token")
    }),
};

pub(super) static PUSHED_REQUEST: Requirement = Requirement {
    name: "pushed_request",
    about: "Whether requests must be pushed first (RFC 9126).",
    places: &[Place::Authorization],
    sections: &[(Fapi2Security, fapi2_security("5.3.2.2-3")), (Fapi2MessageSigning, fapi2_security("5.3.2.2-3"))],
    stated: |profile| {
        let demanded = yes_or_no(profile.require_pushed_authorization_requests);
        format!("{demanded}; a reference is good for {} s", profile.pushed_request_seconds)
    },
    shortfall: unseen,
    in_requests: Some(|registered| {
        let says_so = registered.client.metadata.require_pushed_authorization_requests == Some(true);
        let asks = uses_codes(registered) && registered.profile.require_pushed_authorization_requests;
        (asks && !says_so).then_some("push each authorization request to the pushed authorization request endpoint")
    }),
};

pub(super) static SIGNED_REQUEST: Requirement = Requirement {
    name: "signed_request",
    about: "Whether each request must be a signed request object, outside of which nothing counts (RFC 9101).",
    places: &[Place::Registration, Place::Authorization],
    sections: &[(Fapi1Advanced, fapi1_advanced("5.2.2-1")), (Fapi2MessageSigning, fapi2_message_signing("5.3.1-1"))],
    stated: |profile| yes_or_no(profile.request_objects.are_required).to_owned(),
    shortfall: |registered| {
        let metadata = &registered.client.metadata;
        let must_sign = registered.profile.request_objects.are_required && uses_codes(registered);
        if must_sign && metadata.jwks.is_none() && metadata.jwks_uri.is_none() {
            let change = "the security profile wants signed request objects; register jwks or jwks_uri";
            return Some(Shortfall { field: "jwks", change: change.to_owned() });
        }
        None
    },
    in_requests: Some(|registered| {
        let must_sign = registered.profile.request_objects.are_required && uses_codes(registered);
        let says_so = registered.client.metadata.require_signed_request_object == Some(true);
        (must_sign && !says_so).then_some("send each authorization request as a signed request object")
    }),
};

pub(super) static REQUEST_OBJECT_ALGORITHM: Requirement = Requirement {
    name: "request_object_algorithm",
    about: "How request objects are signed.",
    places: &[Place::Registration, Place::Authorization],
    sections: &[
        (Fapi1Advanced, fapi1_advanced("8.6-1")),
        (Fapi2Security, fapi2_security("5.4.1-1")),
        (Fapi2MessageSigning, fapi2_security("5.4.1-1")),
    ],
    stated: |profile| algorithms(profile.request_objects.algorithms),
    shortfall: |registered| {
        let name = registered.client.metadata.request_object_signing_alg.as_deref()?;
        let rules = &registered.profile.request_objects;
        // Whether nobody may sign is for the realm to say, where the profile leaves it open.
        let is_open = name == "none" && rules.algorithms.iter().any(|algorithm| algorithm.is_symmetric());
        if is_open && !rules.are_required {
            return None;
        }
        foreign_algorithm("request_object_signing_alg", name, rules.algorithms)
    },
    in_requests: None,
};

pub(super) static REQUEST_OBJECT_TIMES: Requirement = Requirement {
    name: "request_object_times",
    about: "How old a request object may be, and for how long good.",
    places: &[Place::Authorization],
    sections: &[
        (Fapi1Advanced, fapi1_advanced("5.2.2-13 and 5.2.2-17")),
        (Fapi2MessageSigning, fapi2_message_signing("5.3.1-3 and 5.3.1-4")),
    ],
    stated: |profile| {
        let rules = &profile.request_objects;
        match (rules.oldest_beginning, rules.longest_validity) {
            (Some(oldest), Some(longest)) => {
                format!("nbf at most {oldest} s old, exp at most {longest} s after it")
            }
            _ => "if there, not expired and begun".to_owned(),
        }
    },
    shortfall: unseen,
    in_requests: Some(|registered| {
        let rules = &registered.profile.request_objects;
        let asks = rules.longest_validity.is_some() && uses_codes(registered);
        asks.then_some("give request objects nbf, and exp at most an hour after it")
    }),
};

pub(super) static PKCE: Requirement = Requirement {
    name: "pkce",
    about: "Proof key for code exchange (RFC 7636). Public clients need it in every profile.",
    places: &[Place::Authorization, Place::Token],
    sections: &[
        (Fapi1Advanced, fapi1_advanced("5.2.2-18")),
        (Fapi2Security, fapi2_security("5.3.2.2-5")),
        (Fapi2MessageSigning, fapi2_security("5.3.2.2-5")),
    ],
    stated: |profile| {
        let methods = listed(profile.code_challenge_methods.iter().map(|method| method.as_str()));
        let who = match (profile.pkce_for_confidential_clients, profile.pkce_for_pushed_requests) {
            (true, _) => "every client",
            (false, true) => "public clients, pushed requests",
            (false, false) => "public clients",
        };
        format!("{who}: {methods}")
    },
    shortfall: unseen,
    in_requests: Some(|registered| {
        let asks = registered.profile.pkce_for_confidential_clients
            && uses_codes(registered)
            && registered.client.settings.require_pkce != Some(true);
        asks.then_some("send code_challenge with method S256, and code_verifier with the code")
    }),
};

pub(super) static REDIRECT_URI: Requirement = Requirement {
    name: "redirect_uri",
    about: "Which redirect URIs clients have. `http` is for loopback addresses of native applications in every profile, \
            and each request names one that is registered.",
    places: &[Place::Registration, Place::Authorization],
    sections: &[
        (Fapi1Advanced, fapi1_baseline("5.2.2-20")),
        (Fapi2Security, fapi2_security("5.3.2.2-8")),
        (Fapi2MessageSigning, fapi2_security("5.3.2.2-8")),
    ],
    stated: |profile| {
        if profile.https_redirect_uris { "https" } else { "https; native applications: private scheme, loopback" }
            .to_owned()
    },
    shortfall: |registered| {
        let uris = &registered.client.metadata.redirect_uris;
        let foreign = uris.iter().find(|uri| registered.profile.https_redirect_uris && !uri.starts_with("https://"))?;
        Some(Shortfall {
            field: "redirect_uris",
            change: format!("the security profile wants https; {foreign} is not"),
        })
    },
    in_requests: None,
};

pub(super) static NONCE: Requirement = Requirement {
    name: "nonce",
    about: "Which requests need a nonce. Those for an ID token from the authorization endpoint do in every profile; 1024 \
            characters are taken.",
    places: &[Place::Authorization],
    sections: &[(Fapi1Advanced, fapi1_baseline("5.2.2.2-1"))],
    stated: |profile| {
        if profile.nonce_with_openid { "every one with scope openid" } else { "for an ID token at once" }.to_owned()
    },
    shortfall: unseen,
    in_requests: Some(|registered| {
        (registered.profile.nonce_with_openid && uses_codes(registered))
            .then_some("send a nonce with each request that has the scope openid")
    }),
};

pub(super) static STATE: Requirement = Requirement {
    name: "state",
    about: "Which requests need a state.",
    places: &[Place::Authorization],
    sections: &[(Fapi1Advanced, fapi1_baseline("5.2.2.3-1"))],
    stated: |profile| if profile.state_without_openid { "every one without scope openid" } else { "none" }.to_owned(),
    shortfall: unseen,
    in_requests: Some(|registered| {
        (registered.profile.state_without_openid && uses_codes(registered))
            .then_some("send a state with each request that has not the scope openid")
    }),
};

pub(super) static CONSENT: Requirement = Requirement {
    name: "consent",
    about: "Whether users are asked even where the client's settings would take their consent as given.",
    places: &[Place::Authorization],
    sections: &[(Fapi1Advanced, fapi1_baseline("5.2.2-12"))],
    stated: |profile| yes_or_no(profile.consent_is_always_asked).to_owned(),
    shortfall: unseen,
    in_requests: None,
};

/// Whether the client asks at the authorization endpoint at all.
pub(super) fn uses_codes(registered: &Registered<'_>) -> bool {
    let metadata = &registered.client.metadata;
    let begins = |kind: &ResponseType| !kind.grant_types().is_empty();
    metadata.grant_types().contains(&GrantType::AuthorizationCode) || metadata.response_types().iter().any(begins)
}

fn modes(modes: &[ResponseMode]) -> String {
    listed(modes.iter().map(|mode| mode.as_str()))
}
