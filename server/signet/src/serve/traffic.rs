//! What clients did, held against the profiles above theirs: as a metric, and written for forecasts now and then.

use std::sync::Arc;
use std::time::Duration;

use signet_core::profile::ProfileGapCounts;
use signet_core::provider::Provider;

use super::background::every;
use super::metrics::{Text, number};

/// Time between two batches.
const FLUSH: Duration = Duration::from_secs(5);

/// Writes what was counted, a batch at a time. Never ends; whoever stops it flushes once more.
pub(super) async fn keep_flushing(provider: Arc<Provider>) {
    let mut ticks = every(FLUSH);
    loop {
        ticks.tick().await;
        flush(&provider).await;
    }
}

/// Writes what was counted until now.
pub(super) async fn flush(provider: &Provider) {
    if let Err(error) = provider.flush_traffic().await {
        tracing::warn!(%error, "what clients did could not be counted");
    }
}

/// Appends the metric. Demands that nobody failed are left out.
pub(super) fn write(text: &mut Text, gaps: &[ProfileGapCounts]) {
    let sample = |gap: &ProfileGapCounts| {
        let (realm, client) = (escaped(&gap.realm), escaped(&gap.client));
        let (profile, requirement) = (gap.profile.as_str(), gap.requirement);
        let of = format!("realm=\"{realm}\",client=\"{client}\",profile=\"{profile}\"");
        (format!("{{{of},requirement=\"{requirement}\"}}"), number(gap.requests))
    };
    let head = ("client_profile_gap", "counter", "Requests that a stricter security profile would have refused.");
    text.metric(head, &gaps.iter().map(sample).collect::<Vec<_>>());
}

/// A label value: client identifiers may have quotation marks and backslashes.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use signet_core::profile::ProfileName;

    #[test]
    fn names_of_clients_are_escaped() {
        let gap = ProfileGapCounts {
            realm: "bank".into(),
            client: "a\"b\\c".into(),
            profile: ProfileName::Fapi2Security,
            requirement: "pkce",
            requests: 3,
        };
        let mut text = Text::default();
        write(&mut text, &[gap]);
        let expected = "client_profile_gap{realm=\"bank\",client=\"a\\\"b\\\\c\",profile=\"fapi2_security\",\
                        requirement=\"pkce\"} 3";
        assert!(text.as_str().lines().any(|line| line == expected), "{}", text.as_str());
    }
}
