//! What clients, users and administrators do, against a running server.

mod access_tokens;
mod account;
mod admin_api;
mod audit;
mod client_authentication;
mod client_credentials;
mod command_line;
mod consent;
mod cross_origin;
mod databases;
mod discovery;
mod discovery_behaviour;
mod failures;
mod id_tokens;
mod introspection;
mod key_rotation;
mod languages;
mod logs;
mod prompts;
mod proxies;
mod refresh_tokens;
mod responses;
mod scripts;
mod userinfo;
