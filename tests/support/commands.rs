//! The program on the command line, with the configuration of a server that runs.

use serde_json::Value;

use super::process::without_settings;
use super::server::{Server, program};

/// How a command ended.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) printed: String,
    pub(crate) said: String,
}

impl Ended {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.printed).unwrap_or_else(|error| panic!("{error}: {}{}", self.printed, self.said))
    }
}

impl Server {
    /// Runs a command to its end.
    pub(crate) fn command(&self, line: &str) -> Ended {
        let file = self.configuration_file();
        let mut command = std::process::Command::new(program());
        without_settings(&mut command).args(line.split_whitespace()).args(["--config", file.to_str().unwrap()]);
        let output = command.output().unwrap();
        Ended {
            code: output.status.code().unwrap(),
            printed: String::from_utf8(output.stdout).unwrap(),
            said: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
