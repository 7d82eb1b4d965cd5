//! The admin REST API: realms, clients, users, keys, resource servers and scripts over HTTP, described by one OpenAPI document.
//!
//! Nothing is decided here: every operation reads its request, calls `signet_core::registry`, and shows the outcome.
//! One resource a file. What all of them share: who may ask ([`authentication`]), how bodies are read
//! ([`body`], [`schema`]), how lists go on ([`paging`]), what is answered ([`answer`]) and refused ([`problem`]).

mod administrator;
mod answer;
mod authentication;
mod authorization_details_types;
mod authorizations;
mod body;
mod client_metadata;
mod clients;
mod conformity;
mod entity_tag;
mod enumerations;
mod events;
mod explanations;
mod filter;
mod forecasts;
mod initial_access_tokens;
mod keys;
mod logout_deliveries;
mod mirror;
mod openapi;
mod outermost;
mod paging;
mod path;
mod problem;
mod protected_resources;
mod query;
mod realms;
mod registration_policy;
mod resource_servers;
mod schema;
mod script_documents;
mod script_recordings;
mod script_trials;
mod script_values;
mod scripts;
mod sessions;
mod timestamp;
mod trusted_issuers;
mod users;

use std::sync::Arc;

use poem::endpoint::make_sync;
use poem::{Endpoint, EndpointExt as _, IntoEndpoint as _, Response, Route, get};
use signet_core::provider::Provider;

/// Where the API is mounted, below the public base of the deployment.
pub use signet_core::endpoints::ADMINISTRATION_PATH as BASE_PATH;

/// Longest request body in bytes; a listener in front should let as much through.
pub const MAXIMUM_BODY_BYTES: usize = 1_000_000;

/// The API, to be mounted at [`BASE_PATH`].
///
/// The OpenAPI document is served to everyone: it is the same for every deployment, says nothing that this source
/// does not, and tools read it before they have a token. Everything else needs an access token, unknown paths included.
pub fn service(provider: Arc<Provider>) -> impl Endpoint<Output = Response> {
    let document = openapi_document(&provider.bases.public);
    let described = make_sync(move |_| Response::builder().content_type("application/json").body(document.clone()));
    let operations = authentication::Authenticated::new(openapi::operations().into_endpoint(), provider);
    Route::new().at("/openapi.json", get(described)).nest("/", operations).map_to_response().with(outermost::Outermost)
}

/// The OpenAPI document of the API of the deployment at `public_url`, as JSON.
pub fn openapi_document(public_url: &str) -> String {
    openapi::document(public_url).to_string()
}
