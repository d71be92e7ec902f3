#!/bin/sh
# The threaded C programs under ThreadSanitizer, the library and Rust's standard library included:
# atomics, memory and descriptors are seen, what goes through the kernel is not. A planted race must
# be reported. Left out are programs of signals, which it delivers late, and those whose own threads
# leave each other values by way of a socket.
set -eu
cd "$(dirname "$0")/.."

target=x86_64-unknown-linux-gnu
work=$PWD/target/tsan
lib=$work/$target/release

rustc=$(scripts/toolchain-tsan.sh)
RUSTC=$rustc RUSTC_BOOTSTRAP=1 RINGLINE_SO=1 RUSTFLAGS=-Zsanitizer=thread \
    cargo rustc --quiet -Zbuild-std=std,panic_unwind --release --lib --features capi,tls \
    --crate-type cdylib --target $target --target-dir "$work"
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

programs="mailbox_full mailbox_close mailbox_ops mailbox_ping stop_thread stop_after_close lease
    abandon wake_several detach_attach free_owner_gone ordinary_turn foreign runtime_adopt
    runtime_chat runtime_close_all runtime_connect runtime_datagrams runtime_echo runtime_even
    runtime_life runtime_posts runtime_process runtime_stats_text runtime_stop_prompt
    runtime_storm runtime_take runtime_timers runtime_work"
words=""
for program in $programs; do words="$words tests/c/$program"; done
# shellcheck disable=SC2086 # a list of words
# It is slow, and a program's time is counted by the clock.
RINGLINE_LOAD=3 RINGLINE_SANITIZE=thread RINGLINE_LIB_DIR=$lib \
    cargo test --quiet --profile fast --features capi,cli,tls --test c_programs -- $words
