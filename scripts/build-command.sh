#!/bin/sh
# Builds the `ringline` command: target/fast/ringline. It carries what it needs of the library.
set -eu
cd "$(dirname "$0")/.."
cargo build "$@" --profile fast --features capi,cli,tls --bin ringline
