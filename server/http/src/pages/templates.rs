//! The templates (minijinja), embedded, and the folder whose files replace them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use minijinja::{AutoEscape, Environment, UndefinedBehavior};

use super::PagesError;
use super::assets;

macro_rules! embedded {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../../../ui/templates/", $name)))),+]
    };
}

/// Every embedded template: file name, source.
pub(super) const EMBEDDED: [(&str, &str); 26] = embedded![
    "account_head.html",
    "answer.html",
    "apps.html",
    "base.html",
    "claims.html",
    "client.html",
    "client_links.html",
    "consent.html",
    "details.html",
    "dev_start.html",
    "device.html",
    "device_confirm.html",
    "device_done.html",
    "error.html",
    "form_post.html",
    "logged_out.html",
    "login.html",
    "permissions.html",
    "requests.html",
    "sharing.html",
    "sign_out.html",
    "sign_up.html",
    "signed_in.html",
    "signed_out.html",
    "test_client.html",
    "token.html",
];

/// The files of the folder of overrides, by name.
#[derive(Debug, Default)]
pub(super) struct Overrides {
    folder: PathBuf,
    files: BTreeMap<String, Vec<u8>>,
}

impl Overrides {
    /// Reads the folder. A file must replace an embedded one or be a part of the operator's own, whose name begins
    /// with `_`; anything else is a mistyped name, and an error. Hidden files are left alone.
    pub(super) fn read(folder: &Path) -> Result<Self, PagesError> {
        let unreadable = |path: &Path, source| PagesError::Unreadable { path: path.to_owned(), source };
        let mut files = BTreeMap::new();
        for entry in std::fs::read_dir(folder).map_err(|source| unreadable(folder, source))? {
            let path = entry.map_err(|source| unreadable(folder, source))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            if !is_known(&name) {
                return Err(PagesError::UnknownFile { path });
            }
            files.insert(name, std::fs::read(&path).map_err(|source| unreadable(&path, source))?);
        }
        Ok(Self { folder: folder.to_owned(), files })
    }

    /// Takes the file of that name out.
    pub(super) fn take(&mut self, name: &str) -> Option<Vec<u8>> {
        self.files.remove(name)
    }

    /// What to call the file of that name: its path in the folder, or its bare name when it is the embedded one.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        let replacement = self.folder.join(name);
        if replacement.is_file() { replacement } else { PathBuf::from(name) }
    }

    /// Whether there is nothing to replace.
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

fn is_known(name: &str) -> bool {
    let own_part = name.strip_prefix('_').and_then(|part| part.split_once('.')).is_some_and(|(_, end)| end == "html");
    own_part || name == assets::STYLE || name == assets::ICON || EMBEDDED.iter().any(|(known, _)| *known == name)
}

/// The templates, compiled: everything is escaped, and a value that does not exist is an error and never a blank.
pub(super) fn environment(overrides: &mut Overrides) -> Result<Environment<'static>, PagesError> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_name| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // Debug information would put the values of a page, secrets included, into error texts.
    environment.set_debug(false);
    for (name, source) in EMBEDDED {
        environment.add_template(name, source).map_err(|error| PagesError::template(Path::new(name), &error))?;
    }
    while let Some((name, bytes)) = overrides.files.pop_first() {
        let path = overrides.path(&name);
        let source = String::from_utf8(bytes).map_err(|_| PagesError::NotText { path: path.clone() })?;
        environment.add_template_owned(name, source).map_err(|error| PagesError::template(&path, &error))?;
    }
    Ok(environment)
}
