//! Which client asks, and where its answer goes. Until a [`VerifiedRedirect`] exists nothing may be redirected
//! (RFC 6749 section 4.1.2.1, RFC 9700 section 4.1.1).

use std::sync::Arc;

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::{ResponseMode, ResponseType};
use signet_protocol::parameters::Parameters;
use signet_protocol::redirect_uri;
use signet_protocol::spec::{oidc_core, rfc6749, rfc9700, uma_grant};

use super::response::Travel;
use super::{AuthorizationResponse, AuthorizeError};
use crate::events::{Parties, Serving};
use crate::failure::Failure;
use crate::model::{Client, DeferredReference};
use crate::profile::SecurityProfile;
use crate::realm::RealmContext;

/// A redirect URI that is registered for the client of the request, with what every response to it carries.
#[derive(Debug, Clone)]
pub struct VerifiedRedirect {
    uri: String,
    travel: Travel,
    client: Arc<Client>,
    state: Option<String>,
    issuer: String,
    /// The request that is answered elsewhere, where the answer is not sent through the browser.
    deferred: Option<DeferredReference>,
}

impl VerifiedRedirect {
    /// Where no redirect URI is: the client waits at the token endpoint, and the browser shows a page of ours.
    pub(super) fn elsewhere(realm: &RealmContext, client: &Arc<Client>, deferred: Option<DeferredReference>) -> Self {
        let travel = Travel { place: ResponseMode::Query, as_jwt: false };
        let (client, issuer) = (Arc::clone(client), realm.issuer().to_owned());
        Self { uri: String::new(), travel, client, state: None, issuer, deferred }
    }

