//! The discovery document (OpenID Connect Discovery 4.2, RFC 8414 section 3.2).

use poem::{Response, handler};
use signet_core::endpoints::provider_metadata;
use signet_core::failure::{Failure, Fault};
use signet_core::protocol::provider_metadata::ProviderMetadata;

use super::public_document;
use crate::call::{ApiCall, Call};
use crate::pages::Locale;
use crate::{cors, render};

#[handler]
pub(crate) async fn metadata(ApiCall(call): ApiCall) -> Response {
    document(&call, provider_metadata(&call.serving(), &call.realm, &languages()).await)
}

/// The languages of the pages.
pub(super) fn languages() -> Vec<&'static str> {
    Locale::ALL.iter().map(|locale| locale.tag()).collect()
}

/// The document, wherever it is asked for.
pub(super) fn document(call: &Call, described: Result<ProviderMetadata, Failure>) -> Response {
    let described = match described {
        Ok(described) => described,
        Err(failure) => return render::failure(&failure),
    };
    match serde_json::to_vec(&described) {
        Ok(document) => public_document::respond(&call.head.headers, "application/json", document),
        Err(error) => render::failure(&Failure::Fault(Fault::internal("the metadata does not serialise", error))),
    }
}

#[handler]
pub(crate) fn preflight() -> Response {
    cors::public_preflight("GET")
}
