//! The `ringline` command: `doctor` says what this machine allows, `demo` loads an echo server.
//!
//! Owns: the command line and the exit codes (0 good, 1 failed, 2 usage, 130 interrupted).

#[path = "ringline/connection.rs"]
mod connection;
#[path = "ringline/copy.rs"]
mod copy;
#[path = "ringline/demo.rs"]
mod demo;
#[path = "ringline/interrupt.rs"]
mod interrupt;
#[path = "ringline/load.rs"]
mod load;
#[path = "ringline/pattern.rs"]
mod pattern;
#[path = "ringline/progress.rs"]
mod progress;
#[path = "ringline/report.rs"]
mod report;
#[path = "ringline/server.rs"]
mod server;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "ringline", version, about = "Linux io_uring as one shared library")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Say whether rings can be made here and, where not, why and what to do
    Doctor,
    /// Load an echo server over loopback and copy a file, check each byte, print what it cost
    Demo(demo::Options),
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Doctor => doctor(),
        Command::Demo(options) => match demo::run(&options) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) if interrupt::seen() => {
                eprintln!("ringline demo: interrupted");
                ExitCode::from(130)
            }
            Err(reason) => {
                eprintln!("ringline demo: FAILED: {reason}");
                ExitCode::FAILURE
            }
        },
    }
}

fn doctor() -> ExitCode {
    let (report, works) = ringline::internals::sys::doctor();
    print!("{report}");
    if works { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
