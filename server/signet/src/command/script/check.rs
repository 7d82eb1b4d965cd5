//! `signet script check`, and how the other tools say what is wrong with a package.

use std::path::Path;

use serde_json::json;
use signet_hooks::{Diagnostic, Package};
use signet_rhai::RhaiEngine;

use super::folder;
use crate::command::{CommandError, CommandResult, Status};
use crate::output::{self, Output};

pub(super) fn run(folder: &Path, output: Output) -> CommandResult {
    let found = RhaiEngine::new().check(&package(folder, output)?);
    if !found.is_empty() {
        return Err(rejected(&found, output));
    }
    output.done("The package is in order.", &json!({ "valid": true, "problems": [] }))
}

/// The package in a folder.
pub(super) fn package(folder: &Path, output: Output) -> CommandResult<Package> {
    Package::new(folder::read(folder)?).map_err(|found| rejected(&found, output))
}

/// Prints everything that is wrong with a package, a line each.
pub(super) fn rejected(found: &[Diagnostic], output: Output) -> CommandError {
    let printed = if output.is_json() {
        output::print_json(&json!({ "valid": false, "problems": found }))
    } else {
        output::print(&found.iter().map(|one| one_line(&one.to_string()) + "\n").collect::<String>())
    };
    let said = match found.len() {
        1 => "the package has a problem; correct it and try again".to_owned(),
        many => format!("the package has {many} problems; correct them and try again"),
    };
    printed.err().unwrap_or_else(|| CommandError::new(Status::Invalid, said))
}

/// Text from a package on one line: it must not move the cursor of a terminal.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}
