//! The library `openid-client` for Node.js as a client, grant by grant. It runs in a process of its own, and a test
//! reads as what that client does.

mod assertions;
mod ciba;
mod device;
mod exchange;
mod native_apps;
mod uma;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::support::certificates::AUTHORITY;
use crate::support::client::{Client, Credential};
use crate::support::process::new_folder;
use crate::support::realm::{Realm, User};

/// Longest wait for a line. Only what never comes takes so long: the library itself gives up an answer earlier.
const LONGEST: Duration = Duration::from_mins(1);

/// What a call came to: what the function answered, or the error that it threw.
type Outcome = Result<Value, Value>;

/// A client that is the library.
struct ForeignClient {
    /// Ends with this.
    _process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    folder: PathBuf,
    redirect_uri: String,
}

impl Drop for ForeignClient {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// What `tests/run` says in a variable.
fn provided(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: start the tests through tests/run"))
}

impl ForeignClient {
    /// The library as this client, after discovery of its issuer.
    async fn of(client: &Client) -> Self {
        Self::discovering(&client.issuer, client).await
    }

    /// The same by another metadata document of the issuer.
    async fn discovering(document: &str, client: &Client) -> Self {
        let mut foreign = Self::start(client);
        let authentication = match &client.credential {
            Credential::None => json!(["None"]),
            Credential::Basic(secret) => json!(["ClientSecretBasic", secret]),
            Credential::Post(secret) => json!(["ClientSecretPost", secret]),
            Credential::Assertion(key) => json!(["PrivateKeyJwt", key.private_jwk()]),
            Credential::Certificate(_) => panic!("the library leaves certificates to Node.js"),
        };
        let first = json!({"issuer": document, "client_id": client.id, "authentication": authentication});
        foreign.send(&first).await;
        assert_eq!(foreign.end().await.unwrap(), "discovered");
        foreign
    }

    fn start(client: &Client) -> Self {
        let folder = new_folder("openid-client");
        let authority = folder.join("authority.pem");
        std::fs::write(&authority, AUTHORITY.certificate_pem()).unwrap();
        let log = File::create(folder.join("log")).unwrap();
        let mut process = Command::new(provided("SIGNET_TEST_NODE"))
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/openid_client/client.mjs"))
            .env_clear()
            .env("SIGNET_TEST_OPENID_CLIENT", provided("SIGNET_TEST_OPENID_CLIENT"))
            .env("NODE_EXTRA_CA_CERTS", &authority)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("Node.js");
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { _process: process, input, output, folder, redirect_uri: client.redirect_uri.clone() }
    }

    async fn send(&mut self, line: &Value) {
        // Where it has ended, reading says why.
        drop(self.input.write_all(format!("{line}\n").as_bytes()).await);
    }

    /// The next line that the program says.
    async fn line(&mut self) -> Value {
        let said = timeout(LONGEST, self.output.next_line()).await;
        let said = said.unwrap_or_else(|_| panic!("nothing was said within {LONGEST:?}: {}", self.complaint()));
        let line = said.unwrap().unwrap_or_else(|| panic!("the client has ended: {}", self.complaint()));
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// What the program wrote to its standard error.
    fn complaint(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap()
    }

    /// Has the library begin something that takes a while.
    async fn begin(&mut self, function: &str, arguments: Value) {
        self.send(&Value::from_iter([("call", json!(function)), ("arguments", arguments)])).await;
    }

    /// Waits until the server has answered the library with this error, which may go on all the same.
    async fn is_answered(&mut self, error: &str) {
        loop {
            let line = self.line().await;
            let answered = line.get("answered").unwrap_or_else(|| panic!("it ended before {error}: {line}"));
            if answered["error"] == error {
                return;
            }
        }
    }

    /// What comes of what the library has begun.
    async fn end(&mut self) -> Outcome {
        loop {
            let mut line = self.line().await;
            if line.get("answered").is_none() {
                return if line.get("error").is_some() { Err(line["error"].take()) } else { Ok(line["result"].take()) };
            }
        }
    }

    /// Calls a function of the library, whose first argument is the client.
    async fn call(&mut self, function: &str, arguments: Value) -> Outcome {
        self.begin(function, arguments).await;
        self.end().await
    }

    /// Asks the token endpoint for an extension grant.
    async fn grant(&mut self, grant_type: &str, parameters: Value) -> Outcome {
        self.call("genericGrantRequest", Value::from(vec![json!(grant_type), parameters])).await
    }

    /// Goes through the code flow with a user who agrees to everything.
    async fn log_in(&mut self, realm: &Realm, user: &User, scope: &str) -> Value {
        let asked = json!([{"redirect_uri": self.redirect_uri, "scope": scope}]);
        let started = self.call("startCodeFlow", asked).await.unwrap();
        let mut browser = realm.browser();
        let page = browser.get(started["url"].as_str().unwrap()).await;
        let mut answer = browser.log_in(&page, user).await;
        if answer.is_page("consent-page") {
            answer = browser.allow(&answer).await;
        }
        let response = answer.location().expect("an authorization response");
        self.call("authorizationCodeGrant", json!([response, started["checks"]])).await.unwrap()
    }
}

/// Checks that the server refused, with this status and this error in the body.
fn assert_refused(outcome: &Outcome, status: u16, error: &str) {
    let refusal = outcome.as_ref().expect_err("a refusal");
    assert_eq!((&refusal["name"], &refusal["status"]), (&json!("ResponseBodyError"), &json!(status)), "{refusal}");
    assert_eq!(refusal["error"], error, "{refusal}");
}
