//! What can be written on the command line.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use signet_core::profile::ProfileName;
use signet_core::protocol::identifiers::{ClientId, InitialAccessTokenId, KeyId, RealmName};

use super::audit::{AuditCommand, ExplainArguments};
use super::authorization::AuthorizationCommand;
use super::authorization_details_type::DetailsTypeFields;
use super::client::{ClientFields, ClientSecretSource};
use super::key::{KeyAlgorithm, KeyStateName};
use super::protected_resource::{AccessRequestCommand, ProtectedResourceCommand};
use super::realm::RealmFields;
use super::resource_server::ResourceServerFields;
use super::script::ScriptCommand;
use super::session::{LogoutCommand, SessionCommand};
use super::status::EXIT_CODES;
use super::trusted_issuer::TrustedIssuerFields;
use super::user::UserFields;
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

/// What can be asked about the schema.
#[derive(Debug, Subcommand)]
pub(crate) enum MigrateCommand {
    /// Bring the schema to this version; makes a SQLite database that does not exist
    Up,
    /// Show which migrations the database has
    Status,
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

/// What can be asked about realms.
#[derive(Debug, Subcommand)]
pub(crate) enum RealmCommand {
    /// Make a realm with its first keys
    Create {
        /// The path segment in its issuer
        name: RealmName,
        #[command(flatten)]
        fields: RealmFields,
    },
    /// List realms
    List,
    /// Show a realm
    Show {
        /// Which
        name: RealmName,
    },
    /// Change a realm; what is not named stays as it is
    Update {
        /// Which
        name: RealmName,
        /// A new name; changes the issuer
        #[arg(long, value_name = "NAME")]
        rename: Option<RealmName>,
        #[command(flatten)]
        fields: RealmFields,
    },
    /// After a restore or a failover: let nothing be used that was issued before and may have been used
    #[command(
        long_about = "After a restore or a failover: let nothing be used that was issued before and may have been used.\n\n\
                      Authorization codes, open log-ins and forms, and access tokens from before are dead. Sessions, \
                      refresh tokens and consents stay."
    )]
    NewTimeline {
        /// Which
        #[arg(required_unless_present = "all", value_name = "NAME")]
        names: Vec<RealmName>,
        /// Every realm
        #[arg(long, conflicts_with = "names")]
        all: bool,
    },
    /// Revoke everything that was issued until now
    #[command(
        long_about = "Revoke everything that was issued until now: tokens, codes, requests that wait, tickets, and every \
                      session.\n\nClients are told by the back channel. Clients, users, credentials and consents stay."
    )]
    RevokeAll {
        /// Which
        name: RealmName,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Delete a realm and everything in it
    Delete {
        /// Which
        name: RealmName,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

/// What can be asked about clients.
#[derive(Debug, Subcommand)]
pub(crate) enum ClientCommand {
    /// Register a client; a secret that is made is shown once, now
    Create {
        #[command(flatten)]
        place: InRealm,
        /// Its identifier; made where none is given
        #[arg(long, value_name = "CLIENT_ID", allow_hyphen_values = true)]
        id: Option<ClientId>,
        #[command(flatten)]
        secret: ClientSecretSource,
        #[command(flatten)]
        fields: Box<ClientFields>,
    },
    /// List clients
    List(InRealm),
    /// Show a client
    Show(NamedClient),
    /// Change a client; what is not named stays as it is
    Update {
        #[command(flatten)]
        client: NamedClient,
        #[command(flatten)]
        fields: Box<ClientFields>,
    },
    /// Revoke everything that a client was issued until now: tokens, codes and requests that wait
    RevokeAll {
        #[command(flatten)]
        client: NamedClient,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Delete a client and everything that was issued to it
    Delete {
        #[command(flatten)]
        client: NamedClient,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Tell what a client would have to change to meet a security profile
    Check {
        #[command(flatten)]
        client: NamedClient,
        /// base, fapi1_advanced, fapi2_security or fapi2_message_signing; without it, the one that counts for
        /// the client
        #[arg(long, value_name = "PROFILE")]
        profile: Option<ProfileName>,
    },
    /// Tell what a security profile would have refused of what clients did in the last days
    Forecast {
        #[command(flatten)]
        place: InRealm,
        /// Its identifier
        #[arg(value_name = "CLIENT_ID", allow_hyphen_values = true, required_unless_present = "all")]
        id: Option<ClientId>,
        /// Every client of the realm; those that are held to a profile which excludes this one are left out
        #[arg(long, conflicts_with = "id")]
        all: bool,
        /// fapi1_advanced, fapi2_security or fapi2_message_signing
        #[arg(long, value_name = "PROFILE")]
        profile: ProfileName,
        /// Days to look back, today included, in UTC: 1 to 8
        #[arg(long, value_name = "DAYS", default_value_t = 7)]
        days: u32,
    },
    /// Replace the secret by a new one, which is shown once, now; the old one stays good for as long as
    /// the realm says
    RotateSecret(NamedClient),
}

/// What can be asked about initial access tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum InitialAccessTokenCommand {
    /// Make an initial access token, which is shown once, now
    Create {
        #[command(flatten)]
        place: InRealm,
        /// What it is for
        #[arg(long, value_name = "TEXT", default_value = "")]
        description: String,
        /// Registrations it permits
        #[arg(long, value_name = "NUMBER", default_value_t = 1)]
        uses: i64,
        /// How long it lives
        #[arg(long, value_name = "SECONDS", default_value_t = 86_400)]
        seconds: i64,
    },
    /// List initial access tokens
    List(InRealm),
    /// Revoke an initial access token; clients that were registered with it stay
    Revoke {
        #[command(flatten)]
        place: InRealm,
        /// Its identifier, as the list shows it
        #[arg(value_name = "ID", allow_hyphen_values = true)]
        id: InitialAccessTokenId,
    },
}

/// A client of a realm.
#[derive(Debug, Args)]
pub(crate) struct NamedClient {
    #[command(flatten)]
    pub(crate) place: InRealm,
    /// Its identifier
    #[arg(value_name = "CLIENT_ID", allow_hyphen_values = true)]
    pub(crate) id: ClientId,
}

/// What can be asked about users.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Make a user
    Create {
        #[command(flatten)]
        place: InRealm,
        /// The login name
        username: String,
        /// Also set a password, asked for at the prompt or read from standard input
        #[arg(long)]
        with_password: bool,
        #[command(flatten)]
        fields: UserFields,
    },
    /// List users
    List(InRealm),
    /// Show a user
    Show(NamedUser),
    /// Change a user; what is not named stays as it is
    Update {
        #[command(flatten)]
        user: NamedUser,
        /// A new login name
        #[arg(long, value_name = "USERNAME")]
        rename: Option<String>,
        #[command(flatten)]
        fields: UserFields,
    },
    /// Revoke everything that was issued for a user until now, and end the user's sessions
    RevokeAll {
        #[command(flatten)]
        user: NamedUser,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Delete a user for ever
    Delete {
        #[command(flatten)]
        user: NamedUser,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Set the password, asked for at the prompt or read from standard input; ends the user's sessions and tokens
    SetPassword(NamedUser),
}

/// A user of a realm.
#[derive(Debug, Args)]
pub(crate) struct NamedUser {
    #[command(flatten)]
    pub(crate) place: InRealm,
    /// The login name or the identifier
    #[arg(value_name = "USER", allow_hyphen_values = true, value_parser = NonEmptyStringValueParser::new())]
    pub(crate) user: String,
}

/// What can be asked about keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key
    Create {
        #[command(flatten)]
        place: InRealm,
        #[command(flatten)]
        algorithm: KeyAlgorithm,
        /// Whether it is used at once or made ready ahead of use
        #[arg(long, value_enum, default_value = "future")]
        state: KeyStateName,
    },
    /// List keys
    List(InRealm),
    /// Show a key
    Show(NamedKey),
    /// Move a key to another state
    Update {
        #[command(flatten)]
        key: NamedKey,
        /// The new state
        #[arg(long, value_enum)]
        state: KeyStateName,
    },
    /// Replace the key of an algorithm by a new one, after a time in which clients and nodes get to know it; the old one
    /// still verifies or decrypts
    Rotate {
        #[command(flatten)]
        place: InRealm,
        #[command(flatten)]
        algorithm: KeyAlgorithm,
        /// Use the new key at once, before clients and nodes had the time to read it
        #[arg(long)]
        now: bool,
    },
    /// Delete a key; what was signed with it no longer verifies, what was encrypted to it no longer decrypts
    Delete {
        #[command(flatten)]
        key: NamedKey,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

/// A key of a realm.
#[derive(Debug, Args)]
pub(crate) struct NamedKey {
    #[command(flatten)]
    pub(crate) place: InRealm,
    /// Its identifier
    #[arg(value_name = "KID", allow_hyphen_values = true)]
    pub(crate) kid: KeyId,
}

/// What can be asked about resource servers.
#[derive(Debug, Subcommand)]
pub(crate) enum ResourceServerCommand {
    /// Register a resource server
    Create {
        #[command(flatten)]
        place: InRealm,
        /// The absolute URI that the parameter resource names
        identifier: String,
        #[command(flatten)]
        fields: Box<ResourceServerFields>,
    },
    /// List resource servers
    List(InRealm),
    /// Show a resource server
    Show(NamedResourceServer),
    /// Change a resource server; what is not named stays as it is
    Update {
        #[command(flatten)]
        server: NamedResourceServer,
        /// A new identifier
        #[arg(long, value_name = "URI")]
        identifier: Option<String>,
        #[command(flatten)]
        fields: Box<ResourceServerFields>,
    },
    /// Delete a resource server
    Delete {
        #[command(flatten)]
        server: NamedResourceServer,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

/// A resource server of a realm.
#[derive(Debug, Args)]
pub(crate) struct NamedResourceServer {
    #[command(flatten)]
    pub(crate) place: InRealm,
    /// Its URI or its identifier
    #[arg(value_name = "RESOURCE_SERVER", allow_hyphen_values = true)]
    pub(crate) server: String,
}

/// What can be done with types of authorization details.
#[derive(Debug, Subcommand)]
pub(crate) enum DetailsTypeCommand {
    /// Register a type of authorization details
    Create {
        #[command(flatten)]
        place: InRealm,
        /// The value of the member type of its objects
        name: String,
        #[command(flatten)]
        fields: DetailsTypeFields,
    },
    /// List types of authorization details
    List(InRealm),
    /// Show a type of authorization details
    Show(NamedDetailsType),
    /// Change a type of authorization details; what is not named stays as it is
    Update {
        #[command(flatten)]
        named: NamedDetailsType,
        /// A new value of the member type
        #[arg(long, value_name = "TYPE")]
        new_name: Option<String>,
        #[command(flatten)]
        fields: DetailsTypeFields,
    },
    /// Delete a type of authorization details
    Delete {
        #[command(flatten)]
        named: NamedDetailsType,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

/// What can be done with trusted issuers.
#[derive(Debug, Subcommand)]
pub(crate) enum TrustedIssuerCommand {
    /// Register a trusted issuer
    Create {
        #[command(flatten)]
        place: InRealm,
        /// The claim iss of its tokens
        issuer: String,
        #[command(flatten)]
        fields: Box<TrustedIssuerFields>,
    },
    /// List trusted issuers
    List(InRealm),
    /// Show a trusted issuer
    Show(NamedTrustedIssuer),
    /// Change a trusted issuer; what is not named stays as it is
    Update {
        #[command(flatten)]
        named: NamedTrustedIssuer,
        /// A new claim iss
        #[arg(long, value_name = "ISSUER")]
        new_issuer: Option<String>,
        #[command(flatten)]
        fields: Box<TrustedIssuerFields>,
    },
    /// Delete a trusted issuer
    Delete {
        #[command(flatten)]
        named: NamedTrustedIssuer,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

/// A trusted issuer of a realm.
#[derive(Debug, Args)]
pub(crate) struct NamedTrustedIssuer {
    #[command(flatten)]
    pub(crate) place: InRealm,
    /// The claim iss of its tokens, or its identifier
    #[arg(value_name = "ISSUER", allow_hyphen_values = true)]
    pub(crate) issuer: String,
}

/// A type of authorization details of a realm.
#[derive(Debug, Args)]
pub(crate) struct NamedDetailsType {
    #[command(flatten)]
    pub(crate) place: InRealm,
    /// Its name or its identifier
    #[arg(value_name = "TYPE", allow_hyphen_values = true)]
    pub(crate) name: String,
}
