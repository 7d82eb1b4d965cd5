//! The admin API as a client of it sees it: `/admin/api/v1` over a real database.

mod authorization_details_types;
mod clients;
mod http;
mod keys;
mod matrix;
mod operations;
mod protected;
mod realms;
mod resource_servers;
mod scripts;
mod service;
mod users;
