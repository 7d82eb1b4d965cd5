//! The operations of the API, and the OpenAPI document that describes them.

mod document;

use std::sync::LazyLock;

pub(crate) use document::document;
use poem_openapi::registry::MetaPath;
use poem_openapi::{OpenApi, OpenApiService, Tags};

use crate::authorization_details_types::AuthorizationDetailsTypes;
use crate::authorizations::Authorizations;
use crate::clients::Clients;
use crate::conformity::Conformities;
use crate::events::Events;
use crate::explanations::Explanations;
use crate::forecasts::Forecasts;
use crate::initial_access_tokens::InitialAccessTokens;
use crate::keys::Keys;
use crate::logout_deliveries::LogoutDeliveries;
use crate::protected_resources::{AccessRequests, ProtectedResources};
use crate::realms::Realms;
use crate::resource_servers::ResourceServers;
use crate::script_recordings::ScriptRecordings;
use crate::script_trials::ScriptTrials;
use crate::script_values::ScriptValues;
use crate::scripts::Scripts;
use crate::sessions::Sessions;
use crate::trusted_issuers::TrustedIssuers;
use crate::users::Users;

const TITLE: &str = "Signet administration";
const VERSION: &str = "v1";
const DESCRIPTION: &str =
    "Realms, clients, initial access tokens, users, keys, resource servers, trusted issuers and scripts.

Requests carry an access token of the realm `admin` (RFC 6750) whose audience is that realm's issuer and whose scope \
is `signet.admin`, or, to read only, `signet.admin.read`.

Bodies are JSON objects; members that a document does not have are refused. A PATCH is a JSON merge patch (RFC 7396): \
absent members stay as they are, `null` takes a member back to its default. What is refused is answered with a problem \
document (RFC 9457) that names the member. An object that belongs to another realm is answered like one that does not \
exist.

Lists come in pages: `next` of one page is the `cursor` of the following. `ETag` and `If-Match` protect against \
overwriting what somebody else has changed meanwhile.";

/// The resources.
#[derive(Tags)]
pub(crate) enum Tag {
    /// Issuers with their own keys, clients, users and policy.
    Realms,
    /// Applications that users log in to, or that act for themselves.
    Clients,
    /// What permits clients to register themselves.
    #[oai(rename = "Initial access tokens")]
    InitialAccessTokens,
    /// People who log in.
    Users,
    /// Browsers in which users are signed in, and who is told of the end of that.
    Sessions,
    /// What tokens are signed with.
    Keys,
    /// APIs that access tokens are for.
    #[oai(rename = "Resource servers")]
    ResourceServers,
    /// Issuers outside the realm whose tokens are believed.
    #[oai(rename = "Trusted issuers")]
    TrustedIssuers,
    /// What users allowed clients.
    Authorizations,
    /// What owners protect here, and who asks them for access (User-Managed Access 2.0).
    #[oai(rename = "Protected resources")]
    ProtectedResources,
    /// What clients may ask for in detail (RFC 9396).
    #[oai(rename = "Authorization details types")]
    AuthorizationDetailsTypes,
    /// Packages that take part in decisions.
    Scripts,
    /// What scripts may use where their manifest names it.
    #[oai(rename = "Script values")]
    ScriptValues,
    /// What happened, and whether the record of it is whole.
    Audit,
}

type Operations = (
    Realms,
    Clients,
    (Conformities, Forecasts),
    InitialAccessTokens,
    Users,
    Sessions,
    LogoutDeliveries,
    Keys,
    (ResourceServers, TrustedIssuers),
    AuthorizationDetailsTypes,
    (Authorizations, ProtectedResources, AccessRequests),
    Scripts,
    ScriptRecordings,
    ScriptTrials,
    ScriptValues,
    (Events, Explanations),
);

/// Every operation of the API.
pub(crate) fn operations() -> OpenApiService<Operations, ()> {
    let operations = (
        Realms,
        Clients,
        (Conformities, Forecasts),
        InitialAccessTokens,
        Users,
        Sessions,
        LogoutDeliveries,
        Keys,
        (ResourceServers, TrustedIssuers),
        AuthorizationDetailsTypes,
        (Authorizations, ProtectedResources, AccessRequests),
        Scripts,
        ScriptRecordings,
        ScriptTrials,
        ScriptValues,
        (Events, Explanations),
    );
    OpenApiService::new(operations, TITLE, VERSION).description(DESCRIPTION)
}

/// The methods that are served at a route. `pattern` begins with the place where the API is mounted, and calls its
/// parameters what it likes.
pub(crate) fn methods(pattern: &str) -> Vec<&'static str> {
    static PATHS: LazyLock<Vec<MetaPath>> =
        LazyLock::new(|| Operations::meta().into_iter().flat_map(|api| api.paths).collect());
    let matches = |path: &&MetaPath| {
        let (mut served, mut asked) = (path.path.rsplit('/'), pattern.rsplit('/'));
        // The empty segment before the first slash is where the path ends and the place of the mount begins.
        served.all(|segment| {
            let other = asked.next();
            segment.is_empty() || other == Some(segment) || segment.starts_with('{') && other.is_some_and(is_parameter)
        })
    };
    PATHS
        .iter()
        .find(matches)
        .map(|path| path.operations.iter().map(|one| one.method.as_str()).collect())
        .unwrap_or_default()
}

fn is_parameter(segment: &str) -> bool {
    segment.starts_with(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9110_15_5_6_the_methods_of_a_route_are_known() {
        assert_eq!(methods("/admin/api/v1/realms/:realm"), ["GET", "PATCH", "DELETE"]);
        assert_eq!(methods("/realms"), ["GET", "POST"]);
        assert_eq!(methods("/realms/:param0/keys/rotate"), ["POST"]);
        assert_eq!(methods("/api/realms/:param0/keys/:param1"), ["GET", "PATCH", "DELETE"]);
        assert_eq!(methods("/elsewhere"), Vec::<&str>::new());
    }
}
