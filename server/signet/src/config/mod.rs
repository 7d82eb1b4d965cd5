//! Configuration: one TOML file, and environment variables that win over it.
//!
//! Settings are declared in [`settings`] and nowhere else; their kinds are in [`value`]. Here they are collected,
//! checked one by one, and then ([`together`]) with each other.

mod error;
mod key;
mod reference;
mod settings;
mod show;
#[cfg(test)]
mod tests;
mod together;
mod value;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

pub(crate) use error::ConfigError;
pub(crate) use reference::reference;
pub(crate) use settings::{AuditSection, ClientCertificatesSection, DatabaseSection, LogSection, Settings};
pub(crate) use show::as_json;
#[cfg(test)]
pub(crate) use value::SettingValue;
pub(crate) use value::{BaseUrl, ForwardingHeader, LogFormat, LogLevel, Protocol, TransactionIsolation, Unlisted};

use error::Problem;
use key::{Effective, Origin, Values};

/// The file that is read where none is named and it is there.
pub(crate) const DEFAULT_FILE: &str = "signet.toml";
/// What every variable begins with.
const PREFIX: &str = "SIGNET_";
/// Variables with that beginning that are no settings: `SIGNET_CONFIG` names the file, and Kubernetes sets the others
/// in every container beside a service called `signet`.
const OTHER_VARIABLES: [&str; 2] = ["SIGNET_CONFIG", "SIGNET_PORT"];
const OTHER_PREFIXES: [&str; 2] = ["SIGNET_SERVICE_", "SIGNET_PORT_"];
/// How alike a misspelt name must be to be taken for another.
const ALIKE: f64 = 0.5;

/// The configuration of this process.
pub(crate) struct Configuration {
    /// Every setting, checked.
    pub(crate) settings: Settings,
    /// Every setting as it was given.
    effective: BTreeMap<(&'static str, &'static str), Effective>,
}

/// The environment of this process.
pub(crate) fn environment() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os()
}

impl Configuration {
    /// Reads the configuration from `file`, else from `signet.toml` where that is there, else from the environment
    /// alone.
    pub(crate) fn load(
        file: Option<&Path>,
        environment: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let default = PathBuf::from(DEFAULT_FILE);
        let file = file.or_else(|| default.exists().then_some(default.as_path()));
        let label = file.map_or_else(|| "(no configuration file)".to_owned(), |file| file.display().to_string());
        let mut problems = Vec::new();
        let mut effective: BTreeMap<_, _> = key::all().map(|key| ((key.section, key.name), default_of(key))).collect();
        if let Some(file) = file {
            take_file(&mut effective, read(file)?, &label, &mut problems);
        }
        take_environment(&mut effective, environment, &mut problems);
        let folder = folder_of(file)?;
        let mut values = Values { effective: &effective, folder: &folder, file: &label, problems: &mut problems };
        let settings = Settings::read(&mut values);
        if let Some(settings) = &settings {
            problems.extend(together::check(settings).into_iter().map(|(section, name, said)| {
                let effective = effective.get(&(section, name));
                effective.map_or_else(
                    || Problem { place: label.clone(), said: said.clone() },
                    |effective| Problem::of(effective, &label, said.clone()),
                )
            }));
        }
        match settings {
            Some(settings) if problems.is_empty() => Ok(Self { settings, effective }),
            _ => Err(ConfigError::Settings(problems)),
        }
    }
}

fn default_of(key: &'static key::Key) -> Effective {
    Effective { key, value: key.default_value(), origin: Origin::Default }
}

fn folder_of(file: Option<&Path>) -> Result<PathBuf, ConfigError> {
    let file = file.unwrap_or(Path::new(DEFAULT_FILE));
    let absolute =
        std::path::absolute(file).map_err(|source| ConfigError::Unreadable { file: file.to_owned(), source })?;
    Ok(absolute.parent().map(Path::to_owned).unwrap_or_default())
}

fn read(file: &Path) -> Result<Table, ConfigError> {
    let text =
        std::fs::read_to_string(file).map_err(|source| ConfigError::Unreadable { file: file.to_owned(), source })?;
    text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        ConfigError::Syntax { file: file.to_owned(), line, said: error.message().to_owned() }
    })
}

fn take_file(
    effective: &mut BTreeMap<(&'static str, &'static str), Effective>,
    table: Table,
    label: &str,
    problems: &mut Vec<Problem>,
) {
    let mut unknown = |name: &str| {
        let known = key::all().map(key::Key::path);
        problems.push(Problem { place: format!("{label}: {name}"), said: unknown_name(name, known) });
    };
    for (section, content) in table {
        let Value::Table(content) = content else {
            unknown(&section);
            continue;
        };
        for (name, value) in content {
            match effective.values_mut().find(|one| one.key.section == section && one.key.name == name) {
                Some(found) => (found.value, found.origin) = (Some(value), Origin::File),
                None => unknown(&format!("{section}.{name}")),
            }
        }
    }
}

fn take_environment(
    effective: &mut BTreeMap<(&'static str, &'static str), Effective>,
    environment: impl Iterator<Item = (OsString, OsString)>,
    problems: &mut Vec<Problem>,
) {
    for (variable, text) in environment {
        let Some(variable) = variable.to_str().filter(|variable| is_ours(variable)) else { continue };
        let mut problem = |said: String| problems.push(Problem { place: variable.to_owned(), said });
        let Some(found) = effective.values_mut().find(|one| one.key.variable() == variable) else {
            problem(unknown_name(variable, key::all().map(key::Key::variable)));
            continue;
        };
        match text.to_str().map(|text| found.key.value_of_variable(text)) {
            Some(Ok(value)) => (found.value, found.origin) = (Some(value), Origin::Environment),
            Some(Err(said)) => problem(said),
            None => problem("is not UTF-8; write it in UTF-8".to_owned()),
        }
    }
}

fn is_ours(variable: &str) -> bool {
    variable.starts_with(PREFIX)
        && !OTHER_VARIABLES.contains(&variable)
        && !OTHER_PREFIXES.iter().any(|prefix| variable.starts_with(prefix))
}

fn unknown_name(name: &str, known: impl Iterator<Item = String>) -> String {
    let likeness = |known: &String| strsim::normalized_damerau_levenshtein(name, known);
    let nearest = known.max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
    match nearest.filter(|nearest| likeness(nearest) >= ALIKE) {
        Some(nearest) => format!("is not a setting; did you mean {nearest}?"),
        None => "is not a setting; all of them are listed by: signet config reference".to_owned(),
    }
}
