//! A Signet as tests see it: the real program in a process of its own, or, where a test sets the clock, its parts in
//! this one. Either way everything goes through a TLS connection.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::sync::OnceCell;

use super::administration::Administration;
use super::balancer::balance;
use super::certificates::{AUTHORITY, Identity, MUTUAL_TLS_HOST};
use super::databases::{Kind, TestDatabase};
use super::http::{HttpClient, Request};
use super::process::{Process, new_folder, without_settings};
use super::wait::until_true;

static SHARED: OnceCell<Arc<Server>> = OnceCell::const_new();

/// Whether the server that tests share is three nodes with one PostgreSQL database, and each connection goes to the next.
pub(crate) fn is_balanced() -> bool {
    match std::env::var("SIGNET_TEST_NODES") {
        Err(_) => false,
        Ok(number) if number == "3" => true,
        Ok(other) => panic!("SIGNET_TEST_NODES is {other}: it can be 3"),
    }
}

/// A Signet that answers.
pub(crate) struct Server {
    pub(crate) public_url: String,
    /// The base of the endpoints that ask for a client certificate.
    pub(crate) mtls_url: String,
    /// The address of its database.
    pub(crate) database: String,
    /// Where the process itself listens.
    pub(crate) base: String,
    pub(crate) administration: Administration,
    /// The program, where it is not in this process.
    pub(crate) program: Option<Program>,
}

/// The program with its configuration. A process that was killed keeps the folder until the test ends.
pub(crate) struct Program {
    configuration: PathBuf,
    management: u16,
    mtls: u16,
    processes: Mutex<Vec<Process>>,
}

/// How a server differs from the one that tests share.
#[derive(Debug, Clone, Default)]
pub(crate) struct Configuration {
    /// The address of the database; a new SQLite file by default.
    pub(crate) database: Option<String>,
    /// The ports of the proxies in front of it, which have the certificates and hand on those of clients: one for
    /// everybody, one that asks for certificates.
    pub(crate) behind_proxies: Option<[u16; 2]>,
    /// The header in which those hand on certificates; that of RFC 9440 where it is not said.
    pub(crate) certificate_header: Option<&'static str>,
    /// Whether certificates are asked for by host name, on the port that everybody uses.
    pub(crate) mutual_tls_by_name: bool,
    /// Whether it is one of several nodes behind a balancer.
    pub(crate) balanced: bool,
    /// The revocation lists of client certificates, and what becomes of authorities without any.
    pub(crate) revocation: Option<(Vec<u8>, &'static str)>,
}

/// The file with the revocation lists, in the server's folder.
const REVOCATION_LISTS: &str = "clients.crl";

impl Configuration {
    /// Where the server is reached, without and with certificates.
    fn public_urls(&self, [main, mtls, _]: [u16; 3]) -> [String; 2] {
        let own = || if self.balanced { free_ports() } else { [main, mtls] };
        let [public, mutual] = self.behind_proxies.unwrap_or_else(own);
        let mutual = if self.mutual_tls_by_name {
            format!("https://{MUTUAL_TLS_HOST}:{public}")
        } else {
            format!("https://localhost:{mutual}")
        };
        [format!("https://localhost:{public}"), mutual]
    }
}

impl Server {
    /// The server that most tests share, each with a realm of its own.
    pub(crate) async fn shared() -> Arc<Self> {
        Arc::clone(SHARED.get_or_init(|| Box::pin(Self::start_shared())).await)
    }

    async fn start_shared() -> Arc<Self> {
        if !is_balanced() {
            return Self::start(Configuration::default()).await;
        }
        let database = Some(TestDatabase::empty(Kind::Postgres).await.url);
        let first = Self::start(Configuration { database, balanced: true, ..Configuration::default() }).await;
        let others = [first.beside().await, first.beside().await];
        let nodes = || std::iter::once(&first).chain(&others);
        balance(port_of(&first.public_url), nodes().map(|node| port_of(&node.base)).collect());
        balance(port_of(&first.mtls_url), nodes().map(|node| node.program().mtls).collect());
        // They serve as long as the tests run.
        std::mem::forget(others);
        first
    }

