#!/bin/sh
# Makes include/ringline.h from the Rust source; with --check it only compares.
#
# Prints the difference and fails when the committed header is not what the source says.
set -eu
cd "$(dirname "$0")/.."

work=target/header
mkdir -p "$work"
# The build script runs before the crate is compiled, so the header is there even when the library
# itself does not compile yet.
if ! cargo check --quiet --lib --features header --target-dir "$work" \
    --message-format=json >"$work/log.json" 2>"$work/log.txt"; then
    cat "$work/log.txt" >&2
fi
out=$(grep '"reason":"build-script-executed"' "$work/log.json" |
    grep -E '"package_id":"[^"]*[#/]ringline[@#][^"]*"' |
    sed 's/.*"out_dir":"\([^"]*\)".*/\1/' | tail -n 1)
if [ -z "$out" ] || [ ! -f "$out/ringline.h" ]; then
    echo "header: cbindgen wrote nothing, see $work/log.txt" >&2
    exit 1
fi

if [ "${1:-}" = "--check" ]; then
    if ! diff -u include/ringline.h "$out/ringline.h"; then
        echo "header: include/ringline.h is stale, run 'make header' and commit it" >&2
        exit 1
    fi
    echo "include/ringline.h is what the source says"
else
    mkdir -p include
    cmp -s "$out/ringline.h" include/ringline.h || cp "$out/ringline.h" include/ringline.h
    echo "include/ringline.h: $(wc -l <include/ringline.h) lines"
fi
