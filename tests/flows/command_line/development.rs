//! `signet dev`: a provider from nothing, which stays where it is.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use super::Home;
use super::serving::send_signal;
use crate::support::browser::Browser;
use crate::support::certificates::{Identity, Subject};
use crate::support::http::{HttpClient, Request};
use crate::support::server::free_ports;

/// A development provider and what it printed.
pub(super) struct Development {
    child: Child,
    greeting: String,
    pub(super) base: String,
}

impl Development {
    /// Starts it, and reads what it prints up to its last line.
    pub(super) fn start(home: &Home, port: u16) -> Self {
        let mut command = home.command(&format!("dev --port {port}"));
        let log = std::fs::File::create(home.path().join("log")).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut greeting = String::new();
        let mut printed = BufReader::new(child.stdout.take().unwrap());
        while !greeting.ends_with("Ctrl-C stops it.\n") {
            assert!(printed.read_line(&mut greeting).unwrap() > 0, "{greeting}{}", home.read("log"));
        }
        Self { child, greeting, base: format!("https://localhost:{port}") }
    }

    /// What is printed behind a name.
    pub(super) fn printed(&self, name: &str) -> &str {
        let line = self.greeting.lines().find_map(|line| line.trim_start().strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name}: {}", self.greeting)).trim()
    }

    /// Presses Ctrl-C.
    pub(super) fn stop(mut self) -> i32 {
        send_signal(&self.child, "INT");
        self.child.wait().unwrap().code().expect("it ends by itself")
    }
}

impl Drop for Development {
    fn drop(&mut self) {
        drop(self.child.kill());
    }
}

/// A port; the one behind it is free too.
pub(super) fn port() -> u16 {
    let [port] = free_ports();
    port
}

pub(super) fn trusting(home: &Home) -> HttpClient {
    HttpClient::trusting(&home.read(".signet/ca.pem"))
}

#[tokio::test]
async fn the_first_start_makes_everything_and_the_second_keeps_it() {
    let home = Home::empty();
    let port = port();
    let first = Development::start(&home, port);
    let http = trusting(&home);
    let issuer = format!("{}/realms/demo", first.base);
    assert_eq!(
        (first.printed("Try it"), first.printed("Issuer")),
        (format!("{}/dev", first.base).as_str(), issuer.as_str())
    );
    let discovery = http.get(&format!("{issuer}/.well-known/openid-configuration")).await;
    assert_eq!(discovery.success()["issuer"], issuer.as_str());
    assert_eq!(discovery.header("strict-transport-security"), None);
    let keys = http.get(&format!("{issuer}/jwks")).await.success();
    let password = first.printed("Password").to_owned();
    assert_eq!(first.stop(), 0);

    let second = Development::start(&home, port);
    assert_eq!(second.printed("Password"), password);
    // A client of its own: the first one may still hold a connection that has ended.
    assert_eq!(trusting(&home).get(&format!("{issuer}/jwks")).await.success(), keys);
    assert_eq!(second.stop(), 0);
}

#[tokio::test]
async fn the_printed_commands_administer_it() {
    let home = Home::empty();
    let development = Development::start(&home, port());
    let commands: Vec<&str> = development.greeting.lines().filter_map(|line| line.strip_prefix("  signet ")).collect();
    let (playing, commands): (Vec<&str>, Vec<&str>) =
        commands.into_iter().partition(|command| command.starts_with("try "));
    assert_eq!((playing.len(), commands.len()), (3, 3), "{commands:?}");
    for command in commands {
        // One of them has a name in quotes.
        let ended = home.run(&command.replace("\"My app\"", "App"));
        assert_eq!(ended.code, 0, "{command}: {ended:?}");
    }
    let users = home.json("user list --realm demo --config .signet/dev.toml");
    assert_eq!(users["items"][0]["username"], "ana");
    assert_eq!(development.stop(), 0);
}

#[tokio::test]
async fn the_link_plays_a_code_flow() {
    let home = Home::empty();
    let development = Development::start(&home, port());
    let mut browser = Browser::new(trusting(&home));
    let start = browser.get(development.printed("Try it")).await;
    assert!(
        start.page("dev-page").text_of("dev-page").is_some() && start.body.contains(development.printed("Password"))
    );
    let begun = browser.get(&format!("{}/dev/start", development.base)).await;
    let login = browser.follow(begun).await;
    let form = login.page("login-page").form();
    let form = form.with("username", "ana").with("password", development.printed("Password")).with("action", "login");
    let answered = browser.submit(&login, &form).await;
    let consent = browser.follow(answered).await;
    let form = consent.page("consent-page").form().with("action", "allow");
    let answered = browser.submit(&consent, &form).await;
    let location = answered.location().unwrap().to_owned();
    let result = browser.follow(answered).await;
    let page = result.page("test-client-page");
    assert_eq!(page.text_of("test-client-problem"), None);
    for shown in ["code_challenge_method=S256", "ana@example.com", "at+jwt", "id_token"] {
        assert!(result.body.contains(shown), "{shown} is missing: {}", result.body);
    }

    // Neither a second time nor in another browser.
    let again = browser.get(&location).await;
    assert!(again.page("test-client-page").text_of("test-client-problem").is_some());
    let mut stranger = Browser::new(trusting(&home));
    let foreign = stranger.get(&location).await;
    assert!(foreign.page("test-client-page").text_of("test-client-problem").is_some());
    assert_eq!(development.stop(), 0);
}

