//! The metrics of scripts.

use signet_core::hooks::{Histogram, HookCounts, PackageCounts, ScriptMetrics};

use super::metrics::{Text, number};

/// Appends them. Hooks and packages that never ran are left out.
pub(super) fn write(text: &mut Text, scripts: &ScriptMetrics) {
    type Read = fn(&PackageCounts) -> u64;
    let packages = scripts.packages();
    let mut runs = Vec::new();
    for (hook, package, counts) in &packages {
        for (version, outcome, count) in counts.runs() {
            let outcome = outcome.as_str();
            let of = format!("hook=\"{hook}\",package=\"{package}\",version=\"{version}\"");
            runs.push((format!("{{{of},outcome=\"{outcome}\"}}"), number(count)));
        }
    }
    text.metric(("script_runs_total", "counter", "Runs of scripts."), &runs);
    let counters: [((&str, &str, &str), Read); 2] = [
        (("script_denied_total", "counter", "Decisions of scripts that refused."), |counts| counts.denied),
        (
            ("script_shadow_diff_total", "counter", "Shadow runs that decided otherwise than the active version."),
            |counts| counts.shadow_differences,
        ),
    ];
    for (head, read) in counters {
        let some = packages.iter().filter(|(_, _, counts)| read(counts) > 0);
        let sample = |(hook, package, counts): &(_, _, PackageCounts)| {
            (format!("{{hook=\"{hook}\",package=\"{package}\"}}"), number(read(counts)))
        };
        text.metric(head, &some.map(sample).collect::<Vec<_>>());
    }
    histogram(
        text,
        ("script_duration_seconds", "histogram", "Time that runs of scripts took."),
        scripts.hooks().map(|counts| (counts, &counts.durations)),
    );
    histogram(
        text,
        ("script_operations", "histogram", "Operations that runs of scripts used."),
        scripts.hooks().map(|counts| (counts, &counts.operations)),
    );
}

fn histogram<'a, const BOUNDS: usize>(
    text: &mut Text,
    head: (&str, &str, &str),
    hooks: impl Iterator<Item = (&'a HookCounts, &'a Histogram<BOUNDS>)>,
) {
    let mut samples = Vec::new();
    for (HookCounts { hook, .. }, values) in hooks {
        for (bound, below) in values.cumulative() {
            samples.push((format!("_bucket{{hook=\"{hook}\",le=\"{bound}\"}}"), number(below)));
        }
        samples.push((format!("_bucket{{hook=\"{hook}\",le=\"+Inf\"}}"), number(values.count())));
        samples.push((format!("_sum{{hook=\"{hook}\"}}"), values.sum()));
        samples.push((format!("_count{{hook=\"{hook}\"}}"), number(values.count())));
    }
    text.metric(head, &samples);
}
