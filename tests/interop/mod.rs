//! Foreign libraries against the real server: a relying party and a verifier that this project did not write.

mod josekit;
mod openidconnect;
