//! The handle that implements every port.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::{EntityTrait, Select, TransactionTrait, TryIntoModel};
use signet_core::events::EventRecord;
use signet_core::ports::{StoreError, StoreResult};
use tokio::time::timeout;

use crate::client_cache::ClientCache;
use crate::configuration::Configuration;
use crate::connect::{ConnectError, Options, connect};
use crate::events::Recorded;
use crate::failure::Failure;
use crate::pool::Pool;
use crate::serving_lock::{ServingLock, ServingLockError};
use crate::session::Session;
use crate::sqlite::File;
use crate::statistics::{Counters, Statistics};
use crate::work::{Ending, Patience, Work};

/// How often a transaction is begun anew after others were in the way or the connection was lost.
const MOST_RETRIES: u32 = 3;

/// A database with Signet's schema. Cheap to clone; clones share connections and memory.
#[derive(Debug, Clone)]
pub struct Database {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    connections: Connections,
    counters: Arc<Counters>,
    configuration: Configuration,
    clients: ClientCache,
}

/// The connections of a database.
#[derive(Debug)]
pub(crate) struct Connections {
    /// Where they lead.
    pub(crate) place: Place,
    /// How they were asked for.
    pub(crate) options: Options,
}

/// Where the rows are.
#[derive(Debug)]
pub(crate) enum Place {
    /// A database server.
    Server(Box<Pool>),
    /// A SQLite file.
    File(File),
}

impl Database {
    /// Connects to a database whose schema is that of this version. `url` begins with `sqlite:`, `postgres:`,
    /// `mysql:` or `mariadb:`.
    ///
    /// # Errors
    /// See [`ConnectError`]; its texts say what to do.
    pub async fn connect(url: &str, options: Options) -> Result<Self, ConnectError> {
        let counters = Arc::new(Counters::default());
        let connections = connect(url, options, &counters).await?;
        let (configuration, clients) = (Configuration::new(), ClientCache::default());
        Ok(Self { shared: Arc::new(Shared { connections, counters, configuration, clients }) })
    }

    /// Makes sure that no other process serves from the same SQLite database; nothing to do for database servers.
    ///
    /// # Errors
    /// Another process serves, or the lock file cannot be used.
    pub fn hold_serving_lock(&self) -> Result<ServingLock, ServingLockError> {
        match &self.shared.connections.place {
            Place::File(file) => ServingLock::take(&file.path),
            Place::Server(_) => Ok(ServingLock::not_needed()),
        }
    }

    /// What the database has been asked to do since it was connected.
    pub fn statistics(&self) -> Statistics {
        self.shared.counters.read()
    }

    /// Closes every connection. What is under way ends first; what waits or comes later finds the store unavailable.
    pub async fn close(&self) {
        match &self.shared.connections.place {
            // A pool that is closing waits for connections that are in use.
            Place::Server(pool) => {
                if let Err(error) = pool.current().close_by_ref().await {
                    tracing::warn!(%error, "the database connections did not close cleanly");
                }
            }
            Place::File(file) => file.close().await,
        }
    }

    pub(crate) fn connections(&self) -> &Connections {
        &self.shared.connections
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    pub(crate) fn configuration(&self) -> &Configuration {
        &self.shared.configuration
    }

    pub(crate) fn remembered_clients(&self) -> &ClientCache {
        &self.shared.clients
    }

    /// A connection to read through.
    pub(crate) fn reader(&self) -> Session<'_> {
        match &self.shared.connections.place {
            Place::Server(pool) => Session::pool(pool.current(), &self.shared.counters),
            Place::File(file) => Session::readers(&file.readers, &self.shared.counters),
        }
    }

    /// Asks, again if a connection turns out to be dead. For statements that write nothing.
    pub(crate) async fn read<T, Answer>(&self, ask: impl Fn() -> Answer) -> StoreResult<T>
    where
        Answer: Future<Output = Result<T, Failure>>,
    {
        let asking = async {
            let mut retries = 0;
            loop {
                match ask().await {
                    Err(failure) if retries < MOST_RETRIES && self.is_worth_a_retry(&failure, true) => retries += 1,
                    answer => return answer.map_err(Failure::into_store_error),
                }
            }
        };
        self.in_time(Patience::Ordinary, asking).await
    }

    /// Reads the one row that a query finds.
    pub(crate) async fn read_one<E, T>(
        &self,
        query: Select<E>,
        convert: fn(E::Model) -> Result<T, Failure>,
    ) -> StoreResult<Option<T>>
    where
        E: EntityTrait,
        E::ActiveModel: TryIntoModel<E::Model>,
    {
        let session = self.reader();
        self.read(|| async { session.one(query.clone()).await?.map(convert).transpose() }).await
    }

