//! The ports of the core on SQLite, PostgreSQL and MariaDB or MySQL.
//!
//! One implementation speaks to all of them through sea-orm. What differs is in few places: how they are connected
//! (`connect`, `pool`), the file of SQLite with its one writer and group commit (`sqlite`), the rows of either (`row`),
//! and the statements where their SQL differs (`sql`). Rows that configure something go through entities; the statements
//! of every login and token request are written by hand, because their number and form are what the speed and the safety
//! depend on.

mod authorization_details;
mod authorizations;
mod backchannel_notifications;
mod changes;
mod client_access;
mod client_cache;
mod clients;
mod column;
mod configuration;
mod connect;
mod database;
mod deferred_requests;
mod device_secrets;
mod entity;
mod events;
mod failure;
mod keys;
mod logout_deliveries;
mod moment;
mod outbox;
mod pairwise_salts;
mod polling;
mod pool;
mod pushed_requests;
mod realms;
mod refresh_families;
mod registrations;
mod resource_servers;
mod row;
mod scripts;
mod serving_lock;
mod session;
mod session_ends;
mod sessions;
mod single_use;
mod sql;
mod sqlite;
mod standing;
mod statistics;
mod text;
mod throttles;
mod traffic;
mod trusted_issuers;
mod uma;
mod used_records;
mod users;
mod work;

pub use crate::connect::{ConnectError, Isolation, Options};
pub use crate::database::Database;
pub use crate::polling::Polling;
pub use crate::serving_lock::{ServingLock, ServingLockError};
pub use crate::statistics::Statistics;
