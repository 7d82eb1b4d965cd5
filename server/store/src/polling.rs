//! Looking for changes that others made.

use std::collections::HashSet;
use std::time::Duration;

use signet_core::ports::StoreResult;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::configuration::recent_changes;
use crate::database::{Database, Place};
use crate::failure::Failure;
use crate::moment;
use crate::session::Session;

/// Time between two polls.
const INTERVAL: Duration = Duration::from_millis(500);

/// The task that polls. Dropping it stops the task as well; [`Polling::stop`] waits for it.
#[derive(Debug)]
pub struct Polling {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Polling {
    /// Stops and waits until no statement is under way any more.
    pub async fn stop(self) {
        drop(self.stop);
        // The task does nothing that panics, and nobody else aborts it.
        drop(self.task.await);
    }

    /// Polls once, so that the memory may be used from now on, and then every 500 ms.
    pub(crate) async fn start(database: Database) -> StoreResult<Self> {
        let mut watch = Watch::new(database.clone());
        watch.poll().await?;
        let (stop, mut stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(INTERVAL);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    _ = &mut stopped => return,
                    _ = ticks.tick() => {}
                }
                if let Err(error) = watch.poll().await {
                    tracing::warn!(%error, "changes of configuration cannot be read");
                }
            }
        });
        Ok(Self { stop, task })
    }
}

/// What the last poll saw.
struct Watch {
    database: Database,
    data_version: Option<i64>,
}

impl Watch {
    const fn new(database: Database) -> Self {
        Self { database, data_version: None }
    }

    async fn poll(&mut self) -> StoreResult<()> {
        let began = moment::now();
        match self.look().await? {
            Some(sequences) => self.database.configuration().polled(began, sequences),
            None => self.database.configuration().polled_without_change(began),
        }
        Ok(())
    }

    /// The recent changes; nothing if SQLite says that nobody wrote anything since the last time.
    async fn look(&mut self) -> StoreResult<Option<HashSet<i64>>> {
        let Place::File(file) = &self.database.connections().place else {
            let session = self.database.reader();
            return self.database.read(|| recent_changes(&session)).await.map(Some);
        };
        let session = Session::readers(&file.watch, self.database.counters());
        // Read first: what is committed between the two statements is then seen again at the next poll.
        let data_version = self.database.read(|| data_version(&session)).await?;
        if data_version == self.data_version {
            return Ok(None);
        }
        let sequences = self.database.read(|| recent_changes(&session)).await?;
        self.data_version = data_version;
        Ok(Some(sequences))
    }
}

/// A number that differs once another connection, of this process or another, has committed something. It means
/// something only on one and the same connection.
async fn data_version(session: &Session<'_>) -> Result<Option<i64>, Failure> {
    let row = session.row("PRAGMA data_version", Vec::new()).await?;
    row.map(|row| row.at(0)).transpose()
}

impl Database {
    /// Begins to notice changes that other processes make. Until this is called, and while it does not succeed,
    /// nothing is answered from memory.
    ///
    /// # Errors
    /// The first look fails.
    pub async fn start_polling(&self) -> StoreResult<Polling> {
        Polling::start(self.clone()).await
    }
}
