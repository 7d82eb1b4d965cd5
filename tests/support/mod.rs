//! What tests of every kind need: databases, servers, clients, builders.

pub(crate) mod administration;
pub(crate) mod authorization;
pub(crate) mod browser;
pub(crate) mod certificates;
pub(crate) mod ciba;
pub(crate) mod client;
pub(crate) mod databases;
pub(crate) mod device;
pub(crate) mod dpop;
pub(crate) mod html;
pub(crate) mod http;
pub(crate) mod jwe;
pub(crate) mod jwt;
pub(crate) mod process;
pub(crate) mod provider;
pub(crate) mod proxy;
pub(crate) mod realm;
pub(crate) mod reverse_proxy;
pub(crate) mod revocation;
pub(crate) mod rows;
pub(crate) mod scripts;
pub(crate) mod server;
pub(crate) mod time;
pub(crate) mod trail;
pub(crate) mod wait;
pub(crate) mod web;
