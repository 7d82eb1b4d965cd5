//! The data folder of `signet dev`: what is in it, and the configuration file that both the provider and the commands
//! beside it read.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use crate::command::{CommandError, CommandResult, reason};

/// The first line of the configuration file; without it the file is somebody else's.
const MARK: &str = "# Made by signet dev at each start; what is changed here is lost.";

/// The data folder.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder; made, for its owner alone, if it is not there.
    pub(super) fn open(path: &Path) -> CommandResult<Self> {
        let folder = Self { path: path.to_owned() };
        if !path.exists() {
            let mut builder = std::fs::DirBuilder::new();
            builder.recursive(true);
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.create(path).map_err(|error| folder.unusable(&error))?;
            // Keys and passwords do not belong in a repository.
            folder.write_private(".gitignore", b"*\n")?;
        }
        Ok(folder)
    }

    /// The folder of a provider that was started before.
    pub(crate) fn existing(path: &Path) -> CommandResult<Self> {
        let folder = Self { path: path.to_owned() };
        if folder.configuration().is_file() {
            return Ok(folder);
        }
        Err(CommandError::failed(format!(
            "{} is no data folder of signet dev; start signet dev first, or name its folder with --data",
            path.display()
        )))
    }

    /// The folder's own path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A file in it.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The configuration file.
    pub(crate) fn configuration(&self) -> PathBuf {
        self.file("dev.toml")
    }

    /// Writes the configuration file for a port.
    pub(super) fn write_configuration(&self, port: u16) -> CommandResult {
        match std::fs::read_to_string(self.configuration()) {
            Ok(text) if !text.starts_with(MARK) => {
                return Err(CommandError::failed(format!(
                    "{} was not made by signet dev; choose another folder with --data",
                    self.configuration().display()
                )));
            }
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(self.unusable(&error)),
        }
        self.write_private("dev.toml", configuration(port).as_bytes())
    }

    /// Reads a file, if it is there.
    pub(super) fn read(&self, name: &str) -> CommandResult<Option<String>> {
        match std::fs::read_to_string(self.file(name)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.unusable(&error)),
        }
    }

    /// Writes a file that its owner alone can read, whole or not at all.
    pub(super) fn write_private(&self, name: &str, content: &[u8]) -> CommandResult {
        let draft = self.file(&format!("{name}.new"));
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options.open(&draft).and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()));
        written.and_then(|()| std::fs::rename(&draft, self.file(name))).map_err(|error| self.unusable(&error))
    }

    fn unusable(&self, error: &std::io::Error) -> CommandError {
        let path = self.path.display();
        CommandError::failed(format!(
            "the data folder {path} cannot be used: {}; choose another with --data",
            reason(error)
        ))
    }
}

/// Listens to this machine alone: the start page shows a password.
fn configuration(port: u16) -> String {
    let mutual_tls = port + 1;
    format!(
        "{MARK}
# It serves for commands as well: signet user list --realm demo --config FILE

[server]
public_url = \"https://localhost:{port}\"
mtls_public_url = \"https://localhost:{mutual_tls}\"
drain_seconds = 2

[listener]
address = \"127.0.0.1:{port}\"
mtls_address = \"127.0.0.1:{mutual_tls}\"
certificates = [
    {{ chain = \"ecdsa.pem\", key = \"ecdsa.key\" }},
    {{ chain = \"rsa.pem\", key = \"rsa.key\" }},
]

[management]
address = \"127.0.0.1:0\"

[database]
url = \"sqlite:signet.db\"

[keys]
root_key_file = \"root.key\"

[outbound]
allow_private_addresses = true
ca_file = \"ca.pem\"

[log]
level = \"info\"
format = \"text\"
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Configuration;

    #[test]
    fn the_configuration_is_in_order() {
        let parent = tempfile::tempdir().unwrap();
        let folder = Folder::open(&parent.path().join("data")).unwrap();
        folder.write_configuration(9000).unwrap();
        let loaded = Configuration::load(Some(&folder.configuration()), std::iter::empty()).unwrap();
        assert_eq!(loaded.settings.server.public_url.as_str(), "https://localhost:9000");
        assert!(loaded.settings.listener.address.ip().is_loopback());
        folder.write_configuration(9002).unwrap();
        assert_eq!(folder.read(".gitignore").unwrap().as_deref(), Some("*\n"));
    }

    #[test]
    fn a_file_of_somebody_else_is_left_alone() {
        let parent = tempfile::tempdir().unwrap();
        std::fs::write(parent.path().join("dev.toml"), "[server]\n").unwrap();
        let folder = Folder::open(parent.path()).unwrap();
        let error = folder.write_configuration(9000).unwrap_err();
        assert!(error.said.contains("was not made by signet dev"), "{}", error.said);
        assert_eq!(folder.read("dev.toml").unwrap().as_deref(), Some("[server]\n"));
        assert_eq!(folder.read(".gitignore").unwrap(), None);
    }
}
