//! The one writer of a SQLite database.
//!
//! SQLite lets one transaction write at a time and `synchronous=FULL` makes each commit wait for the disk. So all work
//! goes to one thread, and what arrived while the last commit waited is done in one transaction, each piece under a
//! savepoint of its own. Nobody gets an answer before the commit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use async_trait::async_trait;
use futures_util::FutureExt as _;
use sea_orm::DbErr;
use signet_core::ports::{StoreError, StoreResult};
use tokio::sync::{mpsc, oneshot};

use super::connection::Connection;
use crate::failure::{Failure, is_contention};
use crate::session::Session;
use crate::statistics::Counters;
use crate::work::{Ending, Work};

/// Most pieces of work that share one commit.
const LARGEST_GROUP: usize = 64;
/// Most pieces of work that wait; more find the store unavailable.
const LONGEST_QUEUE: usize = 4096;
/// How often a transaction is begun while another process holds the write lock; each try waits for the busy timeout.
const ATTEMPTS_TO_BEGIN: u32 = 3;

/// Where work is handed in.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Order>,
    /// Whether what waits is not to be done any more.
    is_closing: Arc<AtomicBool>,
}

/// What the thread is asked for.
enum Order {
    Work(Box<dyn Job>),
    /// Close the connection, and say so.
    Close(oneshot::Sender<()>),
}

impl Writer {
    /// Starts the thread. It ends when the `Writer` is gone or closed.
    pub(super) fn start(connection: Connection, counters: Arc<Counters>) -> Result<Self, DbErr> {
        let (queue, waiting) = mpsc::channel(LONGEST_QUEUE);
        let is_closing = Arc::new(AtomicBool::new(false));
        let thread = Thread { connection, counters, waiting, is_closing: Arc::clone(&is_closing) };
        let started = thread::Builder::new().name("signet-writer".to_owned()).spawn(|| thread.run());
        started
            .map(|_| Self { queue, is_closing })
            .map_err(|error| DbErr::Custom(format!("there is no thread to write on: {error}")))
    }

    /// Does the work and answers once it is committed.
    pub(crate) async fn submit<W: Work>(&self, work: W) -> StoreResult<W::Outcome> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Assignment { work, outcome: None, reply });
        let handed_in = self.queue.try_send(Order::Work(job));
        handed_in.map_err(|error| StoreError::Unavailable(error.to_string().into()))?;
        answer.await.unwrap_or_else(|error| Err(StoreError::Unavailable(Box::new(error))))
    }

    /// Closes the connection when the group that is under way has ended.
    pub(super) async fn close(&self) {
        self.is_closing.store(true, Ordering::Release);
        let (closing, closed) = oneshot::channel();
        // Where nobody takes the order, or answers it, the connection is closed already.
        if self.queue.send(Order::Close(closing)).await.is_ok() {
            drop(closed.await);
        }
    }
}

/// What the thread works with.
struct Thread {
    connection: Connection,
    counters: Arc<Counters>,
    waiting: mpsc::Receiver<Order>,
    is_closing: Arc<AtomicBool>,
}

impl Thread {
    fn run(mut self) {
        while let Some(first) = self.waiting.blocking_recv() {
            if let Some(closing) = self.serve(first) {
                drop(self);
                // Whoever closes may have gone on.
                let _ = closing.send(());
                return;
            }
        }
    }

