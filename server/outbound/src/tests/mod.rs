//! The client against real servers on this machine.

mod answers;
mod destinations;
mod reuse;
mod sending;
mod server;
mod sharing;
