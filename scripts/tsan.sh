#!/bin/sh
# The threaded C programs under ThreadSanitizer, the library included: its atomics and its memory
# are seen; Rust's standard library is not built for it, and is not on the paths between threads.
# A planted race must be reported. Left out are programs of signals: it delivers those late.
set -eu
cd "$(dirname "$0")/.."

target=x86_64-unknown-linux-gnu
work=$PWD/target/tsan
lib=$work/$target/release

RUSTC_BOOTSTRAP=1 RINGLINE_SO=1 \
    RUSTFLAGS="-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer" \
    cargo rustc --quiet --release --lib --features capi,tls --crate-type cdylib \
    --target $target --target-dir "$work"
ln -sfn libringline.so "$lib/libringline.so.0"
if ! nm -D "$lib/libringline.so" | grep -q __tsan_atomic; then
    echo "tsan: the library was built without checks" >&2
    exit 1
fi

# A number that the poster writes after its post, and the ring's owner reads when the post came.
clang -fsanitize=thread -g -O1 -pthread -Iinclude -Itests/harness tests/harness/tsan.c \
    tests/harness/planted_race.c -o "$work/planted" -L"$lib" -lringline
if LD_LIBRARY_PATH=$lib "$work/planted" right; then :; else
    echo "tsan: reports a race where there is none" >&2
    exit 1
fi
if LD_LIBRARY_PATH=$lib "$work/planted" wrong 2>/dev/null; then
    echo "tsan: a planted race was not reported" >&2
    exit 1
fi

export TSAN_OPTIONS="suppressions=$PWD/tests/harness/tsan.supp"
programs="mailbox_full mailbox_close mailbox_ops mailbox_ping stop_thread stop_after_close lease
    abandon wake_several detach_attach free_owner_gone ordinary_turn foreign"
words=""
for program in $programs; do words="$words tests/c/$program"; done
# shellcheck disable=SC2086 # a list of words
RINGLINE_SANITIZE=thread RINGLINE_LIB_DIR=$lib \
    cargo test --quiet --release --features capi,tls --target-dir target/test \
    --test c_programs -- $words
