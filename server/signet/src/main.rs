//! The `signet` command: reads the configuration, wires everything, and holds no rules.

mod command;
mod composition;
mod config;
mod dev;
mod doctor;
mod output;
mod serve;
mod trial;

use std::process::ExitCode;

use clap::Parser as _;

use command::{Cli, CommandError};

/// A request makes hundreds of small allocations, and frees them on another thread where the database had a part in it.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(command::run(cli)),
        Err(error) => Err(CommandError::failed(format!("the threads of this process cannot be started: {error}"))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(CommandError { status, said }) => {
            output::complain(&said);
            ExitCode::from(status as u8)
        }
    }
}
