#!/bin/sh
# `make test` and CI: every part in turn, the minutes of each, and one closing line
# 'N passed, N failed, N skipped' over all parts. A part that breaks does not stop the later ones.
#
# Words on the command line select parts by name.
set -eu
export RUST_BACKTRACE=0
cd "$(dirname "$0")/.."

logs=target/test-logs
rm -rf "$logs"
mkdir -p "$logs"
passed=0
failed=0
skipped=0
chosen=" $* "
started=$(date +%s)

# The tests need no LTO (the library they load is built with it by the part `lib`), and without it
# they build in a fraction of the time.
tests() {
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
        cargo test --quiet --release --features capi,tls --target-dir target/test "$@"
}

sum() { # word file: adds up 'N word' of the closing lines of Rust's test runner and its kin
    grep -E '^test result:|^[a-z]+: [0-9]+ passed' "$2" |
        sed -n "s/.*[^0-9]\([0-9][0-9]*\) $1.*/\1/p" | awk '{ n += $1 } END { print n + 0 }'
}

part() { # name command...
    name=$1
    shift
    case $chosen in "  " | *" $name "*) ;; *) return 0 ;; esac
    log=$logs/$name.log
    begin=$(date +%s)
    status=0
    "$@" >"$log" 2>&1 || status=$?
    seconds=$(($(date +%s) - begin))
    good=$(sum passed "$log")
    bad=$(sum failed "$log")
    left=$(sum ignored "$log")
    # A part without counted tests is one test itself.
    if [ $((good + bad)) -eq 0 ]; then
        if [ "$status" -eq 0 ]; then good=1; else bad=1; fi
    elif [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
        bad=1
    fi
    passed=$((passed + good))
    failed=$((failed + bad))
    skipped=$((skipped + left))
    verdict=ok
    if [ "$bad" -gt 0 ]; then
        verdict=FAILED
        tail -n 60 "$log"
    fi
    grep -E ' \.\.\. ignored' "$log" | sed 's/^/  /' || :
    minutes=$(awk "BEGIN { printf \"%.2f\", $seconds / 60 }")
    printf '%-12s %-6s %5s min  %4d passed  %d failed  %d skipped\n' \
        "$name" "$verdict" "$minutes" "$good" "$bad" "$left"
}

part setup scripts/setup.sh test
part lib scripts/build-lib.sh
part header scripts/header.sh --check
part abi-files python3 -B scripts/abi --check
part format cargo fmt --check
part clippy cargo clippy --quiet --all-targets --features capi,cli,tls --target-dir target/clippy \
    -- -D warnings
part rust tests --lib
part tidy tests --test tidy
part abi tests --test abi
# Programs print their own lines; the other Rust test files come after them.
part programs tests --test c_programs
for file in tests/*.rs tests/*/main.rs; do
    name=$(basename "${file%/main.rs}" .rs)
    case $name in tidy | abi | c_programs) continue ;; esac
    if [ -f "$file" ]; then part "$name" tests --test "$name"; fi
done
part native scripts/build-native.sh --check
part python scripts/python.sh
part wheel scripts/wheel.sh --quick
part asyncio python3 -B bindings/python/asyncio_suite/run.py \
    --any --python 3.12 --python 3.11 --python 3.13
part programs-py scripts/programs.sh
part swift scripts/swift.sh
part torture tests/torture/run
# Some of the guards each day; `make mutants` takes all of them away.
part mutants python3 -B scripts/mutants --sample 6
part nim scripts/nim.sh
# The counts that must hold (instructions, syscalls), beside liburing.
if [ -x benches/gate ]; then part gate benches/gate; fi

seconds=$(($(date +%s) - started))
awk "BEGIN { printf \"total %.2f min\n\", $seconds / 60 }"
if [ "$seconds" -gt 300 ] && [ -z "$*" ]; then
    echo "make test took more than 5 minutes" # said, not failed: a first build counts too
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
