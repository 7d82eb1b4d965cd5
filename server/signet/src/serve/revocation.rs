//! The revocation lists of client certificates: read at start, and again when they change.

use std::path::PathBuf;
use std::sync::Arc;

use signet_core::provider::Provider;
use signet_jose::{RevocationLists, UnlistedAuthorities};

use crate::command::{CommandError, CommandResult, Status, reason};
use crate::config::{ClientCertificatesSection, Settings, Unlisted};

/// Where the lists are, and who has to know them.
pub(super) struct Revocation {
    settings: ClientCertificatesSection,
    provider: Arc<Provider>,
}

impl Revocation {
    /// Reads every list. A server that cannot tell which certificates were taken back does not start.
    pub(super) fn begin(settings: &Settings, provider: &Arc<Provider>) -> CommandResult<Arc<Self>> {
        let revocation = Self { settings: settings.client_certificates.clone(), provider: Arc::clone(provider) };
        revocation.read().map_err(|said| CommandError::new(Status::Configuration, said))?;
        Ok(Arc::new(revocation))
    }

    /// The files.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        self.settings.revocation_lists.iter().map(|file| file.0.clone()).collect()
    }

    /// Reads the files again. If anything is wrong with them, the lists stay that were read last, until they are out of
    /// date.
    pub(super) fn reload(&self) {
        match self.read() {
            Ok(()) if self.settings.revocation_lists.is_empty() => {}
            Ok(()) => tracing::info!("revocation lists reloaded"),
            Err(said) => tracing::error!(said, "revocation lists not reloaded; those from before stay in use"),
        }
    }

    fn read(&self) -> Result<(), String> {
        let mut lists = RevocationLists::new(match self.settings.unlisted_authorities {
            Unlisted::Refused => UnlistedAuthorities::Refused,
            Unlisted::Unchecked => UnlistedAuthorities::Unchecked,
        });
        for file in self.files() {
            let shown = file.display();
            let content = std::fs::read(&file)
                .map_err(|error| format!("the revocation list {shown} cannot be read: {}", reason(&error)))?;
            let ends = lists.add(&content).map_err(|error| format!("the file {shown} {error}"))?;
            if ends <= self.provider.now() {
                tracing::warn!(file = %shown, "a revocation list is out of date; its authority's certificates are refused");
            }
        }
        self.provider.revocation_lists.store(Arc::new(lists));
        Ok(())
    }
}
