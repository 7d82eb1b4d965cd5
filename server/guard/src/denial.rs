//! Why a request was not let through, and the `WWW-Authenticate` header that says so (RFC 6750 section 3).

use std::fmt::Write as _;

use http::{HeaderValue, StatusCode};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::{rfc6750, rfc9449, rfc9470};

use crate::{GuardFault, Scheme};

/// Why a request was not let through. `F` is what can go wrong on the side of the resource.
#[derive(Debug, thiserror::Error)]
pub enum Denial<F = GuardFault> {
    /// It has no access token. A client that knew nothing of authentication gets no error code (RFC 6750 section 3.1).
    #[error("the request has no access token")]
    NothingPresented,
    /// What it presents is not good enough.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The user was not authenticated as this resource asks for (RFC 9470 section 3).
    #[error("the user was not authenticated well enough, or too long ago")]
    InsufficientUserAuthentication {
        /// Values of `acr` of which one is asked for, in order of preference.
        acr_values: Vec<String>,
        /// Seconds since the user was authenticated, at most.
        max_age: Option<u64>,
    },
    /// The server could not tell.
    #[error(transparent)]
    Fault(F),
}

impl<F> Denial<F> {
    /// Why, for the record of what happened.
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal.clone(),
            Self::InsufficientUserAuthentication { .. } => {
                let reason = "the user was not authenticated well enough, or too long ago";
                ErrorCode::InsufficientUserAuthentication.because(reason).per(rfc9470("3"))
            }
            Self::NothingPresented | Self::Fault(_) => {
                ErrorCode::InvalidToken.because("the request has no access token").per(rfc6750("3"))
            }
        }
    }

    /// The error code, if there is one to tell. What went wrong here is nobody's error.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::NothingPresented | Self::Fault(_) => None,
            Self::Refused(refusal) => Some(refusal.code),
            Self::InsufficientUserAuthentication { .. } => Some(ErrorCode::InsufficientUserAuthentication),
        }
    }

    /// The status of the response (RFC 6750 section 3.1, RFC 9449 sections 7.1 and 9, RFC 9470 section 3).
    pub fn status(&self) -> StatusCode {
        let status = match (self, self.code()) {
            (Self::Fault(_), _) => 503,
            (_, None | Some(ErrorCode::InvalidDpopProof | ErrorCode::UseDpopNonce)) => 401,
            (_, Some(code)) => code.http_status(),
        };
        StatusCode::from_u16(status).unwrap_or(StatusCode::UNAUTHORIZED)
    }

    /// RFC 9449 section 7.2: the token is bound otherwise than it is presented.
    fn is_about_binding(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.spec == Some(rfc9449("7.2")))
    }
}

/// What a resource says of itself in a `WWW-Authenticate` header.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Challenge<'a> {
    /// `realm` (RFC 6750 section 3).
    pub realm: Option<&'a str>,
    /// What a token for this resource must have, space-delimited; nothing where it is empty.
    pub scope: &'a str,
    /// The algorithms that DPoP proofs may have, space-delimited; nothing where no token is bound to a key.
    pub algorithms: Option<&'a str>,
    /// The address of the resource's metadata (RFC 9728 section 5.1).
    pub resource_metadata: Option<&'a str>,
}

impl Challenge<'_> {
    /// The header for a denial: in the scheme that the request used, and in both where it used none or the wrong one
    /// (RFC 9449 section 7.2). A fault has none, nor has a request that was refused for the server's reasons: another
    /// token would not help.
    pub fn header<F>(&self, denial: &Denial<F>, scheme: Scheme) -> Option<HeaderValue> {
        let mut attributes = self.attributes(denial)?;
        let algorithms = self.algorithms.map(|names| format!("algs={}", quoted(names)));
        let is_for_both = matches!(denial, Denial::NothingPresented) || denial.is_about_binding();
        let text = match (scheme, algorithms) {
            (Scheme::Dpop, algorithms) => {
                attributes.extend(algorithms);
                challenge(scheme, &attributes)
            }
            (Scheme::Bearer, Some(algorithms)) if is_for_both => {
                format!("{}, {}", challenge(scheme, &attributes), challenge(Scheme::Dpop, &[algorithms]))
            }
            (Scheme::Bearer, _) => challenge(scheme, &attributes),
        };
        HeaderValue::try_from(text).ok()
    }

    fn attributes<F>(&self, denial: &Denial<F>) -> Option<Vec<String>> {
        let mut attributes: Vec<String> =
            self.realm.map(|realm| format!("realm={}", quoted(realm))).into_iter().collect();
        match denial {
            Denial::NothingPresented => {}
            Denial::Refused(refusal) if refusal.code.http_status() >= 500 => return None,
            Denial::Fault(_) => return None,
            Denial::Refused(_) | Denial::InsufficientUserAuthentication { .. } => {
                let refusal = denial.refusal();
                attributes.push(format!("error=\"{}\"", refusal.code));
                attributes.push(format!("error_description={}", quoted(&refusal.reason)));
            }
        }
        if let Denial::InsufficientUserAuthentication { acr_values, max_age } = denial {
            let values = (!acr_values.is_empty()).then(|| format!("acr_values={}", quoted(&acr_values.join(" "))));
            attributes.extend(values);
            attributes.extend(max_age.map(|seconds| format!("max_age=\"{seconds}\"")));
        }
        attributes.extend((!self.scope.is_empty()).then(|| format!("scope={}", quoted(self.scope))));
        attributes.extend(self.resource_metadata.map(|address| format!("resource_metadata={}", quoted(address))));
        Some(attributes)
    }
}

