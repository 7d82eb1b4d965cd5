//! Drives the OpenID Foundation's conformance suite against Signet.
//!
//! The harness starts the suite from its jar, or is pointed at one that runs; brings up Signet with the realms, users
//! and clients that a plan needs, through the ordinary command line and admin interface; runs the plan's modules;
//! compares every failure, warning and skip with what is expected; and keeps the evidence. Deployers use it the same
//! way against their own Signet.
//!
//! - `suite`: the suite's REST interface, and the suite as a process;
//! - `store`: the small document store that the suite writes to;
//! - `front`: the TLS front before the suite;
//! - `signet`: the Signet under test;
//! - `plan`: test plans as data;
//! - `scripts`: sets of script packages that decide in the realm of each plan;
//! - `credentials`, `certificate`: what is made for the clients of plans;
//! - `resource`: the API where plans of FAPI use their access tokens;
//! - `driver`: running them;
//! - `expected`: comparing their results;
//! - `evidence`: what is kept.

mod certificate;
mod cli;
mod commands;
mod credentials;
mod doctor;
mod driver;
mod error;
mod evidence;
mod expected;
mod front;
mod moment;
mod output;
mod plan;
mod random;
#[cfg(test)]
mod recorded;
mod resource;
mod scripts;
mod signet;
mod store;
mod suite;
mod tls;

use clap::Parser;
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the command line and returns its exit code; the command's help lists the codes.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match cli::Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Printing help or a usage error can fail only with the terminal.
            drop(error.print());
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let result = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime.block_on(commands::execute(cli.command)),
        Err(error) => Err(error.into()),
    };
    result.unwrap_or_else(|error| {
        output::note(&format!("error: {error}"));
        ExitCode::from(error.exit_code())
    })
}
