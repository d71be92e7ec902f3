#!/bin/sh
# Builds the examples in Rust and tries each: servers with clients that users have (curl, openssl),
# and the others with each other. Prints `N passed, N failed, N ignored`.
set -eu
cd "$(dirname "$0")/.."
work=target/rust-examples
rm -rf "$work"
mkdir -p "$work"
# The profile and the features of the other tests: what they need is built already.
cargo build --quiet --profile fast --features capi,cli,tls --examples
bin=${CARGO_TARGET_DIR:-target}/fast/examples
passed=0 failed=0

verdict() { # name
    if [ "$2" -eq 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
    [ "$2" -eq 0 ] || { echo "FAILED: $1"; cat "$work/$1".* 2>/dev/null; }
}

# Starts a server and waits until it tells where it listens: in $address, and $server is its number.
serve() { # name arguments...
    name=$1
    shift
    "$bin/$name" "$@" >"$work/$name.out" 2>"$work/$name.err" &
    server=$!
    for _ in $(seq 400); do
        address=$(sed -n 's/^listening on //p' "$work/$name.out")
        [ -z "$address" ] || return 0
        kill -0 "$server" 2>/dev/null || return 1
        sleep 0.05
    done
    return 1
}

# Ends it by SIGINT, which has to be its end without an error.
stop() {
    kill -INT "$server"
    wait "$server"
}

echoes() {
    serve echo_async_server 127.0.0.1:0 || return 1
    printf 'one\ntwo words\n' >"$work/lines.txt"
    timeout 20 "$bin/echo_client" "$address" <"$work/lines.txt" >"$work/answer.txt" || return 1
    cmp "$work/lines.txt" "$work/answer.txt" || return 1
    stop
}

encrypts() {
    # shellcheck disable=SC2086 # words
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
        -subj /CN=localhost -addext subjectAltName=DNS:localhost \
        -keyout "$work/key.pem" -out "$work/chain.pem" 2>/dev/null
    serve echo_tls_server "$work/chain.pem" "$work/key.pem" 127.0.0.1:0 || return 1
    { echo hello; sleep 1; } | timeout 20 openssl s_client -quiet -connect "$address" \
        -CAfile "$work/chain.pem" -verify_return_error 2>/dev/null | grep -q '^hello$' || return 1
    stop
}

speaks_http() {
    serve http_hello 127.0.0.1:0 || return 1
    [ "$(curl -sS --max-time 20 "http://$address/there")" = "hello from /there" ] || return 1
    stop
}

verdict echo_async_server "$(echoes >&2 && echo 0 || echo 1)"
verdict echo_tls_server "$(encrypts >&2 && echo 0 || echo 1)"
verdict http_hello "$(speaks_http >&2 && echo 0 || echo 1)"
timeout 60 "$bin/echo_bench" 4 64 1 >"$work/echo_bench.out" 2>&1 &&
    grep -q "round trips/s" "$work/echo_bench.out"
verdict echo_bench $?
head -c 3000000 /dev/urandom >"$work/from.bin"
timeout 60 "$bin/file_copy" "$work/from.bin" "$work/to.bin" >"$work/file_copy.out" 2>&1 &&
    cmp "$work/from.bin" "$work/to.bin"
verdict file_copy $?
if timeout 20 "$bin/echo_client" 127.0.0.1:1 </dev/null >"$work/echo_client.out" 2>&1; then
    verdict echo_client 1 # nobody listens there
else
    grep -q "127.0.0.1:1: .*refused" "$work/echo_client.out"
    verdict echo_client $?
fi
echo "rust examples: $passed passed, $failed failed, 0 ignored"
[ "$failed" -eq 0 ]
