//! RFC 7636 sections 4.3 and 4.4.1, RFC 9700 section 2.1.1, RFC 8252 section 8.1: proof key for code exchange.

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::{ApplicationType, CodeChallengeMethod, ResponseType};
use signet_protocol::spec::{rfc7636, rfc9700};

use crate::authorize::Context;
use crate::authorize::request::Draft;

pub(in crate::authorize) fn challenge_is_present_and_well_formed(
    context: &Context<'_>,
    draft: &mut Draft,
) -> Result<(), Refusal> {
    let method = context.parameters.get("code_challenge_method");
    let Some(challenge) = context.parameters.get("code_challenge") else {
        if method.is_some() {
            return Err(ErrorCode::InvalidRequest
                .because("code_challenge_method without code_challenge")
                .per(rfc7636("4.3")));
        }
        return if is_required(context, draft) {
            Err(ErrorCode::InvalidRequest.because("code_challenge is missing").per(rfc9700("2.1.1")))
        } else {
            Ok(())
        };
    };
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    if !(43..=128).contains(&challenge.len()) || !challenge.bytes().all(unreserved) {
        return Err(ErrorCode::InvalidRequest
            .because("code_challenge has 43 to 128 unreserved characters")
            .per(rfc7636("4.2")));
    }
    let method = method.map_or(Ok(CodeChallengeMethod::Plain), str::parse);
    let method = method.ok().filter(|method| is_allowed(context, *method));
    let method = method.ok_or_else(|| {
        ErrorCode::InvalidRequest
            .because("code_challenge_method is not one this client may use; use S256")
            .per(rfc7636("4.4.1"))
    })?;
    draft.0.challenge = Some((method, challenge.to_owned()));
    Ok(())
}

/// Where there is a code: where the profile or the client's own setting says so, and for public clients unless the realm
/// lets them go without.
fn is_required(context: &Context<'_>, draft: &Draft) -> bool {
    if !draft.0.response_type.is_some_and(ResponseType::returns_code) {
        return false;
    }
    let by_setting = context.client.settings.require_pkce.unwrap_or(false);
    // RFC 8252 section 8.1: whatever the realm lets others leave out, native apps send one.
    let is_native = context.client.metadata.application_type() == ApplicationType::Native;
    let lenient = context.realm.realm.settings.allow_public_clients_without_pkce && !is_native;
    let by_type = !context.client.metadata.is_confidential() && !lenient;
    // FAPI 1.0 Part 2 section 5.2.2-18.
    let by_push = context.is_pushed && context.profile.pkce_for_pushed_requests;
    by_type || context.profile.pkce_for_confidential_clients || by_setting || by_push
}

fn is_allowed(context: &Context<'_>, method: CodeChallengeMethod) -> bool {
    let by_client = method != CodeChallengeMethod::Plain || context.client.settings.allow_plain_pkce;
    by_client && context.profile.code_challenge_methods.contains(&method)
}