    /// Serves an order, together with those that wait behind it; answers who wants to close.
    fn serve(&mut self, first: Order) -> Option<oneshot::Sender<()>> {
        let (mut group, mut next, mut closing) = (Vec::new(), Some(first), None);
        while let Some(order) = next {
            match order {
                Order::Work(job) => group.push(job),
                Order::Close(asked) => {
                    closing = Some(asked);
                    break;
                }
            }
            next = if group.len() < LARGEST_GROUP { self.waiting.try_recv().ok() } else { None };
        }
        // Who waits in vain is told by the answer that does not come.
        if !self.is_closing.load(Ordering::Acquire) {
            write_group(&self.connection, &self.counters, group);
        }
        closing
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

struct Assignment<W: Work> {
    work: W,
    outcome: Option<Result<W::Outcome, Failure>>,
    reply: oneshot::Sender<StoreResult<W::Outcome>>,
}

#[async_trait]
impl<W: Work> Job for Assignment<W> {
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

fn write_group(connection: &Connection, counters: &Counters, mut group: Vec<Box<dyn Job>>) {
    // Work that panics fails like other work, and does not end the thread.
    let run = AssertUnwindSafe(|| run_group(connection, counters, &mut group));
    let ran = catch_unwind(run);
    let committed = ran.unwrap_or_else(|_| {
        roll_back(connection)?;
        Err(DbErr::Custom("work panicked".to_owned()))
    });
    let committed = committed.map_err(|error| {
        tracing::warn!(%error, "a group of writes failed");
        error.to_string()
    });
    for job in group {
        job.answer(&committed);
    }
}

fn run_group(connection: &Connection, counters: &Counters, group: &mut [Box<dyn Job>]) -> Result<(), DbErr> {
    if group.iter().all(|job| job.is_abandoned()) {
        return Ok(());
    }
    begin(connection, counters)?;
    let committed = match run_all(connection, counters, group) {
        Ok(true) => connection.steer("COMMIT").map(|()| counters.count_commit()),
        Ok(false) => return roll_back(connection),
        Err(error) => Err(error),
    };
    if committed.is_err() {
        // Why it failed is told; that it could not be rolled back follows from the same.
        drop(roll_back(connection));
    }
    committed
}

fn begin(connection: &Connection, counters: &Counters) -> Result<(), DbErr> {
    // What could not be rolled back the last time.
    roll_back(connection)?;
    let mut attempt = 1;
    loop {
        match connection.steer("BEGIN IMMEDIATE") {
            Err(error) if attempt < ATTEMPTS_TO_BEGIN && is_contention(&error) => {
                counters.count_busy();
                counters.count_retry();
                attempt += 1;
            }
            begun => return begun,
        }
    }
}

fn roll_back(connection: &Connection) -> Result<(), DbErr> {
    // Some errors have ended the transaction by themselves.
    if connection.is_in_transaction() { connection.steer("ROLLBACK") } else { Ok(()) }
}

/// Does the work; says whether anything that was written is to stay.
fn run_all(connection: &Connection, counters: &Counters, group: &mut [Box<dyn Job>]) -> Result<bool, DbErr> {
    let is_alone = group.len() == 1;
    let mut anything_stays = false;
    for job in group {
        // Work that nobody waits for any more was reported as not done; so it must not be done.
        if job.is_abandoned() {
            continue;
        }
        anything_stays |= if is_alone || job.is_one_statement() {
            run(connection, counters, job.as_mut())?
        } else {
            run_under_savepoint(connection, counters, job.as_mut())?
        };
        // A full disk, for one, ends the whole transaction: what came before is gone, what comes next would stay alone.
        if !is_alone && !connection.is_in_transaction() {
            return Err(DbErr::Custom("the transaction of several pieces of work ended before its commit".to_owned()));
        }
    }
    Ok(anything_stays)
}

fn run_under_savepoint(connection: &Connection, counters: &Counters, job: &mut dyn Job) -> Result<bool, DbErr> {
    connection.steer("SAVEPOINT piece")?;
    let stays = run(connection, counters, job)?;
    if !stays {
        connection.steer("ROLLBACK TO piece")?;
    }
    connection.steer("RELEASE piece")?;
    Ok(stays)
}

fn run(connection: &Connection, counters: &Counters, job: &mut dyn Job) -> Result<bool, DbErr> {
    // On this thread every statement is answered at once, and work waits for nothing else.
    let ran = job.run(&Session::writer(connection, counters)).now_or_never();
    ran.ok_or_else(|| DbErr::Custom("work waited for something else than the database".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sea_orm::{DatabaseBackend, Statement};

    use super::super::connection::Role;
    use super::*;

    /// Writes so many bytes.
    struct Write(usize);

    #[async_trait]
    impl Work for Write {
        type Outcome = ();

        fn is_one_statement(&self) -> bool {
            true
        }

        async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
            assert!(self.0 > 0, "nothing to write");
            session.execute("INSERT INTO written VALUES (?)", vec![vec![7_u8; self.0].into()]).await?;
            Ok(Ending::Commit(()))
        }
    }

    /// What became of work that shared a transaction, and how many rows are there after it.
    fn write_together(sizes: &[usize]) -> (Vec<bool>, usize) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("signet.db");
        std::fs::write(&file, "").unwrap();
        let connection = Connection::open(&file, Role::Write, Duration::ZERO).unwrap();
        connection.steer("CREATE TABLE written (bytes BLOB)").unwrap();
        connection.rows(&Statement::from_string(DatabaseBackend::Sqlite, "PRAGMA max_page_count = 40")).unwrap();
        let (mut group, mut answers): (Vec<Box<dyn Job>>, Vec<_>) = (Vec::new(), Vec::new());
        for size in sizes {
            let (reply, answer) = oneshot::channel();
            group.push(Box::new(Assignment { work: Write(*size), outcome: None, reply }));
            answers.push(answer);
        }
        write_group(&connection, &Counters::default(), group);
        let done = answers.iter_mut().map(|answer| matches!(answer.try_recv(), Ok(Ok(())))).collect();
        let count = Statement::from_string(DatabaseBackend::Sqlite, "SELECT COUNT(*) FROM written");
        (done, usize::try_from(connection.row(&count).unwrap().unwrap().at::<i64>(0).unwrap()).unwrap())
    }

    #[test]
    fn what_is_reported_as_done_is_what_was_done() {
        assert_eq!(write_together(&[10, 20]), (vec![true, true], 2));
        // The file has no room for the second.
        let (done, rows) = write_together(&[10, 1_000_000, 10]);
        assert_eq!(done.iter().filter(|done| **done).count(), rows);
        assert!(!done[1]);
        assert_eq!(write_together(&[1_000_000]), (vec![false], 0));
    }

    #[test]
    fn work_that_panics_takes_nothing_along_but_its_transaction() {
        assert_eq!(write_together(&[10, 0]), (vec![false, false], 0));
    }
}