/// RFC 9110 section 11.6.1: a scheme, perhaps with parameters behind it.
fn challenge(scheme: Scheme, attributes: &[String]) -> String {
    format!("{} {}", scheme.as_str(), attributes.join(", ")).trim_end().to_owned()
}

/// RFC 9110 section 5.6.4. What no header may have is left out.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars().filter(|character| matches!(character, ' '..='~')) {
        let escape = if matches!(character, '"' | '\\') { "\\" } else { "" };
        let _ = write!(quoted, "{escape}{character}");
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: ErrorCode) -> Denial {
        Denial::from(code.because("r"))
    }

    fn told(challenge: Challenge<'_>, denial: &Denial, scheme: Scheme) -> Option<String> {
        Some(challenge.header(denial, scheme)?.to_str().unwrap().to_owned())
    }

    fn bearer(denial: &Denial, scope: &str) -> Option<String> {
        told(Challenge { realm: Some("admin"), scope, ..Challenge::default() }, denial, Scheme::Bearer)
    }

    #[test]
    fn rfc6750_3_without_a_token_there_is_a_challenge_and_no_error_code() {
        let denial = Denial::NothingPresented;
        assert_eq!(denial.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(bearer(&denial, "openid").unwrap(), r#"Bearer realm="admin", scope="openid""#);
        assert_eq!(bearer(&denial, "").unwrap(), r#"Bearer realm="admin""#);
        assert_eq!(told(Challenge::default(), &denial, Scheme::Bearer).unwrap(), "Bearer");
    }

    #[test]
    fn rfc6750_3_1_each_code_has_its_status_and_its_challenge() {
        for (code, status) in
            [(ErrorCode::InvalidRequest, 400), (ErrorCode::InvalidToken, 401), (ErrorCode::InsufficientScope, 403)]
        {
            let denial = Denial::from(code.because("the \"reason\""));
            assert_eq!(denial.status().as_u16(), status);
            let expected = format!(
                r#"Bearer realm="admin", error="{code}", error_description="the ?reason?", scope="signet.admin""#
            );
            assert_eq!(bearer(&denial, "signet.admin").unwrap(), expected);
        }
    }

    #[test]
    fn rfc9449_7_2_the_challenge_is_of_the_scheme_that_was_used_and_of_both_where_none_was() {
        let told = |denial: Denial, scheme: Scheme| {
            let algorithms = Some("ES256 PS256");
            let challenge = Challenge { realm: Some("a"), scope: "openid", algorithms, ..Challenge::default() };
            told(challenge, &denial, scheme).unwrap()
        };
        let bearer = r#"Bearer realm="a", scope="openid", DPoP algs="ES256 PS256""#;
        assert_eq!(told(Denial::NothingPresented, Scheme::Bearer), bearer);
        for code in [ErrorCode::InvalidToken, ErrorCode::InvalidDpopProof, ErrorCode::UseDpopNonce] {
            assert_eq!(of(code).status(), StatusCode::UNAUTHORIZED);
            let dpop =
                format!(r#"DPoP realm="a", error="{code}", error_description="r", scope="openid", algs="ES256 PS256""#);
            assert_eq!(told(of(code), Scheme::Dpop), dpop);
        }
        let invalid = r#"Bearer realm="a", error="invalid_token", error_description="r", scope="openid""#;
        assert_eq!(told(of(ErrorCode::InvalidToken), Scheme::Bearer), invalid);
        let bound = Denial::from(ErrorCode::InvalidToken.because("r").per(rfc9449("7.2")));
        assert_eq!(told(bound, Scheme::Bearer), format!(r#"{invalid}, DPoP algs="ES256 PS256""#));
    }

    #[test]
    fn rfc9470_3_what_is_asked_of_the_authentication_is_in_the_challenge() {
        let denial = |acr_values: &[&str], max_age| -> Denial {
            let acr_values = acr_values.iter().map(ToString::to_string).collect();
            Denial::InsufficientUserAuthentication { acr_values, max_age }
        };
        let start = "Bearer error=\"insufficient_user_authentication\", error_description=\"the user was not \
                     authenticated well enough, or too long ago\"";
        for (denial, end) in [
            (denial(&["urn:a", "b"], None), ", acr_values=\"urn:a b\""),
            (denial(&[], Some(5)), ", max_age=\"5\""),
            (denial(&["b"], Some(0)), ", acr_values=\"b\", max_age=\"0\""),
        ] {
            assert_eq!(denial.status(), StatusCode::UNAUTHORIZED);
            assert_eq!(told(Challenge::default(), &denial, Scheme::Bearer).unwrap(), format!("{start}{end}"));
        }
    }

    #[test]
    fn rfc9728_5_1_the_challenge_tells_where_the_metadata_is() {
        let resource_metadata = Some("https://api.test/.well-known/oauth-protected-resource");
        let challenge = Challenge { resource_metadata, ..Challenge::default() };
        let expected = r#"Bearer resource_metadata="https://api.test/.well-known/oauth-protected-resource""#;
        assert_eq!(told(challenge, &Denial::NothingPresented, Scheme::Bearer).unwrap(), expected);
    }

    #[test]
    fn rfc9110_5_6_4_nothing_ends_a_quoted_string_early() {
        let challenge = Challenge { realm: Some("a\"b\\c\r\nd\u{e9}"), ..Challenge::default() };
        assert_eq!(told(challenge, &Denial::NothingPresented, Scheme::Bearer).unwrap(), r#"Bearer realm="a\"b\\cd""#);
    }

    #[test]
    fn a_fault_is_no_challenge() {
        let denial = Denial::Fault(GuardFault::new("x"));
        assert_eq!(denial.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(bearer(&denial, "openid"), None);
        assert_eq!(bearer(&of(ErrorCode::TemporarilyUnavailable), "openid"), None);
    }
}
