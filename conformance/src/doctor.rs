//! What is there and what is missing to run the plans.

use crate::cli::DoctorArguments;
use crate::error::HarnessError;
use crate::evidence::picture::Browser;
use crate::output;
use crate::signet::executable;
use crate::suite::client::SuiteClient;
use crate::suite::java;
use crate::suite::process::{PROJECT, check_jar};
use std::net::{Ipv4Addr, TcpListener};

/// One thing that was looked at.
struct Finding {
    subject: &'static str,
    /// What was found, or what is missing and what to do.
    state: Result<String, String>,
}

/// Prints the findings and returns whether nothing is missing.
pub(crate) async fn examine(arguments: &DoctorArguments) -> bool {
    let suite = running_suite(arguments.port).await;
    let findings = [
        Finding { subject: "suite", state: suite_state(arguments, suite.as_deref()) },
        Finding {
            subject: "java",
            state: java::find(arguments.java.as_deref())
                .map(|java| format!("{} (release {})", java.executable.display(), java.release))
                .map_err(|error| error.to_string()),
        },
        Finding { subject: "port", state: port_state(arguments.port, suite.as_deref()) },
        Finding { subject: "signet", state: signet_state(arguments) },
        Finding { subject: "pictures", state: Ok(picture_state()) },
    ];
    for finding in &findings {
        let (word, text) = match &finding.state {
            Ok(text) => ("ok", text),
            Err(text) => ("MISSING", text),
        };
        output::line(&format!("{word:<8} {:<9} {text}", finding.subject));
    }
    findings.iter().all(|finding| finding.state.is_ok())
}

async fn running_suite(port: u16) -> Option<String> {
    let url = format!("https://localhost:{port}");
    let client = SuiteClient::connect(&url, None).await.ok()?;
    client.is_ready().await.then_some(url)
}

fn suite_state(arguments: &DoctorArguments, running: Option<&str>) -> Result<String, String> {
    if let Some(url) = running {
        return Ok(format!("runs at {url}"));
    }
    match &arguments.jar {
        Some(jar) => check_jar(jar).map(|()| jar.display().to_string()).map_err(|error| error.to_string()),
        None => Err(format!("no suite runs here and no jar was named: {PROJECT}; then pass --jar FILE")),
    }
}

fn port_state(port: u16, running: Option<&str>) -> Result<String, String> {
    match (TcpListener::bind((Ipv4Addr::LOCALHOST, port)), running) {
        (Ok(_), _) => Ok(format!("{port} is free")),
        (Err(_), Some(_)) => Ok(format!("{port} is the running suite's")),
        (Err(error), None) => Err(format!("{port} is not free ({error}): stop what uses it, or pass --port")),
    }
}

fn signet_state(arguments: &DoctorArguments) -> Result<String, String> {
    let found = executable(arguments.signet.as_deref());
    found.map(|path| path.display().to_string()).map_err(|error: HarnessError| error.to_string())
}

/// Pictures are a help, not a need.
fn picture_state() -> String {
    Browser::find().map_or_else(
        || "no Chromium on the path: stored pages are kept without pictures".to_owned(),
        |browser| browser.executable().display().to_string(),
    )
}
