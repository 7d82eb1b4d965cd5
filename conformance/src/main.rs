//! The command `signet-conformance`; everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    signet_conformance::run(std::env::args_os())
}
