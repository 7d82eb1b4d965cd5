//! Connections that read, of which any will do.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sea_orm::{DbErr, Statement};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::spawn_blocking;

use super::connection::Connection;
use super::row::FileRow;

/// The connections.
#[derive(Debug)]
pub(crate) struct Readers {
    /// Those that nobody uses. The one that was used last is taken first: it remembers most of the file.
    free: Arc<Mutex<Vec<Connection>>>,
    /// As many permits as there are connections.
    permits: Arc<Semaphore>,
    /// One fewer, so that whoever looks up a row does not wait for those who read many.
    permits_to_read_many: Arc<Semaphore>,
    count: usize,
}

impl Readers {
    pub(super) fn new(connections: Vec<Connection>) -> Self {
        let count = connections.len();
        Self {
            free: Arc::new(Mutex::new(connections)),
            permits: Arc::new(Semaphore::new(count)),
            permits_to_read_many: Arc::new(Semaphore::new(count.saturating_sub(1).max(1))),
            count,
        }
    }

    /// Reads the first row of a query, on this thread: whoever asks for one row looks it up by a key.
    pub(crate) async fn row(&self, query: &Statement) -> Result<Option<FileRow>, DbErr> {
        self.borrow().await?.ask(|connection| connection.row(query))
    }

    /// Reads every row of a query, on a thread that may take its time.
    pub(crate) async fn rows(&self, query: Statement) -> Result<Vec<FileRow>, DbErr> {
        let permit = Arc::clone(&self.permits_to_read_many).acquire_owned().await.map_err(closed)?;
        let borrowed = self.borrow().await?;
        let (reply, answer) = oneshot::channel();
        spawn_blocking(move || {
            let read = borrowed.ask(|connection| connection.rows_while(&query, || !reply.is_closed()));
            drop((borrowed, permit));
            // Whoever asked may have given up.
            drop(reply.send(read));
        });
        answer.await.unwrap_or_else(|error| Err(DbErr::Custom(format!("nobody read: {error}"))))
    }

    /// A connection, when one is free.
    async fn borrow(&self) -> Result<Borrowed, DbErr> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(closed)?;
        Ok(Borrowed { connection: lock(&self.free).pop(), free: Arc::clone(&self.free), _permit: permit })
    }

    pub(super) async fn close(&self) {
        let all = self.permits.acquire_many(u32::try_from(self.count).unwrap_or(u32::MAX)).await;
        self.permits.close();
        drop(all);
        let connections = mem::take(&mut *lock(&self.free));
        // A runtime that ends at this moment closes them all the same.
        drop(spawn_blocking(move || drop(connections)).await);
    }
}

fn closed(_: AcquireError) -> DbErr {
    DbErr::Custom("the connections to the file are closed".to_owned())
}

fn lock(free: &Mutex<Vec<Connection>>) -> MutexGuard<'_, Vec<Connection>> {
    free.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection in use.
struct Borrowed {
    connection: Option<Connection>,
    free: Arc<Mutex<Vec<Connection>>>,
    /// Given back after the connection: whoever has a permit finds one.
    _permit: OwnedSemaphorePermit,
}

impl Borrowed {
    fn ask<T>(&self, ask: impl FnOnce(&Connection) -> Result<T, DbErr>) -> Result<T, DbErr> {
        let missing = || Err(DbErr::Custom("a connection to the file is missing".to_owned()));
        self.connection.as_ref().map_or_else(missing, ask)
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        lock(&self.free).extend(self.connection.take());
    }
}
