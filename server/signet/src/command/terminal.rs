//! Questions to the person at the terminal: whether they are sure, and what a secret is. Secrets never come from the
//! command line, where every process of the machine could read them.

use std::io::{BufRead as _, IsTerminal as _, Read as _, stdin};

use console::Term;
use indicatif::{ProgressBar, ProgressStyle};
use zeroize::Zeroizing;

use super::arguments::Confirmation;
use super::{CommandError, CommandResult, Status};
use crate::output;

/// Longest secret that is read.
const LONGEST_SECRET: u64 = 4096;

/// Asks whether to go on, unless that was said on the command line.
pub(super) fn confirm(question: &str, confirmation: &Confirmation) -> CommandResult {
    if confirmation.yes {
        return Ok(());
    }
    if !stdin().is_terminal() {
        return Err(CommandError::new(
            Status::Usage,
            "nobody can be asked whether to go on; add --yes to do it unasked",
        ));
    }
    output::ask(&format!("{question} Type yes to go on:"));
    let mut answer = String::new();
    let read = stdin().lock().read_line(&mut answer);
    if read.is_ok() && answer.trim() == "yes" { Ok(()) } else { Err(CommandError::failed("nothing was changed")) }
}

/// A secret from the prompt, typed twice, or from standard input: its first line, without the end of line.
pub(super) fn read_secret(what: &str) -> CommandResult<Zeroizing<String>> {
    let unreadable = |error: std::io::Error| CommandError::failed(format!("the {what} cannot be read: {error}"));
    if stdin().is_terminal() {
        let secret = ask_secret(&format!("{what}:")).map_err(unreadable)?;
        let again = ask_secret(&format!("{what} again:")).map_err(unreadable)?;
        return if secret == again {
            Ok(secret)
        } else {
            Err(CommandError::failed("the two are not the same; nothing was changed"))
        };
    }
    let mut line = Zeroizing::new(String::new());
    stdin().lock().take(LONGEST_SECRET).read_line(&mut line).map_err(unreadable)?;
    let secret = line.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(CommandError::new(Status::Usage, format!("standard input is empty; write the {what} to it")));
    }
    Ok(Zeroizing::new(secret.to_owned()))
}

fn ask_secret(question: &str) -> std::io::Result<Zeroizing<String>> {
    output::ask(question);
    Term::stderr().read_secure_line().map(Zeroizing::new)
}

/// Shows on a terminal that something takes a moment.
pub(super) async fn waiting<T>(what: &'static str, work: impl Future<Output = T>) -> T {
    let spinner = ProgressBar::new_spinner().with_message(what);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        spinner.set_style(style);
    }
    spinner.enable_steady_tick(std::time::Duration::from_millis(100));
    let done = work.await;
    spinner.finish_and_clear();
    done
}
