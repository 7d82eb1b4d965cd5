//! A small document store: what the conformance suite needs of MongoDB, so that a user needs none.
//!
//! It speaks the wire protocol, knows the dozen commands that the suite sends, keeps documents in append-only files
//! and answers every other command with `CommandNotFound`. It listens on the loopback address only and is no database
//! for anything else: writes are not flushed, and there are no users, transactions or replicas.

mod change;
mod collection;
mod command;
mod cursor;
mod database;
mod filter;
mod journal;
#[cfg(test)]
mod tests;
mod value;
mod wire;

use database::Database;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A running document store; it stops when dropped.
pub(crate) struct Store {
    address: SocketAddr,
    _connections: JoinSet<()>,
}

impl Store {
    /// Starts a store on a free port of the loopback address, with its files in `folder`, which exists.
    pub(crate) async fn start(folder: PathBuf) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let database = Arc::new(Mutex::new(Database::new(folder)));
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, database));
        Ok(Self { address, _connections: tasks })
    }

    /// The connection string for a client.
    pub(crate) fn uri(&self, database: &str) -> String {
        format!("mongodb://{}/{database}", self.address)
    }
}

/// Serves until the store is dropped; the connections end with this task because they live in its set.
async fn accept(listener: TcpListener, database: Arc<Mutex<Database>>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                connections.spawn(serve(stream, Arc::clone(&database)));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Answers one connection's commands, one after the other, until it ends or sends something that is no message.
async fn serve(mut stream: TcpStream, database: Arc<Mutex<Database>>) {
    while let Ok(message) = read_message(&mut stream).await {
        let Ok(request) = wire::parse(&message) else { return };
        // Commands touch local files through the page cache only, for well under a millisecond each, so they run here
        // and not on a thread of their own.
        let body = database.lock().unwrap_or_else(PoisonError::into_inner).run(&request.command);
        if request.wants_reply {
            let Ok(reply) = wire::reply(request.id, request.kind, &body) else { return };
            if stream.write_all(&reply).await.is_err() {
                return;
            }
        }
    }
}

async fn read_message(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut prefix = [0; 4];
    stream.read_exact(&mut prefix).await?;
    let length = wire::announced_length(prefix).map_err(io::Error::other)?;
    let mut message = vec![0; length];
    message[..4].copy_from_slice(&prefix);
    stream.read_exact(&mut message[4..]).await?;
    Ok(message)
}
