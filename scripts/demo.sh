#!/bin/sh
# `make demo`: build, install into a staging folder, compile the C echo server against it through
# pkg-config, start it and load it over loopback. One command on a fresh machine, under 2 minutes.
set -eu
cd "$(dirname "$0")/.."

scripts/setup.sh build
echo "== building the library and the ringline command"
scripts/build-lib.sh
cargo build --quiet --release --features cli --bin ringline

echo "== installing into target/stage"
stage=$PWD/target/stage
rm -rf "$stage"
PREFIX=$stage LIBDIR=$stage/lib DESTDIR="" scripts/install.sh

echo "== compiling examples/c/tcp_echo.c against it"
mkdir -p target/demo
PKG_CONFIG_PATH=$stage/lib/pkgconfig
export PKG_CONFIG_PATH
# shellcheck disable=SC2046 # flags are separate words
${CC:-gcc} -std=gnu11 -O2 -Wall -Wextra examples/c/tcp_echo.c -o target/demo/tcp_echo \
    $(pkg-config --cflags --libs ringline) "-Wl,-rpath,$stage/lib"

echo "== running"
exec target/release/ringline demo --server target/demo/tcp_echo "$@"
