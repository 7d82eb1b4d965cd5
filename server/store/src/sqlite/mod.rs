//! A SQLite file and the connections to it: one that writes, a few that read, one that is asked whether others wrote
//! something.
//!
//! They are opened once and kept. A statement takes a few microseconds, less than the way to another thread and back.
//! So the one who writes has a thread of its own, on which whole pieces of work run; a single row is looked up where it
//! is asked for; and what may bring many rows is read on a thread that may take its time.

mod connection;
mod error;
mod readers;
mod row;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::DbErr;

use crate::statistics::Counters;
pub(crate) use connection::Connection;
use connection::Role;
pub(crate) use error::not_read;
pub(crate) use readers::Readers;
pub(crate) use row::FileRow;
use writer::Writer;

/// Connections that read a file.
const READERS: usize = 4;

/// A SQLite file with its connections.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) path: PathBuf,
    /// Who alone writes, through one connection.
    pub(crate) writer: Writer,
    pub(crate) readers: Readers,
    /// The connection that is asked whether others wrote something.
    pub(crate) watch: Readers,
}

impl File {
    /// Opens the connections. `busy` is how long a statement waits while another process writes.
    pub(crate) fn open(path: PathBuf, busy: Duration, counters: &Arc<Counters>) -> Result<Self, DbErr> {
        let open = |role| Connection::open(&path, role, busy);
        // The writer first: it switches the file to WAL.
        let writer = Writer::start(open(Role::Write)?, Arc::clone(counters))?;
        let readers = (0..READERS).map(|_| open(Role::Read)).collect::<Result<_, _>>()?;
        let watch = Readers::new(vec![open(Role::Read)?]);
        Ok(Self { path, writer, readers: Readers::new(readers), watch })
    }

    /// Closes every connection, each when what is under way on it has ended.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.watch.close().await;
        // Last, and on a thread of its own: whoever is last to close a file moves its log into it.
        self.writer.close().await;
    }
}
