//! The server as a process: what it refuses to serve, how it is told to stop and to reload, what it says of itself.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStderr, Stdio};

use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::Value;

use super::{Ended, Home};
use crate::support::certificates::Identity;
use crate::support::databases::connect_directly;
use crate::support::http::{HttpClient, Request};
use crate::support::revocation::List;
use crate::support::server::free_ports;
use crate::support::wait::until_true;

/// A server and its log.
pub(super) struct Running {
    child: Child,
    log: BufReader<ChildStderr>,
}

impl Running {
    /// Starts `signet serve` and waits until it listens.
    fn serve(home: &Home) -> Self {
        let mut command = home.command("serve");
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut running = Self { child, log };
        running.wait_for("\"listener\":\"main\"");
        running
    }

    /// Reads the log up to a line with this text.
    fn wait_for(&mut self, text: &str) -> String {
        let mut line = String::new();
        let mut whole = String::new();
        while self.log.read_line(&mut line).unwrap() > 0 {
            if line.contains(text) {
                return line;
            }
            whole.push_str(&line);
            line.clear();
        }
        panic!("the server ended without {text}:\n{whole}");
    }

    /// Sends a signal.
    fn signal(&self, name: &str) {
        send_signal(&self.child, name);
    }

    /// Waits until the process has ended.
    fn end(mut self) -> i32 {
        self.child.wait().unwrap().code().expect("it ends by itself")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // After `end` there is nothing left to kill.
        drop(self.child.kill());
    }
}

pub(super) fn send_signal(child: &Child, name: &str) {
    let sent = std::process::Command::new("sh").args(["-c", &format!("kill -{name} {}", child.id())]).status();
    assert!(sent.unwrap().success());
}

/// A home with a TLS listener and a management listener on free ports.
fn with_tls() -> (Home, [u16; 2]) {
    let home = Home::empty();
    let ports = free_ports();
    let [main, management] = ports;
    Identity::localhost().write(home.path(), "server");
    home.write(
        "signet.toml",
        &format!(
            "[server]\npublic_url = \"https://localhost:{main}\"\n[listener]\naddress = \"127.0.0.1:{main}\"\n\
             certificates = [{{ chain = \"server.pem\", key = \"server.key\" }}]\n\
             [management]\naddress = \"127.0.0.1:{management}\"\n[passwords]\nmemory_kib = 8192\niterations = 1\n"
        ),
    );
    (home, ports)
}

async fn wait_until_ready(management: u16) {
    let http = HttpClient::new();
    let url = format!("http://127.0.0.1:{management}/health/ready");
    until_true("the server is ready", async || {
        http.try_send(Request::get(&url)).await.is_ok_and(|answer| answer.status == 200)
    })
    .await;
}

#[tokio::test]
async fn a_server_says_how_it_is_and_stops_in_order() {
    let (home, [main, management]) = with_tls();
    let server = Running::serve(&home);
    wait_until_ready(management).await;
    let http = HttpClient::new();
    let issuer = format!("https://localhost:{main}/realms/admin");
    assert_eq!(
        http.get(&format!("{issuer}/.well-known/openid-configuration")).await.success()["issuer"],
        issuer.as_str()
    );
    assert_eq!(http.get(&format!("{issuer}/nowhere")).await.status, 404);
    assert_eq!(http.get(&format!("http://127.0.0.1:{management}/health/live")).await.status, 200);
    let metrics = http.get(&format!("http://127.0.0.1:{management}/metrics")).await.body;
    for line in [
        "signet_requests_total{endpoint=\"discovery\",status=\"2xx\"} 1",
        "signet_requests_total{endpoint=\"other\",status=\"4xx\"} 1",
        "signet_ready 1",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} is missing:\n{metrics}");
    }
    server.signal("TERM");
    assert_eq!(server.end(), 0);
    let answer = http.try_send(Request::get(&format!("{issuer}/jwks"))).await;
    assert!(answer.is_err(), "{answer:?}");
}

#[tokio::test]
async fn commands_beside_a_server_are_noticed() {
    let (home, [main, management]) = with_tls();
    let server = Running::serve(&home);
    wait_until_ready(management).await;
    let http = HttpClient::new();
    let discovery = format!("https://localhost:{main}/realms/shop/.well-known/openid-configuration");
    assert_eq!(http.get(&discovery).await.status, 404);
    home.json("realm create shop");
    until_true("the realm is served", async || http.get(&discovery).await.status == 200).await;
    home.json("realm update shop --enabled false");
    until_true("the realm is no longer served", async || http.get(&discovery).await.status == 404).await;
    server.signal("INT");
    assert_eq!(server.end(), 0);
}

#[tokio::test]
async fn certificates_are_read_again_on_request_and_a_bad_one_changes_nothing() {
    let (home, [main, management]) = with_tls();
    let mut server = Running::serve(&home);
    wait_until_ready(management).await;
    let discovery = format!("https://localhost:{main}/realms/admin/.well-known/openid-configuration");
    let before = home.read("server.pem");
    // The new certificate signed itself: whoever trusts the tests' authority alone no longer connects.
    Identity::authority("localhost").write(home.path(), "server");
    server.signal("HUP");
    server.wait_for("certificates reloaded");
    assert!(HttpClient::new().try_send(Request::get(&discovery)).await.is_err());
    assert_ne!(home.read("server.pem"), before);

    home.write("server.key", "no key");
    server.signal("HUP");
    let line = server.wait_for("certificates not reloaded");
    assert!(line.contains("server.key does not hold"), "{line}");
    server.signal("TERM");
    assert_eq!(server.end(), 0);
}

