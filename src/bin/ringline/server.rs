//! The echo server as a child process.
//!
//! Owns: the child. Whatever happens to the demo (failure, Ctrl-C, SIGKILL), the child ends: it is
//! killed on drop, and by the kernel when the thread that started it is gone.

use super::interrupt;
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long one sleep may be before Ctrl-C is looked at.
const NAP: Duration = Duration::from_millis(50);

pub struct Server {
    child: Child,
    lines: Receiver<String>,
    patience: Duration,
}

/// What the server said about itself at its end.
#[derive(Debug, PartialEq, Eq)]
pub struct ServerStats {
    pub syscalls: u64,
}

impl Server {
    /// Start the program on a free port; returns it with the port it listens on.
    pub fn start(program: &Path, patience: Duration) -> Result<(Server, u16), String> {
        let mut command = Command::new(program);
        command.arg("0").stdin(Stdio::null()).stdout(Stdio::piped());
        let parent = std::process::id() as libc::pid_t;
        // SAFETY: between fork and exec only these two async-signal-safe calls are made.
        unsafe {
            command.pre_exec(move || {
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                // The parent may have gone before the line above.
                if libc::getppid() == parent {
                    Ok(())
                } else {
                    Err(std::io::Error::from_raw_os_error(libc::ESRCH))
                }
            });
        }
        let mut child = command
            .spawn()
            .map_err(|error| format!("cannot start the server {}: {error}", program.display()))?;
        let lines = read_lines(child.stdout.take());
        let mut server = Server { child, lines, patience };
        let line = server.line_with("listening on port ")?;
        let port = line.rsplit(' ').next().and_then(|word| word.parse().ok());
        let port = port.ok_or_else(|| format!("no port in the server's line {line:?}"))?;
        Ok((server, port))
    }

    /// Nanoseconds of CPU that all threads of the server have used; None where the kernel does not
    /// count them.
    pub fn cpu_ns(&self) -> Option<u64> {
        let mut sum = None;
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).ok()?;
        for thread in threads.flatten() {
            // A thread may end between the listing and here.
            let Ok(text) = std::fs::read_to_string(thread.path().join("schedstat")) else {
                continue;
            };
            let on_cpu: u64 = text.split_whitespace().next()?.parse().ok()?;
            sum = Some(sum.unwrap_or(0) + on_cpu);
        }
        sum
    }

    /// How the server ended, if it did within a short time.
    pub fn obituary(&mut self) -> Option<String> {
        let until = Instant::now() + Duration::from_millis(500);
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(describe(status)),
                Ok(None) if Instant::now() < until => std::thread::sleep(NAP),
                _ => return None,
            }
        }
    }

    /// SIGTERM, then the line of statistics and a clean end.
    pub fn stop(mut self) -> Result<ServerStats, String> {
        // SAFETY: the child was not waited for, so the id is still its own.
        unsafe { libc::kill(self.child.id() as libc::pid_t, libc::SIGTERM) };
        let stats = parse_stats(&self.line_with("stats: ")?)?;
        let until = Instant::now() + self.patience;
        while Instant::now() < until {
            interrupt::check()?;
            match self.child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(stats),
                Ok(Some(status)) => return Err(format!("the server {}", describe(status))),
                Ok(None) => std::thread::sleep(Duration::from_millis(5)),
                Err(error) => return Err(format!("cannot wait for the server: {error}")),
            }
        }
        Err(format!("the server did not end within {} s after SIGTERM", self.patience.as_secs()))
    }

    /// The next line of the server that starts so.
    fn line_with(&mut self, start: &str) -> Result<String, String> {
        let until = Instant::now() + self.patience;
        loop {
            interrupt::check()?;
            match self.lines.recv_timeout(NAP) {
                Ok(line) if line.starts_with(start) => return Ok(line),
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) if Instant::now() < until => {}
                Err(RecvTimeoutError::Timeout) => {
                    let seconds = self.patience.as_secs();
                    return Err(format!("the server did not print {start:?} within {seconds} s"));
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let end = self.obituary().unwrap_or_else(|| "closed its output".into());
                    return Err(format!("the server {end} without printing {start:?}"));
                }
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail when it has ended already, which is just as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A thread reads, because a pipe has no read with a time limit. It ends with the child.
fn read_lines(output: Option<ChildStdout>) -> Receiver<String> {
    let (sender, receiver) = channel();
    if let Some(output) = output {
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
    }
    receiver
}

fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exited with status {code}"),
        (None, Some(signal)) => format!("was killed by signal {signal}"),
        (None, None) => "ended".into(),
    }
}

fn parse_stats(line: &str) -> Result<ServerStats, String> {
    let pairs: HashMap<&str, &str> =
        line.split_whitespace().filter_map(|word| word.split_once('=')).collect();
    let syscalls = pairs.get("syscalls").and_then(|value| value.parse().ok());
    let syscalls =
        syscalls.ok_or_else(|| format!("no syscalls=N in the server's line {line:?}"))?;
    Ok(ServerStats { syscalls })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stats_line_is_read() {
        let line = "stats: messages=3 submitted=4 completed=5 syscalls=6";
        assert_eq!(parse_stats(line), Ok(ServerStats { syscalls: 6 }));
        assert!(parse_stats("stats: messages=3").is_err());
        assert!(parse_stats("stats: syscalls=many").is_err());
    }

    #[test]
    fn a_program_that_is_not_there_or_says_nothing_is_named() {
        let start = |program: &str| {
            Server::start(Path::new(program), Duration::from_secs(5)).err().unwrap_or_default()
        };
        assert!(start("./no/such/program").starts_with("cannot start the server ./no/such/"));
        assert!(start("false").starts_with("the server exited with status 1 without"));
    }
}
