//! The userinfo endpoint (OpenID Connect Core 5.3).

use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use poem::{Body, Response, handler};
use signet_core::endpoints::{self, UserInfo};
use signet_core::failure::Failure;
use signet_core::protocol::error::{ErrorCode, Refusal};
use signet_core::protocol::spec::rfc6750;
use signet_core::tokens::client_of;

use crate::call::{ApiCall, Call};
use crate::{cors, render};

#[handler]
pub(crate) async fn by_header(ApiCall(call): ApiCall) -> Response {
    answer(&call, call.head.bearer_token().map(str::to_owned)).await
}

/// RFC 6750 section 2.2: the token may be in a form body instead, never in both places.
#[handler]
pub(crate) async fn by_header_or_form(ApiCall(call): ApiCall, body: Body) -> Response {
    let in_header = call.head.bearer_token().map(str::to_owned);
    let has_form =
        call.head.header(&CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let in_body = if has_form {
        match call.head.form(body).await {
            Ok(form) => form.get("access_token").map(str::to_owned),
            Err(refusal) => return challenged(&refusal.into()),
        }
    } else {
        None
    };
    match (in_header, in_body) {
        (Some(_), Some(_)) => {
            challenged(&ErrorCode::InvalidRequest.because("send the access token once").per(rfc6750("2")).into())
        }
        (in_header, in_body) => answer(&call, in_header.or(in_body)).await,
    }
}

#[handler]
pub(crate) fn preflight() -> Response {
    cors::preflight("GET, POST")
}

async fn answer(call: &Call, token: Option<String>) -> Response {
    let Some(token) = token else {
        return challenge(Response::builder().status(StatusCode::UNAUTHORIZED).finish(), None);
    };
    let response = match endpoints::userinfo(&call.app.provider, &call.realm, &token).await {
        Ok(UserInfo::Claims(claims)) => render::json(StatusCode::OK, &claims),
        Ok(UserInfo::Signed(jwt)) => {
            Response::builder().header(CONTENT_TYPE, "application/jwt").header(CACHE_CONTROL, "no-store").body(jwt)
        }
        Err(failure) => challenged(&failure),
    };
    if call.head.headers.contains_key(http::header::ORIGIN) {
        let client = client_of(&call.app.provider, &call.realm, &token).await.ok().flatten();
        return cors::open_to_client(response, &call.head, client.as_deref());
    }
    response
}

/// RFC 6750 section 3: why, for those who sent a token.
fn challenged(failure: &Failure) -> Response {
    let refusal = match failure {
        Failure::Refusal(refusal) => Some(refusal),
        Failure::Fault(_) => None,
    };
    let response = render::failure(failure);
    if refusal.is_some() { challenge(response, refusal) } else { response }
}

fn challenge(mut response: Response, refusal: Option<&Refusal>) -> Response {
    let text = refusal.map_or_else(
        || "Bearer".to_owned(),
        |refusal| format!("Bearer error=\"{}\", error_description=\"{}\"", refusal.code, refusal.reason),
    );
    if let Ok(value) = http::HeaderValue::try_from(text) {
        response.headers_mut().insert(http::header::WWW_AUTHENTICATE, value);
    }
    response
}
