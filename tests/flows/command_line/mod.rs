//! The real program on the command line: what it prints, how it ends, what it leaves behind.

mod administration;
mod development;
mod initial_access_tokens;
mod profiles;
mod script_tools;
mod scripts;
mod serving;
mod trial;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::process::{new_folder, without_settings};
use crate::support::server::program;

/// A folder of its own with a configuration file.
struct Home(PathBuf);

/// How a command ended.
#[derive(Debug)]
struct Ended {
    code: i32,
    printed: String,
    said: String,
}

impl Home {
    /// An empty folder.
    fn empty() -> Self {
        Self(new_folder("command-line"))
    }

    /// A folder with a configuration that needs no certificates, and hashes passwords as cheaply as is permitted.
    fn configured() -> Self {
        let home = Self::empty();
        home.write(
            "signet.toml",
            "[listener]\nprotocol = \"plain\"\naddress = \"127.0.0.1:0\"\n[management]\naddress = \"127.0.0.1:0\"\n\
             [passwords]\nmemory_kib = 8192\niterations = 1\n",
        );
        home
    }

    fn path(&self) -> &Path {
        &self.0
    }

    fn write(&self, name: &str, content: &str) {
        std::fs::write(self.0.join(name), content).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).unwrap()
    }

    /// A command in this folder, without the variables of whoever runs the tests.
    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(program());
        without_settings(&mut command).args(line.split_whitespace()).current_dir(&self.0).stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    fn run(&self, line: &str) -> Ended {
        ended(self.command(line))
    }

    /// Runs a command with something on standard input.
    fn run_with(&self, line: &str, input: &str) -> Ended {
        self.write("input", input);
        let mut command = self.command(line);
        command.stdin(std::fs::File::open(self.0.join("input")).unwrap());
        ended(command)
    }

    /// What a command answers to programs.
    fn json(&self, line: &str) -> Value {
        let ended = self.run(&format!("{line} --output json"));
        assert_eq!(ended.code, 0, "{line}: {ended:?}");
        serde_json::from_str(&ended.printed).unwrap_or_else(|error| panic!("{line}: {error}: {ended:?}"))
    }

    /// A command that fails with this code, and the one line that it says.
    fn refused(&self, code: i32, line: &str) -> String {
        self.run(line).refused(code)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

impl Ended {
    fn refused(self, code: i32) -> String {
        assert_eq!(self.code, code, "{self:?}");
        assert!(self.printed.is_empty(), "{self:?}");
        assert_eq!(self.said.lines().count(), 1, "{self:?}");
        assert!(self.said.starts_with("signet: "), "{self:?}");
        self.said
    }
}

fn ended(mut command: Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code().expect("no signal"), printed: text(output.stdout), said: text(output.stderr) }
}
