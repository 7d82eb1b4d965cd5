//! The parts of two apps of one vendor (OpenID Connect Native SSO for Mobile Apps): the first one logs its user in, the
//! second one takes part.

use super::{Provider, challenge, show_tokens, text};
use crate::command::{CommandError, CommandResult};
use crate::dev;
use crate::output;

const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
const DEVICE_SECRET: &str = "urn:openid:params:token-type:device-secret";

pub(super) async fn play(provider: &Provider) -> CommandResult {
    let login = challenge::log_in(provider, "openid profile offline_access device_sso").await?;
    let Ok(secret) = text(&login, "device_secret") else {
        return Err(CommandError::failed(format!(
            "there is no device_secret; switch it on with signet realm update {} --set native_sso=true",
            dev::REALM
        )));
    };
    output::print(&format!(
        "{} has ID token and device secret; {} asks for its own.\n",
        dev::MAIL_CLIENT,
        dev::MAPS_CLIENT
    ))?;
    let shared = [
        ("client_id", dev::MAPS_CLIENT),
        ("grant_type", TOKEN_EXCHANGE),
        ("audience", provider.issuer.as_str()),
        ("subject_token", text(&login, "id_token")?),
        ("subject_token_type", ID_TOKEN),
        ("actor_token", secret),
        ("actor_token_type", DEVICE_SECRET),
    ];
    show_tokens(&provider.token(&shared).await?)
}
