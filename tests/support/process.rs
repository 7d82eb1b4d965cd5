//! Programs that run beside the tests and end with them.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// Runs a program for as long as standard input is open, which the tests hold: however they end, the program and its
/// folder go with them. File descriptor 3 is that input; a program in the background of a shell has none.
const WATCH: &str = r#"
exec 3<&0
folder=$1
shift
"$@" </dev/null 3<&- &
program=$!
echo "$program" >"$folder/pid"
{ read -r _ <&3; kill "$program"; } >/dev/null 2>&1 &
wait "$program"
status=$?
if ! read -r _ <&3; then rm -rf "$folder"; fi
exit "$status"
"#;

static NUMBER: AtomicU32 = AtomicU32::new(1);

/// A running program with a folder of its own.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    folder: PathBuf,
}

/// A folder that nobody else uses.
pub(crate) fn new_folder(name: &str) -> PathBuf {
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("signet-tests-{name}-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Takes the variables of whoever runs the tests from a command: Signet would read them as settings.
pub(crate) fn without_settings(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SIGNET_")) {
        command.env_remove(name);
    }
    command
}

impl Process {
    /// Starts a program; what it prints goes to the file `log` in its folder.
    pub(crate) fn start(folder: &Path, program: &Path, arguments: &[&str]) -> Self {
        let log = File::create(folder.join("log")).unwrap();
        let child = without_settings(&mut Command::new("sh"))
            .args(["-c", WATCH, "sh"])
            .args([folder, program])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("a shell");
        Self { child, folder: folder.to_owned() }
    }

    /// What the program has printed so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap()
    }

    /// Sends the program a signal.
    pub(crate) fn signal(&self, name: &str) {
        let pid = std::fs::read_to_string(self.folder.join("pid")).unwrap();
        let sent = Command::new("kill").args(["-s", name, pid.trim()]).stderr(Stdio::null()).status();
        assert!(sent.unwrap().success(), "{} is not running", self.folder.display());
    }

    /// Ends the program as a power failure does, and waits until it is gone. Its folder stays.
    pub(crate) fn kill(&mut self) {
        let pid = std::fs::read_to_string(self.folder.join("pid")).unwrap();
        self.signal("KILL");
        let is_there = || Command::new("kill").args(["-s", "0", pid.trim()]).stderr(Stdio::null()).status();
        while is_there().unwrap().success() {
            std::thread::yield_now();
        }
    }

    /// Fails if the program has ended.
    pub(crate) fn assert_running(&mut self) {
        let ended = self.child.try_wait().unwrap();
        assert!(ended.is_none(), "{} ended with {ended:?}:\n{}", self.folder.display(), self.log());
    }
}
