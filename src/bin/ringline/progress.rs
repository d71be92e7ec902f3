//! How far a regime has come: a bar on a terminal, else a plain line each second.
//!
//! Owns: what is shown while the load runs. The figures afterwards are report.rs.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;

const STEPS: u64 = 1000;

pub struct Progress {
    /// None: no terminal.
    bar: Option<ProgressBar>,
    next_line: Duration,
}

impl Progress {
    pub fn new(title: &str) -> Self {
        println!("{title}");
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("  [{bar:40}] {percent:>3} %  {msg}");
            let bar = ProgressBar::new(STEPS);
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Progress { bar, next_line: Duration::from_secs(1) }
    }

    /// `share` of the regime is done (0 to 1), after `elapsed`, with so many messages.
    pub fn show(&mut self, share: f64, elapsed: Duration, messages: u64) {
        self.say(share, elapsed, &format!("{messages} messages"));
    }

    /// `share` of the work is done (0 to 1), after `elapsed`, and this is what is going on.
    pub fn say(&mut self, share: f64, elapsed: Duration, what: &str) {
        match &self.bar {
            Some(bar) => {
                bar.set_position((share * STEPS as f64) as u64);
                bar.set_message(what.to_owned());
            }
            None if elapsed >= self.next_line => {
                println!("  {} s: {what}", elapsed.as_secs());
                self.next_line = Duration::from_secs(elapsed.as_secs() + 1);
            }
            None => {}
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
