use clap::{CommandFactory as _, Parser as _};

use super::arguments::{Administration, Cli, Command};
use super::client::ClientCommand;
use super::key::KeyCommand;
use crate::output::OutputFormat;

fn parsed(line: &str) -> Cli {
    Cli::try_parse_from(line.split_whitespace()).unwrap()
}

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn help_documents_the_exit_codes() {
    let help = Cli::command().render_long_help().to_string();
    assert!(help.contains("Exit codes:") && help.contains("  4  the database"), "{help}");
}

#[test]
fn global_options_may_stand_anywhere() {
    for line in [
        "signet client list --realm demo --config x.toml --output json",
        "signet --config x.toml --output json client list --realm demo",
    ] {
        let cli = parsed(line);
        assert_eq!(cli.config.as_deref(), Some(std::path::Path::new("x.toml")), "{line}");
        assert_eq!(cli.output, OutputFormat::Json, "{line}");
    }
}

#[test]
fn generated_identifiers_may_begin_with_a_hyphen() {
    let cli = parsed("signet key show -kid --realm demo");
    let Command::Administer(Administration::Key(KeyCommand::Show(named))) = cli.command else { panic!("{cli:?}") };
    assert_eq!((named.kid.as_str(), named.place.realm.as_str()), ("-kid", "demo"));
    let cli = parsed("signet client show --realm demo -Xy_1 --output json");
    let Command::Administer(Administration::Client(ClientCommand::Show(named))) = cli.command else {
        panic!("{cli:?}")
    };
    assert_eq!(named.id.as_str(), "-Xy_1");
}

#[test]
fn whatever_may_be_a_generated_identifier_may_begin_with_a_hyphen() {
    let mut commands = vec![Cli::command()];
    let mut seen = std::collections::BTreeSet::new();
    while let Some(command) = commands.pop() {
        for argument in command.get_arguments() {
            for name in argument.get_value_names().into_iter().flatten() {
                if ["USER", "USER_ID", "CLIENT", "CLIENT_ID", "RESOURCE", "REQUEST", "SESSION"].contains(&name.as_str())
                {
                    assert!(argument.is_allow_hyphen_values_set(), "{} {name}", command.get_name());
                    seen.insert(name.to_string());
                }
            }
        }
        commands.extend(command.get_subcommands().cloned());
    }
    assert!(seen.contains("USER") && seen.contains("CLIENT"), "{seen:?}");
}

#[test]
fn no_option_takes_a_secret() {
    let mut commands = vec![Cli::command()];
    while let Some(command) = commands.pop() {
        for argument in command.get_arguments().filter(|argument| argument.get_action().takes_values()) {
            let name = argument.get_id().as_str();
            assert!(!name.contains("password") && !name.contains("secret"), "{} {name}", command.get_name());
        }
        commands.extend(command.get_subcommands().cloned());
    }
}

#[test]
fn names_are_checked_before_anything_is_opened() {
    for line in
        ["signet realm show Not-A-Name", "signet key rotate --realm demo --algorithm none", "signet dev --port 0"]
    {
        assert!(Cli::try_parse_from(line.split_whitespace()).is_err(), "{line}");
    }
}
