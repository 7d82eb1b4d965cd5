//! What can be written on the command line: the commands, and what several of them have in common. What a command about one
//! kind of object takes stands in the file of that command.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use signet_core::protocol::identifiers::RealmName;

use super::audit::{AuditCommand, ExplainArguments};
use super::authorization::AuthorizationCommand;
use super::authorization_details_type::DetailsTypeCommand;
use super::client::ClientCommand;
use super::initial_access_token::InitialAccessTokenCommand;
use super::key::KeyCommand;
use super::migrate::MigrateCommand;
use super::protected_resource::{AccessRequestCommand, ProtectedResourceCommand};
use super::realm::RealmCommand;
use super::resource_server::ResourceServerCommand;
use super::script::ScriptCommand;
use super::session::{LogoutCommand, SessionCommand};
use super::status::EXIT_CODES;
use super::trusted_issuer::TrustedIssuerCommand;
use super::user::UserCommand;
use crate::output::OutputFormat;

/// OpenID Provider and OAuth authorization server
#[derive(Debug, Parser)]
#[command(name = "signet", version, after_help = EXIT_CODES, propagate_version = true, subcommand_required = true)]
pub(crate) struct Cli {
    /// The configuration file; signet.toml in the current folder, if it is there, when neither this nor the variable
    /// is given
    #[arg(long, global = true, env = "SIGNET_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The form of answers
    #[arg(long, global = true, value_enum, default_value = "table")]
    pub(crate) output: OutputFormat,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What can be asked for.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve requests until told to stop
    Serve,
    /// Start a provider to try out on this machine, with everything it needs
    Dev(DevArguments),
    /// Play a client's part against the provider of signet dev, with every request shown
    #[command(subcommand)]
    Try(TryCommand),
    /// The schema of the database
    #[command(subcommand)]
    Migrate(MigrateCommand),
    #[command(flatten)]
    Administer(Administration),
    /// Scripts: packages that take part in decisions
    #[command(subcommand)]
    Script(Box<ScriptCommand>),
    /// The configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Look for what would keep the server from working, and say what to do about it
    Doctor,
    /// Print the OpenAPI document of the admin API
    Openapi {
        /// The base of the deployment; the configured one where none is given
        #[arg(long, value_name = "URL")]
        public_url: Option<String>,
    },
    /// Print a completion script for a shell
    Completion {
        /// Which shell
        shell: Shell,
    },
}

/// What can be administered. It happens in the database, beside a server that runs, which notices.
#[derive(Debug, Subcommand)]
pub(crate) enum Administration {
    /// Realms: issuers with their own clients, users and keys
    #[command(subcommand)]
    Realm(RealmCommand),
    /// Clients: applications that get tokens
    #[command(subcommand)]
    Client(ClientCommand),
    /// Initial access tokens: what permits clients to register themselves
    #[command(subcommand)]
    InitialAccessToken(InitialAccessTokenCommand),
    /// Users: people who log in
    #[command(subcommand)]
    User(UserCommand),
    /// Sessions: browsers in which users are signed in
    #[command(subcommand)]
    Session(SessionCommand),
    /// Consents, and grants that clients manage: what users allowed clients
    #[command(subcommand)]
    Authorization(AuthorizationCommand),
    /// Protected resources: what owners share by User-Managed Access
    #[command(subcommand)]
    ProtectedResource(ProtectedResourceCommand),
    /// Requests for access that wait for the owner of a protected resource
    #[command(subcommand)]
    AccessRequest(AccessRequestCommand),
    /// Logouts that clients are yet to be told of
    #[command(subcommand)]
    Logout(LogoutCommand),
    /// Keys that sign, and keys that clients encrypt to
    #[command(subcommand)]
    Key(KeyCommand),
    /// Resource servers: APIs that access tokens are for
    #[command(subcommand)]
    ResourceServer(ResourceServerCommand),
    /// Types of authorization details: what clients may ask for in detail (RFC 9396)
    #[command(subcommand)]
    AuthorizationDetailsType(DetailsTypeCommand),
    /// Trusted issuers: others whose tokens are believed (RFC 7523, RFC 8693)
    #[command(subcommand)]
    TrustedIssuer(TrustedIssuerCommand),
    /// What happened, and whether the record of it is whole
    #[command(subcommand)]
    Audit(Box<AuditCommand>),
    /// Show every decision of one request, with its rule
    Explain(ExplainArguments),
}

/// Which client is played.
#[derive(Debug, Subcommand)]
pub(crate) enum TryCommand {
    /// A device without a browser: shows a code and waits until somebody has entered it elsewhere (RFC 8628)
    Device(TryArguments),
    /// A client that has its user asked at another device, and waits for the answer (CIBA)
    Ciba(TryArguments),
    /// A resource server, and a client that wants to get at what it protects (UMA 2.0)
    Uma(TryArguments),
    /// An application that asks for user name and password itself (OAuth 2.0 for First-Party Applications)
    Challenge(TryArguments),
    /// Two apps of one vendor, of which the second takes part in the first one's login (Native SSO for Mobile Apps)
    NativeSso(TryArguments),
    /// A service that exchanges its own token for one for an API (RFC 8693)
    Exchange(TryArguments),
    /// A client that brings an assertion of another issuer (RFC 7523)
    JwtBearer(TryArguments),
    /// A service that exchanges its own token for one that says what a transaction is about (Transaction Tokens)
    TransactionToken(TryArguments),
}

/// Where the provider is.
#[derive(Debug, Args)]
pub(crate) struct TryArguments {
    /// The data folder of the signet dev that runs
    #[arg(long, value_name = "DIR", default_value = ".signet")]
    pub(crate) data: PathBuf,
}

/// How to try it out.
#[derive(Debug, Args)]
pub(crate) struct DevArguments {
    /// Where everything that is made is kept
    #[arg(long, value_name = "DIR", default_value = ".signet")]
    pub(crate) data: PathBuf,
    /// The port; the one after it is for clients with certificates
    #[arg(long, value_name = "PORT", default_value_t = 8443, value_parser = clap::value_parser!(u16).range(1..=65534))]
    pub(crate) port: u16,
}

/// What can be asked about the configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Check the configuration without starting anything
    Check,
    /// Show every setting in force and where it comes from, secrets masked
    Show,
    /// Print the reference of all settings in Markdown
    Reference,
}

/// A realm by its name.
#[derive(Debug, Args)]
pub(crate) struct InRealm {
    /// The realm
    #[arg(long, value_name = "REALM")]
    pub(crate) realm: RealmName,
}

/// The word that stands for a question.
#[derive(Debug, Args)]
pub(crate) struct Confirmation {
    /// Do not ask
    #[arg(long, short = 'y')]
    pub(crate) yes: bool,
}
