//! Generated pages are what the binary prints, or what they are made from says.

use super::{book, commands, printed, read};

/// Compares a generated page, or writes it where that is asked for.
fn compare(page: &str, expected: &str) {
    let path = book().join(page);
    if std::env::var_os("SIGNET_TEST_WRITE_DOCUMENTATION").is_some() {
        std::fs::write(&path, expected).unwrap();
    }
    assert!(
        read(&path) == expected,
        "docs/src/{page} is not what is generated; run: SIGNET_TEST_WRITE_DOCUMENTATION=1 tests/run documentation"
    );
}

#[test]
fn the_reference_of_settings_is_what_the_binary_prints() {
    compare("reference/configuration.md", &printed("signet", &["config", "reference"]));
}

#[test]
fn the_reference_of_the_command_line_is_what_the_binary_prints() {
    let introduction = "\
# Command line

This page is made from what `signet -h` and its like print. The options that are listed for `signet` itself may stand
behind every command and are left out there.
";
    let sections = commands("signet").into_iter().map(|(path, help)| {
        let help = if path.is_empty() { help } else { without_global_options(&help) };
        let name = ["signet"].into_iter().chain(path.iter().map(String::as_str)).collect::<Vec<_>>().join(" ");
        format!("\n## `{name}`\n\n```text\n{}\n```\n", help.trim_end())
    });
    let page: String = std::iter::once(introduction.to_owned()).chain(sections).collect();
    compare("reference/command-line.md", &page);
}

#[test]
fn the_reference_of_hooks_is_made_from_their_types() {
    compare("reference/hooks.md", &signet_hooks::reference());
}

#[test]
fn the_reference_of_profiles_is_made_from_their_data() {
    compare("reference/profiles.md", &signet_core::profile::conformity::reference());
}

#[test]
fn the_schemas_of_hooks_are_what_the_binary_prints() {
    compare("reference/hooks.schema.json", &printed("signet", &["script", "schema"]));
}

/// Short help without the options that every command has.
fn without_global_options(help: &str) -> String {
    let global = ["--config <FILE>", "--output <OUTPUT>", "-h, --help", "-V, --version"];
    let mut kept: Vec<&str> = Vec::new();
    let mut skipping = false;
    for line in help.lines() {
        let option = line.trim_start();
        if option.starts_with('-') || !line.starts_with(' ') {
            skipping = global.iter().any(|name| option.starts_with(name));
        }
        if !skipping {
            kept.push(line);
        }
    }
    let text = kept.join("\n");
    let text = text.trim_end();
    text.strip_suffix("Options:").unwrap_or(text).to_owned()
}
