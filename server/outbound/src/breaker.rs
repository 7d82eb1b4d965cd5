//! Leaves a host alone after failures in a row, so that a dead one neither holds up requests nor is hammered.

use std::collections::HashMap;

use tokio::time::Instant;

use crate::settings::BreakerSettings;

/// Hosts with failures that are remembered. A stranger who makes up more makes Signet forget the oldest ones.
const REMEMBERED_HOSTS: usize = 1_024;

/// The hosts that failed lately. A host that answers is not in here.
#[derive(Debug)]
pub(crate) struct Breakers {
    settings: BreakerSettings,
    failing: HashMap<String, Failing>,
}

#[derive(Debug, Clone, Copy)]
struct Failing {
    failures: u32,
    last: Instant,
    /// The one attempt after the pause is under way since then.
    trial: Option<Instant>,
}

impl Breakers {
    pub(crate) fn new(settings: BreakerSettings) -> Self {
        Self { settings, failing: HashMap::new() }
    }

    /// Whether an attempt may be made now. After the pause one caller is told yes, and the others follow its result.
    pub(crate) fn permits(&mut self, host: &str, now: Instant) -> bool {
        let Some(failing) = self.failing.get_mut(host) else { return true };
        if failing.failures < self.settings.failures {
            return true;
        }
        let waited_since = failing.trial.unwrap_or(failing.last);
        let may_try = now.duration_since(waited_since) >= self.settings.pause;
        if may_try {
            failing.trial = Some(now);
        }
        may_try
    }

    pub(crate) fn answered(&mut self, host: &str) {
        self.failing.remove(host);
    }

    pub(crate) fn failed(&mut self, host: &str, now: Instant) {
        if self.failing.len() >= REMEMBERED_HOSTS && !self.failing.contains_key(host) {
            let oldest = self.failing.iter().min_by_key(|(_, failing)| failing.last).map(|(host, _)| host.clone());
            oldest.map(|host| self.failing.remove(&host));
        }
        let failing = self.failing.entry(host.to_owned()).or_insert(Failing { failures: 0, last: now, trial: None });
        *failing = Failing { failures: failing.failures.saturating_add(1), last: now, trial: None };
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const PAUSE: Duration = Duration::from_secs(30);

    fn breakers() -> Breakers {
        Breakers::new(BreakerSettings { failures: 2, pause: PAUSE })
    }

    #[test]
    fn only_failures_in_a_row_open_the_circuit() {
        let (mut breakers, now) = (breakers(), crate::moment::now());
        breakers.failed("a", now);
        breakers.answered("a");
        breakers.failed("a", now);
        assert!(breakers.permits("a", now));
        breakers.failed("a", now);
        assert!(!breakers.permits("a", now));
        assert!(breakers.permits("b", now));
    }

    #[test]
    fn after_the_pause_one_attempt_decides() {
        let (mut breakers, start) = (breakers(), crate::moment::now());
        breakers.failed("a", start);
        breakers.failed("a", start);
        assert!(!breakers.permits("a", start + PAUSE - Duration::from_nanos(1)));
        let later = start + PAUSE;
        assert!(breakers.permits("a", later));
        assert!(!breakers.permits("a", later), "the first attempt is still under way");
        breakers.failed("a", later);
        assert!(!breakers.permits("a", later + PAUSE - Duration::from_nanos(1)));
        assert!(breakers.permits("a", later + PAUSE));
        breakers.answered("a");
        assert!(breakers.permits("a", later + PAUSE));
        assert!(breakers.permits("a", later + PAUSE), "everyone is let through again");
    }

    #[test]
    fn made_up_hosts_do_not_fill_the_memory() {
        let (mut breakers, start) = (breakers(), crate::moment::now());
        for number in 0..2_000_u32 {
            breakers.failed(&number.to_string(), start + Duration::from_secs(number.into()));
        }
        assert_eq!(breakers.failing.len(), REMEMBERED_HOSTS);
        assert!(breakers.failing.contains_key("1999") && !breakers.failing.contains_key("0"));
    }
}
