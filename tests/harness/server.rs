//! An example of examples/c that serves, compiled and started on a free port.
//!
//! Owns: its process, which is killed however the test ends.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use super::compiler::Compiler;

/// A running server.
pub struct Server {
    child: Child,
    output: BufReader<ChildStdout>,
    /// The port that its first line names.
    pub port: u16,
}

impl Server {
    /// Compiles the example as `name` and starts it; the first line it prints names its port.
    pub fn start(example: &str, name: &str, arguments: &[&str]) -> Server {
        let binary = super::out_dir("servers").join(name);
        let source = super::root().join("examples/c").join(format!("{example}.c"));
        Compiler::of(&source).link(&[&source], &binary).expect("the example compiles");
        let mut command = Command::new(&binary);
        command.args(arguments).env("LD_LIBRARY_PATH", super::lib_dir());
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the example starts");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        let mut server = Server { child, output, port: 0 };
        let line = server.line();
        let number = line.rsplit(|c: char| !c.is_ascii_digit()).find(|word| !word.is_empty());
        let port = number.and_then(|word| word.parse().ok());
        server.port = port.unwrap_or_else(|| panic!("{line:?}"));
        server
    }

    /// The next line that it prints.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("a line");
        line.truncate(line.trim_end().len());
        line
    }

    /// A client whose calls fail after ten seconds.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("connects");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
        stream.set_write_timeout(Some(Duration::from_secs(10))).expect("set");
        stream
    }

    /// Descriptors that its process has.
    pub fn descriptors(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.child.id());
        std::fs::read_dir(folder).expect("the process is there").count()
    }

    /// SIGTERM ends it, with exit code 0.
    pub fn stop(mut self) {
        // SAFETY: kill(2) takes numbers only; the child was started here and not waited for.
        unsafe { libc::kill(self.child.id() as i32, libc::SIGTERM) };
        for _ in 0..5000 {
            if let Some(status) = self.child.try_wait().expect("waits") {
                assert!(status.success(), "{status}");
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        panic!("the server did not end within 5 seconds of SIGTERM");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
