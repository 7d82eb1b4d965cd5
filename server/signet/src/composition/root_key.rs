//! The root key's file (design section 6): made with a new database, never for one that exists, and never replaced.

use std::io::{ErrorKind, Write as _};
use std::path::Path;

use signet_core::ports::Realms as _;
use signet_jose::{EnvelopeError, Random, RootKey};
use signet_store::Database;
use zeroize::Zeroizing;

use crate::command::{CommandError, CommandResult, Status, reason};

/// How the id of a root key begins that `signet dev` made. What it opens is not for anybody else to reach.
pub(crate) const DEVELOPMENT_PREFIX: &str = "dev-";

/// What a new root key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RootKeyKind {
    /// Whatever the operator decides.
    Ordinary,
    /// Trying out on this machine.
    Development,
}

/// Reads the root key of a database, or makes it for a new one.
pub(super) async fn load(
    file: &Path,
    database: &Database,
    (kind, random): (RootKeyKind, &dyn Random),
) -> CommandResult<RootKey> {
    let canary = database.canary().await?;
    let key = match (read(file)?, &canary) {
        (Some(key), _) => {
            if !is_private(file).unwrap_or(true) {
                tracing::warn!(file = %file.display(), "others can read the root key; take that permission away");
            }
            key
        }
        (None, None) => make(file, kind, random)?,
        (None, Some(_)) => {
            return Err(wrong(
                file,
                "does not exist, but the database was made with a root key; restore the file from its backup or \
                 correct keys.root_key_file",
            ));
        }
    };
    match canary.map(|canary| key.check_canary(&canary)) {
        Some(Err(error)) => Err(wrong(file, &format!("is not the key of this database: {error}"))),
        None | Some(Ok(())) => Ok(key),
    }
}

fn wrong(file: &Path, said: &str) -> CommandError {
    CommandError::new(Status::Configuration, format!("the root key file {} {said}", file.display()))
}

fn read(file: &Path) -> CommandResult<Option<RootKey>> {
    let content = match std::fs::read_to_string(file) {
        Ok(content) => Zeroizing::new(content),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(wrong(file, &format!("cannot be read: {}; make it readable to this user", reason(&error))));
        }
    };
    let unreadable = |error: EnvelopeError| wrong(file, &format!("does not read: {error}"));
    RootKey::parse(&content).map(Some).map_err(unreadable)
}

/// Makes the file before the database knows of the key: a crash in between leaves a key that opens nothing, never a
/// database that nothing opens.
fn make(file: &Path, kind: RootKeyKind, random: &dyn Random) -> CommandResult<RootKey> {
    let content = match kind {
        RootKeyKind::Ordinary => RootKey::generate(random).to_file_content(),
        RootKeyKind::Development => marked(&RootKey::generate(random)),
    };
    let draft = file.with_added_extension(signet_jose::random_token(random, 6));
    match write_new(file, &draft, content.as_bytes()) {
        Ok(()) => RootKey::parse(&content).map_err(|error| wrong(file, &error.to_string())),
        // Another process was faster; its key counts.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            read(file)?.ok_or_else(|| wrong(file, "comes and goes; see who else writes it"))
        }
        Err(error) => Err(wrong(
            file,
            &format!(
                "cannot be made: {}; make its folder writable to this user or set keys.root_key_file",
                reason(&error)
            ),
        )),
    }
}

/// The file's content with the mark of a development key in the id.
fn marked(key: &RootKey) -> Zeroizing<String> {
    Zeroizing::new(key.to_file_content().replacen(key.id(), &format!("{DEVELOPMENT_PREFIX}{}", key.id()), 1))
}

/// Writes a file that must not exist yet, whole or not at all, readable by its owner alone.
fn write_new(file: &Path, draft: &Path, content: &[u8]) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut opened = options.open(draft)?;
    // A link, unlike a rename, never replaces what is there.
    let written =
        opened.write_all(content).and_then(|()| opened.sync_all()).and_then(|()| std::fs::hard_link(draft, file));
    std::fs::remove_file(draft)?;
    written?;
    // The name must be on disk before the database relies on it.
    std::fs::File::open(folder)?.sync_all()
}

/// Whether nobody but its owner can read a file.
#[cfg(unix)]
pub(crate) fn is_private(file: &Path) -> std::io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    let of_others = std::fs::metadata(file)?.permissions().mode() & 0o077;
    Ok(of_others == 0)
}

/// Whether nobody but its owner can read a file: elsewhere access lists decide, which are not looked at.
#[cfg(not(unix))]
pub(crate) fn is_private(file: &Path) -> std::io::Result<bool> {
    std::fs::metadata(file).map(|_| true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use signet_jose::SystemRandom;

    #[test]
    fn a_new_file_is_private_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("root.key");
        let made = make(&file, RootKeyKind::Ordinary, &SystemRandom::new()).unwrap();
        assert!(is_private(&file).unwrap());
        assert_eq!(read(&file).unwrap().unwrap().id(), made.id());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_another_process_made_counts() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("root.key");
        let first = make(&file, RootKeyKind::Ordinary, &SystemRandom::new()).unwrap();
        let second = make(&file, RootKeyKind::Ordinary, &SystemRandom::new()).unwrap();
        assert_eq!(first.id(), second.id());
    }

    #[test]
    fn a_development_key_is_marked() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("root.key");
        let made = make(&file, RootKeyKind::Development, &SystemRandom::new()).unwrap();
        assert!(made.id().starts_with(DEVELOPMENT_PREFIX));
    }

    #[test]
    fn what_is_no_key_file_is_said_so_without_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("root.key");
        std::fs::write(&file, "s3cret").unwrap();
        let error = read(&file).unwrap_err();
        assert_eq!(error.status, Status::Configuration);
        assert!(error.said.contains("root.key does not read") && !error.said.contains("s3cret"), "{}", error.said);
    }
}
