#!/bin/sh
# The C and C++ programs and the Rust tests under AddressSanitizer and LeakSanitizer, the library
# included. Says so when the sanitizer is not really on: a planted overflow must be caught.
set -eu
cd "$(dirname "$0")/.."

target=x86_64-unknown-linux-gnu
work=$PWD/target/asan
lib=$work/$target/release
export RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address -Cforce-frame-pointers=yes"

RINGLINE_SO=1 cargo rustc --quiet --release --lib --features capi,tls --crate-type cdylib \
    --target $target --target-dir "$work"
ln -sfn libringline.so "$lib/libringline.so.0"

if ! nm -D "$lib/libringline.so" | grep -q __asan_report_load; then
    echo "asan: the library was built without checks" >&2
    exit 1
fi
printf 'int main(int c, char **v) { (void)v; char a[4] = {0}; return a[c + 3]; }\n' |
    clang -fsanitize=address -x c - -o "$work/planted"
if "$work/planted" 2>/dev/null; then
    echo "asan: a planted overflow was not caught" >&2
    exit 1
fi

# The simulated kernel writes into buffers as the real one does, but seen by the sanitizer. (Without
# tests/poison.rs: the memory of a poisoned ring is kept by contract.)
RINGLINE_SIM_SEEDS=${RINGLINE_SIM_SEEDS:-2000} cargo test --quiet --release \
    --features capi,tls,sim --target $target --target-dir "$work/test" --lib --test sim
# The runner itself needs no sanitizer.
unset RUSTC_BOOTSTRAP RUSTFLAGS
RINGLINE_SANITIZE=address RINGLINE_LIB_DIR=$lib \
    cargo test --quiet --profile fast --features capi,cli,tls --test c_programs
