//! The introspection endpoint (RFC 7662, RFC 9701).

use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use poem::{Body, Response, handler};
use signet_core::endpoints::{self, Endpoint, Introspection, IntrospectionForm};

use super::client_form::ClientForm;
use crate::call::ApiCall;
use crate::preference::weighted;
use crate::render;

/// The media type of responses that are JWTs (RFC 9701 section 4).
const JWT: &str = "application/token-introspection+jwt";
/// That of all others (RFC 7662 section 2.2).
const JSON: &str = "application/json";

#[handler]
pub(crate) async fn introspect(ApiCall(call): ApiCall, body: Body) -> Response {
    let form = match ClientForm::read(&call, body, Endpoint::Introspection).await {
        Ok(form) => form,
        Err(response) => return *response,
    };
    let wanted = wanted_form(&call.head.headers);
    match endpoints::introspect(&call.serving(), &call.realm, form.request(&call), wanted).await {
        Ok(Introspection::Response(answer)) => render::json(StatusCode::OK, &answer),
        Ok(Introspection::Jwt(jwt)) => Response::builder()
            .header(CONTENT_TYPE, JWT)
            .header(CACHE_CONTROL, "no-store")
            .header("x-content-type-options", "nosniff")
            .body(jwt),
        Err(failure) => render::failure(&failure),
    }
}

/// A JWT for who asks for one by its name, and does not rather have JSON (RFC 9110 section 12.5.1). Ranges do not count:
/// JSON is the answer to everybody else.
fn wanted_form(headers: &HeaderMap) -> IntrospectionForm {
    let weight = |name: &str| {
        let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let ranges = values.flat_map(|value| value.split(',')).filter_map(weighted);
        ranges.filter(|(range, _)| range.eq_ignore_ascii_case(name)).map(|(_, weight)| weight).max().unwrap_or_default()
    };
    let jwt = weight(JWT);
    if jwt > 0 && jwt >= weight(JSON) { IntrospectionForm::Jwt } else { IntrospectionForm::Json }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn wanted(values: &[&'static str]) -> IntrospectionForm {
        wanted_form(&values.iter().map(|value| (ACCEPT, HeaderValue::from_static(value))).collect())
    }

    #[test]
    fn rfc9701_4_a_jwt_is_for_who_asks_for_one() {
        for values in [
            &["application/token-introspection+jwt"][..],
            &["Application/Token-Introspection+JWT; q=0.5"],
            &["application/json, application/token-introspection+jwt"],
            &["application/json;q=0.9", "text/html, application/token-introspection+jwt;q=0.95"],
            &["*/*, application/token-introspection+jwt;q=0.001"],
        ] {
            assert_eq!(wanted(values), IntrospectionForm::Jwt, "{values:?}");
        }
        for values in [
            &[][..],
            &[""],
            &["*/*"],
            &["application/*"],
            &["application/json"],
            &["application/jwt"],
            &["application/token-introspection+jwt;q=0"],
            &["application/token-introspection+jwt;q=0.000"],
            &["application/token-introspection+jwt;q=2"],
            &["application/token-introspection+jwt;q=0.0001"],
            &["application/token-introspection+jwt;q=x"],
            &["application/token-introspection+jwt;q=0.5, application/json"],
        ] {
            assert_eq!(wanted(values), IntrospectionForm::Json, "{values:?}");
        }
    }
}
