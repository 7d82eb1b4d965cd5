//! The documentation says what is so: generated pages are what the binary prints, links lead somewhere, commands,
//! settings, error codes and routes that are named exist, and every dependency has its reason.
//!
//! `SIGNET_TEST_WRITE_DOCUMENTATION=1 tests/run documentation` writes the generated pages anew.

mod described;
mod generated;
mod links;
mod named;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Width of the help in the generated page, in characters.
const HELP_WIDTH: &str = "100";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn book() -> PathBuf {
    repository().join("docs/src")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What a program of ours prints. It stands beside the folder of this test's own executable.
fn printed(program: &str, arguments: &[&str]) -> String {
    let test = std::env::current_exe().unwrap();
    let executable = test.ancestors().nth(2).unwrap().join(program);
    let output = Command::new(&executable)
        .args(arguments)
        .env_clear()
        .env("COLUMNS", HELP_WIDTH)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", executable.display()));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Every Markdown file of the book, and the README.
fn pages() -> Vec<PathBuf> {
    fn collect(folder: &Path, pages: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, pages);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    let mut pages = vec![repository().join("README.md")];
    collect(&book(), &mut pages);
    pages
}

/// The lines of a page that are text, and its fenced blocks with their language.
fn split(page: &str) -> (Vec<&str>, Vec<(&str, String)>) {
    let (mut text, mut blocks) = (Vec::new(), Vec::new());
    let mut open: Option<(&str, String)> = None;
    for line in page.lines() {
        let fence = line.trim_start().strip_prefix("```");
        match (&mut open, fence) {
            (None, Some(language)) => open = Some((language.trim(), String::new())),
            (None, None) => text.push(line),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some((_, block)), None) => {
                block.push_str(line);
                block.push('\n');
            }
        }
    }
    assert!(open.is_none(), "a fenced block is not closed");
    (text, blocks)
}

/// Every command of a program with its short help, depth first, in the order of the help.
fn commands(program: &str) -> Vec<(Vec<String>, String)> {
    fn walk(program: &str, path: &[String], found: &mut Vec<(Vec<String>, String)>) {
        let arguments: Vec<&str> = path.iter().map(String::as_str).chain(["-h"]).collect();
        let help = printed(program, &arguments);
        found.push((path.to_vec(), help.clone()));
        for name in subcommands(&help) {
            walk(program, &[path, &[name]].concat(), found);
        }
    }
    let mut found = Vec::new();
    walk(program, &[], &mut found);
    assert!(found.len() > 1, "{program} -h lists no commands");
    found
}

fn subcommands(help: &str) -> Vec<String> {
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // Names are indented by two; what continues a description is indented further.
    let names = list.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").map(str::to_owned).collect()
}
