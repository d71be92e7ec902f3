//! The servers of examples/c under programs that nobody here wrote: curl, wrk, redis-benchmark,
//! redis-cli and socat.
//!
//! Needs the built library (`make lib`). `make load` runs the same for longer (RINGLINE_LOAD = how
//! many times as long).

mod harness;

use harness::load;
use harness::server::Server;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A shell's pipe, at most a minute (times load) long; what it printed.
fn shell(line: &str) -> String {
    let limit = (60 * load()).to_string();
    let mut command = Command::new("timeout");
    command.args([&limit, "bash", "-o", "pipefail", "-c", line]);
    harness::run(&mut command).expect("the program ends well")
}

/// A folder to serve: `size` bytes that repeat nowhere as `big`, and a text.
fn folder(name: &str, size: u64) -> PathBuf {
    let folder = harness::out_dir(name);
    let big = folder.join("big");
    if big.metadata().map_or(0, |about| about.len()) != size {
        let size = size.to_string();
        let key = "openssl enc -aes-128-ctr -nosalt -pass pass:ringline -iter 1 2>/dev/null";
        shell(&format!("head -c {size} /dev/zero | {key} > {}", big.display()));
    }
    std::fs::write(folder.join("text.txt"), "hello, world\n").expect("written");
    folder
}

fn digest(path: &Path) -> String {
    shell(&format!("sha256sum < {}", path.display()))
}

fn http(name: &str, folder: &Path) -> (Server, String) {
    let folder = folder.display().to_string();
    let server = Server::start("http_server", name, &["127.0.0.1:0", &folder, "600"]);
    let url = format!("http://127.0.0.1:{}", server.port);
    (server, url)
}

/// Failure: a byte of a gigabyte is wrong, a range is another one, a connection is not kept.
#[test]
fn curl_gets_files_and_ranges() {
    let files = folder("http-big", 1 << 30);
    let (server, url) = http("http-curl", &files);
    assert_eq!(shell(&format!("curl -sf {url}/big | sha256sum")), digest(&files.join("big")));
    assert_eq!(shell(&format!("curl -sf -r 7-11 {url}/text.txt")), "world");
    assert_eq!(shell(&format!("curl -sf -r -6 {url}/text.txt")), "world\n");
    assert_eq!(shell(&format!("curl -sf -r 7- {url}/text.txt")), "world\n");
    let middle = format!("dd if={}/big bs=1M skip=500 count=100 status=none", files.display());
    let range = format!("curl -sf -r {}-{} {url}/big", 500 << 20, (600 << 20) - 1);
    assert_eq!(shell(&format!("{range} | sha256sum")), shell(&format!("{middle} | sha256sum")));
    let again = format!("curl -sf -w '%{{num_connects}}' {url}/text.txt {url}/text.txt");
    assert_eq!(shell(&again), "hello, world\n1hello, world\n0");
    let status = |arguments: &str| {
        shell(&format!("curl -s -o /dev/null -w '%{{http_code}}' {arguments}")).parse::<u32>()
    };
    for (arguments, code) in [
        (format!("-I {url}/big"), 200),
        (format!("-r 1-2 {url}/text.txt"), 206),
        (format!("-r 100-200 {url}/text.txt"), 416),
        (format!("-X DELETE {url}/text.txt"), 405),
        (format!("-d x {url}/text.txt"), 413),
        (format!("{url}/none"), 404),
        (format!("--path-as-is {url}/../big"), 404),
        (format!("--path-as-is {url}/%2e%2e/%2e%2e/etc/passwd"), 404),
        (format!("-H 'Transfer-Encoding: chunked' {url}/text.txt"), 501),
        (format!("-H 'Expect: magic' {url}/text.txt"), 417),
        (format!("-H 'X: {}' {url}/text.txt", "x".repeat(9000)), 431),
        (format!("--http1.0 {url}/text.txt"), 505),
    ] {
        assert_eq!(status(&arguments), Ok(code), "{arguments}");
    }
    server.stop();
}

