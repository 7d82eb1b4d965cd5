//! What runs of scripts are counted under. Every label has a bounded number of values: hooks and outcomes are closed
//! lists, and of packages only so many are told apart.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use signet_hooks::{Hook, RunFailureKind};

/// Packages that are told apart; the runs of any more count as those of [`OTHERS`].
const MOST_PACKAGES: usize = 200;
/// Stands for the packages beyond those. No package has such a name.
const OTHERS: &str = "(others)";
/// Versions of a package at a hook that are told apart: those that ran last. The runs of versions before them count as
/// those of [`OTHERS`].
const MOST_VERSIONS: usize = 4;
/// Upper bounds of the durations, in seconds. The smallest is what an empty decision may take.
const DURATION_BOUNDS: [f64; 12] = [2e-6, 5e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 5e-3, 0.05, 0.3, 1.0, 10.0];
/// Upper bounds of the operations.
const OPERATION_BOUNDS: [f64; 8] = [10.0, 100.0, 1e3, 1e4, 5e4, 1e5, 1e6, 1e7];

/// What became of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// There is a decision.
    Decided,
    /// There is none.
    Failed(RunFailureKind),
    /// There was no place to run in.
    Overloaded,
    /// The deployed version does not compile any more.
    NotCompiled,
}

impl Outcome {
    /// Its name in metrics, events and log lines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Decided => "decided",
            Self::Failed(kind) => kind.as_str(),
            Self::Overloaded => "overloaded",
            Self::NotCompiled => "not_compiled",
        }
    }
}

/// Runs of one package at one hook.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackageCounts {
    /// By version, the one that ran first being first, and outcome.
    versions: Vec<(Arc<str>, BTreeMap<Outcome, u64>)>,
    /// Decisions that refused.
    pub denied: u64,
    /// Shadow runs that came to something else than the version that decides.
    pub shadow_differences: u64,
}

impl PackageCounts {
    /// Runs by version and outcome. A version is what the first twelve digits of its name say.
    pub fn runs(&self) -> impl Iterator<Item = (&str, Outcome, u64)> {
        self.versions
            .iter()
            .flat_map(|(version, runs)| runs.iter().map(move |(outcome, count)| (&**version, *outcome, *count)))
    }

    fn ran(&mut self, version: &str, outcome: Outcome) {
        let known = self.versions.iter().position(|(known, _)| &**known == version);
        let place = known.unwrap_or_else(|| {
            self.versions.push((version.into(), BTreeMap::new()));
            self.make_room();
            self.versions.len() - 1
        });
        if let Some((_, runs)) = self.versions.get_mut(place) {
            *runs.entry(outcome).or_default() += 1;
        }
    }

    /// Counts the oldest version with the others, where there is one too many.
    fn make_room(&mut self) {
        let others = self.versions.iter().position(|(version, _)| &**version == OTHERS);
        if self.versions.len() - usize::from(others.is_some()) <= MOST_VERSIONS {
            return;
        }
        if others.is_none() {
            self.versions.insert(0, (OTHERS.into(), BTreeMap::new()));
        }
        let (_, oldest) = self.versions.remove(1);
        if let Some((_, counted)) = self.versions.first_mut() {
            for (outcome, count) in oldest {
                *counted.entry(outcome).or_default() += count;
            }
        }
    }
}

/// A distribution.
#[derive(Debug)]
pub struct Histogram<const BOUNDS: usize> {
    bounds: &'static [f64; BOUNDS],
    /// How many fell below each bound and above the one before.
    buckets: [AtomicU64; BOUNDS],
    above: AtomicU64,
    /// In millionths.
    sum: AtomicU64,
}

impl<const BOUNDS: usize> Histogram<BOUNDS> {
    fn new(bounds: &'static [f64; BOUNDS]) -> Self {
        Self { bounds, buckets: std::array::from_fn(|_| AtomicU64::new(0)), above: AtomicU64::new(0), sum: 0.into() }
    }

    fn observe(&self, value: f64, millionths: u64) {
        let bound = self.bounds.iter().position(|bound| value <= *bound);
        bound.and_then(|bound| self.buckets.get(bound)).unwrap_or(&self.above).fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(millionths, Ordering::Relaxed);
    }

    /// Each bound with how many values are not above it.
    pub fn cumulative(&self) -> Vec<(f64, u64)> {
        let mut total = 0;
        let pairs = self.bounds.iter().zip(&self.buckets);
        pairs
            .map(|(bound, bucket)| {
                total += bucket.load(Ordering::Relaxed);
                (*bound, total)
            })
            .collect()
    }

    /// How many values there are.
    pub fn count(&self) -> u64 {
        self.cumulative().last().map_or(0, |(_, below)| *below) + self.above.load(Ordering::Relaxed)
    }

    /// Their sum.
    #[expect(clippy::cast_precision_loss, reason = "samples are floating-point numbers")]
    pub fn sum(&self) -> f64 {
        self.sum.load(Ordering::Relaxed) as f64 / 1e6
    }
}

/// Runs at one hook.
#[derive(Debug)]
pub struct HookCounts {
    /// The hook.
    pub hook: Hook,
    /// Seconds.
    pub durations: Histogram<12>,
    /// Operations.
    pub operations: Histogram<8>,
}

/// Counts of runs since start.
#[derive(Debug)]
pub struct ScriptMetrics {
    hooks: Vec<HookCounts>,
    packages: Mutex<Packages>,
}

#[derive(Debug, Default)]
struct Packages {
    names: BTreeSet<Arc<str>>,
    counts: BTreeMap<(Hook, Arc<str>), PackageCounts>,
}