#[test]
fn a_second_server_on_one_sqlite_database_is_refused() {
    let home = Home::configured();
    let server = Running::serve(&home);
    let second = logged(&home.run("serve"), 1);
    assert!(second.contains("another signet serves from"), "{second}");
    server.signal("TERM");
    assert_eq!(server.end(), 0);
}

#[test]
fn a_port_that_is_taken_is_said_in_one_sentence() {
    let home = Home::configured();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    for variable in ["SIGNET_LISTENER_ADDRESS", "SIGNET_MANAGEMENT_ADDRESS"] {
        let mut command = home.command("serve");
        command.env(variable, address.to_string());
        let said = logged(&super::ended(command), 1);
        assert!(
            said.contains(&format!("cannot listen on {address}: another process already uses this port")),
            "{said}"
        );
    }
}

/// What a server that did not start said last; before it stands the log.
fn logged(ended: &Ended, code: i32) -> String {
    assert_eq!(ended.code, code, "{ended:?}");
    ended.said.lines().last().unwrap().to_owned()
}

#[test]
fn a_wrong_or_missing_root_key_is_refused_and_never_replaced() {
    let home = Home::configured();
    home.json("realm list");
    let right = home.read("root.key");
    let other = Home::configured();
    other.json("realm list");

    home.write("root.key", &other.read("root.key"));
    for line in ["realm list", "serve"] {
        let said = logged(&home.run(line), 3);
        assert!(said.contains("root.key is not the key of this database"), "{said}");
    }
    std::fs::remove_file(home.path().join("root.key")).unwrap();
    for line in ["realm list", "serve"] {
        let said = logged(&home.run(line), 3);
        assert!(said.contains("root.key does not exist, but the database was made with a root key"), "{said}");
    }
    assert!(!home.path().join("root.key").exists());
    let changed = right.replace(':', ":x");
    home.write("root.key", &changed);
    assert!(home.refused(3, "realm list").contains("root.key does not read"));
    home.write("root.key", &right);
    home.json("realm list");
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let home = Home::configured();
    home.json("realm list");
    let url = format!("sqlite:{}", home.path().join("signet.db").display());
    let database = connect_directly(&url).await;
    let insert = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_of_the_future', 0)";
    database.execute_raw(Statement::from_string(database.get_database_backend(), insert)).await.unwrap();
    database.close().await.unwrap();
    for line in ["realm list", "migrate up", "serve"] {
        let said = logged(&home.run(line), 4);
        assert!(said.contains("the schema of a newer Signet") && said.contains("start the newer version"), "{said}");
    }
}

#[test]
fn a_schema_that_may_not_be_changed_at_start_is_left_alone() {
    let home = Home::configured();
    let not_permitted = |line: &str| {
        let mut command = home.command(line);
        command.env("SIGNET_DATABASE_MIGRATE_AT_START", "false");
        super::ended(command)
    };
    let said = logged(&not_permitted("serve"), 4);
    assert!(said.contains("run: signet migrate up"), "{said}");
    let count = home.json("migrate status")["items"].as_array().unwrap().len();
    assert!(home.run("migrate up").printed.contains(&format!("Applied {count} migrations.")));
    assert!(home.run("migrate up").printed.contains("up to date"));
    let states: Value = home.json("migrate status");
    assert!(states["items"].as_array().unwrap().iter().all(|state| state["applied"] == true), "{states}");
    assert_eq!(not_permitted("realm list").code, 0);
}

#[test]
fn doctor_finds_what_is_bad_and_says_what_to_do() {
    let (home, _) = with_tls();
    home.json("realm list");
    let healthy = home.run("doctor --output json");
    assert_eq!(healthy.code, 0, "{healthy:?}");

    let mut command = home.command("doctor --output json");
    command.env("SIGNET_SERVER_PUBLIC_URL", "https://login.example.com");
    let mut open = std::fs::metadata(home.path().join("root.key")).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut open, 0o644);
    std::fs::set_permissions(home.path().join("root.key"), open).unwrap();
    let ended = super::ended(command);
    assert_eq!(ended.code, 1, "{ended:?}");
    let findings: Value = serde_json::from_str(&ended.printed).unwrap();
    let bad: Vec<&str> = findings["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["result"] == "bad")
        .map(|finding| finding["finding"].as_str().unwrap())
        .collect();
    assert_eq!(bad.len(), 2, "{bad:?}");
    assert!(bad[0].contains("run: chmod 600"), "{bad:?}");
    assert!(bad[1].contains("none is for login.example.com"), "{bad:?}");
}

#[test]
fn revocation_lists_that_do_not_read_are_found_and_nothing_is_served() {
    let (home, _) = with_tls();
    home.json("realm list");
    let authority = Identity::authority("Client authority");
    let list = |validity| List { validity, ..List::of(&authority, &[]) }.pem();
    let with = |line: &str| {
        let mut command = home.command(line);
        command.env("SIGNET_CLIENT_CERTIFICATES_REVOCATION_LISTS", "clients.crl");
        super::ended(command)
    };
    for (content, said) in [
        (None, "clients.crl cannot be read"),
        (Some(b"no list".to_vec()), "clients.crl does not hold revocation lists"),
        (Some(list((-20, -10))), "clients.crl is out of date"),
        (Some(list((-20, 10_000))), "clients.crl is good for 2 hours"),
    ] {
        if let Some(content) = &content {
            std::fs::write(home.path().join("clients.crl"), content).unwrap();
        }
        let found = with("doctor --output json");
        assert!(found.printed.contains(said), "{said}: {found:?}");
        assert_eq!(found.code, i32::from(!said.contains("good for")), "{found:?}");
        if said.contains("read") || said.contains("hold") {
            let ended = with("serve");
            assert_eq!(ended.code, 3, "{ended:?}");
            assert!(ended.said.contains("clients.crl"), "{ended:?}");
        }
    }
}
