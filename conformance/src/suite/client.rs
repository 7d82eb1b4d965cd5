//! Client of the suite's REST interface.

use super::model::{
    CreatedPlan, CreatedTest, LogEntry, PlanId, PlanModule, RunnerInfo, Status, TestId, TestInfo, Variant, WaitState,
};
use crate::error::HarnessError;
use crate::tls;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;
use url::Url;

/// The longest that the suite holds a long poll.
const LONG_POLL: Duration = Duration::from_secs(30);
const REQUEST_LIMIT: Duration = Duration::from_mins(2);

/// A connection to one suite.
#[derive(Clone)]
pub(crate) struct SuiteClient {
    #[expect(clippy::disallowed_types, reason = "the harness stands outside the product, as any client does")]
    http: reqwest::Client,
    base: Url,
    token: Option<String>,
    certificate: Vec<u8>,
}

impl SuiteClient {
    /// Connects to the suite at `url` and trusts the certificate it shows now. `token` is its API token, which a suite
    /// in development mode does not need.
    pub(crate) async fn connect(url: &str, token: Option<String>) -> Result<Self, HarnessError> {
        let base = base_url(url)?;
        let certificate = tls::shown_certificate(&base).await.map_err(|error| {
            let how = "start one with `suite start --jar FILE`, or name another with --suite URL";
            HarnessError::Missing(format!("no suite answers at {base} ({error}): {how}"))
        })?;
        let http = tls::client(Some(&certificate), REQUEST_LIMIT)?;
        Ok(Self { http, base, token, certificate })
    }

    /// The suite's address without a slash at the end: what its redirect URIs begin with.
    pub(crate) fn base(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// The certificate that the suite showed, in PEM: the Signet under test must trust it when it calls back.
    pub(crate) fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// Whether the suite is up.
    pub(crate) async fn is_ready(&self) -> bool {
        let answer = self.request(Method::GET, "api/runner/running").send().await;
        answer.is_ok_and(|response| response.status() == StatusCode::OK)
    }

    /// Creates a plan.
    pub(crate) async fn create_plan(
        &self,
        plan: &str,
        variant: &Variant,
        configuration: &Value,
    ) -> Result<CreatedPlan, HarnessError> {
        let variant = encoded(variant)?;
        let request = self.request(Method::POST, "api/plan").query(&[("planName", plan), ("variant", &variant)]);
        self.json(request.json(configuration), "creating the plan", StatusCode::CREATED).await
    }

    /// Creates and, as most start by themselves, starts a run of a plan's module.
    pub(crate) async fn create_test(&self, plan: &PlanId, module: &PlanModule) -> Result<TestId, HarnessError> {
        let variant = encoded(&module.variant)?;
        let query = [("test", module.test_module.as_str()), ("plan", &plan.0), ("variant", &variant)];
        let request = self.request(Method::POST, "api/runner").query(&query);
        let created: CreatedTest = self.json(request, "creating the module", StatusCode::CREATED).await?;
        Ok(created.id)
    }

    /// Starts a run that does not start by itself.
    pub(crate) async fn start(&self, test: &TestId) -> Result<(), HarnessError> {
        let request = self.request(Method::POST, &format!("api/runner/{test}"));
        self.send(request, "starting the module", StatusCode::OK).await.map(drop)
    }

    /// Waits until the run is in one of `states`, at most as long as the suite holds a poll; nothing if it is not.
    pub(crate) async fn wait_for(&self, test: &TestId, states: &str) -> Result<Option<Status>, HarnessError> {
        let limit = LONG_POLL.as_millis().to_string();
        let request = self.request(Method::GET, &format!("api/runner/{test}/wait-state"));
        let request = request.query(&[("states", states), ("timeoutMs", &limit)]);
        let answer: WaitState = self.json(request, "waiting for the module", StatusCode::OK).await?;
        Ok(answer.state)
    }

    /// What a running module's browser does.
    pub(crate) async fn runner(&self, test: &TestId) -> Result<RunnerInfo, HarnessError> {
        self.json(self.request(Method::GET, &format!("api/runner/{test}")), "reading the run", StatusCode::OK).await
    }

    /// Stops a run.
    pub(crate) async fn stop(&self, test: &TestId) -> Result<(), HarnessError> {
        let request = self.request(Method::DELETE, &format!("api/runner/{test}"));
        self.send(request, "stopping the module", StatusCode::OK).await.map(drop)
    }

    /// The suite's record of a run.
    pub(crate) async fn info(&self, test: &TestId) -> Result<Value, HarnessError> {
        self.json(self.request(Method::GET, &format!("api/info/{test}")), "reading the result", StatusCode::OK).await
    }

    /// The log of a run.
    pub(crate) async fn log(&self, test: &TestId) -> Result<Value, HarnessError> {
        self.json(self.request(Method::GET, &format!("api/log/{test}")), "reading the log", StatusCode::OK).await
    }

    /// The plan's results as the suite exports them: a zip file with signed logs.
    pub(crate) async fn export(&self, plan: &PlanId) -> Result<Vec<u8>, HarnessError> {
        let request = self.request(Method::GET, &format!("api/plan/export/{plan}"));
        let response = self.send(request, "exporting the plan", StatusCode::OK).await?;
        Ok(response.bytes().await.map_err(|error| broken("exporting the plan", &error))?.to_vec())
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn send(&self, request: RequestBuilder, doing: &str, wanted: StatusCode) -> Result<Response, HarnessError> {
        let response = request.send().await.map_err(|error| broken(doing, &error))?;
        let status = response.status();
        if status == wanted {
            return Ok(response);
        }
        let body = response.text().await.unwrap_or_default();
        Err(HarnessError::Suite(format!("{doing} gave {status}: {}", reason_in(&body))))
    }

    async fn json<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        doing: &str,
        wanted: StatusCode,
    ) -> Result<T, HarnessError> {
        let response = self.send(request, doing, wanted).await?;
        response.json().await.map_err(|error| broken(doing, &error))
    }
}

/// Reads the typed part of a record that is kept whole as evidence.
pub(crate) fn typed_info(info: &Value) -> Result<TestInfo, HarnessError> {
    TestInfo::deserialize(info)
        .map_err(|error| HarnessError::Suite(format!("the record of a run is not understood: {error}")))
}

/// Reads the typed part of a log that is kept whole as evidence.
pub(crate) fn typed_log(log: &Value) -> Result<Vec<LogEntry>, HarnessError> {
    Vec::deserialize(log).map_err(|error| HarnessError::Suite(format!("the log of a run is not understood: {error}")))
}

fn base_url(url: &str) -> Result<Url, HarnessError> {
    let with_slash = format!("{}/", url.trim_end_matches('/'));
    match Url::parse(&with_slash) {
        Ok(base) if base.scheme() == "https" && base.has_host() => Ok(base),
        _ => Err(HarnessError::Input(format!("{url} is not an https URL: the suite refuses plain http"))),
    }
}

fn encoded(variant: &Variant) -> Result<String, HarnessError> {
    serde_json::to_string(variant).map_err(|error| HarnessError::Input(error.to_string()))
}

fn broken(doing: &str, error: &reqwest::Error) -> HarnessError {
    HarnessError::Suite(format!("{doing} failed: {}", tls::causes(error)))
}

/// The suite's own words in an error answer, or its beginning.
fn reason_in(body: &str) -> String {
    const LENGTH: usize = 300;
    let parsed: Option<Value> = serde_json::from_str(body).ok();
    let reason = parsed.as_ref().and_then(|value| value.get("error").or_else(|| value.get("message"))?.as_str());
    reason.unwrap_or(body).chars().take(LENGTH).collect()
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
