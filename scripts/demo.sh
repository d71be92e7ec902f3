#!/bin/sh
# `make demo`: build, install into a staging folder, compile the C echo server and cp against it
# through pkg-config, load the server over loopback, copy a file of 256 MiB. One command on a fresh
# machine, under 2 minutes.
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

echo "== compiling examples/c/tcp_echo.c and cp.c against it"
mkdir -p target/demo
PKG_CONFIG_PATH=$stage/lib/pkgconfig
export PKG_CONFIG_PATH
for name in tcp_echo cp; do
    # shellcheck disable=SC2046 # flags are separate words
    ${CC:-gcc} -std=gnu11 -O2 -Wall -Wextra "examples/c/$name.c" -o "target/demo/$name" \
        $(pkg-config --cflags --libs ringline) "-Wl,-rpath,$stage/lib"
done

echo "== running"
exec target/release/ringline demo --server target/demo/tcp_echo --copy target/demo/cp \
    --folder target/demo "$@"
