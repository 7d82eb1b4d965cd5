//! Running the `signet` binary on free ports with an empty embedded database in a temporary folder.

use super::admin::Admin;
use crate::certificate::issue;
use crate::error::HarnessError;
use crate::output::Waiting;
use crate::suite::process::{end_of, free_address};
use crate::tls;
use serde::{Deserialize, Serialize};
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::sleep;

const START_LIMIT: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(100);
const REQUEST_LIMIT: Duration = Duration::from_secs(5);

/// How to start Signet.
pub(crate) struct SignetOptions {
    /// The executable.
    pub(crate) executable: PathBuf,
    /// The name under which the suite reaches it.
    pub(crate) host: String,
}

/// A Signet that this process started. Dropping it kills it.
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
    management: SocketAddr,
    mtls_base: String,
    _folder: TempDir,
}

/// The `signet` executable: the one that was named, else the one beside the harness.
pub(crate) fn executable(named: Option<&Path>) -> Result<PathBuf, HarnessError> {
    let path = match named {
        Some(path) => path.to_owned(),
        None => env::current_exe()?.with_file_name("signet").with_extension(env::consts::EXE_EXTENSION),
    };
    if path.is_file() {
        return Ok(path);
    }
    let how = "build it with `cargo build --release`, or name another with --signet FILE";
    Err(HarnessError::Missing(format!("there is no signet executable at {}: {how}", path.display())))
}

impl Process {
    /// Migrates an empty database, creates an administering client, and starts serving.
    pub(crate) async fn start(
        options: &SignetOptions,
        suite_certificate: &[u8],
    ) -> Result<(Self, Admin), HarnessError> {
        let folder = tempfile::tempdir()?;
        let issued = issue(&options.host)?;
        for (name, content) in
            [("chain.pem", issued.chain.as_slice()), ("key.pem", &issued.key), ("suite.pem", suite_certificate)]
        {
            let path = folder.path().join(name);
            fs::write(&path, content).map_err(HarnessError::file(&path))?;
        }
        let management = free_address()?;
        let configuration = Configuration::new(folder.path(), &options.host, management)?;
        let Server { public_url: base, mtls_public_url: mtls_base } = configuration.server.clone();
        let path = folder.path().join("signet.toml");
        let text = toml::to_string(&configuration).map_err(|error| HarnessError::Input(error.to_string()))?;
        fs::write(&path, text).map_err(HarnessError::file(&path))?;

        let waiting = Waiting::start("starting Signet");
        run(&options.executable, &["migrate", "up"], &path).await?;
        let client = create_admin_client(&options.executable, &path).await?;
        let log = folder.path().join("signet.log");
        let child = spawn(&options.executable, &path, &log)?;
        let mut process = Self { child, log, management, mtls_base, _folder: folder };
        process.wait_until_ready().await?;
        waiting.done();
        let admin = Admin::new(&base, client.client_id, client.client_secret, Some(&issued.authority))?;
        Ok((process, admin))
    }

    /// Where Signet's log is written.
    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    /// The base URL for clients with certificates.
    pub(crate) fn mtls_base(&self) -> &str {
        &self.mtls_base
    }

    /// Its metrics, as text.
    pub(crate) async fn metrics(&self) -> Result<String, HarnessError> {
        let url = format!("http://{}/metrics", self.management);
        let broken = |error: reqwest::Error| HarnessError::Signet(format!("{url}: {}", tls::causes(&error)));
        let response = tls::client(None, REQUEST_LIMIT)?.get(&url).send().await.map_err(broken)?;
        response.error_for_status().map_err(broken)?.text().await.map_err(broken)
    }

    async fn wait_until_ready(&mut self) -> Result<(), HarnessError> {
        let http = tls::client(None, REQUEST_LIMIT)?;
        let url = format!("http://{}/health/ready", self.management);
        let deadline = crate::moment::now() + START_LIMIT;
        loop {
            if http.get(&url).send().await.is_ok_and(|response| response.status().is_success()) {
                return Ok(());
            }
            let ended = self.child.try_wait()?;
            if ended.is_some() || crate::moment::now() > deadline {
                let state = ended.map_or_else(|| "is not ready".to_owned(), |status| format!("ended ({status})"));
                let end = end_of(&self.log);
                return Err(HarnessError::Signet(format!("it {state}; the end of its log:\n{end}")));
            }
            sleep(POLL_INTERVAL).await;
        }
    }
}

/// What `signet client create` prints of the client.
#[derive(Deserialize)]
struct AdminClient {
    client_id: String,
    client_secret: String,
}

async fn create_admin_client(executable: &Path, configuration: &Path) -> Result<AdminClient, HarnessError> {
    let arguments = "client create --realm admin --id conformance --grant-type client_credentials \
                     --scope signet.admin --output json";
    let printed = run(executable, &arguments.split_whitespace().collect::<Vec<_>>(), configuration).await?;
    serde_json::from_slice(&printed)
        .map_err(|error| HarnessError::Signet(format!("`signet client create` printed no client: {error}")))
}

