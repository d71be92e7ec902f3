//! `ringline demo`: start an echo server, load it in two regimes, check each byte, print the cost;
//! then let a program copy a file.
//!
//! Owns: the regimes and their order. One server process per regime, so that its statistics belong
//! to the regime.

use super::load::{Goal, Load};
use super::progress::Progress;
use super::server::Server;
use super::{copy, interrupt, report};
use std::path::PathBuf;
use std::time::Duration;

#[derive(clap::Args)]
pub struct Options {
    /// The server program. It is started with the argument 0 (any free port), prints "listening
    /// on port N", echoes, and at SIGTERM prints "stats: messages=N submitted=N completed=N
    /// syscalls=N" and ends
    #[arg(long, value_name = "PATH")]
    server: PathBuf,
    /// How long each regime is loaded
    #[arg(long, value_name = "SECONDS", default_value = "4", value_parser = seconds)]
    seconds_per_regime: Duration,
    /// Load so many messages per regime instead of a time
    #[arg(long, value_name = "N", conflicts_with = "seconds_per_regime",
          value_parser = clap::value_parser!(u64).range(1..))]
    messages: Option<u64>,
    /// Give up when the server has been silent for so long
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    stall_seconds: Duration,
    /// A program that copies a file, called with FROM and TO; without it no file is copied
    #[arg(long, value_name = "PATH")]
    copy: Option<PathBuf>,
    /// Where the file and its copy lie meanwhile; by default the folder for temporary files
    #[arg(long, value_name = "PATH")]
    folder: Option<PathBuf>,
    /// How large that file is
    #[arg(long, value_name = "MIB", default_value = "256",
          value_parser = clap::value_parser!(u64).range(1..=65_536))]
    copy_mib: u64,
}

/// How many connections, and the bytes of a message on each.
pub struct Regime {
    pub connections: usize,
    pub size: usize,
}

const REGIMES: [Regime; 2] =
    [Regime { connections: 128, size: 64 }, Regime { connections: 16, size: 64 << 10 }];

fn seconds(text: &str) -> Result<Duration, String> {
    let value: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    if !(0.01..=86_400.0).contains(&value) {
        return Err("must be from 0.01 to 86400".into());
    }
    Ok(Duration::from_secs_f64(value))
}

pub fn run(options: &Options) -> Result<(), String> {
    interrupt::catch();
    let (doctor, works) = ringline::internals::sys::doctor();
    if !works {
        return Err(format!("rings cannot be made here:\n{doctor}"));
    }
    for (index, regime) in REGIMES.iter().enumerate() {
        run_regime(options, index + 1, regime)?;
    }
    if let Some(program) = &options.copy {
        let folder = options.folder.clone().unwrap_or_else(std::env::temp_dir);
        copy::run(program, &folder, options.copy_mib, options.stall_seconds)?;
    }
    println!("every byte came back right");
    Ok(())
}

fn run_regime(options: &Options, number: usize, regime: &Regime) -> Result<(), String> {
    let Regime { connections, size } = regime;
    let title = format!("regime {number}: {connections} connections x {}", bytes(*size));
    let named = |reason: String| format!("{title}: {reason}");
    let goal = options.messages.map_or(Goal::Time(options.seconds_per_regime), Goal::Messages);
    let patience = options.stall_seconds;
    let (mut server, port) = Server::start(&options.server, patience).map_err(named)?;
    let mut progress = Progress::new(&title);
    let measured = Load::connect(&mut server, port, regime, goal, patience)
        .and_then(|load| load.run(&mut progress))
        .map_err(named)?;
    drop(progress);
    let stats = server.stop().map_err(named)?;
    print!("{}", report::lines(regime, &measured, &stats));
    Ok(())
}

fn bytes(size: usize) -> String {
    if size % 1024 == 0 { format!("{} KiB", size / 1024) } else { format!("{size} B") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_positive_and_finite() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for text in ["0", "-1", "NaN", "inf", "1e9", "soon"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_read_as_people_say_them() {
        assert_eq!((bytes(64), bytes(65536)), ("64 B".into(), "64 KiB".into()));
    }
}
