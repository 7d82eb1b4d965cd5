//! The command line: what can be asked, and who answers.
//!
//! A command changes nothing by itself: it opens the same provider as the server and asks
//! [`signet_core::registry`], as the admin API does.

mod arguments;
mod audit;
mod authorization;
mod authorization_details_type;
mod client;
mod context;
mod initial_access_token;
mod key;
mod members;
mod migrate;
mod protected_resource;
mod realm;
mod resource_server;
mod script;
mod session;
mod status;
mod terminal;
#[cfg(test)]
mod tests;
mod trusted_issuer;
mod user;
mod views;

pub(crate) use arguments::{Cli, Command, DevArguments, TryArguments, TryCommand};
pub(crate) use status::{CommandError, CommandResult, Status, reason};

use clap::CommandFactory as _;

use crate::config::{self, ConfigError, Configuration};
use crate::output::{self, Output};
use crate::{dev, doctor, serve, trial};
use arguments::{Administration, ConfigCommand};
use audit::About;
use context::Context;
use script::ScriptCommand;

/// Does what was asked.
pub(crate) async fn run(cli: Cli) -> CommandResult {
    let Cli { config, output, command } = cli;
    let output = Output(output);
    let load = || Configuration::load(config.as_deref(), config::environment());
    match command {
        Command::Serve => serve::run(load()?).await,
        Command::Dev(arguments) => dev::run(arguments).await,
        Command::Try(command) => trial::run(command).await,
        Command::Migrate(command) => migrate::run(command, &load()?, output).await,
        Command::Administer(command) => Box::pin(administer(command, &load()?, output)).await,
        Command::Script(command) => run_script(*command, load, output).await,
        Command::Config(ConfigCommand::Reference) => output::print(&config::reference()),
        Command::Config(ConfigCommand::Check) => {
            load()?;
            output.done("The configuration is in order.", &serde_json::json!({ "valid": true }))
        }
        Command::Config(ConfigCommand::Show) => show(&load()?, output),
        Command::Doctor => doctor::run(load(), output).await,
        Command::Openapi { public_url } => {
            let configured = || load().map(|loaded| loaded.settings.server.public_url.as_str().to_owned());
            let public_url = public_url.map_or_else(configured, Ok)?;
            output::print(&signet_admin::openapi_document(&public_url))
        }
        Command::Completion { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "signet", &mut script);
            output::print(&String::from_utf8_lossy(&script))
        }
    }
}

async fn run_script(
    command: ScriptCommand,
    load: impl Fn() -> Result<Configuration, ConfigError>,
    output: Output,
) -> CommandResult {
    match command {
        ScriptCommand::Develop(command) => script::develop(command, output).await,
        ScriptCommand::Administer(command) => {
            let context = Context::open(&load()?, output).await?;
            let done = script::administer(command, &context).await;
            context.close().await;
            done
        }
    }
}

async fn administer(command: Administration, configuration: &Configuration, output: Output) -> CommandResult {
    let context = Context::open(configuration, output).await?;
    let done = match command {
        Administration::Realm(command) => realm::run(command, &context).await,
        Administration::Client(command) => Box::pin(client::run(command, &context)).await,
        Administration::InitialAccessToken(command) => initial_access_token::run(command, &context).await,
        Administration::User(command) => user::run(command, &context).await,
        Administration::Authorization(command) => authorization::run(command, &context).await,
        Administration::ProtectedResource(command) => protected_resource::run(command, &context).await,
        Administration::AccessRequest(command) => protected_resource::run_requests(command, &context).await,
        Administration::Session(command) => session::run(command, &context).await,
        Administration::Logout(command) => session::run_logout(command, &context).await,
        Administration::Key(command) => key::run(command, &context).await,
        Administration::TrustedIssuer(command) => trusted_issuer::run(command, &context).await,
        Administration::ResourceServer(command) => resource_server::run(command, &context).await,
        Administration::AuthorizationDetailsType(command) => authorization_details_type::run(command, &context).await,
        Administration::Audit(command) => audit::run(*command, &context).await,
        Administration::Explain(arguments) => audit::explain(arguments, About::Everything, &context).await,
    };
    context.close().await;
    done
}

fn show(configuration: &Configuration, output: Output) -> CommandResult {
    let shown = configuration.shown();
    if output.is_json() {
        output::print_json(&config::as_json(&shown))
    } else {
        let rows =
            shown.iter().map(|one| serde_json::json!({ "key": one.key, "value": one.value, "origin": one.origin }));
        output.list(&rows.collect::<Vec<_>>(), &["key", "value", "origin"])
    }
}
