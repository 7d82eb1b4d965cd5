//! What a refused request is told: problem documents (RFC 9457).

use std::borrow::Cow;

use poem::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use poem::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use poem::{IntoResponse, Response};
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::{ToJSON as _, Type as _};
use poem_openapi::{ApiResponse, Object};
use signet_core::failure::Fault;
use signet_core::protocol::error::ErrorCode;
use signet_core::registry::RegistryError;

/// The media type of RFC 9457.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// Seconds after which an overloaded server may be asked again.
const RETRY_SECONDS: &str = "2";

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $status:ident, $kind:literal, $title:literal;)+) => {
        /// What kind of problem there is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Kind { $($(#[$doc])* $name,)+ }

        impl Kind {
            const ALL: &[Self] = &[$(Self::$name,)+];

            const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)+ }
            }

            /// The `type` member: compared by programs, for ever the same.
            const fn uri(self) -> &'static str {
                match self { $(Self::$name => concat!("urn:signet:problem:", $kind),)+ }
            }

            const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }
        }
    };
}

kinds! {
    /// The request does not read: not JSON, a parameter out of range.
    Malformed = BAD_REQUEST, "malformed", "The request does not read";
    /// There is no good access token.
    Unauthenticated = UNAUTHORIZED, "unauthenticated", "A good access token is needed";
    /// The access token is good, but not for this.
    InsufficientScope = FORBIDDEN, "insufficient-scope", "The access token does not permit this";
    /// What is named is not there.
    NotFound = NOT_FOUND, "not-found", "Not found";
    /// The resource does not have this method.
    MethodNotAllowed = METHOD_NOT_ALLOWED, "method-not-allowed", "The method is not served here";
    /// Something of that name is there already.
    Duplicate = CONFLICT, "duplicate", "It exists already";
    /// The object's state does not permit it.
    Conflict = CONFLICT, "conflict", "The object does not permit this";
    /// Others changed the object at every attempt.
    Overtaken = CONFLICT, "overtaken", "Others change it at the same time";
    /// The object was changed by someone else.
    PreconditionFailed = PRECONDITION_FAILED, "changed-meanwhile", "The object has changed";
    /// The body is too long.
    TooLarge = PAYLOAD_TOO_LARGE, "too-large", "The body is too long";
    /// The body is of another media type.
    UnsupportedMediaType = UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "The media type is not read here";
    /// A member of the body is wrong.
    Invalid = UNPROCESSABLE_ENTITY, "invalid", "A member of the document is wrong";
    /// The server failed.
    Internal = INTERNAL_SERVER_ERROR, "internal", "The server failed";
    /// The server is overloaded, or the database is away.
    Unavailable = SERVICE_UNAVAILABLE, "unavailable", "The server is busy";
}

/// Why a request was refused (RFC 9457).
#[derive(Object)]
#[oai(rename = "Problem", skip_serializing_if_is_none)]
struct Document {
    /// The kind of problem, for programs.
    #[oai(rename = "type")]
    kind: String,
    /// The kind of problem, for people.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What is wrong with this request, and what to do about it.
    detail: String,
    /// The member or parameter that is wrong; dots lead into nested objects.
    field: Option<String>,
}

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    kind: Kind,
    detail: Cow<'static, str>,
    field: Option<String>,
    /// What says which authentication is wanted.
    headers: Box<HeaderMap>,
}

impl Problem {
    /// A problem. `detail` says what to do and never repeats a value of the request.
    pub(crate) fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, detail: detail.into(), field: None, headers: Box::default() }
    }

    /// A member of the body is wrong.
    pub(crate) fn invalid(field: impl Into<String>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Invalid, detail).at(field)
    }

    /// There is no such object, or it belongs to another realm: the two look the same.
    pub(crate) fn not_found(what: &'static str) -> Self {
        Self::new(Kind::NotFound, format!("there is no such {what}"))
    }

    /// Whether it is of this kind.
    pub(crate) fn is(&self, kind: Kind) -> bool {
        self.kind == kind
    }

    /// Names the member or parameter.
    #[must_use]
    pub(crate) fn at(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Says what authentication is wanted (RFC 9110 section 11.6.1).
    #[must_use]
    pub(crate) fn challenged(mut self, challenge: Option<HeaderValue>) -> Self {
        self.headers.extend(challenge.map(|challenge| (WWW_AUTHENTICATE, challenge)));
        self
    }

    /// Gives the nonce that DPoP proofs need (RFC 9449 section 9).
    #[must_use]
    pub(crate) fn with_nonce(mut self, nonce: Option<HeaderValue>) -> Self {
        self.headers.extend(nonce.map(|nonce| (HeaderName::from_static("dpop-nonce"), nonce)));
        self
    }

    /// What the framework answered with no more than a status.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let fitting = Kind::ALL.iter().copied().find(|kind| kind.status() == status);
        let other = if status.is_client_error() { Kind::Malformed } else { Kind::Internal };
        let kind = fitting.unwrap_or(other);
        Self::new(kind, kind.title())
    }
}

