//! The userinfo endpoint (OpenID Connect Core 5.3), a resource like any other (RFC 6750).

use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use poem::{Body, Response, handler};
use signet_core::endpoints::{self, Endpoint, USERINFO_SCOPE, UserInfo};
use signet_core::events::RefusedAt;
use signet_core::failure::Failure;
use signet_core::protocol::parameters::Parameters;
use signet_core::tokens::CheckedAccessToken;
use signet_guard::{Denial, Guard, Requirement, bearer_token};

use crate::call::{ApiCall, Call};
use crate::{cors, render};

/// Where refusals are recorded.
const PLACE: RefusedAt = RefusedAt::Endpoint(Endpoint::UserInfo);

#[handler]
pub(crate) async fn by_header(ApiCall(call): ApiCall) -> Response {
    answer(&call, None).await
}

/// RFC 6750 section 2.2: the token may be in a form body instead, never in both places.
#[handler]
pub(crate) async fn by_header_or_form(ApiCall(call): ApiCall, body: Body) -> Response {
    let has_form =
        call.head.header(&CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if !has_form {
        return answer(&call, None).await;
    }
    match call.head.form(body).await {
        Ok(form) => answer(&call, Some(&form)).await,
        Err(refusal) => denied(&call, Denial::Refused(refusal)),
    }
}

#[handler]
pub(crate) fn preflight() -> Response {
    cors::preflight("GET, POST")
}

async fn answer(call: &Call, form: Option<&Parameters>) -> Response {
    let token = match let_through(call, form).await {
        Ok(token) => token,
        Err(denial) => return denied(call, denial),
    };
    let response = match endpoints::userinfo(&call.serving(), &call.realm, &token).await {
        Ok(UserInfo::Claims(claims)) => render::json(StatusCode::OK, &claims),
        Ok(UserInfo::Jwt(jwt)) => {
            Response::builder().header(CONTENT_TYPE, "application/jwt").header(CACHE_CONTROL, "no-store").body(jwt)
        }
        Err(failure) => denied(call, failure.into()),
    };
    let client = call.app.provider.store.client(call.realm.id(), &token.client_id).await.ok().flatten();
    cors::open_to_client(response, &call.head, client.as_deref())
}

async fn let_through(call: &Call, form: Option<&Parameters>) -> Result<CheckedAccessToken, Denial> {
    let presented = bearer_token(&call.head.headers, &call.head.query, form)?;
    guard(call).admit(&presented).await
}

fn guard(call: &Call) -> Guard<'_> {
    let requirement = Requirement { audience: call.realm.issuer(), scopes: &[USERINFO_SCOPE] };
    Guard { provider: &call.app.provider, realm: &call.realm, requirement }
}

/// RFC 6750 section 3: a challenge, with the reason for those who sent a token.
fn denied(call: &Call, denial: Denial) -> Response {
    let serving = call.serving();
    match &denial {
        Denial::Fault(fault) => serving.note_fault(&call.realm, fault),
        other => serving.note_refusal(&call.realm, (PLACE, None), &other.refusal()),
    }
    let challenge = guard(call).challenge(&denial);
    let mut response = match denial {
        Denial::NothingPresented => Response::builder().status(StatusCode::UNAUTHORIZED).finish(),
        Denial::Refused(refusal) => render::failure(&Failure::Refusal(refusal)),
        Denial::Fault(fault) => render::failure(&Failure::Fault(fault)),
    };
    if let Some(challenge) = challenge {
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    // It says nothing about anybody, and an application in a browser has to read the challenge.
    cors::open(response)
}
