//! Waiting for what a server does in its own time: never for ever, and never in silence.

use std::time::Duration;

/// Longest wait. Only what never comes takes so long.
const LONGEST: Duration = Duration::from_mins(1);
/// Time between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// Looks until there is something, and fails the test if that never comes.
pub(crate) async fn until<T>(awaited: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let found = tokio::time::timeout(LONGEST, async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(LOOK).await;
        }
    });
    found.await.unwrap_or_else(|_| panic!("within {LONGEST:?} there was not: {awaited}"))
}

/// Looks until something holds, and fails the test if it never does.
pub(crate) async fn until_true(awaited: &str, mut look: impl AsyncFnMut() -> bool) {
    until(awaited, async || look().await.then_some(())).await;
}
