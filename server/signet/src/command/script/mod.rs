//! `signet script`.

mod check;
mod definitions;
mod difference;
mod folder;
mod fuzz;
mod new;
mod recordings;
mod rollout;
mod run;
mod schema;
mod test;
mod value;
mod versions;
mod views;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::Value;
use signet_core::model::ScriptTarget;
use signet_core::protocol::identifiers::{ClientId, ScriptName, ScriptRecordingId};
use signet_core::protocol::rfc3339;
use signet_core::protocol::time::UnixMilliseconds;
use signet_core::registry::VersionPrefix;
use signet_hooks::{FuzzOptions, Hook};

use super::CommandResult;
use super::arguments::{Confirmation, InRealm};
use super::audit::{self, About, ExplainArguments};
use super::context::Context;
use crate::output::Output;

pub(crate) use value::ValueCommand;

/// What can be asked about scripts.
#[derive(Debug, Subcommand)]
pub(crate) enum ScriptCommand {
    #[command(flatten)]
    Develop(ScriptDevelopment),
    #[command(flatten)]
    Administer(ScriptAdministration),
}

/// What can be done with a package in a folder, without a server or a database.
#[derive(Debug, Subcommand)]
pub(crate) enum ScriptDevelopment {
    /// Make a package with one hook and a test, in a new folder of its name
    New {
        /// The hook it has
        #[arg(long, value_name = "HOOK")]
        hook: Hook,
        /// The name of the package
        name: ScriptName,
    },
    /// Say what is wrong with a package, without running anything
    Check {
        /// The folder of the package
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Run the tests of a package
    Test {
        /// The folder of the package
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// Also write the results as JUnit XML
        #[arg(long, value_name = "FILE")]
        junit: Option<PathBuf>,
        /// Also tell which lines of the main file were run
        #[arg(long)]
        coverage: bool,
    },
    /// Run a hook once, and print what it decides
    Run {
        /// The folder of the package
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// The hook
        #[arg(long, value_name = "HOOK")]
        hook: Hook,
        /// A fixture: members of ctx, argument, and host; what it does not name is as in the hook's sample
        #[arg(long, value_name = "FILE")]
        ctx: Option<PathBuf>,
        /// The second parameter of the hook
        #[arg(long, value_name = "JSON", value_parser = json_value, allow_hyphen_values = true)]
        argument: Option<Value>,
    },
    /// Run the hooks of a package with generated inputs, and look for broken promises
    Fuzz {
        /// The folder of the package
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// Where the inputs begin; the same seed makes the same ones
        #[arg(long, value_name = "NUMBER", default_value_t = 0)]
        seed: u64,
        /// How many inputs for each hook
        #[arg(long, value_name = "NUMBER", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
        runs: u32,
    },
    /// Print what a hook is told and what it takes, as JSON Schema
    Schema {
        /// The hook; all of them where none is named
        #[arg(value_name = "HOOK")]
        hook: Option<Hook>,
    },
    /// Write the files by which editors know the functions of scripts
    Definitions {
        /// Where to; beside packages, not within one
        #[arg(value_name = "DIR", default_value = ".")]
        folder: PathBuf,
    },
}

fn json_value(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text)
}

