//! Pictures of stored pages, drawn by a Chromium where the machine has one.

use crate::error::HarnessError;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::timeout;

/// Names under which Chromium and its relatives are installed.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const LIMIT: Duration = Duration::from_secs(30);

/// A browser that can draw pages.
pub(crate) struct Browser(PathBuf);

impl Browser {
    /// Looks for one on the path.
    pub(crate) fn find() -> Option<Self> {
        let path = env::var_os("PATH")?;
        let folders: Vec<PathBuf> = env::split_paths(&path).collect();
        let candidates = NAMES.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
        candidates.into_iter().find(|candidate| candidate.is_file()).map(Self)
    }

    /// The executable.
    pub(crate) fn executable(&self) -> &Path {
        &self.0
    }

    /// Draws `page` into `picture`. Its style sheets are fetched from `base`, so the server must still run. A page that
    /// the browser cannot draw leaves no picture; the page itself is kept all the same.
    pub(crate) async fn draw(&self, page: &str, base: &str, picture: &Path) -> Result<(), HarnessError> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("page.html");
        fs::write(&file, detached(page, base)).map_err(HarnessError::file(&file))?;
        // Chromium's sandbox does not work for root, as whom containers often run.
        for sandbox in [None, Some("--no-sandbox")] {
            let mut command = Command::new(&self.0);
            command
                .args(["--headless", "--disable-gpu", "--hide-scrollbars", "--ignore-certificate-errors"])
                .arg("--window-size=1024,900")
                .arg(format!("--user-data-dir={}", folder.path().display()))
                .arg(format!("--screenshot={}", picture.display()))
                .args(sandbox)
                .arg(format!("file://{}", file.display()))
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .kill_on_drop(true);
            let drawn = timeout(LIMIT, command.status()).await;
            if matches!(drawn, Ok(Ok(status)) if status.success()) && picture.is_file() {
                break;
            }
        }
        Ok(())
    }
}

/// The page for drawing outside its server: relative links lead there still, and no script runs.
fn detached(page: &str, base: &str) -> String {
    let policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"script-src 'none'\">";
    let elements = format!("{policy}<base href=\"{base}/\">");
    let head = page.to_ascii_lowercase().find("<head").and_then(|start| Some(start + page[start..].find('>')? + 1));
    match head {
        Some(end) => format!("{}{elements}{}", &page[..end], &page[end..]),
        None => format!("{elements}{page}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_keeps_its_document_type_and_gets_a_base_and_no_scripts() {
        let page = "<!doctype html><html><HEAD lang=\"en\"><title>x</title></head></html>";
        let expected = "<!doctype html><html><HEAD lang=\"en\"><meta http-equiv=\"Content-Security-Policy\" \
                        content=\"script-src 'none'\"><base href=\"https://op/\"><title>x</title></head></html>";
        assert_eq!(detached(page, "https://op"), expected);
        assert!(detached("<p>", "https://op").ends_with("<base href=\"https://op/\"><p>"));
    }
}
