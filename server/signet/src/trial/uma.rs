//! The parts of a resource server and of a client that wants to get at what it protects (User-Managed Access 2.0).

use serde_json::{Value, json};

use super::{Provider, device, show};
use crate::command::{CommandError, CommandResult};
use crate::dev;
use crate::output;

const UMA_TICKET: &str = "urn:ietf:params:oauth:grant-type:uma-ticket";
const ID_TOKEN: &str = "http://openid.net/specs/openid-connect-core-1_0.html#IDToken";

pub(super) async fn play(provider: &Provider) -> CommandResult {
    let permission = provider.endpoint("permission_endpoint", "uma")?;
    let resources = provider.endpoint("resource_registration_endpoint", "uma")?;
    let (token, wire) = (provider.endpoint("token_endpoint", "uma")?, &provider.wire);
    output::print("The resource server asks for a permission ticket, because somebody came without a token.\n")?;
    let credential = [("client_id", dev::ALBUM_CLIENT), ("client_secret", provider.demo.album_secret.as_str())];
    let own = [("grant_type", "client_credentials"), ("scope", "uma_protection")];
    let answer = wire.post(token, &[credential.as_slice(), &own].concat()).await?;
    let protection = text(&answer, "access_token")?;
    let listed = wire.get_with(resources, protection).await?;
    let id = listed.get(0).and_then(Value::as_str);
    let id = id.ok_or_else(|| CommandError::failed("the resource server protects nothing; start signet dev anew"))?;
    let wanted = json!({"resource_id": id, "resource_scopes": ["view"]});
    let answer = wire.post_json(permission, protection, &wanted).await?;

    output::print("The client brings the ticket. It is not known yet who uses the client.\n")?;
    let brought = [("grant_type", UMA_TICKET), ("client_id", dev::PRINTS_CLIENT), ("ticket", text(&answer, "ticket")?)];
    let answer = wire.post(token, &brought).await?;
    let ticket = text(&answer, "ticket")?;
    let tokens = device::log_in(provider, dev::PRINTS_CLIENT).await?;

    output::print("The client says who it is, by the ID token.\n")?;
    let pushed = [
        ("grant_type", UMA_TICKET),
        ("client_id", dev::PRINTS_CLIENT),
        ("ticket", ticket),
        ("claim_token", text(&tokens, "id_token")?),
        ("claim_token_format", ID_TOKEN),
    ];
    let answer = wire.post(token, &pushed).await?;
    let rpt = text(&answer, "access_token")?;
    let introspection = provider.endpoint("introspection_endpoint", "uma")?;
    let learnt = wire.post(introspection, &[credential.as_slice(), &[("token", rpt)]].concat()).await?;
    show("The resource server learns:", learnt.get("permissions").unwrap_or(&Value::Null))
}

/// A member of an answer; where there is none, the error that it has in its place.
fn text<'a>(answer: &'a Value, name: &str) -> CommandResult<&'a str> {
    let member = |name: &str| answer.get(name).and_then(Value::as_str);
    member(name).ok_or_else(|| match member("error") {
        Some(error) => CommandError::failed(format!("it ended with {error}")),
        None => CommandError::failed(format!("the answer has no {name}")),
    })
}
