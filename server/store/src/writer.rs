//! The one writer of a SQLite database.
//!
//! SQLite lets one transaction write at a time and `synchronous=FULL` makes each commit wait for the disk. So all work
//! goes through one task, and what arrived while the last commit waited is done in one transaction, each piece under a
//! savepoint of its own. Nobody gets an answer before the commit.

use std::sync::Arc;

use async_trait::async_trait;
use sea_orm::DbErr;
use signet_core::ports::{StoreError, StoreResult};
use tokio::sync::{mpsc, oneshot};

use crate::failure::{Failure, is_contention};
use crate::session::Session;
use crate::sqlite::{Held, Mode, WriteTransaction, not_executed};
use crate::statistics::Counters;
use crate::work::{Ending, Work};

/// Most pieces of work that share one commit.
const LARGEST_GROUP: usize = 64;
/// Most pieces of work that wait; more find the store unavailable.
const LONGEST_QUEUE: usize = 4096;
/// How often a transaction is begun while another process holds the write lock; each try waits for the busy timeout.
const ATTEMPTS_TO_BEGIN: u32 = 3;

/// Where work is handed in.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Box<dyn Job>>,
}

impl Writer {
    /// Starts the task. It ends when the last `Writer` is gone and all work is done.
    pub(crate) fn start(connection: Held, counters: Arc<Counters>) -> Self {
        let (queue, mut waiting) = mpsc::channel::<Box<dyn Job>>(LONGEST_QUEUE);
        tokio::spawn(async move {
            while let Some(first) = waiting.recv().await {
                let mut group = vec![first];
                while group.len() < LARGEST_GROUP
                    && let Ok(next) = waiting.try_recv()
                {
                    group.push(next);
                }
                write_group(&connection, &counters, group).await;
            }
        });
        Self { queue }
    }

    /// Does the work and answers once it is committed.
    pub(crate) async fn submit<W: Work>(&self, work: W) -> StoreResult<W::Outcome> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Order { work, outcome: None, reply });
        self.queue.try_send(job).map_err(|error| StoreError::Unavailable(error.to_string().into()))?;
        answer.await.unwrap_or_else(|error| Err(StoreError::Unavailable(Box::new(error))))
    }
}

/// A piece of work with whoever waits for it.
#[async_trait]
trait Job: Send {
    /// Whether nobody waits any more.
    fn is_abandoned(&self) -> bool;
    /// Whether the work is atomic without a savepoint.
    fn is_one_statement(&self) -> bool;
    /// Does the work; says whether what it wrote is to stay.
    async fn run(&mut self, session: &Session<'_>) -> bool;
    /// Answers: with what [`Job::run`] brought if the transaction was committed.
    fn answer(self: Box<Self>, committed: &Result<(), String>);
}

struct Order<W: Work> {
    work: W,
    outcome: Option<Result<W::Outcome, Failure>>,
    reply: oneshot::Sender<StoreResult<W::Outcome>>,
}

#[async_trait]
impl<W: Work> Job for Order<W> {
    fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    fn is_one_statement(&self) -> bool {
        self.work.is_one_statement()
    }

    async fn run(&mut self, session: &Session<'_>) -> bool {
        let (outcome, stays) = match self.work.run(session).await {
            Ok(Ending::Commit(outcome)) => (Ok(outcome), true),
            Ok(Ending::RollBack(outcome)) => (Ok(outcome), false),
            Err(failure) => (Err(failure), false),
        };
        self.outcome = Some(outcome);
        stays
    }

    fn answer(self: Box<Self>, committed: &Result<(), String>) {
        let answer = match (committed, self.outcome) {
            (Ok(()), Some(outcome)) => outcome.map_err(Failure::into_store_error),
            // What failed by itself keeps its own reason.
            (Err(_), Some(Err(failure))) => Err(failure.into_store_error()),
            (Err(reason), _) => Err(StoreError::Unavailable(reason.clone().into())),
            (Ok(()), None) => Err(StoreError::Unavailable("the work was not begun".into())),
        };
        // Whoever waited may have given up; the work is done all the same.
        drop(self.reply.send(answer));
    }
}

async fn write_group(connection: &Held, counters: &Counters, mut group: Vec<Box<dyn Job>>) {
    // Work that nobody waits for was reported as not done; so it must not be done.
    group.retain(|job| !job.is_abandoned());
    let committed = run_group(connection, counters, &mut group).await.map_err(|error| {
        tracing::warn!(%error, "a group of writes failed");
        error.to_string()
    });
    for job in group {
        job.answer(&committed);
    }
}

async fn run_group(connection: &Held, counters: &Counters, group: &mut [Box<dyn Job>]) -> Result<(), DbErr> {
    if group.is_empty() {
        return Ok(());
    }
    let mut attempt = 1;
    let mut mode = if group.len() == 1 { Mode::Expecting } else { Mode::Shared };
    loop {
        let mut transaction = WriteTransaction::on(connection, mode).await.map_err(not_executed)?;
        let written = run_in(&mut transaction, counters, group).await;
        let ended = end(&mut transaction, counters, written).await;
        match transaction.refusal() {
            None if transaction.expected_in_vain() => mode = Mode::InSteps,
            None => return ended,
            Some(refusal) if attempt < ATTEMPTS_TO_BEGIN && is_contention(&refusal) => {
                counters.count_busy();
                counters.count_retry();
                attempt += 1;
            }
            Some(refusal) => return Err(refusal),
        }
    }
}

/// Does the work; says whether anything that was written is to stay.
async fn run_in(
    transaction: &mut WriteTransaction,
    counters: &Counters,
    group: &mut [Box<dyn Job>],
) -> Result<bool, DbErr> {
    let is_alone = group.len() == 1;
    let mut anything_stays = false;
    for job in group {
        anything_stays |= if is_alone || job.is_one_statement() {
            job.run(&Session::writer(transaction, counters)).await
        } else {
            run_under_savepoint(transaction, counters, job.as_mut()).await?
        };
        if transaction.refusal().is_some() {
            return Ok(false);
        }
    }
    Ok(anything_stays)
}

async fn run_under_savepoint(
    transaction: &mut WriteTransaction,
    counters: &Counters,
    job: &mut dyn Job,
) -> Result<bool, DbErr> {
    transaction.steer("SAVEPOINT piece").await?;
    let stays = job.run(&Session::writer(transaction, counters)).await;
    transaction.steer(if stays { "RELEASE piece" } else { "ROLLBACK TO piece; RELEASE piece" }).await?;
    Ok(stays)
}

/// Ends a transaction in which [`run_in`] wrote.
async fn end(
    transaction: &mut WriteTransaction,
    counters: &Counters,
    written: Result<bool, DbErr>,
) -> Result<(), DbErr> {
    let kept = match written {
        Ok(true) => transaction.commit().await,
        Ok(false) => return transaction.roll_back().await,
        Err(error) => Err(error),
    };
    match &kept {
        Ok(()) => counters.count_commit(),
        // Some errors have ended the transaction by themselves.
        Err(_) => drop(transaction.roll_back().await),
    }
    kept
}
