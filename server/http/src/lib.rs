//! HTTP: requests are parsed here, handed to `signet-core`, and its answers rendered. No rule lives here.
//!
//! [`routes`] shows every route on one page; [`listener`] is the way in; [`pages`] are what people see.

mod call;
mod cookies;
mod cors;
mod cross_site;
mod endpoints;
pub mod listener;
pub mod pages;
mod preference;
mod render;
pub mod routes;
