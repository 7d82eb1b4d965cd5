//! What the suite's REST interface answers, as far as the harness reads it.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// Variant parameters and their values, such as `client_auth_type` and `client_secret_basic`.
pub(crate) type Variant = BTreeMap<String, String>;

/// Identifies a created plan.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct PlanId(pub(crate) String);

/// Identifies one run of a module.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct TestId(pub(crate) String);

impl fmt::Display for PlanId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Display for TestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A plan that the suite made for us.
#[derive(Debug, Deserialize)]
pub(crate) struct CreatedPlan {
    pub(crate) id: PlanId,
    pub(crate) modules: Vec<PlanModule>,
}

/// One module of a plan, with the variant it runs in.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanModule {
    pub(crate) test_module: String,
    #[serde(default, deserialize_with = "null_is_empty")]
    pub(crate) variant: Variant,
}

fn null_is_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Variant, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A module run that the suite created.
#[derive(Debug, Deserialize)]
pub(crate) struct CreatedTest {
    pub(crate) id: TestId,
}

/// Where a module run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Status {
    NotYetCreated,
    Created,
    Configured,
    Running,
    Waiting,
    Finished,
    Interrupted,
}

/// What a module run came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum TestResult {
    Passed,
    Warning,
    Review,
    Failed,
    Skipped,
    Unknown,
}

/// The suite's record of a module run.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TestInfo {
    /// Unknown where the run was interrupted: the suite records none then.
    #[serde(default = "unknown", deserialize_with = "null_is_unknown")]
    pub(crate) result: TestResult,
    pub(crate) status: Status,
}

const fn unknown() -> TestResult {
    TestResult::Unknown
}

fn null_is_unknown<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TestResult, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(TestResult::Unknown))
}

/// The answer of a long poll: the state reached, or none before the time was over.
#[derive(Debug, Deserialize)]
pub(crate) struct WaitState {
    pub(crate) state: Option<Status>,
}

/// A running module, as far as its browser is concerned.
#[derive(Debug, Deserialize)]
pub(crate) struct RunnerInfo {
    #[serde(default)]
    pub(crate) browser: BrowserInfo,
}

/// What the suite's browser does and what it leaves to others.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct BrowserInfo {
    /// Addresses that no automation matched: somebody would have to open them.
    #[serde(default)]
    pub(crate) urls: Vec<String>,
}

/// One entry of a module's log.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogEntry {
    /// The condition or part of the suite that wrote it.
    #[serde(default)]
    pub(crate) src: String,
    #[serde(default, deserialize_with = "text_or_nothing")]
    pub(crate) msg: Option<String>,
    /// `SUCCESS`, `FAILURE`, `WARNING`, `REVIEW`, `SKIPPED`, `INFO` or nothing.
    pub(crate) result: Option<String>,
    pub(crate) block_id: Option<String>,
    #[serde(default)]
    pub(crate) start_block: bool,
    /// The page that filled a placeholder.
    #[serde(rename = "page_source")]
    pub(crate) page_source: Option<String>,
}

/// Some conditions write structured messages; the harness needs the texts only.
fn text_or_nothing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Value::deserialize(deserializer)?.as_str().map(str::to_owned))
}
