//! The file that describes a deployer's own Signet.

use crate::error::HarnessError;
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};

/// What the file says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetFile {
    /// The public base URL.
    base_url: String,
    /// The public base URL for clients with certificates (`server.mtls_public_url`), where there is one.
    mtls_base_url: Option<String>,
    /// A client of realm `admin` with the grant `client_credentials` and the scope `signet.admin`.
    client_id: String,
    /// Its secret; or the file that holds it.
    client_secret: Option<String>,
    client_secret_file: Option<PathBuf>,
    /// Authorities (PEM) that signed Signet's certificate, where the machine does not trust them.
    ca_file: Option<PathBuf>,
    /// The realm to test as it is; without it each plan gets a new realm, which is deleted afterwards.
    realm: Option<String>,
}

/// A Signet that runs already.
pub(crate) struct Target {
    pub(crate) base_url: String,
    pub(crate) mtls_base_url: Option<String>,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) authority: Option<Vec<u8>>,
    pub(crate) realm: Option<String>,
}

impl Target {
    /// Reads the file; paths in it are relative to its folder.
    pub(crate) fn read(path: &Path) -> Result<Self, HarnessError> {
        let text = fs::read_to_string(path).map_err(HarnessError::file(path))?;
        let wrong = |reason: String| HarnessError::Input(format!("{}: {reason}", path.display()));
        let file: TargetFile = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let read = |name: &Path| {
            let path = folder.join(name);
            fs::read(&path).map_err(HarnessError::file(&path))
        };
        let client_secret = match (file.client_secret, file.client_secret_file) {
            (Some(secret), None) => secret,
            (None, Some(name)) => String::from_utf8_lossy(&read(&name)?).trim().to_owned(),
            _ => return Err(wrong("give either client_secret or client_secret_file".to_owned())),
        };
        if !file.base_url.starts_with("https://") {
            return Err(wrong("base_url is not an https URL: the suite refuses plain http".to_owned()));
        }
        let authority = file.ca_file.map(|name| read(&name)).transpose()?;
        let TargetFile { base_url, mtls_base_url, client_id, realm, .. } = file;
        let mtls_base_url = mtls_base_url.map(|url| url.trim_end_matches('/').to_owned());
        Ok(Self { base_url, mtls_base_url, client_id, client_secret, authority, realm })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Target, HarnessError> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("secret"), "from the file\n").unwrap();
        let path = folder.path().join("target.toml");
        fs::write(&path, text).unwrap();
        Target::read(&path)
    }

    #[test]
    fn a_secret_may_stand_in_a_file_beside_it() {
        let text = "base_url = \"https://id.example\"\nclient_id = \"c\"\nclient_secret_file = \"secret\"";
        let target = read(text).unwrap();
        assert_eq!((target.client_secret.as_str(), target.realm), ("from the file", None));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let base = "base_url = \"https://id.example\"\nclient_id = \"c\"\n";
        for (text, said) in [
            (base.to_owned(), "client_secret"),
            (format!("{base}client_secret = \"a\"\nclient_secret_file = \"secret\""), "either"),
            (format!("{base}client_secret = \"a\"\nca_file = \"nowhere\""), "nowhere"),
            (format!("{base}client_secret = \"a\"\nca = \"x\""), "ca"),
            ("base_url = \"http://id\"\nclient_id = \"c\"\nclient_secret = \"a\"".to_owned(), "https"),
        ] {
            let Err(error) = read(&text) else { panic!("{text} was accepted") };
            assert!(error.to_string().contains(said), "{error}");
        }
    }
}
