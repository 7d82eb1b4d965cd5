//! What pages name exists: commands with their options, settings, source files, examples.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{book, commands, pages, read, repository, split, subcommands};

#[test]
fn every_command_that_is_shown_exists_with_its_options() {
    let programs = ["signet", "signet-conformance"];
    let known: BTreeMap<&str, Vec<(Vec<String>, String)>> =
        programs.into_iter().map(|program| (program, commands(program))).collect();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for page in pages() {
        let text = read(&page);
        for (_, block) in split(&text).1.into_iter().filter(|(language, _)| *language == "sh") {
            for line in block.replace("\\\n", " ").lines() {
                // Arguments in quotes are values.
                let bare: String = line.split(['\'', '"']).step_by(2).collect();
                let mut words = bare.split_whitespace();
                let named = words.next().and_then(|word| word.rsplit('/').next());
                let Some(program) = named.and_then(|name| programs.into_iter().find(|program| *program == name)) else {
                    continue;
                };
                seen += 1;
                let words: Vec<&str> = words.take_while(|word| !matches!(*word, "|" | ">" | "&&" | "#")).collect();
                if let Err(problem) = check(&known[program], &words) {
                    wrong.push(format!("{}: {}: {problem}", page.display(), line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen > 20, "only {seen} commands were found");
}

/// Whether a command exists and has the options that are given.
fn check(known: &[(Vec<String>, String)], words: &[&str]) -> Result<(), String> {
    let fits = |path: &&(Vec<String>, String)| {
        path.0.len() <= words.len() && path.0.iter().zip(words).all(|(name, word)| name == word)
    };
    let (path, help) = known.iter().filter(fits).max_by_key(|(path, _)| path.len()).ok_or("unknown program")?;
    if !subcommands(help).is_empty() {
        return Err(format!("{} is not a command", words.join(" ")));
    }
    let options = words.iter().skip(path.len()).filter(|word| word.starts_with("--"));
    let mut options = options.map(|option| option.split('=').next().unwrap_or(option));
    let has = |option: &str| {
        help.split(|c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']')).any(|word| word == option)
    };
    match options.find(|option| !has(option)) {
        Some(option) => Err(format!("there is no {option}")),
        None => Ok(()),
    }
}

#[test]
fn every_setting_that_is_shown_exists() {
    let reference = read(&book().join("reference/configuration.md"));
    let mut seen = 0;
    for page in pages() {
        let text = read(&page);
        for (_, block) in split(&text).1.into_iter().filter(|(language, _)| *language == "toml") {
            let mut section = "";
            for line in block.lines() {
                if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                    section = name;
                } else if let Some((key, _)) = line.split_once(" = ")
                    && !line.starts_with([' ', '#'])
                    && !section.is_empty()
                {
                    seen += 1;
                    let heading = format!("\n### `{section}.{key}`\n");
                    assert!(reference.contains(&heading), "{}: {section}.{key} is not a setting", page.display());
                }
            }
        }
    }
    assert!(seen > 10, "only {seen} settings were found");
}

#[test]
fn every_source_file_that_is_named_exists() {
    let mut seen = 0;
    for page in pages() {
        let text = read(&page);
        let words = text.split(|c: char| c.is_whitespace() || matches!(c, '`' | '|' | '(' | ')'));
        let names = words.map(|word| word.trim_end_matches([',', '.', ';', ':']));
        for name in names.filter(|name| !name.contains(['*', '{', '#', '"'])) {
            let Some(path) = source(name) else { continue };
            seen += 1;
            assert!(path.exists(), "{} names {name}, which is not there", page.display());
        }
    }
    assert!(seen > 50, "only {seen} names were found");
}

/// What a name in the text means: a path in the repository, or one in a crate's sources for short.
fn source(name: &str) -> Option<PathBuf> {
    let (first, rest) = name.split_once('/')?;
    match first {
        "server" | "ui" | "tests" | "conformance" | "migrations" | "docs" | ".ci" => Some(repository().join(name)),
        "protocol" | "jose" | "core" | "store" | "http" => {
            Some(repository().join("server").join(first).join("src").join(rest))
        }
        _ => None,
    }
}

/// Lines without their indentation.
fn unindented(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_protects_an_api_is_shown_as_it_compiles() {
    let sources = ["examples/poem.rs", "examples/tower.rs", "README.md"];
    let sources = sources.map(|name| unindented(&read(&repository().join("server/guard").join(name))));
    let page = read(&book().join("how-to/protect-an-api.md"));
    let (_, blocks) = split(&page);
    let blocks: Vec<_> = blocks.iter().filter(|(language, _)| *language == "rust").collect();
    assert_eq!(blocks.len(), 5);
    for (_, block) in blocks {
        let shown = unindented(block.trim());
        assert!(sources.iter().any(|source| source.contains(&shown)), "neither example nor README has: {shown}");
    }
}
