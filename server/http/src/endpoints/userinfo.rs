//! The userinfo endpoint (OpenID Connect Core 5.3), a resource like any other (RFC 6750).

use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use poem::{Body, Response, handler};
use signet_core::binding::{Audience, fresh_nonce};
use signet_core::endpoints::{self, Endpoint, OwnResource, USERINFO_SCOPE, UserInfo};
use signet_core::events::RefusedAt;
use signet_core::protocol::parameters::Parameters;
use signet_core::tokens::CheckedAccessToken;
use signet_guard::Requirement;
use signet_resources::{Denial, GuardedResource, denied};

use crate::call::{ApiCall, Call};
use crate::{cors, render};

/// Where refusals are recorded.
const PLACE: RefusedAt = RefusedAt::Endpoint(Endpoint::UserInfo);

#[handler]
pub(crate) async fn by_header(ApiCall(call): ApiCall) -> Response {
    render::tracked(&call, answer(&call, None).await)
}

/// RFC 6750 section 2.2: the token may be in a form body instead, never in both places.
#[handler]
pub(crate) async fn by_header_or_form(ApiCall(call): ApiCall, body: Body) -> Response {
    let has_form =
        call.head.header(&CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if !has_form {
        return render::tracked(&call, answer(&call, None).await);
    }
    let response = match call.head.form(body).await {
        Ok(form) => answer(&call, Some(&form)).await,
        Err(refusal) => not_let_through(&call, Denial::Refused(refusal)).await,
    };
    render::tracked(&call, response)
}

#[handler]
pub(crate) async fn preflight(ApiCall(call): ApiCall) -> Response {
    cors::preflight(&call, "GET, POST").await
}

async fn answer(call: &Call, form: Option<&Parameters>) -> Response {
    let token = match let_through(call, form).await {
        Ok(token) => token,
        Err(denial) => return not_let_through(call, denial).await,
    };
    let mut response = match endpoints::userinfo(&call.serving(), &call.realm, &token).await {
        Ok(UserInfo::Claims(claims)) => render::json(StatusCode::OK, &claims),
        Ok(UserInfo::Jwt(jwt)) => {
            Response::builder().header(CONTENT_TYPE, "application/jwt").header(CACHE_CONTROL, "no-store").body(jwt)
        }
        Err(failure) => render::denied(&resource(call), &call.head, denied(failure)),
    };
    match call.app.provider.store.client(call.realm.id(), &token.client_id).await.ok().flatten() {
        Some(client) => {
            if token.confirmation.is_some() {
                let nonce = fresh_nonce(&call.realm, Some(&client), Audience::Resource, call.app.provider.now());
                render::give_nonce(&mut response, nonce);
            }
            cors::open_to_client(response, call, &client)
        }
        None => response,
    }
}

async fn let_through(call: &Call, form: Option<&Parameters>) -> Result<CheckedAccessToken, Denial> {
    let uris = call.realm.urls.all_of(Endpoint::UserInfo);
    resource(call).admit(&call.head.to_resource(&uris, form)).await
}

fn resource(call: &Call) -> GuardedResource<'_> {
    let requirement = Requirement::scope(USERINFO_SCOPE);
    GuardedResource::new((&call.app.provider, &call.realm), OwnResource::UserInfo, requirement)
}

/// The request was refused before it came to the services. Whose token it is was not verified: the answer tells of
/// nobody.
async fn not_let_through(call: &Call, denial: Denial) -> Response {
    let resource = resource(call);
    let denial = resource.recorded(&call.serving(), denial, PLACE).await;
    cors::open_to_realm(render::denied(&resource, &call.head, denial), call).await
}
