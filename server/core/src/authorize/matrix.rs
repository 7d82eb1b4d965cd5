//! The matrix of rules and entries: which rule a request for authorization must pass, wherever it enters.

use std::sync::Arc;

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::parameters::Parameters;

use super::error::AuthorizeError;
use super::request::{AuthorizationRequest, Draft};
use super::request_object::{MergedRequest, Proof};
use super::rules::{
    self, acr, authorization_details, claims, device_sso, dpop_jkt, grant_management, id_token_hint, login_hint,
    max_age, nonce, pkce, presentation, prompt, registered_profile, registration, repetition, resource, response_mode,
    response_type, scope, sender_constraint, size, state,
};
use super::verified_redirect::{self, VerifiedRedirect};
use crate::events::Serving;
use crate::model::Client;
use crate::profile::SecurityProfile;
use crate::provider::Provider;
use crate::realm::RealmContext;

/// Where a request for authorization enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// The authorization endpoint.
    Authorization,
    /// The endpoint for pushed authorization requests.
    Pushed,
    /// The device authorization endpoint.
    Device,
    /// The backchannel authentication endpoint.
    Backchannel,
    /// The claims interaction endpoint (UMA Grant section 3.3.2).
    Claims,
    /// The authorization challenge endpoint.
    Challenge,
}
use Entry::{Authorization, Backchannel, Challenge, Claims, Device, Pushed};

impl Entry {
    /// Whether the request says what it wants to be returned.
    const fn has_response_type(self) -> bool {
        matches!(self, Authorization | Pushed)
    }

    /// Whether the client itself sends what it would send a browser with.
    pub(super) const fn is_direct(self) -> bool {
        matches!(self, Pushed | Challenge)
    }
}

type Rule = fn(&Context<'_>, &mut Draft) -> Result<(), Refusal>;

/// Rules with their names: those of the files they stand in.
macro_rules! matrix {
    ($(($rule:path, $entries:expr),)+) => { &[$((stringify!($rule), $rule, $entries),)+] };
}

/// Every rule, in the order it is applied, and where it applies. The first refusal is the answer.
const MATRIX: &[(&str, Rule, &[Entry])] = matrix![
    (rules::pushed::request_is_pushed_where_it_must_be, &[Authorization, Challenge]),
    (repetition::no_parameter_is_repeated, &[Authorization, Pushed, Device, Backchannel, Claims, Challenge]),
    (state::state_is_printable, &[Authorization, Pushed, Claims, Challenge]),
    (
        registered_profile::registration_meets_the_profile,
        &[Authorization, Pushed, Device, Backchannel, Claims, Challenge]
    ),
    (response_type::response_type_is_offered, &[Authorization, Pushed, Challenge]),
    (response_type::a_challenge_is_for_a_code, &[Challenge]),
    (sender_constraint::bound_tokens_do_not_travel_through_the_browser, &[Authorization, Pushed, Challenge]),
    (response_mode::response_mode_is_allowed, &[Authorization, Pushed]),
    (response_type::response_type_is_registered, &[Authorization, Pushed, Challenge]),
    (rules::request_object::request_is_signed_where_it_must_be, &[Authorization, Pushed, Challenge]),
    (registration::clients_are_not_registered_by_request, &[Authorization, Pushed, Device, Backchannel, Challenge]),
    (scope::scope_is_allowed, &[Authorization, Pushed, Device, Backchannel, Challenge]),
    (device_sso::apps_of_one_vendor_share_a_login, &[Authorization, Pushed, Challenge]),
    (device_sso::another_device_shares_nothing, &[Device, Backchannel]),
    (nonce::nonce_is_there_where_needed, &[Authorization, Pushed, Device, Backchannel, Challenge]),
    (nonce::nonce_goes_with_openid, &[Authorization, Pushed, Challenge]),
    (state::state_is_there_without_openid, &[Authorization, Pushed, Challenge]),
    (pkce::challenge_is_present_and_well_formed, &[Authorization, Pushed, Challenge]),
    (dpop_jkt::key_is_a_thumbprint, &[Authorization, Pushed, Device, Backchannel, Challenge]),
    (prompt::prompt_is_consistent, &[Authorization, Pushed, Challenge]),
    (max_age::max_age_is_a_number, &[Authorization, Pushed, Device, Backchannel, Challenge]),
    (presentation::presentation_is_read, &[Authorization, Pushed, Device, Backchannel, Claims, Challenge]),
    (claims::claims_are_readable, &[Authorization, Pushed, Device, Backchannel, Challenge]),
    (acr::authentication_class_can_be_met, &[Authorization, Pushed, Device, Backchannel, Challenge]),
    (id_token_hint::hint_is_ours, &[Authorization, Pushed, Device, Backchannel, Challenge]),
    (login_hint::login_hint_is_of_reasonable_size, &[Authorization, Pushed, Device, Backchannel, Challenge]),
    (resource::resources_are_registered, &[Authorization, Pushed, Device, Backchannel, Challenge]),
    (authorization_details::details_conform_to_their_types, &[Authorization, Pushed, Device, Backchannel, Challenge]),
    (grant_management::grant_is_named_as_the_action_wants, &[Authorization, Pushed, Device, Backchannel, Challenge]),
    (size::a_code_can_carry_the_request, &[Authorization, Pushed, Device, Backchannel, Challenge]),
];

/// What a rule looks at.
pub(super) struct Context<'a> {
    pub(super) provider: &'a Provider,
    pub(super) realm: &'a RealmContext,
    pub(super) client: &'a Client,
    pub(super) profile: &'static SecurityProfile,
    pub(super) parameters: &'a Parameters,
    /// What the request object proved, if the parameters come from one.
    pub(super) proof: Option<Proof>,
    /// Whether the client sent the request itself.
    pub(super) is_pushed: bool,
}