#[tokio::test]
async fn rfc8705_5_the_port_behind_is_for_clients_with_certificates() {
    let home = Home::empty();
    let port = port();
    let development = Development::start(&home, port);
    let created = home.json(
        "client create --realm demo --config .signet/dev.toml --grant-type client_credentials --auth-method \
         client_secret_post --set tls_client_certificate_bound_access_tokens=true",
    );
    let [id, secret] = ["client_id", "client_secret"].map(|member| created[member].as_str().unwrap());
    let issuer = development.printed("Issuer");
    let document = trusting(&home).get(&format!("{issuer}/.well-known/openid-configuration")).await.success();
    let aliases = &document["mtls_endpoint_aliases"];
    let [token, introspection] =
        ["token_endpoint", "introspection_endpoint"].map(|member| aliases[member].as_str().unwrap());
    assert_eq!(token, format!("https://localhost:{}/realms/demo/token", port + 1));

    let identity = Identity::issued(&Subject::named("anybody"), None);
    let presenting = HttpClient::trusting_and_presenting(&home.read(".signet/ca.pem"), &identity);
    let own = [("client_id", id), ("client_secret", secret)];
    let grant = [&own[..], &[("grant_type", "client_credentials")]].concat();
    let tokens = presenting.send(Request::form(token, &grant)).await.tokens();
    let question = [&own[..], &[("token", tokens.access_token())]].concat();
    let described = presenting.send(Request::form(introspection, &question)).await.success();
    assert!(described["cnf"]["x5t#S256"].is_string(), "{described}");
    // Nobody is asked where pages are.
    let main = Request::form(document["token_endpoint"].as_str().unwrap(), &grant);
    presenting.send(main).await.assert_refused("invalid_request");
    assert_eq!(development.stop(), 0);
}

#[test]
fn a_busy_port_is_said_in_one_sentence() {
    let home = Home::empty();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let said = home.refused(1, &format!("dev --port {port}"));
    assert!(said.contains(&format!("port {port} of this machine cannot be used")) && said.contains("--port"), "{said}");
    assert!(!home.path().join(".signet").exists());
}

#[test]
fn a_folder_that_cannot_be_used_is_said_in_one_sentence() {
    let home = Home::empty();
    home.write("file", "");
    let port = port();
    for folder in ["file", "file/below"] {
        let said = home.refused(1, &format!("dev --port {port} --data {folder}"));
        assert!(said.contains("cannot be used: Not a directory; choose another with --data"), "{said}");
    }
}

#[test]
fn data_of_something_else_is_left_alone() {
    let home = Home::configured();
    home.json("realm list");
    let said = home.run(&format!("dev --port {} --data .", port()));
    assert!(said.said.ends_with("was not made by signet dev; choose another folder with --data\n"), "{said:?}");
    assert_eq!(said.code, 1);
    assert_eq!(home.json("realm list")["items"].as_array().unwrap().len(), 1, "no demo realm");
}

#[test]
fn development_data_is_never_served_to_others() {
    let home = Home::empty();
    assert_eq!(Development::start(&home, port()).stop(), 0);
    for (variable, value) in [
        ("SIGNET_SERVER_PUBLIC_URL", "https://login.example.com"),
        ("SIGNET_SERVER_PUBLIC_URL", "https://192.0.2.7"),
        ("SIGNET_SERVER_MTLS_PUBLIC_URL", "https://mtls.example.com"),
    ] {
        let mut command = home.command("serve --config .signet/dev.toml");
        command.env(variable, value);
        let ended = super::ended(command);
        assert_eq!(ended.code, 3, "{ended:?}");
        let said = ended.said.lines().last().unwrap();
        assert!(said.contains("made by signet dev and is never served at"), "{said}");
    }
}

#[tokio::test]
async fn the_schema_of_a_newer_version_is_said_in_one_sentence() {
    let home = Home::empty();
    let port = port();
    assert_eq!(Development::start(&home, port).stop(), 0);
    let database = format!("sqlite:{}", home.path().join(".signet/signet.db").display());
    let connection = sea_orm::Database::connect(&database).await.unwrap();
    let future = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_01_future', 0)";
    sea_orm::ConnectionTrait::execute_unprepared(&connection, future).await.unwrap();
    connection.close().await.unwrap();
    let said = home.refused(4, &format!("dev --port {port}"));
    assert!(said.contains("the schema of a newer Signet (it knows m9999_01_future)"), "{said}");
    assert!(said.contains("start the newer version"), "{said}");
    // Nothing was touched: once that version is gone, everything is as it was.
    let connection = sea_orm::Database::connect(&database).await.unwrap();
    let back = "DELETE FROM seaql_migrations WHERE version = 'm9999_01_future'";
    sea_orm::ConnectionTrait::execute_unprepared(&connection, back).await.unwrap();
    connection.close().await.unwrap();
    assert_eq!(Development::start(&home, port).stop(), 0);
}
