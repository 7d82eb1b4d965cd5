//! A request names the resources that its tokens are to be for (RFC 8707).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decision::{Constructor, Denial, denial_codes};
use crate::hook::{Hook, HookPoint};
use crate::redaction::{Redact, nothing_personal};
use crate::text::Seconds;

/// `on_resource_indicators(ctx, resources)`
pub struct OnResourceIndicators;

/// What is asked for besides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourceFacts {
    /// The grant whose token is about to be made, `implicit` for one that travels through the browser; `()` at the
    /// authorization endpoint, before anything is made.
    pub grant_type: Option<String>,
    /// The scope values.
    pub scope: Vec<String>,
}

/// The resources of the request, each once, in its order: `identifier`, `scopes` (the scope values that it registered),
/// `token_format` and `access_token_seconds` (`()` where the client or the realm decides).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct RequestedResources(pub Vec<RequestedResource>);

/// A resource that is registered, and open to the client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestedResource {
    /// The identifier, which `aud` carries.
    pub identifier: String,
    /// The scope values that it registered.
    pub scopes: Vec<String>,
    /// The form of its access tokens: `jwt` or `opaque`; `()` for a resource of the server itself, where it is the
    /// client's.
    pub token_format: Option<String>,
    /// How long its access tokens live, in seconds; `()` where the client's settings or the realm's say it.
    pub access_token_seconds: Option<i64>,
}

denial_codes! {
    /// How a request for resources can be refused (RFC 8707 section 2).
    ResourceDenial { InvalidRequest, InvalidTarget, UnauthorizedClient, }
}

/// What may be decided about the resources of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum ResourceDecision {
    /// Nothing to say.
    None {},
    /// Go on.
    Allow {},
    /// Refuse; what was presented is not used up.
    Deny(Denial<ResourceDenial>),
    /// Go on with less.
    Narrow(ResourceNarrowing),
}

/// What is taken from the token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ResourceNarrowing {
    /// Resources that the token is not for; those that were not asked for are ignored. Where none is left, the request is
    /// refused.
    pub drop_resources: Vec<String>,
    /// Longest life of the access token; the smaller of this and the server's own counts. At the authorization endpoint
    /// nothing is made yet, and it counts for nothing.
    pub access_token_seconds: Option<Seconds<30, 86_400>>,
}

nothing_personal!(ResourceFacts { grant_type, scope });
nothing_personal!(RequestedResource { identifier, scopes, token_format, access_token_seconds });

impl Redact for RequestedResources {
    fn redact(&mut self) {
        let Self(resources) = self;
        resources.iter_mut().for_each(Redact::redact);
    }
}

impl HookPoint for OnResourceIndicators {
    const HOOK: Hook = Hook::OnResourceIndicators;
    const ARGUMENT: Option<&'static str> = Some("resources");
    const ABOUT: &'static str = "Asked when a request names resources that are registered and open to the client: at the \
                                 authorization endpoint, and again whenever an access token for them is about to be \
                                 made. A request that names none is not asked about.";
    const NEVER: &'static str = "add an audience; lengthen a life; change the form or the algorithm that a resource takes";
    const CONSTRUCTORS: &'static [Constructor] =
        &[Constructor::ALLOW, Constructor::DENY, Constructor::members("narrow")];
    type Facts = ResourceFacts;
    type Argument = RequestedResources;
    type Output = ResourceDecision;

    fn sample() -> (ResourceFacts, RequestedResources) {
        let resource = |identifier: &str, scope: &str| RequestedResource {
            identifier: identifier.to_owned(),
            scopes: vec![scope.to_owned()],
            token_format: Some("jwt".to_owned()),
            access_token_seconds: Some(300),
        };
        let scope = ["calendar", "contacts"].map(str::to_owned).to_vec();
        let resources =
            vec![resource("https://cal.example.com/", "calendar"), resource("https://contacts.example.com/", "contacts")];
        (ResourceFacts { grant_type: Some("authorization_code".to_owned()), scope }, RequestedResources(resources))
    }
}
