//! What commands print: the answer on standard output, as JSON or as a table, and one sentence on standard error where
//! something went wrong.

use std::io::{ErrorKind, Write as _};

use clap::ValueEnum;
use serde_json::{Map, Value};

use crate::command::{CommandError, CommandResult};

/// The form of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// For people.
    Table,
    /// For programs: what the admin API answers.
    Json,
}

/// Where answers go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output(pub(crate) OutputFormat);

impl Output {
    /// Whether answers are for programs.
    pub(crate) fn is_json(self) -> bool {
        self.0 == OutputFormat::Json
    }

    /// Prints one thing.
    pub(crate) fn object(self, object: &Value) -> CommandResult {
        match (self.0, object) {
            (OutputFormat::Table, Value::Object(members)) => print(&facts(members)),
            _ => print_json(object),
        }
    }

    /// Prints many things of a kind; a table has the named members alone.
    pub(crate) fn list(self, items: &[Value], columns: &[&str]) -> CommandResult {
        match self.0 {
            OutputFormat::Json => print_json(&serde_json::json!({ "items": items })),
            OutputFormat::Table => print(&table(items, columns)),
        }
    }

    /// Says that something is done; as JSON, what was done to it.
    pub(crate) fn done(self, what: &str, object: &Value) -> CommandResult {
        match self.0 {
            OutputFormat::Json => print_json(object),
            OutputFormat::Table => print(what),
        }
    }
}

/// Prints text that has a form of its own. A reader that has seen enough is no error; a full disk is, because a secret
/// may have been in the text.
pub(crate) fn print(text: &str) -> CommandResult {
    let mut stdout = std::io::stdout().lock();
    match writeln!(stdout, "{}", text.trim_end()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(CommandError::failed(format!("it is done, but the answer could not be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints a document as it is.
pub(crate) fn print_json(value: &Value) -> CommandResult {
    print(&format!("{value:#}"))
}

/// Says what went wrong.
pub(crate) fn complain(said: &str) {
    say(&said.lines().fold(String::new(), |text, line| text + "signet: " + line + "\n"));
}

/// Asks on the terminal, without an end of line.
pub(crate) fn ask(question: &str) {
    say(&format!("{question} "));
}

/// Writes to standard error. That nobody reads it any more (`2>&1 | head`) is no error: the exit code says as much, and
/// an answer to a question then never comes.
fn say(text: &str) {
    let mut stderr = std::io::stderr().lock();
    drop(stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush()));
}

/// A value in a table: texts without quotes, lists apart by spaces.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => one_line(text),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            items.iter().map(cell).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}

/// Without control characters: a name must not move the cursor of a terminal.
fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

fn facts(members: &Map<String, Value>) -> String {
    let width = members.keys().map(|name| width(name)).max().unwrap_or(0);
    let line = |(name, value): (&String, &Value)| format!("{}  {}\n", padded(name, width), cell(value));
    members.iter().map(line).collect()
}

fn table(items: &[Value], columns: &[&str]) -> String {
    let heading: Vec<String> = columns.iter().map(|column| column.to_uppercase().replace('_', " ")).collect();
    let rows = items.iter().map(|item| columns.iter().map(|column| cell(&item[*column])).collect());
    let rows: Vec<Vec<String>> = std::iter::once(heading).chain(rows).collect();
    let widths: Vec<usize> =
        (0..columns.len()).map(|column| rows.iter().map(|row| width(&row[column])).max().unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| padded(cell, *width)).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

fn width(text: &str) -> usize {
    console::measure_text_width(text)
}

fn padded(text: &str, to: usize) -> String {
    format!("{text}{}", " ".repeat(to.saturating_sub(width(text))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let items = [json!({"name": "demo", "enabled": true}), json!({"name": "ein-anderes", "enabled": false})];
        assert_eq!(
            table(&items, &["name", "enabled"]),
            "NAME         ENABLED\ndemo         true\nein-anderes  false\n"
        );
    }

    #[test]
    fn facts_stand_below_each_other() {
        let object = json!({"client_id": "a", "redirect_uris": ["https://a", "https://b"], "x": null});
        let Value::Object(members) = object else { unreachable!() };
        assert_eq!(facts(&members), "client_id      a\nredirect_uris  https://a https://b\nx              \n");
    }

    #[test]
    fn names_cannot_move_the_cursor() {
        assert_eq!(cell(&json!("a\u{1b}[2Jb\nc")), "a [2Jb c");
    }
}