impl Packages {
    fn of(&mut self, hook: Hook, package: &str) -> &mut PackageCounts {
        let name = match self.names.get(package) {
            Some(known) => Arc::clone(known),
            None if self.names.len() < MOST_PACKAGES => {
                let name: Arc<str> = package.into();
                self.names.insert(Arc::clone(&name));
                name
            }
            None => OTHERS.into(),
        };
        self.counts.entry((hook, name)).or_default()
    }
}

impl Default for ScriptMetrics {
    fn default() -> Self {
        let hook_counts = |hook: &Hook| HookCounts {
            hook: *hook,
            durations: Histogram::new(&DURATION_BOUNDS),
            operations: Histogram::new(&OPERATION_BOUNDS),
        };
        Self { hooks: Hook::ALL.iter().map(hook_counts).collect(), packages: Mutex::default() }
    }
}

impl ScriptMetrics {
    fn change(&self, hook: Hook, package: &str, change: impl FnOnce(&mut PackageCounts)) {
        change(self.packages.lock().unwrap_or_else(PoisonError::into_inner).of(hook, package));
    }

    pub(super) fn ran(&self, (hook, package, version): (Hook, &str, &str), outcome: Outcome, denied: bool) {
        self.change(hook, package, |counts| {
            counts.ran(version, outcome);
            counts.denied += u64::from(denied);
        });
    }

    pub(super) fn used(&self, hook: Hook, operations: u64, elapsed: Duration) {
        let Some(counts) = self.hooks.iter().find(|counts| counts.hook == hook) else { return };
        let microseconds = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        counts.durations.observe(elapsed.as_secs_f64(), microseconds);
        #[expect(clippy::cast_precision_loss, reason = "bounds are floating-point numbers")]
        counts.operations.observe(operations as f64, operations.saturating_mul(1_000_000));
    }

    pub(super) fn shadow_differed(&self, hook: Hook, package: &str) {
        self.change(hook, package, |counts| counts.shadow_differences += 1);
    }

    /// Hooks at which anything ran.
    pub fn hooks(&self) -> impl Iterator<Item = &HookCounts> {
        self.hooks.iter().filter(|counts| counts.durations.count() > 0)
    }

    /// Counts by hook and package.
    pub fn packages(&self) -> Vec<(Hook, Arc<str>, PackageCounts)> {
        let packages = self.packages.lock().unwrap_or_else(PoisonError::into_inner);
        packages.counts.iter().map(|((hook, name), counts)| (*hook, Arc::clone(name), counts.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_counted_by_hook_package_and_outcome() {
        let metrics = ScriptMetrics::default();
        metrics.ran((Hook::OnClaims, "department", "a"), Outcome::Decided, false);
        metrics.ran((Hook::OnTokenRequest, "hours", "b"), Outcome::Decided, true);
        metrics.ran((Hook::OnTokenRequest, "hours", "c"), Outcome::Failed(RunFailureKind::Operations), false);
        metrics.shadow_differed(Hook::OnTokenRequest, "hours");
        metrics.used(Hook::OnClaims, 70, Duration::from_micros(12));
        let packages = metrics.packages();
        let (_, _, hours) = packages.iter().find(|(_, name, _)| &**name == "hours").unwrap();
        assert_eq!((hours.denied, hours.shadow_differences), (1, 1));
        let failed = Outcome::Failed(RunFailureKind::Operations);
        assert_eq!(hours.runs().collect::<Vec<_>>(), [("b", Outcome::Decided, 1), ("c", failed, 1)]);
        let claims: Vec<&HookCounts> = metrics.hooks().collect();
        assert_eq!((claims.len(), claims[0].hook, claims[0].durations.count()), (1, Hook::OnClaims, 1));
        assert_eq!(claims[0].durations.cumulative()[2..4], [(1e-5, 0), (3e-5, 1)]);
        assert!((claims[0].operations.sum() - 70.0).abs() < 1e-9);
    }

    #[test]
    fn no_number_of_packages_makes_more_than_so_many_labels() {
        let metrics = ScriptMetrics::default();
        for number in 0..3 * MOST_PACKAGES {
            metrics.ran((Hook::OnError, &format!("package-{number}"), "a"), Outcome::Decided, false);
        }
        let packages = metrics.packages();
        assert_eq!(packages.len(), MOST_PACKAGES + 1);
        let (_, _, others) = packages.iter().find(|(_, name, _)| &**name == OTHERS).unwrap();
        assert_eq!(others.runs().collect::<Vec<_>>(), [("a", Outcome::Decided, 2 * MOST_PACKAGES as u64)]);
    }

    #[test]
    fn of_the_versions_of_a_package_those_that_ran_last_are_told_apart() {
        let metrics = ScriptMetrics::default();
        for number in 0..3 * MOST_VERSIONS {
            for _ in 0..2 {
                metrics.ran((Hook::OnError, "page", &number.to_string()), Outcome::Decided, false);
            }
        }
        // One that was rolled back to is among the last again.
        metrics.ran((Hook::OnError, "page", "0"), Outcome::Overloaded, false);
        let packages = metrics.packages();
        let versions: Vec<_> = packages[0].2.runs().collect();
        let expected = [
            (OTHERS, Outcome::Decided, 18),
            ("9", Outcome::Decided, 2),
            ("10", Outcome::Decided, 2),
            ("11", Outcome::Decided, 2),
            ("0", Outcome::Overloaded, 1),
        ];
        assert_eq!(versions, expected);
    }
}
