//! What clients do in requests that are served today, held against the demands of profiles that they might be given.
//!
//! A registration shows much of what a client would have to change, but not how it asks. Each request that was served is
//! therefore described by what demands are about, and judged by the same data that the rules read. What is refused today
//! tells nothing: it would be refused tomorrow, too.

use signet_jose::SignatureAlgorithm;
use signet_protocol::names::{ClientAuthenticationMethod, CodeChallengeMethod, ResponseMode, ResponseType};

use super::Requirement;
use super::authentication::{ASSERTION_ALGORITHM, ASSERTION_AUDIENCE, CLIENT_AUTHENTICATION, CONFIDENTIAL_CLIENT};
use super::requests::{
    NONCE, PKCE, PUSHED_REQUEST, REDIRECT_URI, REQUEST_OBJECT_ALGORITHM, REQUEST_OBJECT_TIMES, RESPONSE_MODE,
    RESPONSE_TYPE, SIGNED_REQUEST, STATE,
};
use super::tokens::{PROOF_ALGORITHM, SENDER_CONSTRAINED_TOKENS};
use crate::profile::{AssertionAudience, RequestMerging, SecurityProfile};

/// What a client does, as far as demands are about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RequestKind {
    /// It proves who it is, at any endpoint.
    Authentication,
    /// It asks for authorization, through the browser or by a push.
    Authorization,
    /// It gets tokens at the token endpoint.
    Token,
}

/// A request that was served.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Observed<'a> {
    Authentication(ObservedAuthentication),
    Authorization(ObservedAuthorization<'a>),
    Token(ObservedToken),
}

/// How a client proved who it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ObservedAuthentication {
    pub(crate) method: ClientAuthenticationMethod,
    /// Its assertion, if it sent one.
    pub(crate) assertion: Option<ObservedAssertion>,
}

/// A client assertion that was good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ObservedAssertion {
    pub(crate) algorithm: Option<SignatureAlgorithm>,
    /// Whether `aud` is the issuer as a string.
    pub(crate) is_for_the_issuer: bool,
}

/// How a client asked for authorization.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "facts that have nothing to do with each other")]
pub(crate) struct ObservedAuthorization<'a> {
    pub(crate) response_type: ResponseType,
    /// What it asked for, or the default of the response type.
    pub(crate) response_mode: ResponseMode,
    pub(crate) redirect_uri: &'a str,
    pub(crate) is_pushed: bool,
    /// Its request object, if it sent one.
    pub(crate) object: Option<ObservedObject>,
    pub(crate) challenge: Option<CodeChallengeMethod>,
    /// Whether it has the scope `openid`.
    pub(crate) is_openid: bool,
    pub(crate) has_nonce: bool,
    pub(crate) has_state: bool,
}

/// A request object that was good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ObservedObject {
    /// Nothing where nobody signed it.
    pub(crate) algorithm: Option<SignatureAlgorithm>,
    /// Seconds since `nbf`, less what clocks may be off.
    pub(crate) begun_for: Option<i64>,
    /// Seconds from `nbf` to `exp`.
    pub(crate) good_for: Option<i64>,
    /// Whether everything that the client asked for stood in it.
    pub(crate) is_whole: bool,
}

/// What tokens were bound to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ObservedToken {
    pub(crate) is_bound: bool,
    /// How its DPoP proof was signed, if it sent one.
    pub(crate) proof: Option<SignatureAlgorithm>,
}

