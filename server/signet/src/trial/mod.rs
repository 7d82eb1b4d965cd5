//! `signet try`: plays a client's part against the provider of `signet dev`, and shows every request.

mod challenge;
mod ciba;
mod device;
mod native_sso;
mod services;
mod uma;
mod wire;

use std::time::Duration;

use serde_json::Value;

use crate::command::{CommandError, CommandResult, TryArguments, TryCommand};
use crate::composition;
use crate::config::{self, Configuration};
use crate::dev;
use crate::output;
use wire::Wire;

/// `signet try`.
pub(crate) async fn run(command: TryCommand) -> CommandResult {
    let (TryCommand::Device(arguments)
    | TryCommand::Ciba(arguments)
    | TryCommand::Challenge(arguments)
    | TryCommand::NativeSso(arguments)
    | TryCommand::Uma(arguments)
    | TryCommand::Exchange(arguments)
    | TryCommand::JwtBearer(arguments)
    | TryCommand::TransactionToken(arguments)) = &command;
    let provider = Provider::open(arguments).await?;
    match &command {
        TryCommand::Device(_) => device::play(&provider).await,
        TryCommand::Ciba(_) => ciba::play(&provider).await,
        TryCommand::Uma(_) => uma::play(&provider).await,
        TryCommand::Challenge(_) => challenge::play(&provider).await,
        TryCommand::NativeSso(_) => native_sso::play(&provider).await,
        TryCommand::Exchange(_) => services::exchange(&provider).await,
        TryCommand::JwtBearer(_) => services::jwt_bearer(&provider).await,
        TryCommand::TransactionToken(_) => services::transaction_token(&provider).await,
    }
}

/// The provider of `signet dev` as its clients see it.
struct Provider {
    wire: Wire,
    issuer: String,
    /// The discovery document.
    metadata: Value,
    demo: dev::Demo,
}

impl Provider {
    async fn open(arguments: &TryArguments) -> CommandResult<Self> {
        let folder = dev::Folder::existing(&arguments.data)?;
        let settings = Configuration::load(Some(&folder.configuration()), config::environment())?.settings;
        let wire = Wire::new(composition::outbound(&settings)?);
        let issuer = format!("{}/realms/{}", settings.server.public_url.as_str(), dev::REALM);
        let metadata = wire.get(&format!("{issuer}/.well-known/openid-configuration")).await?;
        Ok(Self { wire, issuer, metadata, demo: dev::Demo::kept(&folder)? })
    }

    /// An address of the discovery document; whoever reads this learns what to do where there is none.
    fn endpoint(&self, member: &str, setting: &str) -> CommandResult<&str> {
        self.metadata.get(member).and_then(Value::as_str).ok_or_else(|| {
            CommandError::failed(format!(
                "the realm {realm} has no {member}; switch it on with signet realm update {realm} --set {setting}=true",
                realm = dev::REALM
            ))
        })
    }

    /// Asks the token endpoint.
    async fn token(&self, parameters: &[(&str, &str)]) -> CommandResult<Value> {
        let endpoint = self.metadata.get("token_endpoint").and_then(Value::as_str).unwrap_or_default();
        let answer = self.wire.post(endpoint, parameters).await?;
        match answer.get("error").and_then(Value::as_str) {
            Some(error) => Err(CommandError::failed(format!("it ended with {error}"))),
            None => Ok(answer),
        }
    }

    /// Asks the token endpoint until there is an answer that is final: the tokens.
    async fn poll(&self, parameters: &[(&str, &str)], interval: i64) -> CommandResult<Value> {
        let endpoint = self.metadata.get("token_endpoint").and_then(Value::as_str).unwrap_or_default();
        let mut interval = interval.max(1);
        loop {
            tokio::time::sleep(Duration::from_secs(interval.unsigned_abs())).await;
            let answer = self.wire.post(endpoint, parameters).await?;
            match answer.get("error").and_then(Value::as_str) {
                Some("authorization_pending") => {}
                Some("slow_down") => interval += 5,
                Some(error) => return Err(CommandError::failed(format!("it ended with {error}"))),
                None => return Ok(answer),
            }
        }
    }
}

/// A member of an answer that is a text.
fn text<'a>(answer: &'a Value, name: &str) -> CommandResult<&'a str> {
    let found = answer.get(name).and_then(Value::as_str);
    found.ok_or_else(|| CommandError::failed(format!("the answer has no {name}")))
}

/// What the tokens say that can be read.
fn show_tokens(answer: &Value) -> CommandResult {
    let claims = answer.get("id_token").and_then(Value::as_str).and_then(wire::claims);
    match claims {
        Some(claims) => show("The ID token says:", &claims),
        None => output::print("There are the tokens."),
    }
}

/// The end of it, in JSON that a person can read.
fn show(what: &str, value: &Value) -> CommandResult {
    output::print(&format!("{what}\n\n{value:#}"))
}
