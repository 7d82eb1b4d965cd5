//! `on_client_policy`: what the realm's scripts demand of a request besides the profile of realm and client. They add to
//! the settings of the client, for this request and nothing else, so that every rule that reads those is the stricter for
//! it; there is no way from here to take one away.

use std::sync::Arc;

use signet_hooks::points::OnClientPolicy;
use signet_hooks::points::on_client_policy::{
    ClientPolicy, DemandedProfile, PolicyDecision, PolicyEndpoint, Tightening,
};
use signet_hooks::{NoFacts, RequestFacts};
use signet_protocol::error::{ErrorCode, Refusal};

use super::ProfileName;
use crate::events::Serving;
use crate::hooks::Subject;
use crate::model::Client;
use crate::realm::RealmContext;

/// The client as it is for this request; nothing where no script demands more.
///
/// # Errors
/// A script failed, and fails closed; `unauthorized_client` where a script demands a profile that excludes the one that
/// counts already.
pub(crate) async fn tightened(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Client,
    (endpoint, request): (PolicyEndpoint, impl FnOnce() -> Option<RequestFacts>),
) -> Result<Option<Arc<Client>>, Refusal> {
    let asked = || (NoFacts {}, ClientPolicy { endpoint, request: request() });
    let mut tightened: Option<Client> = None;
    for answer in serving.ask::<OnClientPolicy>(realm, Subject::client(client), asked).await? {
        match answer.decision {
            PolicyDecision::None {} | PolicyDecision::Allow {} => {}
            PolicyDecision::Tighten(more) => {
                apply(realm, tightened.get_or_insert_with(|| client.clone()), &more)?;
            }
        }
    }
    Ok(tightened.map(Arc::new))
}

/// Adds a demand.
fn apply(realm: &RealmContext, client: &mut Client, more: &Tightening) -> Result<(), Refusal> {
    if let Some(demanded) = more.profile.map(name_of) {
        let both = realm.profile_name_of(client).and_then(|counts| counts.and(demanded)).ok_or_else(|| {
            let reason = "the request is to meet two security profiles that exclude each other";
            ErrorCode::UnauthorizedClient.because(reason).of_script()
        })?;
        client.settings.profile = Some(both);
    }
    if more.require_pkce {
        client.settings.require_pkce = Some(true);
    }
    if more.require_signed_request_object {
        client.metadata.require_signed_request_object = Some(true);
    }
    if more.require_pushed_authorization_requests {
        client.metadata.require_pushed_authorization_requests = Some(true);
    }
    Ok(())
}

const fn name_of(demanded: DemandedProfile) -> ProfileName {
    match demanded {
        DemandedProfile::Base => ProfileName::Base,
        DemandedProfile::Fapi1Advanced => ProfileName::Fapi1Advanced,
        DemandedProfile::Fapi2Security => ProfileName::Fapi2Security,
        DemandedProfile::Fapi2MessageSigning => ProfileName::Fapi2MessageSigning,
        DemandedProfile::FapiCiba => ProfileName::FapiCiba,
    }
}
