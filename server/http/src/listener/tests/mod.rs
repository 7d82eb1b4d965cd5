//! The listener over real sockets and real TLS. Times are waited for as events, never measured.

mod certificates;
mod client;
mod server;

mod client_certificates;
mod draining;
mod http_limits;
mod http_strictness;
mod logging;
mod management;
mod proxies;
mod reloading;
mod sessions;
mod tls_settings;