/// What can be asked about the scripts of a realm.
#[derive(Debug, Subcommand)]
pub(crate) enum ScriptAdministration {
    /// Deploy a package; the version decides from now on, unless it is only stored
    Deploy {
        /// The folder of the package
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        #[command(flatten)]
        place: InRealm,
        #[command(flatten)]
        target: ForClient,
        #[command(flatten)]
        accepted: Accepted,
        /// Its place among those of the same client or of the realm; equal ones decide by name
        #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
        position: Option<i64>,
        /// Store the version beside the active one, for a trial or a later promotion
        #[arg(long)]
        store_only: bool,
    },
    /// List the scripts that decide in a realm, in their order
    List(InRealm),
    /// Show a script
    Show(NamedScript),
    /// List the versions of a package that are kept, or show the files of one
    Versions {
        #[command(flatten)]
        package: NamedPackage,
        /// The version to show
        #[arg(id = "shown", value_name = "VERSION")]
        version: Option<VersionPrefix>,
        /// The one file to show
        #[arg(long, value_name = "NAME", requires = "shown")]
        file: Option<String>,
    },
    /// Show what is different between two versions: files, and what they may do
    Diff {
        #[command(flatten)]
        package: NamedPackage,
        /// The earlier version; the one that decides in the realm where none is given
        from: Option<VersionPrefix>,
        /// The later version; the newest where none is given
        to: Option<VersionPrefix>,
    },
    /// Let a stored version decide
    Promote {
        #[command(flatten)]
        script: NamedScript,
        /// The version, or at least its first 12 digits
        #[arg(id = "promoted", value_name = "VERSION")]
        version: VersionPrefix,
        #[command(flatten)]
        accepted: Accepted,
    },
    /// Let the version decide that decided before; a second time takes that back
    Rollback(NamedScript),
    /// Try a stored version beside the one that decides, on live requests; without a version, end that
    Shadow {
        #[command(flatten)]
        script: NamedScript,
        /// The version, or at least its first 12 digits
        #[arg(id = "tried", value_name = "VERSION")]
        version: Option<VersionPrefix>,
        /// In how many of a hundred runs
        #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u8).range(1..=100))]
        percent: u8,
        #[command(flatten)]
        accepted: Accepted,
    },
    /// List the recorded runs of a package, newest first; the realm's script_recording_days says how long they are kept
    Recordings(NamedPackage),
    /// Do a recorded run again with another version, and show where the decisions differ; ends with 9 where they do
    Replay {
        /// The recording
        #[arg(id = "recording", value_name = "RECORDING", allow_hyphen_values = true)]
        recording: ScriptRecordingId,
        #[command(flatten)]
        place: InRealm,
        /// The version, or at least its first 12 digits; the newest that is stored where none is given
        #[arg(id = "with", long = "with", value_name = "VERSION", conflicts_with = "with_folder")]
        version: Option<VersionPrefix>,
        /// The folder of a package that is not stored
        #[arg(long, value_name = "DIR")]
        with_folder: Option<PathBuf>,
        /// The time that the script is told, such as 2027-01-15T08:00:00Z; that of the recording where none is given
        #[arg(long, value_name = "TIME", value_parser = rfc3339::read)]
        at: Option<UnixMilliseconds>,
    },
    /// Show the way of one request to its end: the rules it passed, what scripts were told and decided, what became of it
    Explain(ExplainArguments),
    /// Delete a script: it does not decide any more; the versions of a package go with its last script
    Delete {
        #[command(flatten)]
        script: NamedScript,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// What scripts may use where their manifest names it: secrets, documents, connections
    #[command(subcommand)]
    Value(ValueCommand),
}

/// For whom a script decides.
#[derive(Debug, Args)]
pub(crate) struct ForClient {
    /// The client it decides for; all of the realm where none is given
    #[arg(long, value_name = "CLIENT_ID", allow_hyphen_values = true)]
    client: Option<ClientId>,
}

/// What a new version may do.
#[derive(Debug, Args)]
pub(crate) struct Accepted {
    /// What the version may do that the active one does not, as kind:name; may be repeated
    #[arg(long, value_name = "CAPABILITY")]
    accept: Vec<String>,
}

/// A package of a realm.
#[derive(Debug, Args)]
pub(crate) struct NamedPackage {
    #[command(flatten)]
    place: InRealm,
    /// The name of the package
    name: ScriptName,
}

/// A package where it decides.
#[derive(Debug, Args)]
pub(crate) struct NamedScript {
    #[command(flatten)]
    package: NamedPackage,
    #[command(flatten)]
    decides: ForClient,
}

impl NamedScript {
    fn target(&self) -> ScriptTarget {
        ScriptTarget { client_id: self.decides.client.clone(), package: self.package.name.clone() }
    }
}

pub(super) async fn develop(command: ScriptDevelopment, output: Output) -> CommandResult {
    match command {
        ScriptDevelopment::New { hook, name } => new::run(&name, hook, output),
        ScriptDevelopment::Check { folder } => check::run(&folder, output),
        ScriptDevelopment::Test { folder, junit, coverage } => {
            test::run(&folder, test::Wanted { junit: junit.as_deref(), coverage }, output).await
        }
        ScriptDevelopment::Run { folder, hook, ctx, argument } => {
            run::run(&folder, run::Input { hook, fixture: ctx.as_deref(), argument }, output)
        }
        ScriptDevelopment::Fuzz { folder, seed, runs } => fuzz::run(&folder, FuzzOptions { seed, runs }, output).await,
        ScriptDevelopment::Schema { hook } => schema::run(hook),
        ScriptDevelopment::Definitions { folder } => definitions::run(&folder, output),
    }
}

pub(super) async fn administer(command: ScriptAdministration, context: &Context) -> CommandResult {
    match command {
        ScriptAdministration::Deploy { folder, place, target, accepted, position, store_only } => {
            let files = folder::read(&folder)?;
            let request = rollout::Request { files, client_id: target.client, position, store_only };
            rollout::deploy(context, &place.realm, request, accepted.accept).await
        }
        ScriptAdministration::List(place) => rollout::list(context, &place.realm).await,
        ScriptAdministration::Show(script) => rollout::show(context, &script).await,
        ScriptAdministration::Versions { package, version: None, .. } => versions::list(context, &package).await,
        ScriptAdministration::Versions { package, version: Some(version), file } => {
            versions::show(context, &package, (&version, file.as_deref())).await
        }
        ScriptAdministration::Diff { package, from, to } => {
            difference::show(context, &package, (from.as_ref(), to.as_ref())).await
        }
        ScriptAdministration::Promote { script, version, accepted } => {
            rollout::promote(context, &script, (&version, &accepted.accept)).await
        }
        ScriptAdministration::Rollback(script) => rollout::roll_back(context, &script).await,
        ScriptAdministration::Shadow { script, version, percent, accepted } => {
            let tried = version.as_ref().map(|version| (version, percent, accepted.accept.as_slice()));
            rollout::shadow(context, &script, tried).await
        }
        ScriptAdministration::Recordings(package) => recordings::list(context, &package).await,
        ScriptAdministration::Replay { recording, place, version, with_folder, at } => {
            let wanted = recordings::Wanted { version, folder: with_folder.as_deref(), at };
            recordings::replay(context, (&place.realm, recording), wanted).await
        }
        ScriptAdministration::Explain(arguments) => audit::explain(arguments, About::Scripts, context).await,
        ScriptAdministration::Delete { script, confirmation } => rollout::delete(context, &script, &confirmation).await,
        ScriptAdministration::Value(command) => value::run(command, context).await,
    }
}