/// Failure: a request without an answer, or another answer than 200, under load; descriptors that
/// stay open.
#[test]
fn wrk_loads_the_http_server() {
    let files = folder("http-small", 100_000);
    let (server, url) = http("http-wrk", &files);
    let before = server.descriptors();
    for path in ["text.txt", "big"] {
        let text = shell(&format!("wrk -t 2 -c 100 -d {}s {url}/{path}", 2 * load()));
        assert!(!text.contains("Socket errors") && !text.contains("Non-2xx"), "{text}");
        let line = text.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:"));
        let rate: f64 = line.and_then(|rate| rate.trim().parse().ok()).expect("a rate");
        assert!(rate > 100.0, "{text}");
    }
    // The server sees the ends of wrk's connections a little later than wrk.
    let mut after = server.descriptors();
    for _ in 0..2000 {
        if after <= before {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
        after = server.descriptors();
    }
    assert_eq!(after, before, "descriptors");
    server.stop();
}

/// Failure: what is no request is answered as one, or the rest of a pipeline is lost.
#[test]
fn http_that_is_none_is_refused() {
    let (server, _) = http("http-bad", &folder("http-small", 100_000));
    let port = server.port;
    let say = |bytes: &[u8]| {
        let mut socat = Command::new("timeout")
            .args(["20", "socat", "-t", "20", "-", &format!("TCP:127.0.0.1:{port}")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("socat starts");
        socat.stdin.take().expect("piped").write_all(bytes).expect("written");
        let output = socat.wait_with_output().expect("socat ends");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let many = "GET /text.txt HTTP/1.1\r\nHost: a\r\n\r\n".repeat(1000);
    assert_eq!(say(many.as_bytes()).matches("hello, world").count(), 1000);
    for (request, status) in [
        ("GET /text.txt HTTP/1.1\r\n\r\n", "400"),
        ("GET /text.txt HTTP/1.1\nHost: a\n\n", "400"),
        ("GET  /text.txt HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
        ("GET /text.txt HTTP/1.1\r\nHost : a\r\n\r\n", "400"),
        ("GET /text.txt HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", "400"),
        ("GET /text.txt HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"),
        ("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
        ("GET /text.txt HTTP/2.0\r\nHost: a\r\n\r\n", "505"),
        ("\0\r\n\r\n", "400"),
    ] {
        let answer = say(request.as_bytes());
        let head = format!("HTTP/1.1 {status} ");
        assert!(answer.starts_with(&head), "{request:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{request:?}: {answer}");
    }
    server.stop();
}

/// Failure: an answer that is missing or wrong, with pipelines and long values.
#[test]
fn redis_programs_use_the_kv_server() {
    let server = Server::start("kv_server", "kv", &["127.0.0.1:0", "600"]);
    let port = server.port;
    for (arguments, least) in [("-t ping,set,get -n 100000 -P 16", 4), ("-t set,get -d 100000", 2)]
    {
        let number = if least == 2 { 2000 * load() } else { 100_000 * load() };
        let text = shell(&format!("redis-benchmark -p {port} {arguments} -n {number} --csv 2>&1"));
        let rates = text.lines().filter(|line| line.starts_with('"') && !line.contains("rps\""));
        assert_eq!(rates.count(), least, "{text}");
    }
    let cli = |line: &str| shell(&format!("redis-cli -p {port} {line}"));
    assert_eq!(cli("set name value"), "OK\n");
    assert_eq!(cli("get name"), "value\n");
    assert_eq!(cli("del name"), "1\n");
    assert_eq!(cli("del name"), "0\n");
    assert_eq!(cli("get name"), "\n");
    assert!(cli("lpush name value").contains("ERR"));
    let long = "v".repeat(50_000);
    assert_eq!(cli(&format!("set long {long}")), "OK\n");
    assert_eq!(cli("get long"), format!("{long}\n"));
    let line = format!("printf '*1\\r\\n$x\\r\\n' | socat -t 5 - TCP:127.0.0.1:{port}");
    assert_eq!(shell(&line), "-ERR Protocol error\r\n");
    server.stop();
}

/// Failure: a byte is lost or wrong on the way through, in either direction; an end that is not
/// passed on; a slow side that the proxy does not hold back.
#[test]
fn the_proxy_passes_everything_on() {
    let files = folder("http-proxy", 200_000_000);
    let (behind, _) = http("http-behind", &files);
    let target = format!("127.0.0.1:{}", behind.port);
    let proxy = Server::start("proxy", "proxy", &["127.0.0.1:0", &target, "600"]);
    let url = format!("http://127.0.0.1:{}", proxy.port);
    let whole = digest(&files.join("big"));
    assert_eq!(shell(&format!("curl -sf {url}/big | sha256sum")), whole);
    let slow = format!("curl -sf --limit-rate 100M {url}/big | sha256sum");
    assert_eq!(shell(&slow), whole);
    let text = shell(&format!("wrk -t 2 -c 100 -d {}s {url}/text.txt", 2 * load()));
    assert!(!text.contains("Socket errors") && !text.contains("Non-2xx"), "{text}");
    // Upwards, through an echo server behind it.
    let echo = Server::start("echo_server", "proxy-echo", &["127.0.0.1:0", "600"]);
    let target = format!("127.0.0.1:{}", echo.port);
    let second = Server::start("proxy", "proxy-up", &["127.0.0.1:0", &target, "600"]);
    let big = files.join("big");
    let port = second.port;
    let socat = format!("socat -t 30 - TCP:127.0.0.1:{port} < {} | sha256sum", big.display());
    assert_eq!(shell(&socat), whole);
    for server in [behind, proxy, echo, second] {
        server.stop();
    }
}

/// Failure: a line that somebody does not get, or gets twice, or in part; the sender's own echo.
#[test]
fn chat_lines_reach_everybody_else() {
    let server = Server::start("chat", "chat", &["127.0.0.1:0", "60"]);
    let lines = |stream: std::net::TcpStream| std::io::BufReader::new(stream).lines();
    let mut guests: Vec<_> = (0..50)
        .map(|_| {
            let stream = server.connect();
            (stream.try_clone().expect("a second descriptor"), lines(stream))
        })
        .collect();
    for (_, received) in &mut guests {
        assert_eq!(received.next().expect("a line").expect("read"), "welcome");
    }
    for speaker in [0, 17, 49] {
        let text = format!("I am {speaker}");
        guests[speaker].0.write_all(&text.as_bytes()[..3]).expect("written");
        guests[speaker].0.write_all(format!("{}\n", &text[3..]).as_bytes()).expect("written");
        for (at, (_, received)) in guests.iter_mut().enumerate() {
            if at != speaker {
                assert_eq!(received.next().expect("a line").expect("read"), text);
            }
        }
    }
    server.stop();
}