    /// Starts a server with a configuration of its own.
    pub(crate) async fn start(configuration: Configuration) -> Arc<Self> {
        let folder = new_folder("server");
        let ports = free_ports();
        let urls = configuration.public_urls(ports);
        let database =
            configuration.database.clone().unwrap_or_else(|| format!("sqlite:{}/signet.db", folder.display()));
        let written = folder.join("signet.toml");
        std::fs::write(&written, settings(&configuration, &folder, (ports, &urls, &database))).unwrap();
        let file = written.to_str().unwrap();
        run(&["migrate", "up", "--config", file]);
        let created = run(&[
            "client",
            "create",
            "--config",
            file,
            "--realm",
            "admin",
            "--id",
            "tests",
            "--grant-type",
            "client_credentials",
            "--scope",
            "signet.admin",
            "--output",
            "json",
        ]);
        let created: Value = serde_json::from_str(&created).unwrap_or_else(|error| panic!("{error}: {created}"));
        let [main, mtls, management] = ports;
        let [public_url, mtls_url] = urls;
        let scheme = if configuration.behind_proxies.is_some() { "http" } else { "https" };
        let base = format!("{scheme}://localhost:{main}");
        let program = Program { configuration: written, management, mtls, processes: Mutex::default() };
        program.start().await;
        Arc::new(Self {
            public_url,
            mtls_url,
            database,
            base: base.clone(),
            administration: Administration::by_api(&base, created["client_secret"].as_str().unwrap()),
            program: Some(program),
        })
    }

    /// Another node beside this one: the same database, root key and public address, ports of its own.
    pub(crate) async fn beside(&self) -> Arc<Self> {
        let [main, mtls, management] = free_ports();
        let first = &self.program().configuration;
        let own: String = std::fs::read_to_string(first)
            .unwrap()
            .lines()
            .map(|line| match line.split(" = ").next() {
                Some("address") if line.contains(&self.program().management.to_string()) => {
                    format!("address = \"127.0.0.1:{management}\"\n")
                }
                Some("address") => format!("address = \"127.0.0.1:{main}\"\n"),
                Some("mtls_address") => format!("mtls_address = \"127.0.0.1:{mtls}\"\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        let written = first.with_file_name("second.toml");
        std::fs::write(&written, own).unwrap();
        let program = Program { configuration: written, management, mtls, processes: Mutex::default() };
        program.start().await;
        let base = format!("https://localhost:{main}");
        Arc::new(Self {
            public_url: self.public_url.clone(),
            mtls_url: self.mtls_url.clone(),
            database: self.database.clone(),
            administration: self.administration.at(&base),
            base,
            program: Some(program),
        })
    }

    fn program(&self) -> &Program {
        self.program.as_ref().expect("a process of its own")
    }

    /// The configuration of the process.
    pub(crate) fn configuration_file(&self) -> &Path {
        &self.program().configuration
    }

    /// An address of the listener for those who operate the server.
    pub(crate) fn management_url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.program().management)
    }

    /// What the process has logged so far.
    pub(crate) fn log(&self) -> String {
        self.program().processes.lock().unwrap().last().expect("a process").log()
    }

    /// Replaces the revocation lists, and has the process read them.
    pub(crate) fn replace_revocation_lists(&self, lists: &[u8]) {
        std::fs::write(self.program().configuration.with_file_name(REVOCATION_LISTS), lists).unwrap();
        self.program().processes.lock().unwrap().last().expect("a process").signal("HUP");
    }

    /// Kills the process in the middle of whatever it does, and starts another one on the same data.
    pub(crate) async fn kill_and_restart(&self) {
        self.program().processes.lock().unwrap().last_mut().expect("a process").kill();
        self.program().start().await;
    }
}

impl Program {
    async fn start(&self) {
        let (folder, file) = (self.configuration.parent().unwrap(), self.configuration.to_str().unwrap());
        let mut process = Process::start(folder, &program(), &["serve", "--config", file]);
        wait_until_ready(self.management, &mut process).await;
        self.processes.lock().unwrap().push(process);
    }
}

/// The program, built beside the tests.
pub(crate) fn program() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let program = tests.parent().and_then(Path::parent).expect("target/debug/deps").join("signet");
    assert!(program.exists(), "{} is missing: run tests/run, or cargo build -p signet", program.display());
    program
}

fn port_of(address: &str) -> u16 {
    address.rsplit(':').next().and_then(|port| port.parse().ok()).expect("an address with a port")
}

/// Runs a command to its end and answers what it printed.
pub(crate) fn run(arguments: &[&str]) -> String {
    let output = without_settings(&mut std::process::Command::new(program())).args(arguments).output().unwrap();
    let (printed, said) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "signet {}: {said}{printed}", arguments.join(" "));
    printed
}

