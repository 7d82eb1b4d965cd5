//! OpenID Connect Core 3.1.2.1: `prompt` is known, and `none` stands alone. Initiating User Registration 4.1: a value that
//! discovery does not list is refused, which is `create` where people cannot register themselves.

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::Prompt;
use signet_protocol::spec::{oidc_core, prompt_create};

use crate::authorize::Context;
use crate::authorize::request::Draft;

pub(in crate::authorize) fn prompt_is_consistent(context: &Context<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    let invalid = |reason: &'static str| ErrorCode::InvalidRequest.because(reason).per(oidc_core("3.1.2.1"));
    let text = context.parameters.get("prompt").unwrap_or_default();
    let prompts: Result<Vec<Prompt>, _> = text.split(' ').filter(|value| !value.is_empty()).map(str::parse).collect();
    let prompts = prompts.map_err(|_| invalid("prompt has a value that this server does not know"))?;
    if prompts.contains(&Prompt::None) && prompts.len() > 1 {
        return Err(invalid("prompt none does not go with other values"));
    }
    if prompts.contains(&Prompt::Create) && !context.realm.realm.settings.self_registration {
        let reason = "prompt create is not supported here: people cannot register themselves at this server";
        return Err(ErrorCode::InvalidRequest.because(reason).per(prompt_create("4.1")));
    }
    draft.0.prompts = prompts;
    Ok(())
}
