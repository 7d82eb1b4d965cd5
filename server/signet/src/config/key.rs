//! What is known of a setting before it has a value, and the values before they are checked.

use std::collections::BTreeMap;
use std::path::Path;

use toml::{Table, Value};

use super::error::Problem;
use super::settings::SECTIONS;
use super::value::{SettingValue, Shape};

/// Settings of one subject.
pub(crate) struct Section {
    /// Its name in the file.
    pub(crate) name: &'static str,
    /// What it is about.
    pub(crate) doc: &'static [&'static str],
    /// Its settings.
    pub(crate) keys: &'static [Key],
}

/// A setting.
pub(crate) struct Key {
    /// The section's name.
    pub(crate) section: &'static str,
    /// Its name in the section.
    pub(crate) name: &'static str,
    /// What it decides.
    pub(crate) doc: &'static [&'static str],
    /// Its default as in the file, or `none`.
    pub(crate) default: &'static str,
    /// How it is written in the environment.
    pub(crate) shape: Shape,
    /// What may be written.
    pub(crate) form: fn() -> String,
    /// How a value is shown.
    pub(crate) show: fn(&Value) -> String,
}

/// Every setting.
pub(crate) fn all() -> impl Iterator<Item = &'static Key> {
    SECTIONS.iter().flat_map(|section| section.keys)
}

impl Key {
    /// The name with its section.
    pub(crate) fn path(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }

    /// The environment variable.
    pub(crate) fn variable(&self) -> String {
        format!("SIGNET_{}_{}", self.section, self.name).to_ascii_uppercase()
    }

    /// The default, if there is one.
    pub(super) fn default_value(&self) -> Option<Value> {
        (self.default != "none").then(|| parse(self.default)).flatten()
    }

    /// What an environment variable means.
    pub(super) fn value_of_variable(&self, text: &str) -> Result<Value, String> {
        let written_out = text.trim_start().starts_with('[');
        match self.shape {
            Shape::Text => Ok(Value::from(text)),
            Shape::List if !written_out => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                Ok(Value::Array(items.map(Value::from).collect()))
            }
            _ => parse(text).ok_or_else(|| format!("does not read; write {}", (self.form)())),
        }
    }
}

/// A value as it is written behind the equals sign.
fn parse(literal: &str) -> Option<Value> {
    let mut table: Table = format!("value = {literal}").parse().ok()?;
    let value = table.remove("value");
    // A line end inside would let the text define other keys.
    value.filter(|_| table.is_empty())
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The environment variable of the setting.
    Environment,
    /// The configuration file.
    File,
    /// The default.
    Default,
}

/// A setting with its value.
pub(crate) struct Effective {
    /// Which.
    pub(crate) key: &'static Key,
    /// The value; nothing where the setting is optional and not set.
    pub(crate) value: Option<Value>,
    /// Where it comes from.
    pub(crate) origin: Origin,
}

/// Every setting with its value, on the way to being checked.
pub(super) struct Values<'a> {
    /// By section and name.
    pub(super) effective: &'a BTreeMap<(&'static str, &'static str), Effective>,
    /// Begin of relative paths.
    pub(super) folder: &'a Path,
    /// The name of the file, for problems.
    pub(super) file: &'a str,
    /// What is wrong.
    pub(super) problems: &'a mut Vec<Problem>,
}

impl Values<'_> {
    /// Reads one setting; a problem is noted.
    pub(super) fn read<T: SettingValue>(&mut self, section: &'static str, name: &'static str) -> Option<T> {
        let effective = self.effective.get(&(section, name))?;
        let Some(value) = &effective.value else { return T::absent() };
        match T::read(value, self.folder) {
            Ok(read) => Some(read),
            Err(said) => {
                self.problems.push(Problem::of(effective, self.file, said));
                None
            }
        }
    }
}
