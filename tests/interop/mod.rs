//! Foreign libraries against the real server: clients and a verifier that this project did not write.

mod josekit;
mod openid_client;
mod openidconnect;
