//! Comparing a module's run with what is expected of it.

use super::{Expectations, ExpectedProblem, ProblemKind, Scope, VariantPattern};
use crate::suite::model::{LogEntry, Status, TestInfo, TestResult, Variant};
use std::collections::{BTreeSet, HashMap};
use std::fmt;

/// How a module's run is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    /// A person must look at stored pages; counts as success.
    Review,
    Skipped,
    Warned,
    Failed,
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Passed => "passed",
            Self::Review => "review",
            Self::Skipped => "skipped",
            Self::Warned => "warned",
            Self::Failed => "failed",
        })
    }
}

/// Something that is not as expected, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference(pub(crate) String);

/// A module's run as the comparison needs it.
pub(crate) struct Run<'a> {
    /// The plan file's name.
    pub(crate) configuration: &'a str,
    pub(crate) module: &'a str,
    /// The plan's and the module's variant parameters together.
    pub(crate) variant: &'a Variant,
    pub(crate) info: &'a TestInfo,
    pub(crate) log: &'a [LogEntry],
}

/// What the comparison found.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) outcome: Outcome,
    pub(crate) differences: Vec<Difference>,
    /// The expectations that came true.
    pub(crate) used: BTreeSet<Expectation>,
}

/// Points at one expectation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Expectation {
    Problem(usize),
    Skip(usize),
}

/// Compares one run with the expectations.
pub(crate) fn judge(run: &Run<'_>, expectations: &Expectations) -> Verdict {
    let mut verdict = Verdict { outcome: outcome(run.info), differences: Vec::new(), used: BTreeSet::new() };
    let problems = problems(run.log);
    for problem in &problems {
        let expected =
            expectations.problems.iter().position(|expected| run.is_in(&expected.scope) && problem.is(expected));
        match expected {
            Some(position) => drop(verdict.used.insert(Expectation::Problem(position))),
            None => verdict.differences.push(problem.difference()),
        }
    }
    let explained = |kind| problems.iter().any(|problem| problem.kind == kind);
    match verdict.outcome {
        // A problem in the log is either expected, and explains the result, or is a difference already.
        Outcome::Failed if explained(ProblemKind::Failure) => {}
        Outcome::Warned if explained(ProblemKind::Warning) => {}
        Outcome::Failed | Outcome::Warned => {
            let text = format!("ended {:?} with result {:?}", run.info.status, run.info.result);
            verdict.differences.push(Difference(text.to_lowercase()));
        }
        Outcome::Skipped => judge_skip(run, expectations, &mut verdict),
        Outcome::Passed | Outcome::Review => {}
    }
    verdict
}

fn judge_skip(run: &Run<'_>, expectations: &Expectations, verdict: &mut Verdict) {
    let said = run.log.iter().filter(|entry| entry.result.as_deref() == Some("SKIPPED"));
    let said: Vec<&str> = said.filter_map(|entry| entry.msg.as_deref()).collect();
    let expected = expectations
        .skips
        .iter()
        .position(|skip| run.is_in(&skip.scope) && said.iter().any(|sentence| sentence.contains(&skip.permitted_by)));
    match expected {
        Some(position) => drop(verdict.used.insert(Expectation::Skip(position))),
        None => verdict.differences.push(Difference(format!("unexpected skip: {}", said.join(" ")))),
    }
}

fn outcome(info: &TestInfo) -> Outcome {
    if info.status != Status::Finished {
        return Outcome::Failed;
    }
    match info.result {
        TestResult::Passed => Outcome::Passed,
        TestResult::Review => Outcome::Review,
        TestResult::Skipped => Outcome::Skipped,
        TestResult::Warning => Outcome::Warned,
        TestResult::Failed | TestResult::Unknown => Outcome::Failed,
    }
}

