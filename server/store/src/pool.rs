//! Connections to a database server, and how to get rid of all of them.
//!
//! When a machine or a network disappears, connections to it stay open on our side for a quarter of an hour. Whatever
//! is sent on them waits in vain, and so does the question with which the driver tests a connection that comes back, so
//! that the pool runs dry. Therefore the whole pool is replaced when work ran out of time and nobody else had an answer
//! meanwhile. What is still under way on the old one ends there.

use std::sync::Arc;

use arc_swap::ArcSwap;
use sea_orm::{ConnectOptions, DatabaseConnection, DbErr};

/// The connections that are used at the moment.
#[derive(Debug)]
pub(crate) struct Pool {
    current: ArcSwap<DatabaseConnection>,
    /// How to connect again.
    options: ConnectOptions,
}

impl Pool {
    /// Connects; fails if there is no connection to be had.
    pub(crate) async fn to_server(mut options: ConnectOptions) -> Result<Self, DbErr> {
        let connection = sea_orm::Database::connect(options.clone()).await?;
        options.connect_lazy(true);
        Ok(Self { current: ArcSwap::from_pointee(connection), options })
    }

    pub(crate) fn current(&self) -> Arc<DatabaseConnection> {
        self.current.load_full()
    }

    /// Begins anew, unless someone else has done so already.
    pub(crate) async fn replace(&self, sick: &Arc<DatabaseConnection>) {
        match sea_orm::Database::connect(self.options.clone()).await {
            Ok(connection) => {
                let replaced = self.current.compare_and_swap(sick, Arc::new(connection));
                if Arc::ptr_eq(&replaced, sick) {
                    tracing::warn!("the database has not answered; its connections are replaced");
                }
            }
            Err(error) => tracing::warn!(%error, "the connections to the database cannot be replaced"),
        }
    }
}
