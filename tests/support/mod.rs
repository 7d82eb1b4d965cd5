//! What tests of every kind need: databases, proxies, builders.

pub(crate) mod databases;
pub(crate) mod proxy;
