//! The results as a table, and the line that ends every run.

use crate::driver::Results;

/// One row a module, and below it what is not as expected.
pub(crate) fn table(results: &Results) -> String {
    let mut text = String::new();
    for plan in &results.plans {
        let variant: Vec<String> = plan.variant.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let scripts = plan.scripts.map(|name| format!(" with scripts {name}")).unwrap_or_default();
        add(&mut text, &format!("{} {}{scripts}", plan.name, variant.join(" ")));
        for module in &plan.modules {
            let (number, name, seconds) = (module.number, &module.module, module.duration.as_secs_f64());
            add(&mut text, &format!("  {number:>3}  {:<8}{seconds:>7.1} s  {name}  {}", module.outcome, module.test));
            for difference in &module.differences {
                add(&mut text, &format!("       DIFFERS: {}", difference.0));
            }
        }
        if let Some(error) = &plan.error {
            add(&mut text, &format!("  BROKE OFF: {error}"));
        }
    }
    for difference in &results.unused {
        add(&mut text, &format!("DIFFERS: {}", difference.0));
    }
    if let Some(runs) = &results.script_runs {
        add(&mut text, &format!("scripts: {}", runs.summary()));
        for failed in &runs.failed {
            add(&mut text, &format!("DIFFERS: script {failed}"));
        }
    }
    text
}

/// The last line of a run, in a form that scripts can rely on.
pub(crate) fn last_line(results: &Results) -> String {
    let totals = results.totals();
    format!(
        "plans {} modules {} passed {} review {} skipped {} warned {} failed {}",
        results.plans.len(),
        totals.modules,
        totals.passed,
        totals.review,
        totals.skipped,
        totals.warned,
        totals.failed
    )
}

fn add(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::tests::results;
    use crate::error::HarnessError;
    use crate::expected::{Difference, Outcome};
    use crate::signet::ScriptRuns;

    #[test]
    fn the_table_shows_modules_differences_and_what_broke_off() {
        let mut results = results(&[Outcome::Warned]);
        results.plans[0].modules[0].differences.push(Difference("unexpected warning: CheckX".into()));
        results.plans[0].error = Some(HarnessError::Suite("gone".into()));
        results.unused.push(Difference("expected and not seen: the skip of y".into()));
        let expected = "basic\n    1  warned      1.5 s  oidcc-server  t1\n       DIFFERS: unexpected warning: CheckX\n  \
                        BROKE OFF: the suite: gone\nDIFFERS: expected and not seen: the skip of y\n";
        assert_eq!(table(&results), expected);
    }

    #[test]
    fn the_table_says_which_scripts_decided() {
        let mut results = results(&[]);
        results.plans[0].variant = [("client_registration".to_owned(), "static_client".to_owned())].into();
        results.plans[0].scripts = Some("hostile");
        let failed = vec!["odd failed 1 times at on_error: size".to_owned()];
        results.script_runs = Some(ScriptRuns { decided: [("on_claims".to_owned(), 7)].into(), failed });
        let expected = "basic client_registration=static_client with scripts hostile\n\
                        scripts: 7 decisions: on_claims 7\nDIFFERS: script odd failed 1 times at on_error: size\n";
        assert_eq!(table(&results), expected);
    }

    #[test]
    fn the_last_line_has_the_promised_form() {
        let results = results(&[Outcome::Passed, Outcome::Review, Outcome::Skipped]);
        assert_eq!(last_line(&results), "plans 1 modules 3 passed 1 review 1 skipped 1 warned 0 failed 0");
    }
}
