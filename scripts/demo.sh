#!/bin/sh
# `make demo`: build, install into a staging folder, compile the C echo server and cp against it
# through pkg-config, load the server over loopback, copy a file of 256 MiB. One command on a fresh
# machine, under 90 seconds on 2 cores (tests/demo/run keeps that).
#
# What is built is for the demo alone: the shared library and the command, without TLS, archive and
# LTO (profile `fast`), in target/demo.
set -eu
cd "$(dirname "$0")/.."

scripts/setup.sh build
work=$PWD/target/demo
stage=$PWD/target/stage
mkdir -p "$work"

# On a terminal cargo shows a bar; a log gets a line for each crate, and one when that takes long.
ticker=""
if [ ! -t 2 ]; then
    (seconds=0
    while sleep 5; do
        seconds=$((seconds + 5))
        echo "   building: $seconds s" >&2
    done) &
    ticker=$!
    trap 'kill $ticker 2>/dev/null || :' EXIT
fi
echo "== building the library"
RINGLINE_SO=1 cargo rustc --profile fast --lib --features capi --crate-type cdylib \
    --target-dir "$work/lib"
echo "== building the ringline command"
cargo build --profile fast --features cli --bin ringline --target-dir "$work/command"
if [ -n "$ticker" ]; then
    kill "$ticker" 2>/dev/null || :
    trap - EXIT
fi

echo "== installing into target/stage"
rm -rf "$stage"
PREFIX=$stage LIBDIR=$stage/lib DESTDIR="" RINGLINE_LIB_DIR=$work/lib/fast \
    RINGLINE_COMMAND=$work/command/fast/ringline scripts/install.sh --shared

echo "== compiling examples/c/tcp_echo.c and cp.c against it"
PKG_CONFIG_PATH=$stage/lib/pkgconfig
export PKG_CONFIG_PATH
for name in tcp_echo cp; do
    # shellcheck disable=SC2046 # flags are separate words
    ${CC:-gcc} -std=gnu11 -O2 -Wall -Wextra "examples/c/$name.c" -o "$work/$name" \
        $(pkg-config --cflags --libs ringline) "-Wl,-rpath,$stage/lib"
done

echo "== running"
exec "$stage/bin/ringline" demo --server target/demo/tcp_echo --copy target/demo/cp \
    --folder target/demo "$@"