/// Whether a profile refuses what was observed, because of one demand.
enum Judgement {
    Authentication(fn(&SecurityProfile, &ObservedAuthentication) -> bool),
    Authorization(fn(&SecurityProfile, &ObservedAuthorization<'_>) -> bool),
    Token(fn(&SecurityProfile, &ObservedToken) -> bool),
}

/// The demands that requests can fail. Of the others a registration shows everything, or the server meets them.
static JUDGED: [(&Requirement, Judgement); 16] = [
    (&CONFIDENTIAL_CLIENT, Judgement::Authentication(|profile, seen| is_foreign_method(profile, seen.method, true))),
    (&CLIENT_AUTHENTICATION, Judgement::Authentication(|profile, seen| is_foreign_method(profile, seen.method, false))),
    (
        &ASSERTION_ALGORITHM,
        Judgement::Authentication(|profile, seen| {
            let algorithm = seen.assertion.and_then(|assertion| assertion.algorithm);
            algorithm.is_some_and(|algorithm| !profile.assertion_algorithms.contains(&algorithm))
        }),
    ),
    (
        &ASSERTION_AUDIENCE,
        Judgement::Authentication(|profile, seen| {
            let is_strict = profile.assertion_audience == AssertionAudience::Issuer;
            is_strict && seen.assertion.is_some_and(|assertion| !assertion.is_for_the_issuer)
        }),
    ),
    (&RESPONSE_TYPE, Judgement::Authorization(|profile, seen| !profile.response_types.contains(&seen.response_type))),
    (
        &RESPONSE_MODE,
        Judgement::Authorization(|profile, seen| {
            let permitted = if seen.response_type.returns_id_token() {
                profile.response_modes
            } else {
                profile.response_modes_without_id_token
            };
            !permitted.contains(&seen.response_mode)
        }),
    ),
    (
        &PUSHED_REQUEST,
        Judgement::Authorization(|profile, seen| profile.require_pushed_authorization_requests && !seen.is_pushed),
    ),
    (&SIGNED_REQUEST, Judgement::Authorization(is_unprotected)),
    (
        &REQUEST_OBJECT_ALGORITHM,
        Judgement::Authorization(|profile, seen| {
            let permitted = profile.request_objects.algorithms;
            let is_open = permitted.iter().any(|algorithm| algorithm.is_symmetric());
            seen.object.is_some_and(|object| match object.algorithm {
                Some(algorithm) => !permitted.contains(&algorithm),
                None => !is_open,
            })
        }),
    ),
    (&REQUEST_OBJECT_TIMES, Judgement::Authorization(is_out_of_time)),
    (&PKCE, Judgement::Authorization(is_without_pkce)),
    (
        &REDIRECT_URI,
        Judgement::Authorization(|profile, seen| {
            profile.https_redirect_uris && !seen.redirect_uri.starts_with("https://")
        }),
    ),
    (&NONCE, Judgement::Authorization(|profile, seen| profile.nonce_with_openid && seen.is_openid && !seen.has_nonce)),
    (
        &STATE,
        Judgement::Authorization(|profile, seen| profile.state_without_openid && !seen.is_openid && !seen.has_state),
    ),
    (&SENDER_CONSTRAINED_TOKENS, Judgement::Token(|profile, seen| profile.sender_constrained_tokens && !seen.is_bound)),
    (
        &PROOF_ALGORITHM,
        Judgement::Token(|profile, seen| {
            seen.proof.is_some_and(|algorithm| !profile.proof_algorithms.contains(&algorithm))
        }),
    ),
];

impl RequestKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Authentication, Self::Authorization, Self::Token];

    /// Its name in answers and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::Authorization => "authorization",
            Self::Token => "token",
        }
    }
}

impl Requirement {
    /// What clients do that can fail it; nothing where a registration shows everything.
    pub fn kind(&self) -> Option<RequestKind> {
        let judged = JUDGED.iter().find(|(requirement, _)| requirement.name == self.name);
        judged.map(|(_, judgement)| match judgement {
            Judgement::Authentication(_) => RequestKind::Authentication,
            Judgement::Authorization(_) => RequestKind::Authorization,
            Judgement::Token(_) => RequestKind::Token,
        })
    }
}

impl Observed<'_> {
    /// What it is.
    pub(crate) const fn kind(&self) -> RequestKind {
        match self {
            Self::Authentication(_) => RequestKind::Authentication,
            Self::Authorization(_) => RequestKind::Authorization,
            Self::Token(_) => RequestKind::Token,
        }
    }

    /// The demands of a profile that it fails.
    pub(crate) fn failed(&self, profile: &SecurityProfile) -> impl Iterator<Item = &'static Requirement> {
        JUDGED.iter().filter_map(move |(requirement, judgement)| {
            let fails = match (judgement, self) {
                (Judgement::Authentication(fails), Self::Authentication(seen)) => fails(profile, seen),
                (Judgement::Authorization(fails), Self::Authorization(seen)) => fails(profile, seen),
                (Judgement::Token(fails), Self::Token(seen)) => fails(profile, seen),
                _ => false,
            };
            fails.then_some(*requirement)
        })
    }
}

/// Whether the method is one that the profile does not allow, and that of a public client or not.
fn is_foreign_method(profile: &SecurityProfile, method: ClientAuthenticationMethod, of_public_clients: bool) -> bool {
    let is_public = method == ClientAuthenticationMethod::None;
    is_public == of_public_clients && !profile.client_authentication_methods.contains(&method)
}

/// Whether something of the request would not count: nobody signed it, or it stood outside the object.
fn is_unprotected(profile: &SecurityProfile, seen: &ObservedAuthorization<'_>) -> bool {
    let rules = &profile.request_objects;
    match seen.object {
        None => rules.are_required,
        Some(object) => {
            let is_unsigned = rules.are_required && object.algorithm.is_none();
            is_unsigned || (rules.merging == RequestMerging::ObjectAlone && !object.is_whole)
        }
    }
}

fn is_out_of_time(profile: &SecurityProfile, seen: &ObservedAuthorization<'_>) -> bool {
    let Some(object) = seen.object else { return false };
    let rules = &profile.request_objects;
    let is_beyond =
        |most: Option<i64>, seconds: Option<i64>| most.is_some_and(|most| seconds.is_none_or(|seconds| seconds > most));
    is_beyond(rules.oldest_beginning, object.begun_for) || is_beyond(rules.longest_validity, object.good_for)
}