fn settings(
    configuration: &Configuration,
    folder: &Path,
    (ports, [public_url, mtls_url], database): ([u16; 3], &[String; 2], &str),
) -> String {
    let [main, mtls, management] = ports;
    let (chain, key) = Identity::localhost().write(folder, "server");
    let authority = folder.join("authority.pem");
    std::fs::write(&authority, AUTHORITY.certificate_pem()).unwrap();
    let listener = if configuration.behind_proxies.is_some() {
        format!("address = \"127.0.0.1:{main}\"\nprotocol = \"plain\"")
    } else {
        let files = format!("{{ chain = \"{}\", key = \"{}\" }}", chain.display(), key.display());
        let own = if configuration.mutual_tls_by_name { "" } else { &format!("mtls_address = \"127.0.0.1:{mtls}\"\n") };
        format!("address = \"127.0.0.1:{main}\"\n{own}certificates = [{files}]")
    };
    let proxy = if configuration.behind_proxies.is_some() {
        let header = configuration.certificate_header.unwrap_or("client-cert");
        &format!("[proxy]\ntrusted = [\"127.0.0.1/32\", \"::1/128\"]\nclient_certificate_headers = [\"{header}\"]")
    } else {
        ""
    };
    let revocation = configuration.revocation.as_ref().map(|(lists, unlisted)| {
        std::fs::write(folder.join(REVOCATION_LISTS), lists).unwrap();
        let listed = format!("revocation_lists = [\"{REVOCATION_LISTS}\"]");
        format!("[client_certificates]\n{listed}\nunlisted_authorities = \"{unlisted}\"\n")
    });
    format!(
        "[server]\npublic_url = \"{public_url}\"\nmtls_public_url = \"{mtls_url}\"\n\
         [listener]\n{listener}\n{proxy}\n{revocation}\
         [management]\naddress = \"127.0.0.1:{management}\"\n\
         [database]\nurl = \"{database}\"\n\
         [keys]\nroot_key_file = \"{root_key}\"\n\
         [outbound]\nallow_private_addresses = true\nca_file = \"{authority}\"\n\
         [passwords]\nmemory_kib = 8192\niterations = 1\n\
         [limits]\nconnections_per_address = 4096\n",
        revocation = revocation.unwrap_or_default(),
        root_key = folder.join("root.key").display(),
        authority = authority.display(),
    )
}

/// Ports that nobody listens on at the moment, each given to one test only together with the one behind it, which
/// `signet dev` takes as well. They are below those that the system gives to connections, so that none of these takes
/// one before a server does, and above 10080, the last one that browsers refuse to visit.
pub(crate) fn free_ports<const COUNT: usize>() -> [u16; COUNT] {
    const FIRST: u32 = 12_000;
    const PAIRS: u32 = 10_000;
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    let next = || {
        let number = std::process::id().wrapping_mul(97).wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed));
        u16::try_from(FIRST + 2 * (number % PAIRS)).unwrap()
    };
    let is_free = |port: &u16| [*port, *port + 1].iter().all(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    std::array::from_fn(|_| std::iter::repeat_with(next).find(is_free).expect("a free port"))
}

/// Asks until the server says that it is ready, for as long as its process runs.
async fn wait_until_ready(management: u16, process: &mut Process) {
    let address = format!("http://127.0.0.1:{management}/health/ready");
    let http = HttpClient::new();
    until_true("the server is ready", async || {
        process.assert_running();
        http.try_send(Request::get(&address)).await.is_ok_and(|answer| answer.status == 200)
    })
    .await;
}
