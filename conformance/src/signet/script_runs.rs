//! What scripts did while plans ran, from Signet's metrics. A plan can be green although a script failed: where that
//! costs nothing, as at an error page, the suite does not notice.

use std::collections::BTreeMap;

/// How often scripts decided, and how often they failed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ScriptRuns {
    /// Decisions by hook.
    pub(crate) decided: BTreeMap<String, u64>,
    /// Runs without a decision, in words.
    pub(crate) failed: Vec<String>,
}

impl ScriptRuns {
    /// Reads the metrics of one process.
    pub(crate) fn read(metrics: &str) -> Self {
        let mut runs = Self::default();
        for line in metrics.lines() {
            let Some(sample) = line.strip_prefix("script_runs_total{") else { continue };
            let Some((labels, count)) = sample.rsplit_once("} ") else { continue };
            let (hook, outcome) = (label(labels, "hook"), label(labels, "outcome"));
            if outcome == "decided" {
                *runs.decided.entry(hook.to_owned()).or_default() += count.trim().parse().unwrap_or(0);
            } else {
                runs.failed.push(format!("{} failed {count} times at {hook}: {outcome}", label(labels, "package")));
            }
        }
        runs
    }

    /// How often scripts decided, in one line.
    pub(crate) fn summary(&self) -> String {
        let total: u64 = self.decided.values().sum();
        let hooks: Vec<String> = self.decided.iter().map(|(hook, count)| format!("{hook} {count}")).collect();
        format!("{total} decisions: {}", hooks.join(", ")).trim_end_matches([':', ' ']).to_owned()
    }
}

/// The value of a label; empty if there is none.
fn label<'a>(labels: &'a str, name: &str) -> &'a str {
    let values = labels.split("\",").filter_map(|label| label.trim_end_matches('"').split_once("=\""));
    values.into_iter().find(|(own, _)| *own == name).map_or("", |(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_are_added_up_and_failures_are_told() {
        let metrics = "# TYPE script_runs_total counter\n\
            script_runs_total{hook=\"on_claims\",package=\"loud\",version=\"0a1b2c\",outcome=\"decided\"} 12\n\
            script_runs_total{hook=\"on_claims\",package=\"odd\",version=\"d4e5f6\",outcome=\"decided\"} 3\n\
            script_runs_total{hook=\"on_error\",package=\"odd\",outcome=\"decided\"} 1\n\
            script_runs_total{hook=\"on_error\",package=\"odd\",outcome=\"operations\"} 2\n\
            script_denied_total{hook=\"on_error\",package=\"odd\"} 9\n";
        let runs = ScriptRuns::read(metrics);
        assert_eq!(runs.summary(), "16 decisions: on_claims 15, on_error 1");
        assert_eq!(runs.failed, ["odd failed 2 times at on_error: operations"]);
    }

    #[test]
    fn metrics_without_scripts_have_no_decisions() {
        let runs = ScriptRuns::read("process_start_time_seconds 1\nscript_runs_total nonsense\n");
        assert_eq!((runs.summary().as_str(), runs.failed.len()), ("0 decisions", 0));
    }
}
