//! A package in a folder.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use super::super::{CommandError, CommandResult, Status};

/// Most files that are read; a package has fewer.
const MOST_FILES: usize = 256;
/// Longest file that is read in bytes; those of packages are shorter.
const LONGEST: u64 = 1024 * 1024;
/// Folders within folders.
const DEEPEST: usize = 4;

/// The text of every file in a folder, by its path in it. Files and folders whose names begin with a dot belong to
/// editors and version control.
pub(super) fn read(folder: &Path) -> CommandResult<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    collect(folder, "", &mut files)?;
    Ok(files)
}

fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, String>) -> CommandResult {
    let unreadable = |error: std::io::Error| unusable(folder, &format!("cannot be read: {error}"));
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        let name = entry.file_name().into_string().map_err(|_| unusable(&path, "has a name that is no text"))?;
        if name.starts_with('.') {
            continue;
        }
        let name = format!("{prefix}{name}");
        if path.is_dir() {
            if name.matches('/').count() >= DEEPEST {
                return Err(unusable(&path, "is too deep; a package has one level of folders"));
            }
            collect(&path, &format!("{name}/"), files)?;
        } else if files.len() >= MOST_FILES {
            return Err(unusable(folder, "has too many files for a package"));
        } else {
            files.insert(name, text(&path)?);
        }
    }
    Ok(())
}

fn text(path: &Path) -> CommandResult<String> {
    let mut text = String::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(LONGEST).read_to_string(&mut text));
    read.map_err(|error| unusable(path, &format!("cannot be read as text: {error}")))?;
    Ok(text)
}

fn unusable(path: &Path, said: &str) -> CommandError {
    CommandError::new(Status::Usage, format!("{} {said}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_by_their_path_and_hidden_ones_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &[u8]| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("main.rhai", b"x");
        write("fixtures/a.json", b"{}");
        write(".git/HEAD", b"y");
        let files = read(folder.path()).unwrap();
        let expected = [("fixtures/a.json", "{}"), ("main.rhai", "x")];
        assert_eq!(files, expected.map(|(name, text)| (name.to_owned(), text.to_owned())).into());
        write("image.png", &[0xff, 0xfe]);
        assert!(read(folder.path()).unwrap_err().said.contains("image.png cannot be read as text"));
        assert!(read(&folder.path().join("absent")).unwrap_err().said.contains("absent cannot be read"));
    }
}
