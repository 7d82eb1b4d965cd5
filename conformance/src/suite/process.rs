//! Running the suite from its jar: document store, TLS front and JVM as one thing that starts and stops together.

use super::client::SuiteClient;
use super::java;
use crate::certificate::issue;
use crate::error::HarnessError;
use crate::front::Front;
use crate::output::Waiting;
use crate::store::Store;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::sleep;

/// The suite's project and where its documentation says how to build the jar.
pub(crate) const PROJECT: &str = "the suite's project is openid-certification/conformance-suite; its README and \
     wiki say how to build the jar (target/fapi-test-suite.jar)";

/// How long a start may take; 15 s is usual.
const START_LIMIT: Duration = Duration::from_mins(4);
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// How to start the suite.
pub(crate) struct StartOptions {
    /// The suite's jar.
    pub(crate) jar: PathBuf,
    /// The Java executable, where the caller chose one.
    pub(crate) java: Option<PathBuf>,
    /// Where the suite's data is kept; a temporary folder where nothing is given.
    pub(crate) data: Option<PathBuf>,
    /// The front's port.
    pub(crate) port: u16,
}

/// A suite that this process started. Dropping it kills the JVM.
pub(crate) struct RunningSuite {
    url: String,
    jvm: Child,
    log: PathBuf,
    _front: Front,
    _store: Store,
    _temporary: Option<tempfile::TempDir>,
}

impl RunningSuite {
    /// Starts everything and waits until the suite answers through the front.
    pub(crate) async fn start(options: &StartOptions) -> Result<Self, HarnessError> {
        check_jar(&options.jar)?;
        let java = java::find(options.java.as_deref())?;
        let temporary = if options.data.is_none() { Some(tempfile::tempdir()?) } else { None };
        let data = match (&options.data, &temporary) {
            (Some(folder), _) => folder.clone(),
            (None, Some(folder)) => folder.path().to_owned(),
            (None, None) => return Err(io::Error::other("no data folder").into()),
        };
        let documents = data.join("documents");
        fs::create_dir_all(&documents).map_err(HarnessError::file(&documents))?;
        let issued = issue("localhost")?;
        let authority = data.join("ca.pem");
        fs::write(&authority, &issued.authority).map_err(HarnessError::file(&authority))?;

        let plain = free_address()?;
        let front = Front::start(options.port, &issued, plain).await?;
        let store = Store::start(documents).await?;
        let url = format!("https://localhost:{}", front.port());
        let log = data.join("suite.log");
        let jvm = spawn(&java.executable, &options.jar, &arguments(&url, &store, plain), &log)?;
        let mut suite = Self { url, jvm, log, _front: front, _store: store, _temporary: temporary };
        suite.wait_until_ready().await?;
        Ok(suite)
    }

    /// The front's URL.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Where the suite's own log is written.
    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    /// Waits until the JVM ends by itself, which it should not.
    pub(crate) async fn ended(&mut self) -> HarnessError {
        let status = self.jvm.wait().await.map_or_else(|error| error.to_string(), |status| status.to_string());
        HarnessError::Suite(format!("the JVM ended ({status}); the end of its log:\n{}", end_of(&self.log)))
    }

    /// Stops the JVM and waits for its end.
    pub(crate) async fn stop(mut self) -> Result<(), HarnessError> {
        Ok(self.jvm.kill().await?)
    }

    async fn wait_until_ready(&mut self) -> Result<(), HarnessError> {
        let client = SuiteClient::connect(&self.url, None).await?;
        let waiting = Waiting::start("starting the conformance suite");
        let deadline = crate::moment::now() + START_LIMIT;
        loop {
            if client.is_ready().await {
                waiting.done();
                return Ok(());
            }
            if self.jvm.try_wait()?.is_some() {
                return Err(self.ended().await);
            }
            if crate::moment::now() > deadline {
                let seconds = START_LIMIT.as_secs();
                let end = end_of(&self.log);
                return Err(HarnessError::Suite(format!("not ready after {seconds} s; the end of its log:\n{end}")));
            }
            sleep(POLL_INTERVAL).await;
        }
    }
}

/// Says what to do where the jar is not there.
pub(crate) fn check_jar(jar: &Path) -> Result<(), HarnessError> {
    if jar.is_file() {
        return Ok(());
    }
    Err(HarnessError::Missing(format!("there is no jar at {}: {PROJECT}; then pass --jar FILE", jar.display())))
}

fn arguments(url: &str, store: &Store, plain: SocketAddr) -> Vec<String> {
    vec![
        // Development mode: no log-in, and no outside identity provider needed at the start.
        "--fintechlabs.devmode=true".to_owned(),
        format!("--fintechlabs.base_url={url}"),
        format!("--fintechlabs.base_mtls_url={url}"),
        format!("--spring.mongodb.uri={}", store.uri("test_suite")),
        "--openid.mongodb.targetFeatureCompatibilityVersion=".to_owned(),
        format!("--server.address={}", plain.ip()),
        format!("--server.port={}", plain.port()),
    ]
}

fn spawn(java: &Path, jar: &Path, arguments: &[String], log: &Path) -> Result<Child, HarnessError> {
    let output = fs::File::create(log).map_err(HarnessError::file(log))?;
    let errors = output.try_clone()?;
    let mut command = Command::new(java);
    command
        // Certificates of a test may be larger than the default of 32 KB for one handshake message.
        .arg("-Djdk.tls.maxHandshakeMessageSize=65536")
        .arg("-jar")
        .arg(jar)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .kill_on_drop(true);
    // A group of its own: Ctrl-C reaches the harness alone, which then ends the JVM.
    #[cfg(unix)]
    command.process_group(0);
    Ok(command.spawn()?)
}

/// A free port of the loopback address. Another process may take it before it is used; then the start fails and says so.
pub(crate) fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// The last lines of a log, for an error message.
pub(crate) fn end_of(log: &Path) -> String {
    const LINES: usize = 20;
    let text =
        fs::read(log).map_or_else(|error| error.to_string(), |bytes| String::from_utf8_lossy(&bytes).into_owned());
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_jar_is_said_with_the_suites_project() {
        let error = check_jar(Path::new("/nowhere/fapi-test-suite.jar")).unwrap_err();
        assert_eq!(error.exit_code(), 3);
        assert!(error.to_string().contains("openid-certification/conformance-suite"), "{error}");
    }

    #[test]
    fn the_end_of_a_log_is_its_last_lines() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let lines: Vec<String> = (0..50).map(|line| format!("line {line}")).collect();
        fs::write(&log, lines.join("\n")).unwrap();
        let end = end_of(&log);
        assert!(end.starts_with("line 30\n") && end.ends_with("line 49"), "{end}");
    }
}
