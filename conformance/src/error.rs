//! Why the harness stopped, and which exit code says so.

use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A reason to stop. Differences between results and expectations are no error: they are the harness's findings.
#[derive(Debug, Error)]
pub(crate) enum HarnessError {
    /// An argument, plan, target or expectation that cannot be used.
    #[error("{0}")]
    Input(String),
    /// Something that the run needs is not on this machine.
    #[error("{0}")]
    Missing(String),
    /// The conformance suite did not do what it was asked.
    #[error("the suite: {0}")]
    Suite(String),
    /// Signet did not do what it was asked.
    #[error("Signet: {0}")]
    Signet(String),
    /// A file that could not be read or written.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// The operating system refused something that is no file.
    #[error("{0}")]
    System(#[from] io::Error),
    /// Ctrl-C, or a request to terminate.
    #[error("interrupted")]
    Interrupted,
    /// A key or certificate could not be made.
    #[error("making a certificate failed: {0}")]
    Certificate(#[from] openssl::error::ErrorStack),
}

impl HarnessError {
    /// The exit code: 2 for wrong input, 3 for something missing, 4 for all that broke on the way, 130 for an
    /// interruption as shells have it.
    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::Input(_) => 2,
            Self::Missing(_) => 3,
            Self::Interrupted => 130,
            Self::Suite(_) | Self::Signet(_) | Self::File { .. } | Self::System(_) | Self::Certificate(_) => 4,
        }
    }

    /// Names the file in an input or output error: `fs::read(path).map_err(HarnessError::file(path))`.
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        |source| Self::File { path: path.to_owned(), source }
    }
}
