//! Members of what is made or changed, as the admin API names them: from options, from `--set`, from a JSON document.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{CommandError, CommandResult, Status};

/// What is shown of everything and decided by nobody: a document that was shown may be given back as it is.
const SHOWN_ONLY: [&str; 3] = ["created_at", "updated_at", "issuer"];
/// Longest document that is read, in bytes.
const LONGEST: u64 = 4 * 1024 * 1024;

/// Members that have no option of their own.
#[derive(Debug, Default, Args)]
pub(crate) struct Members {
    /// A JSON object with members as in the admin API; - is standard input
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// One member as in the admin API, the value in JSON or as text; a dot leads into a member; null removes it
    #[arg(long = "set", value_name = "NAME=VALUE")]
    set: Vec<String>,
}

/// A change to an object: JSON merge patch (RFC 7396).
#[derive(Debug, Default)]
pub(super) struct Patch(Map<String, Value>);

impl Members {
    /// The change that they make.
    pub(super) fn patch(&self) -> CommandResult<Patch> {
        let mut patch = Patch(self.json.as_deref().map(read_object).transpose()?.unwrap_or_default());
        patch.0.retain(|name, _| !SHOWN_ONLY.contains(&name.as_str()));
        for assignment in &self.set {
            patch.assign(assignment)?;
        }
        Ok(patch)
    }
}

impl Patch {
    /// Sets a member where an option was given.
    pub(super) fn option(&mut self, name: &str, value: Option<impl Into<Value>>) -> &mut Self {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value.into());
        }
        self
    }

    /// Sets a list where an option was given at least once.
    pub(super) fn list(&mut self, name: &str, items: &[impl ToString]) -> &mut Self {
        let texts = || items.iter().map(|item| Value::from(item.to_string())).collect::<Vec<_>>();
        self.option(name, (!items.is_empty()).then(texts))
    }

    /// Sets a member, or a member of members: `a.b=1`.
    pub(super) fn assign(&mut self, assignment: &str) -> CommandResult {
        let (path, value) = read_assignment(assignment)?;
        let mut names = path.split('.').rev();
        let last = names.next().unwrap_or(path);
        self.overlay(names.fold(single(last, value), |inner, name| single(name, Value::Object(inner))));
        Ok(())
    }

    /// Sets a member of the member `outer`, whose name may have dots in it.
    pub(super) fn assign_within(&mut self, outer: &str, assignment: &str) -> CommandResult {
        let (name, value) = read_assignment(assignment)?;
        self.overlay(single(outer, Value::Object(single(name, value))));
        Ok(())
    }

    fn overlay(&mut self, nested: Map<String, Value>) {
        let mut whole = Value::Object(std::mem::take(&mut self.0));
        // A null in a patch is a wish to remove, which merging here would carry out too early.
        overlay(&mut whole, Value::Object(nested));
        if let Value::Object(members) = whole {
            self.0 = members;
        }
    }

    /// Carries out the change.
    pub(super) fn apply(self, object: Map<String, Value>) -> Map<String, Value> {
        let mut whole = Value::Object(object);
        merge(&mut whole, Value::Object(self.0));
        match whole {
            Value::Object(members) => members,
            _ => Map::new(),
        }
    }
}

/// The name of an assignment, and the value: JSON, else the text as it is.
fn read_assignment(assignment: &str) -> CommandResult<(&str, Value)> {
    let (name, text) = assignment.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(|| {
        CommandError::new(Status::Usage, format!("{assignment:?} is no assignment; write NAME=VALUE"))
    })?;
    Ok((name, serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))))
}

fn single(name: &str, value: Value) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), value)])
}

/// RFC 7396 section 2.
fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(members) = target else { return };
    for (name, value) in patch {
        if value.is_null() {
            members.remove(&name);
        } else {
            merge(members.entry(name).or_insert(Value::Null), value);
        }
    }
}

/// Like merging, but nulls stay.
fn overlay(target: &mut Value, more: Value) {
    match (target, more) {
        (Value::Object(members), Value::Object(more)) => {
            for (name, value) in more {
                overlay(members.entry(name).or_insert(Value::Null), value);
            }
        }
        (target, more) => *target = more,
    }
}

/// A JSON object in a file.
pub(super) fn read_object(file: &Path) -> CommandResult<Map<String, Value>> {
    let shown = if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() };
    let unusable =
        |said: String| CommandError::new(Status::Usage, format!("{shown} {said}; write a JSON object there"));
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().take(LONGEST).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|opened| opened.take(LONGEST).read_to_string(&mut text))
    };
    read.map_err(|error| unusable(format!("cannot be read: {error}")))?;
    serde_json::from_str(&text).map_err(|error| unusable(format!("is not a JSON object: {error}")))
}

/// Reads members into what they describe.
pub(super) fn read_members<T: DeserializeOwned>(members: Map<String, Value>) -> CommandResult<T> {
    serde_json::from_value(Value::Object(members))
        .map_err(|error| CommandError::new(Status::Invalid, error.to_string()))
}

/// Takes out the member `enabled`: things are, unless that is said otherwise.
pub(super) fn take_enabled(object: &mut Map<String, Value>) -> CommandResult<bool> {
    match object.remove("enabled") {
        None => Ok(true),
        Some(Value::Bool(enabled)) => Ok(enabled),
        Some(_) => Err(CommandError::new(Status::Invalid, "enabled: must be true or false")),
    }
}

/// Takes out a text.
pub(super) fn take_text(object: &mut Map<String, Value>, name: &str) -> CommandResult<Option<String>> {
    match object.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(CommandError::new(Status::Invalid, format!("{name}: must be a text"))),
    }
}

/// Takes out the name that something has for ever, which must be the one that was asked for.
pub(super) fn take_identity(object: &mut Map<String, Value>, name: &str, identity: &str) -> CommandResult {
    match take_text(object, name)? {
        Some(other) if other != identity => {
            Err(CommandError::new(Status::Invalid, format!("{name}: is that of another; it never changes")))
        }
        _ => Ok(()),
    }
}

/// Takes out an object; an empty one where there is none.
pub(super) fn take_object(object: &mut Map<String, Value>, name: &str) -> CommandResult<Map<String, Value>> {
    match object.remove(name) {
        None => Ok(Map::new()),
        Some(Value::Object(members)) => Ok(members),
        Some(_) => Err(CommandError::new(Status::Invalid, format!("{name}: must be an object"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn applied(object: &Value, assignments: &[&str]) -> Value {
        let members = Members { json: None, set: assignments.iter().map(|one| (*one).to_owned()).collect() };
        Value::Object(members.patch().unwrap().apply(object.as_object().unwrap().clone()))
    }

    #[test]
    fn rfc7396_2_members_are_merged_and_null_removes() {
        let object = json!({"a": 1, "b": {"c": 2, "d": 3}, "e": ["x"]});
        let changed = applied(&object, &["a=null", "b.c=text", "b.f=true", "e=[\"y\"]", "g.h=4"]);
        assert_eq!(changed, json!({"b": {"c": "text", "d": 3, "f": true}, "e": ["y"], "g": {"h": 4}}));
    }

    #[test]
    fn two_assignments_into_one_member_are_both_kept() {
        assert_eq!(applied(&json!({}), &["a.b=1", "a.c=null", "a.d=\"2\""]), json!({"a": {"b": 1, "d": "2"}}));
    }

    #[test]
    fn an_assignment_without_name_or_value_is_refused() {
        for bad in ["a", "=1", ""] {
            assert_eq!(Patch::default().assign(bad).unwrap_err().status, Status::Usage, "{bad}");
        }
    }
}