/// Runs a subcommand to its end and returns what it printed.
async fn run(executable: &Path, arguments: &[&str], configuration: &Path) -> Result<Vec<u8>, HarnessError> {
    let output = Command::new(executable)
        .args(arguments)
        .args([OsStr::new("--config"), configuration.as_os_str()])
        .stdin(Stdio::null())
        .output()
        .await?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let (command, errors) = (arguments.join(" "), String::from_utf8_lossy(&output.stderr).into_owned());
    Err(HarnessError::Signet(format!("`signet {command}` ended with {}: {errors}", output.status)))
}

fn spawn(executable: &Path, configuration: &Path, log: &Path) -> Result<Child, HarnessError> {
    let output = fs::File::create(log).map_err(HarnessError::file(log))?;
    let errors = output.try_clone()?;
    let mut command = Command::new(executable);
    command
        .args([OsStr::new("serve"), OsStr::new("--config"), configuration.as_os_str()])
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .kill_on_drop(true);
    // A group of its own: Ctrl-C reaches the harness alone, which then ends Signet.
    #[cfg(unix)]
    command.process_group(0);
    Ok(command.spawn()?)
}

/// Signet's configuration file, as far as the harness sets it.
#[derive(Serialize)]
struct Configuration {
    server: Server,
    listener: Listener,
    management: Management,
    database: Database,
    keys: Keys,
    outbound: Outbound,
    log: Log,
}

#[derive(Clone, Serialize)]
struct Server {
    public_url: String,
    mtls_public_url: String,
}

#[derive(Serialize)]
struct Listener {
    address: String,
    mtls_address: String,
    protocol: &'static str,
    certificates: [Certificate; 1],
}

#[derive(Serialize)]
struct Certificate {
    chain: PathBuf,
    key: PathBuf,
}

#[derive(Serialize)]
struct Management {
    address: String,
}

#[derive(Serialize)]
struct Database {
    url: String,
}

#[derive(Serialize)]
struct Keys {
    root_key_file: PathBuf,
}

#[derive(Serialize)]
struct Outbound {
    /// The suite is on this machine, or near it.
    allow_private_addresses: bool,
    ca_file: PathBuf,
}

#[derive(Serialize)]
struct Log {
    level: &'static str,
    format: &'static str,
}

impl Configuration {
    fn new(folder: &Path, host: &str, management: SocketAddr) -> Result<Self, HarnessError> {
        let (port, mtls_port) = (free_address()?.port(), free_address()?.port());
        // A suite elsewhere must be able to connect; one here does so over the loopback address.
        let interface = if host == "localhost" { "127.0.0.1" } else { "0.0.0.0" };
        Ok(Self {
            server: Server {
                public_url: format!("https://{host}:{port}"),
                mtls_public_url: format!("https://{host}:{mtls_port}"),
            },
            listener: Listener {
                address: format!("{interface}:{port}"),
                mtls_address: format!("{interface}:{mtls_port}"),
                protocol: "tls",
                certificates: [Certificate { chain: folder.join("chain.pem"), key: folder.join("key.pem") }],
            },
            management: Management { address: management.to_string() },
            database: Database { url: format!("sqlite:{}", folder.join("signet.db").display()) },
            keys: Keys { root_key_file: folder.join("root.key") },
            outbound: Outbound { allow_private_addresses: true, ca_file: folder.join("suite.pem") },
            log: Log { level: "info", format: "json" },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_executable_is_said_with_what_to_do() {
        let error = executable(Some(Path::new("/nowhere/signet"))).unwrap_err();
        assert_eq!(error.exit_code(), 3);
        assert!(error.to_string().contains("--signet"), "{error}");
    }

    #[test]
    fn the_configuration_file_is_toml_with_tables() {
        let configuration = Configuration::new(Path::new("/tmp/x"), "localhost", ([127, 0, 0, 1], 9).into()).unwrap();
        let text = toml::to_string(&configuration).unwrap();
        let parsed: toml::Table = toml::from_str(&text).unwrap();
        assert_eq!(parsed["database"]["url"].as_str(), Some("sqlite:/tmp/x/signet.db"));
        assert_eq!(parsed["management"]["address"].as_str(), Some("127.0.0.1:9"));
        assert_eq!(parsed["listener"]["certificates"][0]["key"].as_str(), Some("/tmp/x/key.pem"));
        for (address, url) in [("address", "public_url"), ("mtls_address", "mtls_public_url")] {
            let port = parsed["listener"][address].as_str().unwrap().rsplit(':').next().unwrap();
            assert_eq!(parsed["server"][url].as_str(), Some(format!("https://localhost:{port}").as_str()));
        }
    }
}
