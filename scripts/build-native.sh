#!/bin/sh
# Builds ringline._native, the Python event loop's hot path, and puts it beside the package's files.
# One binary for CPython 3.11 and later: the stable ABI, no Python is asked or linked.
#
#   scripts/build-native.sh            builds it
#   scripts/build-native.sh --check    looks at its format and asks clippy
set -eu
cd "$(dirname "$0")/../bindings/python/native"
target=${RINGLINE_NATIVE_TARGET:-../../../target/native}
export PYO3_NO_PYTHON=1 PYO3_BUILD_EXTENSION_MODULE=1
if [ "${1:-}" = --check ]; then
    cargo fmt --check
    exec cargo clippy --quiet --target-dir "$target" -- -D warnings
fi
cargo build --quiet --release --target-dir "$target"
# By rename: a running interpreter may have the old file mapped.
cp "$target/release/libringline_native.so" ../src/ringline/_native.abi3.so.new
mv ../src/ringline/_native.abi3.so.new ../src/ringline/_native.abi3.so
