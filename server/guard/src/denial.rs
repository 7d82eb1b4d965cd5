//! Why a request was not let through, and the `WWW-Authenticate` header that says so (RFC 6750 section 3).

use http::{HeaderValue, StatusCode};
use signet_core::events::{RefusedAt, Serving};
use signet_core::failure::{Failure, Fault};
use signet_core::realm::RealmContext;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::identifiers::RealmName;
use signet_protocol::spec::{rfc6750, rfc9449, rfc9470};

use crate::{RequiredAuthentication, Scheme};

/// Why a request was not let through.
#[derive(Debug, thiserror::Error)]
pub enum Denial {
    /// It has no access token. A client that knew nothing of authentication gets no error code (RFC 6750 section 3.1).
    #[error("the request has no access token")]
    NothingPresented,
    /// What it presents is not good enough.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The user was authenticated too long ago, or not well enough (RFC 9470 section 3).
    #[error("the user of the access token was not authenticated as this resource demands")]
    InsufficientUserAuthentication(RequiredAuthentication),
    /// The server could not tell.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// What a challenge says of the resource.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The realm whose tokens count.
    pub realm: &'a RealmName,
    /// What a token for it must have, space-delimited; empty where no scope helps.
    pub scope: &'a str,
    /// Where it says more of itself (RFC 9728 section 5.1).
    pub resource_metadata: Option<&'a str>,
}

