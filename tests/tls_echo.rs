//! examples/c/tls_echo.c under openssl's client: what it echoes, and what it says about handshakes.
//!
//! Needs the built library (`make lib`) and openssl; the certificate is made here.

mod harness;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Killed when the test ends however it ends.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn compiled() -> PathBuf {
    let binary = harness::out_dir("tls_echo").join("tls_echo");
    let root = harness::root();
    let mut cc = Command::new("gcc");
    cc.args(["-std=gnu11", "-O2"]).arg("-I").arg(root.join("include"));
    cc.arg(root.join("examples/c/tls_echo.c")).arg("-o").arg(&binary);
    cc.arg("-L").arg(harness::lib_dir()).arg("-lringline");
    harness::run(&mut cc).expect("the example compiles");
    binary
}

fn certificate(folder: &Path) {
    let mut openssl = Command::new("openssl");
    openssl.current_dir(folder).args(["req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"]);
    openssl.args(["-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=localhost"]);
    openssl.args(["-addext", "subjectAltName=DNS:localhost"]);
    openssl.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    harness::run(openssl.args(["-keyout", "key.pem", "-out", "chain.pem"])).expect("openssl req");
}

/// Failure: another answer, a handshake that is not told with its protocol, a failed one not told
/// with its cause.
#[test]
fn the_example_echoes_and_says_what_was_agreed() {
    let folder = harness::out_dir("tls_echo").join("certificate");
    std::fs::create_dir_all(&folder).expect("a folder");
    certificate(&folder);
    let mut server = Command::new(compiled());
    server.current_dir(&folder).args(["chain.pem", "key.pem", "127.0.0.1:0", "60"]);
    server.env("LD_LIBRARY_PATH", harness::lib_dir()).stdout(Stdio::piped());
    let mut server = Killed(server.spawn().expect("the example starts"));
    let mut lines = BufReader::new(server.0.stdout.take().expect("piped")).lines();
    let mut line = || lines.next().expect("a line").expect("text");
    let first = line();
    let port = first.strip_prefix("TLS on port ").expect("the port").to_owned();
    let mut client = Command::new("openssl");
    client.current_dir(&folder).args(["s_client", "-quiet", "-verify_return_error"]);
    client.args(["-CAfile", "chain.pem", "-alpn", "echo", "-connect"]);
    client.arg(format!("127.0.0.1:{port}")).args(["-servername", "localhost"]);
    client.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut client = Killed(client.spawn().expect("openssl s_client"));
    client.0.stdin.as_mut().expect("piped").write_all(b"over there\n").expect("writes");
    let mut echoed = String::new();
    let output = client.0.stdout.as_mut().expect("piped");
    BufReader::new(output).read_line(&mut echoed).expect("reads");
    assert_eq!(echoed, "over there\n");
    let agreed = line();
    assert!(agreed.starts_with("TLS 1.3, TLS13_"), "{agreed}");
    assert!(agreed.ends_with(", protocol echo"), "{agreed}");
    let mut plain = std::net::TcpStream::connect(format!("127.0.0.1:{port}")).expect("connects");
    plain.write_all(b"no TLS at all\n").expect("writes");
    let mut alert = [0; 7];
    std::io::Read::read_exact(&mut plain, &mut alert).expect("an alert");
    drop(plain);
    assert_eq!(line(), "failed: the other end does not speak TLS, or not as it should");
}