/// A request whose client, redirect URI and parameters are all good.
pub(super) struct Accepted {
    pub(super) client: Arc<Client>,
    pub(super) redirect: VerifiedRedirect,
    pub(super) request: AuthorizationRequest,
    pub(super) merged: MergedRequest,
}

/// The name of the file that a rule stands in.
fn file_of(path: &'static str) -> &'static str {
    path.rsplit("::").nth(1).map_or(path, str::trim)
}

/// Verifies the redirect, then applies the matrix.
pub(super) fn accept(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (client, merged): (Arc<Client>, MergedRequest),
    entry: Entry,
) -> Result<Accepted, AuthorizeError> {
    let parameters = merged.parameters();
    let elsewhere =
        || VerifiedRedirect::elsewhere(realm, &client, merged.deferred().map(|deferred| deferred.reference));
    let redirect = match entry {
        Device | Backchannel => elsewhere(),
        Challenge if parameters.get("redirect_uri").is_none() => elsewhere(),
        Claims => verified_redirect::verify_claims(realm, &client, parameters).map_err(AuthorizeError::Page)?,
        Authorization | Pushed | Challenge => {
            verified_redirect::verify(realm, &client, parameters).map_err(AuthorizeError::Page)?
        }
    };
    let profile = realm.profile_of(&client);
    let (proof, is_pushed) = (merged.proof(), entry == Pushed || merged.pushed().is_some());
    let context = Context { provider: serving, realm, client: &client, profile, parameters, proof, is_pushed };
    let mut draft = if entry.has_response_type() { Draft::default() } else { Draft::deferred() };
    serving.passed("client");
    serving.passed("redirect_uri");
    for (path, rule, _) in MATRIX.iter().filter(|(_, _, entries)| entries.contains(&entry)) {
        rule(&context, &mut draft).map_err(|refusal| redirect.refuse(refusal))?;
        serving.passed(file_of(path));
    }
    let request = draft
        .complete()
        .ok_or_else(|| redirect.refuse(ErrorCode::ServerError.because("the request could not be read")))?;
    Ok(Accepted { client, redirect, request, merged })
}