fn is_without_pkce(profile: &SecurityProfile, seen: &ObservedAuthorization<'_>) -> bool {
    let is_wanted = profile.pkce_for_confidential_clients || (seen.is_pushed && profile.pkce_for_pushed_requests);
    match seen.challenge {
        None => is_wanted && seen.response_type.returns_code(),
        Some(method) => !profile.code_challenge_methods.contains(&method),
    }
}

#[cfg(test)]
mod tests {
    use super::super::REQUIREMENTS;
    use super::*;
    use crate::profile::ProfileName::{self, Base, Fapi1Advanced, Fapi2MessageSigning, Fapi2Security};

    /// Demands that no request can fail: the server meets them, or the registration shows everything.
    const OF_REGISTRATIONS: [&str; 8] = [
        "grant_type",
        "backchannel",
        "clock_skew",
        "consent",
        "signing_algorithm",
        "encryption_algorithm",
        "refresh_rotation",
        "state_hash",
    ];

    fn names(profile: ProfileName, seen: &Observed<'_>) -> Vec<&'static str> {
        seen.failed(profile.profile()).map(|requirement| requirement.name).collect()
    }

    fn plain() -> ObservedAuthorization<'static> {
        ObservedAuthorization {
            response_type: ResponseType::Code,
            response_mode: ResponseMode::Query,
            redirect_uri: "https://rp.test/cb",
            is_pushed: false,
            object: None,
            challenge: None,
            is_openid: true,
            has_nonce: false,
            has_state: true,
        }
    }

    #[test]
    fn every_demand_is_judged_in_requests_or_seen_in_registrations() {
        for requirement in REQUIREMENTS {
            let of_registrations = OF_REGISTRATIONS.contains(&requirement.name);
            assert_eq!(requirement.kind().is_none(), of_registrations, "{}", requirement.name);
        }
    }

    #[test]
    fn an_ordinary_request_fails_what_each_profile_wants_beyond_it() {
        let seen = Observed::Authorization(plain());
        assert_eq!(names(Base, &seen), [""; 0]);
        assert_eq!(names(Fapi1Advanced, &seen), ["response_mode", "signed_request", "nonce"]);
        assert_eq!(names(Fapi2Security, &seen), ["pushed_request", "pkce"]);
        let all = ["response_mode", "pushed_request", "signed_request", "pkce"];
        assert_eq!(names(Fapi2MessageSigning, &seen), all);
    }

    #[test]
    fn objects_are_judged_by_algorithm_times_and_what_stands_outside() {
        let object = ObservedObject {
            algorithm: Some(SignatureAlgorithm::RS256),
            begun_for: Some(10),
            good_for: None,
            is_whole: false,
        };
        let request = ObservedAuthorization { response_mode: ResponseMode::Jwt, has_nonce: true, ..plain() };
        let seen = Observed::Authorization(ObservedAuthorization { object: Some(object), ..request });
        let all = ["signed_request", "request_object_algorithm", "request_object_times"];
        assert_eq!(names(Fapi1Advanced, &seen), all);
        let good = ObservedObject {
            algorithm: Some(SignatureAlgorithm::PS256),
            begun_for: Some(3_600),
            good_for: Some(3_600),
            is_whole: true,
        };
        let seen = Observed::Authorization(ObservedAuthorization { object: Some(good), ..request });
        assert_eq!(names(Fapi1Advanced, &seen), [""; 0]);
        let old = ObservedObject { begun_for: Some(3_601), ..good };
        let seen = Observed::Authorization(ObservedAuthorization { object: Some(old), ..request });
        assert_eq!(names(Fapi1Advanced, &seen), ["request_object_times"]);
    }

    #[test]
    fn methods_assertions_and_bindings_are_judged() {
        let by = |method, assertion| Observed::Authentication(ObservedAuthentication { method, assertion });
        let public = by(ClientAuthenticationMethod::None, None);
        assert_eq!(names(Fapi2Security, &public), ["confidential_client"]);
        let secret = by(ClientAuthenticationMethod::ClientSecretBasic, None);
        assert_eq!(names(Fapi1Advanced, &secret), ["client_authentication"]);
        let assertion = ObservedAssertion { algorithm: Some(SignatureAlgorithm::RS256), is_for_the_issuer: false };
        let signed = by(ClientAuthenticationMethod::PrivateKeyJwt, Some(assertion));
        assert_eq!(names(Fapi1Advanced, &signed), ["assertion_algorithm"]);
        assert_eq!(names(Fapi2Security, &signed), ["assertion_algorithm", "assertion_audience"]);
        let bearer = Observed::Token(ObservedToken { is_bound: false, proof: None });
        assert_eq!(names(Fapi2Security, &bearer), ["sender_constrained_tokens"]);
        let proof = Some(SignatureAlgorithm::RS256);
        let bound = Observed::Token(ObservedToken { is_bound: true, proof });
        assert_eq!((names(Base, &bound), names(Fapi1Advanced, &bound)), (vec![], vec!["proof_algorithm"]));
    }
}