/// The expectations of the plans that ran which did not come true; `used` has those that did, with the file name of the
/// plan. An expectation belongs to the plans whose file name and variant it matches, and must come true in each.
pub(crate) fn unused(
    expectations: &Expectations,
    used: &BTreeSet<(Expectation, &str)>,
    plans: &[(&str, &Variant)],
) -> Vec<Difference> {
    let missed_in = |scope: &Scope, expectation: Expectation, text: String| -> Vec<Difference> {
        let belongs =
            |file: &str, variant| glob(&scope.configuration_filename, file) && !contradicts(&scope.variant, variant);
        let open =
            plans.iter().filter(|(file, variant)| belongs(file, variant) && !used.contains(&(expectation, *file)));
        open.map(|(file, _)| Difference(format!("expected and not seen in {file}: {text}"))).collect()
    };
    let problems =
        expectations.problems.iter().enumerate().flat_map(|(position, problem)| {
            missed_in(&problem.scope, Expectation::Problem(position), problem.to_string())
        });
    let skips = expectations.skips.iter().enumerate().flat_map(|(position, skip)| {
        missed_in(&skip.scope, Expectation::Skip(position), format!("the skip of {}", skip.scope.test_name))
    });
    problems.chain(skips).collect()
}

const fn kind_name(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::Failure => "failure",
        ProblemKind::Warning => "warning",
    }
}

impl fmt::Display for ExpectedProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, module) = (kind_name(self.expected_result), &self.scope.test_name);
        write!(formatter, "{} of {kind} in {module}", self.condition)?;
        self.message.as_ref().map_or(Ok(()), |message| write!(formatter, ": {message}"))
    }
}

/// A failure or warning in a log.
struct Problem<'a> {
    kind: ProblemKind,
    block: &'a str,
    condition: &'a str,
    message: &'a str,
}

impl Problem<'_> {
    fn is(&self, expected: &ExpectedProblem) -> bool {
        self.kind == expected.expected_result
            && self.condition == expected.condition
            && (expected.current_block == "*" || expected.current_block == self.block)
            && expected.message.as_deref().is_none_or(|message| message == self.message)
    }

    fn difference(&self) -> Difference {
        let block = if self.block.is_empty() { String::new() } else { format!(" in \"{}\"", self.block) };
        let kind = kind_name(self.kind);
        Difference(format!("unexpected {kind}: {}{block}: {}", self.condition, self.message))
    }
}

fn problems(log: &[LogEntry]) -> Vec<Problem<'_>> {
    let mut blocks: HashMap<&str, &str> = HashMap::new();
    let mut found = Vec::new();
    for entry in log {
        let message = entry.msg.as_deref().unwrap_or_default();
        if let (true, Some(block)) = (entry.start_block, entry.block_id.as_deref()) {
            blocks.insert(block, message);
            continue;
        }
        let kind = match entry.result.as_deref() {
            Some("FAILURE") => ProblemKind::Failure,
            Some("WARNING") => ProblemKind::Warning,
            _ => continue,
        };
        let block = entry.block_id.as_deref().and_then(|block| blocks.get(block)).copied().unwrap_or_default();
        found.push(Problem { kind, block, condition: &entry.src, message });
    }
    found
}

impl Run<'_> {
    fn is_in(&self, scope: &Scope) -> bool {
        let variant = match &scope.variant {
            VariantPattern::Any(_) => true,
            VariantPattern::Values(values) => values.iter().all(|(name, value)| self.variant.get(name) == Some(value)),
        };
        variant && glob(&scope.test_name, self.module) && glob(&scope.configuration_filename, self.configuration)
    }
}

fn contradicts(pattern: &VariantPattern, variant: &Variant) -> bool {
    match pattern {
        VariantPattern::Any(_) => false,
        VariantPattern::Values(values) => {
            values.iter().any(|(name, value)| variant.get(name).is_some_and(|actual| actual != value))
        }
    }
}

/// Whether `text` has the form of `pattern`, in which `*` is any text and `?` any one character.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    let mut letters = pattern.chars();
    match letters.next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = letters.as_str();
            text.char_indices().map(|(start, _)| &text[start..]).chain([""]).any(|tail| glob(rest, tail))
        }
        Some(letter) => {
            let mut tail = text.chars();
            tail.next().is_some_and(|next| letter == '?' || letter == next) && glob(letters.as_str(), tail.as_str())
        }
    }
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
