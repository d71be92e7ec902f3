#!/bin/sh
# Installs the Debian packages that the build, the tests and the demo need, and only missing ones.
#
#   scripts/setup.sh build   what `make demo` needs: make, gcc, pkg-config
#   scripts/setup.sh test    that and clang, g++, python3, cmake, liburing-dev, strace, valgrind
#                           and the clients of tests/servers.rs: curl, openssl, redis-tools, socat,
#                           wrk; postgresql for the tests of asyncpg
#   scripts/setup.sh sanitizers   what `make asan` and `make tsan` need beside that
#   scripts/setup.sh peers  what `make bench-server` needs beside that: libuv1-dev, perf
set -eu

missing=""
need() { # command package
    command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}

need make make
need gcc gcc
need pkg-config pkg-config
[ -f /usr/include/stdio.h ] || missing="$missing libc6-dev"
if [ "${1:-test}" != build ]; then
    need g++ g++
    need python3 python3
    python3 -c 'import ensurepip' 2>/dev/null || missing="$missing python3-venv"
    need clang clang
    need strace strace
    need valgrind valgrind
    need nm binutils
    need cmake cmake
    need curl curl
    need openssl openssl
    need redis-benchmark redis-tools
    need socat socat
    need wrk wrk
    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
    [ -f /usr/include/liburing.h ] || missing="$missing liburing-dev"
fi
if [ "${1:-test}" = sanitizers ]; then
    ls /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.asan-*.a >/dev/null 2>&1 ||
        missing="$missing libclang-rt-dev"
fi
if [ "${1:-test}" = peers ]; then
    need perf linux-perf
    [ -f /usr/include/uv.h ] || missing="$missing libuv1-dev"
fi

if ! command -v cargo >/dev/null 2>&1; then
    echo "setup: cargo is missing: install Rust 1.85 or newer first" >&2
    exit 1
fi
if [ -n "$missing" ]; then
    echo "setup: installing$missing"
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "setup: no apt-get here; install these yourself:$missing" >&2
        exit 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    # Another installation may be under way: dpkg's lock is waited for.
    apt-get update -qq
    # shellcheck disable=SC2086 # a list of package names
    apt-get install -y -qq -o DPkg::Lock::Timeout=600 --no-install-recommends $missing >/dev/null
fi