impl From<Failure> for Denial {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refusal(refusal) => Self::Refused(refusal),
            Failure::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl Denial {
    /// Why, for the record of what happened.
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal.clone(),
            Self::InsufficientUserAuthentication(_) => ErrorCode::InsufficientUserAuthentication
                .because("the user must be authenticated again, as the challenge says")
                .per(rfc9470("3")),
            Self::NothingPresented | Self::Fault(_) => {
                ErrorCode::InvalidToken.because("the request has no access token").per(rfc6750("3"))
            }
        }
    }

    /// Records it. Answers what the request is refused with in the end: where nothing more can be recorded, with that,
    /// because nothing happens unrecorded.
    pub async fn recorded(self, serving: &Serving<'_>, realm: &RealmContext, place: RefusedAt) -> Self {
        match &self {
            Self::Fault(fault) => serving.note_fault(realm, fault),
            other => serving.note_refusal(realm, (place, None), &other.refusal()),
        }
        match serving.hand_over().await {
            Ok(()) => self,
            Err(fault) => fault.into(),
        }
    }

    /// The error code, if there is one to tell.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::NothingPresented => None,
            Self::Refused(refusal) => Some(refusal.code),
            Self::InsufficientUserAuthentication(_) => Some(ErrorCode::InsufficientUserAuthentication),
            Self::Fault(fault) => Some(fault.code()),
        }
    }

    /// The status of the response (RFC 6750 section 3.1, RFC 9449 sections 7.1 and 9).
    pub fn status(&self) -> StatusCode {
        let status = match self.code() {
            None | Some(ErrorCode::InvalidDpopProof | ErrorCode::UseDpopNonce) => 401,
            Some(code) => code.http_status(),
        };
        StatusCode::from_u16(status).unwrap_or(StatusCode::UNAUTHORIZED)
    }

    /// The `WWW-Authenticate` header. A fault has none, nor has a request that was refused for the server's reasons:
    /// another token would not help.
    pub fn challenge(&self, place: Place<'_>) -> Option<HeaderValue> {
        HeaderValue::try_from(self.challenge_of(Scheme::Bearer, place)?).ok()
    }

    /// The same where tokens may be bound to a key: in the scheme that the request used, and in both where it used none
    /// or the wrong one (RFC 9449 section 7.2). `algorithms` are those that proofs may have, space-delimited.
    pub fn challenge_to(&self, scheme: Scheme, place: Place<'_>, algorithms: &str) -> Option<HeaderValue> {
        let challenge = self.challenge_of(scheme, place)?;
        let is_about_binding = matches!(self, Self::Refused(refusal) if refusal.spec == Some(rfc9449("7.2")));
        let text = match (scheme, self) {
            (Scheme::Dpop, _) => format!("{challenge}, algs=\"{algorithms}\""),
            (Scheme::Bearer, Self::NothingPresented) => format!("{challenge}, DPoP algs=\"{algorithms}\""),
            (Scheme::Bearer, _) if is_about_binding => format!("{challenge}, DPoP algs=\"{algorithms}\""),
            (Scheme::Bearer, _) => challenge,
        };
        HeaderValue::try_from(text).ok()
    }

    fn challenge_of(&self, scheme: Scheme, place: Place<'_>) -> Option<String> {
        let mut attributes = vec![format!("realm=\"{}\"", place.realm)];
        match self {
            Self::NothingPresented => {}
            Self::Fault(_) => return None,
            Self::Refused(_) | Self::InsufficientUserAuthentication(_) => {
                let refusal = self.refusal();
                if refusal.code.http_status() >= 500 {
                    return None;
                }
                attributes.push(format!("error=\"{}\"", refusal.code));
                attributes.push(format!("error_description=\"{}\"", refusal.reason));
            }
        }
        if let Self::InsufficientUserAuthentication(required) = self {
            attributes.extend(required.parameters());
        }
        attributes.extend(place.resource_metadata.map(|url| format!("resource_metadata=\"{url}\"")));
        if !place.scope.is_empty() {
            attributes.push(format!("scope=\"{}\"", place.scope));
        }
        Some(format!("{} {}", scheme.as_str(), attributes.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge(denial: &Denial, scope: &str) -> Option<String> {
        let place = Place { realm: &"admin".parse().unwrap(), scope, resource_metadata: None };
        let value = denial.challenge(place)?;
        Some(value.to_str().unwrap().to_owned())
    }

    #[test]
    fn rfc6750_3_without_a_token_there_is_a_challenge_and_no_error_code() {
        let denial = Denial::NothingPresented;
        assert_eq!(denial.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(challenge(&denial, "openid").unwrap(), r#"Bearer realm="admin", scope="openid""#);
        assert_eq!(challenge(&denial, "").unwrap(), r#"Bearer realm="admin""#);
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
            assert_eq!(challenge(&denial, "signet.admin").unwrap(), expected);
        }
    }

    #[test]
    fn rfc9449_7_2_the_challenge_is_of_the_scheme_that_was_used_and_of_both_where_none_was() {
        let told = |denial: Denial, scheme: Scheme| {
            let place = Place { realm: &"a".parse().unwrap(), scope: "openid", resource_metadata: None };
            let value = denial.challenge_to(scheme, place, "ES256 PS256").unwrap();
            value.to_str().unwrap().to_owned()
        };
        let bearer = r#"Bearer realm="a", scope="openid", DPoP algs="ES256 PS256""#;
        assert_eq!(told(Denial::NothingPresented, Scheme::Bearer), bearer);
        let of = |code: ErrorCode| Denial::from(code.because("r"));
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
    fn rfc9470_3_and_rfc9728_5_1_the_challenge_says_which_authentication_and_where_to_read_more() {
        let acr_values = ["urn:a", "urn:b"].map(str::to_owned).to_vec();
        let denial = Denial::InsufficientUserAuthentication(RequiredAuthentication { acr_values, max_age: Some(60) });
        assert_eq!(denial.status(), StatusCode::UNAUTHORIZED);
        let metadata = "https://a.test/.well-known/oauth-protected-resource/x";
        let place = Place { realm: &"a".parse().unwrap(), scope: "openid", resource_metadata: Some(metadata) };
        let expected = concat!(
            r#"Bearer realm="a", error="insufficient_user_authentication", "#,
            r#"error_description="the user must be authenticated again, as the challenge says", "#,
            r#"acr_values="urn:a urn:b", max_age="60", "#,
            r#"resource_metadata="https://a.test/.well-known/oauth-protected-resource/x", scope="openid""#,
        );
        assert_eq!(denial.challenge(place).unwrap(), expected);
        let dpop = denial.challenge_to(Scheme::Dpop, place, "ES256").unwrap();
        assert_eq!(dpop.to_str().unwrap(), format!("{}, algs=\"ES256\"", expected.replacen("Bearer", "DPoP", 1)));
    }

    #[test]
    fn a_fault_is_no_challenge() {
        let denial = Denial::from(Failure::from(Fault::Overloaded("x")));
        assert_eq!(denial.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(challenge(&denial, "openid"), None);
    }
}