    /// Reads every row that a query finds.
    pub(crate) async fn read_all<E, T>(
        &self,
        query: Select<E>,
        convert: fn(E::Model) -> Result<T, Failure>,
    ) -> StoreResult<Vec<T>>
    where
        E: EntityTrait,
        E::ActiveModel: TryIntoModel<E::Model>,
    {
        let session = self.reader();
        self.read(|| async { session.all(query.clone()).await?.into_iter().map(convert).collect() }).await
    }

    /// Does work in a transaction and answers once it is committed.
    pub(crate) async fn write<W: Work>(&self, work: W) -> StoreResult<W::Outcome> {
        let working = async {
            match &self.shared.connections.place {
                Place::File(file) => file.writer.submit(work).await,
                Place::Server(pool) => self.transact(pool, &work).await.map_err(Failure::into_store_error),
            }
        };
        self.in_time(W::PATIENCE, working).await
    }

    /// Like [`Database::write`], with the events that tell of the change, in its transaction.
    pub(crate) async fn write_with<W: Work>(&self, work: W, events: &[EventRecord]) -> StoreResult<W::Outcome> {
        self.write(Recorded { work, events: events.to_vec() }).await
    }

    /// Like [`Database::configure`], with the events that tell of the change, in its transaction.
    pub(crate) async fn configure_with<W: Work>(&self, work: W, events: &[EventRecord]) -> StoreResult<W::Outcome> {
        self.configure(Recorded { work, events: events.to_vec() }).await
    }

    /// Like [`Database::write`], for work that changes what processes keep in memory.
    pub(crate) async fn configure<W: Work>(&self, work: W) -> StoreResult<W::Outcome> {
        let outcome = self.write(work).await;
        // Even after an error: the commit may have arrived although its answer did not.
        self.shared.configuration.changed();
        outcome
    }

    async fn in_time<T>(&self, patience: Patience, work: impl Future<Output = StoreResult<T>>) -> StoreResult<T> {
        let Connections { place, options } = &self.shared.connections;
        let pool = match place {
            Place::Server(pool) => Some((pool, pool.current())),
            Place::File(_) => None,
        };
        let answers = self.counters().answers();
        match timeout(patience.limit(options.patience), work).await {
            Ok(outcome) => outcome,
            Err(elapsed) => {
                if let Some((pool, current)) = pool
                    && self.counters().answers() == answers
                {
                    pool.replace(&current).await;
                }
                Err(StoreError::Unavailable(Box::new(elapsed)))
            }
        }
    }

    async fn transact<W: Work>(&self, pool: &Pool, work: &W) -> Result<W::Outcome, Failure> {
        let mut retries = 0;
        loop {
            match self.attempt(pool, work).await {
                Ok(outcome) => return Ok(outcome),
                Err(Attempt { failure, nothing_written })
                    if retries < MOST_RETRIES && self.is_worth_a_retry(&failure, nothing_written) =>
                {
                    retries += 1;
                    // Those who met once should not meet again at once.
                    tokio::time::sleep(Duration::from_millis(1 << retries)).await;
                }
                Err(Attempt { failure, .. }) => return Err(failure),
            }
        }
    }

    async fn attempt<W: Work>(&self, pool: &Pool, work: &W) -> Result<W::Outcome, Attempt> {
        if work.is_one_statement() {
            // It commits by itself: where its answer is lost, nobody knows whether it did.
            return match work.run(&self.reader()).await.map_err(Attempt::unknown)? {
                Ending::Commit(outcome) => {
                    self.counters().count_commit();
                    Ok(outcome)
                }
                Ending::RollBack(outcome) => Ok(outcome),
            };
        }
        let transaction = pool.current().begin().await.map_err(Attempt::open)?;
        let session = Session::transaction(&transaction, self.counters());
        match work.run(&session).await.map_err(Attempt::open)? {
            Ending::Commit(outcome) => {
                transaction.commit().await.map_err(Attempt::unknown)?;
                self.counters().count_commit();
                Ok(outcome)
            }
            Ending::RollBack(outcome) => {
                transaction.rollback().await.map_err(Attempt::open)?;
                Ok(outcome)
            }
        }
    }

    /// Counts the failure, and says whether to try again. Contention ends a transaction without a trace, whichever
    /// statement noticed it; a lost connection does only if no commit was under way.
    fn is_worth_a_retry(&self, failure: &Failure, nothing_written: bool) -> bool {
        let contention = failure.is_contention();
        if contention {
            self.counters().count_busy();
        }
        let retry = contention || (nothing_written && failure.is_lost_connection());
        if retry {
            self.counters().count_retry();
        }
        retry
    }
}

/// A failed attempt at a transaction.
struct Attempt {
    failure: Failure,
    /// Whether it is certain that nothing was committed.
    nothing_written: bool,
}

impl Attempt {
    fn open(failure: impl Into<Failure>) -> Self {
        Self { failure: failure.into(), nothing_written: true }
    }

    fn unknown(failure: impl Into<Failure>) -> Self {
        Self { failure: failure.into(), nothing_written: false }
    }
}
