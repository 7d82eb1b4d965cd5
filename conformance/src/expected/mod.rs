//! What results are expected, and how a module's run differs from that.
//!
//! The files have the suite's own shape for expected problems, so that its runner reads them too. A skip needs one
//! more member, `permitted-by`: the suite's sentence, as it stands in the module's log, that permits the skip. A problem
//! may have one more, `message`: the suite's whole text, where a condition says several things and not all are expected.
//! Whatever is not expected is a difference, and so is an expectation that did not come true.

mod files;
mod judge;

pub(crate) use judge::{Difference, Expectation, Outcome, Run, judge, unused};

use crate::suite::model::Variant;
use serde::Deserialize;

/// Everything that is expected.
#[derive(Debug, Default)]
pub(crate) struct Expectations {
    pub(crate) problems: Vec<ExpectedProblem>,
    pub(crate) skips: Vec<ExpectedSkip>,
}

/// Which module runs an expectation is about.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Scope {
    /// The module's name; `*` and `?` are wildcards.
    pub(crate) test_name: String,
    pub(crate) variant: VariantPattern,
    /// The plan's name with the ending of a file, such as `basic.toml`; `*` and `?` are wildcards.
    pub(crate) configuration_filename: String,
}

/// All variants, or those with the given values.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum VariantPattern {
    Values(Variant),
    Any(AnyVariant),
}

/// The text `*`.
#[derive(Debug, Deserialize)]
pub(crate) enum AnyVariant {
    #[serde(rename = "*")]
    Any,
}

/// A condition that is known to fail or to warn.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ExpectedProblem {
    #[serde(flatten)]
    pub(crate) scope: Scope,
    /// The title of the log's block around the condition; `*` means any.
    pub(crate) current_block: String,
    /// The condition's class name.
    pub(crate) condition: String,
    pub(crate) expected_result: ProblemKind,
    /// The suite's text; any where it is absent.
    pub(crate) message: Option<String>,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ProblemKind {
    Failure,
    Warning,
}

/// A module that is known to skip itself.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ExpectedSkip {
    #[serde(flatten)]
    pub(crate) scope: Scope,
    /// A sentence of the suite, or its beginning, that the log must contain.
    pub(crate) permitted_by: String,
}