impl From<RegistryError> for Problem {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::Invalid { field, problem } => Self::invalid(field, problem),
            RegistryError::NotFound(what) => Self::not_found(what),
            RegistryError::Duplicate(what) => Self::new(Kind::Duplicate, format!("{what} exists already")),
            RegistryError::Forbidden(why) => Self::new(Kind::Conflict, why),
            RegistryError::Changed(_) => Self::new(Kind::Overtaken, "look at it again, then repeat the change"),
            RegistryError::Fault(fault) => fault.into(),
        }
    }
}

/// A fault is logged with its causes; the other side learns only that it was not their doing.
impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        let first = std::error::Error::source(&fault);
        let causes: Vec<String> =
            std::iter::successors(first, |cause| cause.source()).map(ToString::to_string).collect();
        tracing::error!(error = %fault, causes = causes.join(": "), "an administrative request failed");
        if fault.code() == ErrorCode::TemporarilyUnavailable {
            Self::new(Kind::Unavailable, "repeat the request in a moment")
        } else {
            Self::new(Kind::Internal, "the log has the cause, under this response's request id")
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let document = Document {
            kind: self.kind.uri().to_owned(),
            title: self.kind.title().to_owned(),
            status: self.kind.status().as_u16(),
            detail: self.detail.into_owned(),
            field: self.field,
        };
        let mut response = Response::builder()
            .status(self.kind.status())
            .header(CONTENT_TYPE, MEDIA_TYPE)
            .body(document.to_json_string());
        response.headers_mut().extend(*self.headers);
        if self.kind == Kind::Unavailable {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(RETRY_SECONDS));
        }
        response
    }
}

impl From<Problem> for poem::Error {
    fn from(problem: Problem) -> Self {
        Self::from_response(problem.into_response())
    }
}

impl ApiResponse for Problem {
    fn meta() -> MetaResponses {
        let content = vec![MetaMediaType { content_type: MEDIA_TYPE, schema: Document::schema_ref() }];
        let any_other = MetaResponse {
            description: "The request was refused, or the server failed.",
            status: None,
            status_range: None,
            content,
            headers: Vec::new(),
        };
        MetaResponses { responses: vec![any_other] }
    }

    fn register(registry: &mut Registry) {
        Document::register(registry);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    async fn body(problem: Problem) -> (u16, Value) {
        let response = problem.into_response();
        assert_eq!(response.content_type(), Some(MEDIA_TYPE));
        (response.status().as_u16(), response.into_body().into_json().await.unwrap())
    }

    #[tokio::test]
    async fn rfc9457_3_a_problem_has_type_title_status_and_detail() {
        let (status, document) = body(Problem::invalid("settings.profile", "is weaker than the realm's")).await;
        assert_eq!(status, 422);
        let expected = json!({
            "type": "urn:signet:problem:invalid",
            "title": "A member of the document is wrong",
            "status": 422,
            "detail": "is weaker than the realm's",
            "field": "settings.profile",
        });
        assert_eq!(document, expected);
        let (_, document) = body(Problem::not_found("client")).await;
        assert_eq!(document.get("field"), None);
    }

    #[tokio::test]
    async fn every_outcome_of_the_registry_has_its_status() {
        let fault = || Fault::internal("secret place", std::io::Error::other("secret cause"));
        for (error, expected) in [
            (RegistryError::invalid("name", "is wrong"), 422),
            (RegistryError::NotFound("client"), 404),
            (RegistryError::Duplicate("client"), 409),
            (RegistryError::Forbidden("it signs"), 409),
            (RegistryError::Fault(Fault::Overloaded("password hashing")), 503),
            (RegistryError::Fault(fault()), 500),
        ] {
            let (status, document) = body(error.into()).await;
            assert_eq!(status, expected);
            assert_eq!(document["status"], expected);
            assert!(!document.to_string().contains("secret"), "{document}");
        }
    }

    #[tokio::test]
    async fn what_the_framework_refuses_becomes_a_problem_of_its_status() {
        for (status, kind) in [(404, "not-found"), (405, "method-not-allowed"), (400, "malformed"), (500, "internal")] {
            let (answered, document) = body(Problem::of_status(StatusCode::from_u16(status).unwrap())).await;
            assert_eq!((answered, &document["type"]), (status, &json!(format!("urn:signet:problem:{kind}"))));
        }
    }

    #[test]
    fn overload_says_when_to_come_back() {
        let response = Problem::from(Fault::Overloaded("x")).into_response();
        assert_eq!(response.header("retry-after"), Some(RETRY_SECONDS));
    }
}
