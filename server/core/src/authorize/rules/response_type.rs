//! RFC 6749 sections 3.1.1 and 4.1.2.1: the response type is known and offered by the realm, allowed by the client's
//! profile, and registered for the client with its grant types (OpenID Connect Registration 2).

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::ResponseType;
use signet_protocol::spec::{first_party_apps, rfc6749};

use crate::authorize::Context;
use crate::authorize::request::Draft;

pub(in crate::authorize) fn response_type_is_offered(context: &Context<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    let text = context.parameters.get("response_type");
    let text =
        text.ok_or_else(|| ErrorCode::InvalidRequest.because("response_type is missing").per(rfc6749("3.1.1")))?;
    let known = text.parse::<ResponseType>().ok();
    let known = known.filter(|asked| context.realm.response_types().any(|offered| offered == *asked));
    let response_type = known.ok_or_else(|| {
        ErrorCode::UnsupportedResponseType.because("this server does not offer the response type").per(rfc6749("3.1.1"))
    })?;
    if !context.profile.response_types.contains(&response_type) {
        return Err(unregistered());
    }
    draft.0.response_type = Some(response_type);
    Ok(())
}

/// After the response mode: what the profile takes from nobody in this mode is no matter of registration.
pub(in crate::authorize) fn response_type_is_registered(
    context: &Context<'_>,
    draft: &mut Draft,
) -> Result<(), Refusal> {
    let metadata = &context.client.metadata;
    let is_registered = |asked: ResponseType| {
        metadata.response_types().contains(&asked)
            && asked.grant_types().iter().all(|grant| metadata.grant_types().contains(grant))
    };
    if draft.0.response_type.is_some_and(is_registered) { Ok(()) } else { Err(unregistered()) }
}

/// First-Party Apps 5.1: what an application asks for itself is a code, and nothing else.
pub(in crate::authorize) fn a_challenge_is_for_a_code(_: &Context<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    if draft.0.response_type == Some(ResponseType::Code) {
        return Ok(());
    }
    let reason = "response_type must be code at this endpoint";
    Err(ErrorCode::UnsupportedResponseType.because(reason).per(first_party_apps("5.1")))
}

fn unregistered() -> Refusal {
    let reason = "the client is not registered for the response type";
    ErrorCode::UnauthorizedClient.because(reason).per(rfc6749("4.1.2.1"))
}