    /// The redirect URI as requested.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The state of the request.
    pub(super) fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// A response with these parameters, and `state` and `iss` (RFC 6749 section 4.1.2, RFC 9207 section 2). A response
    /// that is a JWT names its issuer itself (JARM 2.1).
    pub(super) fn respond(&self, parameters: Vec<(&'static str, String)>) -> AuthorizationResponse {
        let mut parameters = parameters;
        if let Some(state) = &self.state {
            parameters.push(("state", state.clone()));
        }
        if !self.travel.as_jwt {
            parameters.push(("iss", self.issuer.clone()));
        }
        let response = AuthorizationResponse::new(Arc::clone(&self.client), self.uri.clone(), self.travel, parameters);
        response.about(self.deferred)
    }

    /// An error response (RFC 6749 section 4.1.2.1).
    pub(super) fn refuse(&self, refusal: Refusal) -> AuthorizeError {
        let parameters = vec![
            ("error", refusal.code.as_str().to_owned()),
            ("error_description", refusal.reason.clone().into_owned()),
        ];
        AuthorizeError::Redirect(Box::new(self.respond(parameters)), refusal)
    }
}

/// Verifies the redirect URI of a request.
pub(super) fn verify(
    realm: &RealmContext,
    client: &Arc<Client>,
    parameters: &Parameters,
) -> Result<VerifiedRedirect, Refusal> {
    let uri = registered_uri(client, parameters)?;
    let travel = travel(parameters, &uri, realm.profile_of(client));
    let state = parameters.get("state").map(str::to_owned);
    let (client, issuer) = (Arc::clone(client), realm.issuer().to_owned());
    Ok(VerifiedRedirect { uri, travel, client, state, issuer, deferred: None })
}

/// Verifies the claims redirection URI of a request (UMA Grant section 3.3.2). It must be registered as one; it may be left
/// out where there is only one. Registered redirect URIs of the authorization endpoint do not stand in for it.
pub(super) fn verify_claims(
    realm: &RealmContext,
    client: &Arc<Client>,
    parameters: &Parameters,
) -> Result<VerifiedRedirect, Refusal> {
    let registered = &client.metadata.claims_redirect_uris;
    let is_named = parameters.is_repeated("claims_redirect_uri") || parameters.get("claims_redirect_uri").is_some();
    let uri = match (parameters.get("claims_redirect_uri"), registered.as_slice()) {
        // Simple string comparison, as the section has it.
        (Some(requested), _) if registered.iter().any(|known| known == requested) => requested.to_owned(),
        (None, [only]) if !is_named => only.clone(),
        _ => {
            let reason = "claims_redirect_uri is missing, or not registered for this application";
            return Err(ErrorCode::InvalidRequest.because(reason).per(uma_grant("3.3.2")));
        }
    };
    let travel = Travel { place: ResponseMode::Query, as_jwt: false };
    let state = parameters.get("state").map(str::to_owned);
    let (client, issuer) = (Arc::clone(client), realm.issuer().to_owned());
    Ok(VerifiedRedirect { uri, travel, client, state, issuer, deferred: None })
}

/// Verifies the redirect URI of a request whose request object cannot be read, so that only `parameters` beside it are
/// known. Where the client may take signed responses only, the object must have asked for one.
pub(super) fn verify_beside_object(
    realm: &RealmContext,
    client: &Arc<Client>,
    parameters: &Parameters,
) -> Result<VerifiedRedirect, Refusal> {
    let mut redirect = verify(realm, client, parameters)?;
    let is_unsaid = parameters.get("response_mode").is_none();
    redirect.travel.as_jwt |= is_unsaid && takes_signed_only(parameters, (client, realm.profile_of(client)));
    Ok(redirect)
}

/// The mode of the response, errors included: the one asked for, or the default of what the request asks to be returned.
/// A mode that is unknown, not allowed or unfit is refused by its rule, in the default mode; nothing in answer to a request
/// for tokens is ever in the query (Multiple Response Types 2.2, 3 and 5).
fn travel(parameters: &Parameters, uri: &str, profile: &SecurityProfile) -> Travel {
    let asked: Vec<&str> = parameters.all("response_type").collect();
    let default = ResponseType::default_mode(&asked.join(" "));
    let fits = |mode: &ResponseMode| match mode.place(default) {
        ResponseMode::Query => default == ResponseMode::Query,
        ResponseMode::FormPost => takes_forms(uri),
        _ => true,
    };
    let mode = parameters.get("response_mode").and_then(|mode| mode.parse().ok());
    let mode = mode.filter(|mode| profile.response_modes.contains(mode) && fits(mode)).unwrap_or(default);
    Travel { place: mode.place(default), as_jwt: mode.is_jwt() }
}

/// Whether the profile permits only signed responses of the type asked for (FAPI 1.0 Part 2 section 5.2.2-2), which the
/// client is registered for.
fn takes_signed_only(parameters: &Parameters, (client, profile): (&Client, &SecurityProfile)) -> bool {
    let response_type = parameters.get("response_type").and_then(|text| text.parse::<ResponseType>().ok());
    response_type.is_some_and(|response_type| {
        !response_type.returns_id_token()
            && client.metadata.response_types().contains(&response_type)
            && profile.response_modes_without_id_token.iter().all(|mode| mode.is_jwt())
    })
}

/// A form can be posted to a web server only, not to the private scheme of a native application.
pub(super) fn takes_forms(uri: &str) -> bool {
    uri.starts_with("https:") || uri.starts_with("http:")
}

/// Finds the client. Whatever a request object says, it is the client of the address.
pub(super) async fn find_client(
    serving: &Serving<'_>,
    realm: &RealmContext,
    parameters: &Parameters,
) -> Result<Arc<Client>, Failure> {
    let unknown = || ErrorCode::InvalidRequest.because("the application is not known here").per(rfc6749("4.1.2.1"));
    let text = parameters.get("client_id");
    let text = text.ok_or_else(|| {
        ErrorCode::InvalidRequest.because("client_id is missing or appears twice").per(rfc6749("4.1.1"))
    })?;
    let client_id = text.parse().map_err(|_| unknown())?;
    let client = serving.store.client(realm.id(), &client_id).await?;
    if let Some(client) = &client {
        serving.concerns(Parties::client(&client.client_id));
    }
    Ok(client.filter(|client| client.enabled).ok_or_else(|| unknown().detail(format!("client_id {client_id}")))?)
}

/// The redirect URI must always be sent: OpenID Connect demands it, and a default would answer to a URI that the
/// request never named.
fn registered_uri(client: &Client, parameters: &Parameters) -> Result<String, Refusal> {
    let Some(requested) = parameters.get("redirect_uri") else {
        return Err(ErrorCode::InvalidRequest
            .because("redirect_uri is missing or appears twice")
            .per(oidc_core("3.1.2.1")));
    };
    let application_type = client.metadata.application_type();
    let is_registered = client
        .metadata
        .redirect_uris
        .iter()
        .any(|registered| redirect_uri::matches(registered, requested, application_type));
    if is_registered {
        Ok(requested.to_owned())
    } else {
        let reason = "redirect_uri is not registered for this application";
        Err(ErrorCode::InvalidRequest
            .because(reason)
            .per(rfc9700("2.1"))
            .detail(format!("client_id {}", client.client_id)))
    }
}
