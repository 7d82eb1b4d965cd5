//! Finding a Java runtime that can run the suite.

use crate::error::HarnessError;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest release that the suite runs on.
pub(crate) const OLDEST_RELEASE: u32 = 21;

/// Folders that hold one Java installation each, on Linux distributions and macOS.
const INSTALLATIONS: [(&str, &str); 2] =
    [("/usr/lib/jvm", "bin/java"), ("/Library/Java/JavaVirtualMachines", "Contents/Home/bin/java")];

/// A Java executable and its release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Java {
    pub(crate) executable: PathBuf,
    pub(crate) release: u32,
}

/// Takes `wanted` where it is given; else the first that is new enough of `JAVA_HOME`, the path and the usual folders.
pub(crate) fn find(wanted: Option<&Path>) -> Result<Java, HarnessError> {
    if let Some(executable) = wanted {
        let release = release_of(executable)
            .ok_or_else(|| HarnessError::Missing(format!("{} is not a Java runtime", executable.display())))?;
        return checked(&[Java { executable: executable.to_owned(), release }]);
    }
    let found: Vec<Java> = candidates()
        .into_iter()
        .filter_map(|executable| release_of(&executable).map(|release| Java { executable, release }))
        .collect();
    checked(&found)
}

fn checked(found: &[Java]) -> Result<Java, HarnessError> {
    if let Some(java) = found.iter().find(|java| java.release >= OLDEST_RELEASE) {
        return Ok(java.clone());
    }
    let seen: Vec<String> =
        found.iter().map(|java| format!("{} is release {}", java.executable.display(), java.release)).collect();
    let seen = if seen.is_empty() { "none was found".to_owned() } else { seen.join(", ") };
    Err(HarnessError::Missing(format!(
        "the suite needs Java {OLDEST_RELEASE} or newer ({seen}): install one, or name it with --java or JAVA_HOME"
    )))
}

fn candidates() -> Vec<PathBuf> {
    let home = env::var_os("JAVA_HOME").map(|home| PathBuf::from(home).join("bin/java"));
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<PathBuf> = env::split_paths(&path).map(|folder| folder.join("java")).collect();
    let installed = INSTALLATIONS.iter().flat_map(|(folder, executable)| {
        let mut homes: Vec<PathBuf> = std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok().map(|entry| entry.path().join(executable)))
            .collect();
        homes.sort();
        homes
    });
    home.into_iter().chain(on_path).chain(installed).filter(|executable| executable.is_file()).collect()
}

fn release_of(executable: &Path) -> Option<u32> {
    let output = Command::new(executable).arg("-version").output().ok()?;
    release_in(&String::from_utf8_lossy(&output.stderr))
}

/// The release in what `java -version` prints; before release 9 the numbers began with `1.`.
fn release_in(text: &str) -> Option<u32> {
    let version = text.split('"').nth(1)?;
    let mut numbers = version.split(|letter: char| !letter.is_ascii_digit()).filter_map(|number| number.parse().ok());
    match numbers.next()? {
        1 => numbers.next(),
        release => Some(release),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_read_in_old_and_new_forms() {
        assert_eq!(release_in("openjdk version \"25.0.3\" 2026-04-21 LTS\nOpenJDK Runtime"), Some(25));
        assert_eq!(release_in("openjdk version \"21\" 2023-09-19"), Some(21));
        assert_eq!(release_in("java version \"1.8.0_202\""), Some(8));
        assert_eq!(release_in("openjdk version \"27-ea\" 2027-09-14"), Some(27));
        assert_eq!(release_in("bash: java: command not found"), None);
    }

    #[test]
    fn too_old_runtimes_are_named_with_what_to_do() {
        let old = Java { executable: "/opt/java/bin/java".into(), release: 17 };
        let error = checked(&[old]).unwrap_err().to_string();
        assert!(error.contains("/opt/java/bin/java is release 17") && error.contains("--java"), "{error}");
        assert!(checked(&[]).unwrap_err().to_string().contains("none was found"));
    }
}
