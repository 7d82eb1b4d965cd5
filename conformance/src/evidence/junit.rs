//! The results as JUnit XML: one suite a plan, one case a module; what is not as expected is a failure.

use crate::driver::{ModuleRun, PlanRun, Results};
use crate::expected::{Difference, Outcome};
use crate::signet::ScriptRuns;

/// The whole report.
pub(crate) fn report(results: &Results) -> String {
    let suites: String = results.plans.iter().map(plan).collect();
    let unused = if results.unused.is_empty() { String::new() } else { unused(&results.unused) };
    let scripts = results.script_runs.as_ref().map(scripts).unwrap_or_default();
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n{suites}{unused}{scripts}</testsuites>\n")
}

fn plan(plan: &PlanRun) -> String {
    let mut cases: String = plan.modules.iter().map(|run| module(&plan.name, run)).collect();
    if let Some(error) = &plan.error {
        cases += &case(&plan.name, "plan", 0.0, &format!("<error>{}</error>", escape(&error.to_string())));
    }
    suite(&plan.name, plan.modules.len() + usize::from(plan.error.is_some()), &cases)
}

fn module(plan: &str, run: &ModuleRun) -> String {
    let content = if !run.differences.is_empty() {
        failures(&run.differences)
    } else if run.outcome == Outcome::Skipped {
        "<skipped/>".to_owned()
    } else {
        String::new()
    };
    let variant: Vec<&str> = run.variant.values().map(String::as_str).collect();
    let name = if variant.is_empty() { run.module.clone() } else { format!("{} [{}]", run.module, variant.join(", ")) };
    case(plan, &name, run.duration.as_secs_f64(), &content)
}

fn unused(differences: &[Difference]) -> String {
    suite("expectations", 1, &case("expectations", "unused", 0.0, &failures(differences)))
}

fn scripts(runs: &ScriptRuns) -> String {
    let failed: Vec<Difference> = runs.failed.iter().cloned().map(Difference).collect();
    let content = if failed.is_empty() { String::new() } else { failures(&failed) };
    suite("scripts", 1, &case("scripts", "every run decided", 0.0, &content))
}

fn failures(differences: &[Difference]) -> String {
    let texts: Vec<String> = differences.iter().map(|difference| escape(&difference.0)).collect();
    format!("<failure>{}</failure>", texts.join("\n"))
}

fn suite(name: &str, tests: usize, cases: &str) -> String {
    format!("<testsuite name=\"{}\" tests=\"{tests}\">\n{cases}</testsuite>\n", escape(name))
}

fn case(class: &str, name: &str, seconds: f64, content: &str) -> String {
    let (class, name) = (escape(class), escape(name));
    format!("<testcase classname=\"{class}\" name=\"{name}\" time=\"{seconds:.3}\">{content}</testcase>\n")
}

/// Escapes markup and drops what XML 1.0 cannot hold: messages quote what servers sent.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => escaped.push(letter),
            control if control.is_control() || matches!(control, '\u{fffe}' | '\u{ffff}') => {}
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::tests::results;

    #[test]
    fn differences_are_failures_and_expected_skips_are_skipped() {
        let mut results = results(&[Outcome::Warned, Outcome::Skipped, Outcome::Passed]);
        results.plans[0].modules[0].differences.push(Difference("\"a\" <b> & \u{0}c".into()));
        results.unused.push(Difference("not seen".into()));
        let case = |content: &str| {
            format!("<testcase classname=\"basic\" name=\"oidcc-server\" time=\"1.500\">{content}</testcase>\n")
        };
        let expected = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"basic\" tests=\"3\">\n{}{}{}\
             </testsuite>\n<testsuite name=\"expectations\" tests=\"1\">\n<testcase classname=\"expectations\" \
             name=\"unused\" time=\"0.000\"><failure>not seen</failure></testcase>\n</testsuite>\n</testsuites>\n",
            case("<failure>&quot;a&quot; &lt;b&gt; &amp; c</failure>"),
            case("<skipped/>"),
            case(""),
        );
        assert_eq!(report(&results), expected);
    }

    #[test]
    fn failed_scripts_are_failures() {
        let mut results = results(&[]);
        for (failed, content) in [(vec![], ""), (vec!["odd failed".to_owned()], "<failure>odd failed</failure>")] {
            results.script_runs = Some(ScriptRuns { failed, ..ScriptRuns::default() });
            let case = format!("name=\"every run decided\" time=\"0.000\">{content}</testcase>");
            assert!(report(&results).contains(&case), "{}", report(&results));
        }
    }
}
