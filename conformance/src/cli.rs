//! The command line.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Port of the suite's front where none is chosen.
pub(crate) const DEFAULT_PORT: u16 = 9443;

/// Drives the OpenID Foundation's conformance suite against Signet.
#[derive(Debug, Parser)]
#[command(name = "signet-conformance", version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  every result is as expected
  1  results differ from what is expected
  2  wrong arguments, plan, target or expectation file
  3  something is missing on this machine: `doctor` says what
  4  the suite or Signet broke on the way
  130  interrupted";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the conformance suite itself
    #[command(subcommand)]
    Suite(SuiteCommand),
    /// Run test plans and compare their results with what is expected
    Run(Box<RunArguments>),
    /// List the plans
    List(ListArguments),
    /// Say what is missing to run the plans
    Doctor(DoctorArguments),
}

#[derive(Debug, Subcommand)]
pub(crate) enum SuiteCommand {
    /// Start the suite from its jar, with a TLS front and a document store, until Ctrl-C
    Start(StartArguments),
}

#[derive(Debug, Args)]
pub(crate) struct StartArguments {
    /// The suite's jar (fapi-test-suite.jar)
    #[arg(long, value_name = "FILE", env = "OIDF_SUITE_JAR")]
    pub(crate) jar: PathBuf,
    /// The Java executable; else JAVA_HOME, the path and the usual folders are searched
    #[arg(long, value_name = "PATH")]
    pub(crate) java: Option<PathBuf>,
    /// Where the suite's data and log are kept; else they go when it stops
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Port of the suite's TLS front
    #[arg(long, default_value_t = DEFAULT_PORT)]
    pub(crate) port: u16,
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) suite: SuiteArguments,
    #[command(flatten)]
    pub(crate) selection: SelectionArguments,
    #[command(flatten)]
    pub(crate) signet: SignetArguments,
    /// Deploy a set of scripts to the realm of each plan. `hostile`: at every hook the most awkward decision that is
    /// allowed without refusing or narrowing anything
    #[arg(long, value_name = "SET")]
    pub(crate) scripts: Option<String>,
    /// Folder with expected failures (*-failures.json) and skips (*-skips.json) instead of the built-in ones; with
    /// --scripts SET also those in its folder scripts/SET
    #[arg(long, value_name = "DIR")]
    pub(crate) expected: Option<PathBuf>,
    /// Folder for logs, exports, stored pages and reports
    #[arg(long, value_name = "DIR", default_value = "conformance-evidence")]
    pub(crate) evidence: PathBuf,
    /// Plans that run side by side
    #[arg(long, value_name = "NUMBER", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..))]
    pub(crate) jobs: u8,
}

#[derive(Debug, Args)]
pub(crate) struct SuiteArguments {
    /// A running suite; without this and --jar the one that `suite start` left on this machine
    #[arg(long, value_name = "URL", conflicts_with = "jar")]
    pub(crate) suite: Option<String>,
    /// Start the suite from this jar for the run
    #[arg(long, value_name = "FILE")]
    pub(crate) jar: Option<PathBuf>,
    /// The Java executable for --jar
    #[arg(long, value_name = "PATH", requires = "jar")]
    pub(crate) java: Option<PathBuf>,
    /// API token of a suite that is not in development mode
    #[arg(long, value_name = "TOKEN", env = "CONFORMANCE_TOKEN", hide_env_values = true)]
    pub(crate) suite_token: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct SelectionArguments {
    /// Run this plan (its name here or in the suite); may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) plan: Vec<String>,
    /// Run the plans of this group; `all` has every plan, `quick` one of each family; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) group: Vec<String>,
    /// Replace a variant parameter of the plans; may be repeated
    #[arg(long, value_name = "PARAMETER=VALUE", value_parser = assignment)]
    pub(crate) variant: Vec<(String, String)>,
    /// Folder with plans that are added to, or by their file name replace, the built-in ones
    #[arg(long, value_name = "DIR")]
    pub(crate) plans: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SignetArguments {
    /// The signet executable to test; else the one beside this executable
    #[arg(long, value_name = "FILE")]
    pub(crate) signet: Option<PathBuf>,
    /// Test a Signet that runs already, described in this file (TOML: base_url, mtls_base_url, client_id, client_secret
    /// or client_secret_file, ca_file, realm)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["signet", "host"])]
    pub(crate) target: Option<PathBuf>,
    /// Name under which the suite reaches the Signet that is started here
    #[arg(long, value_name = "NAME", default_value = "localhost")]
    pub(crate) host: String,
}

#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// Folder with plans that are added to, or by their file name replace, the built-in ones
    #[arg(long, value_name = "DIR")]
    pub(crate) plans: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// The suite's jar (fapi-test-suite.jar)
    #[arg(long, value_name = "FILE", env = "OIDF_SUITE_JAR")]
    pub(crate) jar: Option<PathBuf>,
    /// The Java executable
    #[arg(long, value_name = "PATH")]
    pub(crate) java: Option<PathBuf>,
    /// The signet executable to test
    #[arg(long, value_name = "FILE")]
    pub(crate) signet: Option<PathBuf>,
    /// Port of the suite's TLS front
    #[arg(long, default_value_t = DEFAULT_PORT)]
    pub(crate) port: u16,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as PARAMETER=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_variant_is_a_parameter_and_a_value() {
        let line = ["signet-conformance", "run", "--variant", "client_registration=dynamic_client"];
        let Command::Run(run) = Cli::try_parse_from(line).unwrap().command else { panic!("not run") };
        assert_eq!(run.selection.variant, [("client_registration".to_owned(), "dynamic_client".to_owned())]);
        assert!(Cli::try_parse_from(["signet-conformance", "run", "--variant", "nothing"]).is_err());
    }

    #[test]
    fn scripts_are_a_set_by_name() {
        let line = ["signet-conformance", "run", "--scripts", "hostile"];
        let Command::Run(run) = Cli::try_parse_from(line).unwrap().command else { panic!("not run") };
        assert_eq!(run.scripts.as_deref(), Some("hostile"));
    }

    #[test]
    fn a_suite_is_named_or_started_and_not_both() {
        let line = ["signet-conformance", "run", "--suite", "https://localhost:9443", "--jar", "x.jar"];
        assert!(Cli::try_parse_from(line).is_err());
    }
}
