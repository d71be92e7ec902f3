//! examples/c/tls_echo.c under openssl's client: what it echoes, and what it says about handshakes.
//!
//! Needs the built library (`make lib`) and openssl; the certificate is made here.

mod harness;

use harness::server::Server;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Killed when the test ends however it ends.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
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
    let path = |name: &str| folder.join(name).display().to_string();
    let words = [&path("chain.pem"), &path("key.pem"), "127.0.0.1:0", "60"];
    let mut server = Server::start("tls_echo", "tls_echo", &words);
    let mut client = Command::new("openssl");
    client.current_dir(&folder).args(["s_client", "-quiet", "-verify_return_error"]);
    client.args(["-CAfile", "chain.pem", "-alpn", "echo", "-connect"]);
    client.arg(format!("127.0.0.1:{}", server.port)).args(["-servername", "localhost"]);
    client.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut client = Killed(client.spawn().expect("openssl s_client"));
    client.0.stdin.as_mut().expect("piped").write_all(b"over there\n").expect("writes");
    let mut echoed = String::new();
    let output = client.0.stdout.as_mut().expect("piped");
    BufReader::new(output).read_line(&mut echoed).expect("reads");
    assert_eq!(echoed, "over there\n");
    let agreed = server.line();
    assert!(agreed.starts_with("TLS 1.3, TLS13_"), "{agreed}");
    assert!(agreed.ends_with(", protocol echo"), "{agreed}");
    let mut plain = server.connect();
    plain.write_all(b"no TLS at all\n").expect("writes");
    let mut alert = [0; 7];
    std::io::Read::read_exact(&mut plain, &mut alert).expect("an alert");
    drop(plain);
    assert_eq!(server.line(), "failed: the other end does not speak TLS, or not as it should");
    drop(client);
    server.stop();
}
