#!/bin/sh
# Builds target/release/libringline.so (with its SONAME link) and libringline.a.
#
# One build makes both: the shared and the static library alone, without the crate's `lib`, because
# cargo passes no LTO to a build that mixes that in. It has a target folder of its own, because
# RINGLINE_SO would otherwise make every `cargo build` in target/ start over.
set -eu
cd "$(dirname "$0")/.."

work=target/lib
out=target/release
mkdir -p "$out"
RINGLINE_SO=1 cargo rustc --quiet --release --lib --features capi,tls \
    --crate-type cdylib,staticlib --target-dir "$work"

# A new file each time: a running program keeps the old one mapped.
put() {
    if ! cmp -s "$1" "$2"; then
        cp "$1" "$2.new"
        mv -f "$2.new" "$2"
    fi
}
put "$work/release/libringline.so" "$out/libringline.so"
put "$work/release/libringline.a" "$out/libringline.a"
soname=$(readelf -d "$out/libringline.so" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
if [ -z "$soname" ]; then
    echo "build-lib: libringline.so has no SONAME" >&2
    exit 1
fi
ln -sfn libringline.so "$out/$soname"
echo "$out/libringline.so ($soname, $(wc -c <"$out/libringline.so") bytes), $out/libringline.a"
