#!/bin/sh
# `make test` and CI: every part, the minutes of each, and one closing line 'N passed, N failed,
# N skipped' over all parts. A part that breaks does not stop the others.
#
# Two lanes of parts run side by side, since many tests only wait: one compiles (Rust, C, Swift,
# Nim), the other is Python's. Parts of one lane are in turn; what writes to one folder is in one.
#
# Words on the command line select parts by name, which then run alone, in turn.
set -eu
export RUST_BACKTRACE=0
cd "$(dirname "$0")/.."

# A day's run stays within these; what does not fit gets a target of its own, and a sample here.
MINUTES=20

logs=target/test-logs
rm -rf "$logs"
mkdir -p "$logs"
chosen=" $* "
started=$(date +%s)

# One build of the crate and what it needs serves tests, lints, mutants and the command: the profile
# `fast`, with all features but the simulated kernel. LTO is for what ships: the part `lib` makes
# what the tests load.
features="--profile fast --features capi,cli,tls"
tests() {
    # shellcheck disable=SC2086 # a list of words
    cargo test --quiet $features "$@"
}

simulated() {
    cargo test --quiet --profile fast --features sim --test sim
}

lints() { # with the simulated kernel, which only tests have; and what is shipped, which has none
    # shellcheck disable=SC2086 # a list of words
    cargo clippy --quiet --all-targets $features,sim -- -D warnings &&
        cargo clippy --quiet --profile fast --lib --features capi,tls -- -D warnings &&
        cargo clippy --quiet --profile fast --lib -- -D warnings
}

documented() { # as users read it
    RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps --lib --features tls
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
    echo "$name $good $bad $left $seconds" >>"$logs/counts"
    verdict=ok
    if [ "$bad" -gt 0 ]; then verdict=FAILED; fi
    minutes=$(awk "BEGIN { printf \"%.2f\", $seconds / 60 }")
    # In one piece, as another lane prints too.
    {
        if [ "$bad" -gt 0 ]; then tail -n 60 "$log"; fi
        grep -E ' \.\.\. ignored' "$log" | sed 's/^/  /' || :
        printf '%-12s %-6s %5s min  %4d passed  %d failed  %d skipped\n' \
            "$name" "$verdict" "$minutes" "$good" "$bad" "$left"
    } >"$log.said"
    cat "$log.said"
}

compiled() {
    part header scripts/header.sh --check
    part abi-files python3 -B scripts/abi --check
    part format cargo fmt --check
    part clippy lints
    part rust tests --lib
    part tidy tests --test tidy
    until [ -f "$logs/lib.done" ]; do sleep 0.2; done
    part abi tests --test abi
    # Programs print their own lines; the other Rust test files come after them.
    part programs tests --test c_programs
    for file in tests/*.rs tests/*/main.rs; do
        name=$(basename "${file%/main.rs}" .rs)
        case $name in tidy | abi | c_programs | sim) continue ;; esac
        if [ -f "$file" ]; then part "$name" tests --test "$name"; fi
    done
    # The examples in what users read, and those that stand alone.
    part docs tests --doc
    part rustdoc documented
    part rust-examples scripts/rust-examples.sh
    part sim simulated
    # Skipped, and counted, where no virtual machine can be had.
    part nvme scripts/nvme.sh
    part torture tests/torture/run
    # Some of the guards each day; `make mutants` takes all of them away.
    part mutants python3 -B scripts/mutants --sample 6
    part swift scripts/swift.sh
    part nim scripts/nim.sh
    # The counts that must hold (instructions, syscalls), beside liburing.
    part gate benches/gate
}

interpreted() {
    until [ -f "$logs/lib.done" ]; do sleep 0.2; done
    part native scripts/build-native.sh --check
    part python scripts/python.sh
    part wheel scripts/wheel.sh --quick
    # The newest Python and an old one, each with one of the two layers.
    part asyncio python3 -B bindings/python/asyncio_suite/run.py --python 3.15 --engine native
    part asyncio-old python3 -B bindings/python/asyncio_suite/run.py --engine pure \
        --any --python 3.11 --python 3.12 --python 3.13
    part programs-py scripts/programs.sh
    # What the README promises of `make demo`, from a fresh copy.
    part demo tests/demo/run
}

library() {
    part lib scripts/build-lib.sh
    touch "$logs/lib.done"
}

busy() { # seconds that the machine's processors have worked for whomever, or were taken away
    awk -v tick="$(getconf CLK_TCK)" \
        '/^cpu / { print int(($2 + $3 + $4 + $7 + $8 + $9) / tick) }' /proc/stat
}

own() { # seconds that this run has worked on them, of what `times` said
    awk 'NR == 2 { gsub("[ms]", " "); print int($1 * 60 + $2 + $3 * 60 + $4) }' "$logs/times"
}

busy_before=$(busy)
: >"$logs/counts"
part setup scripts/setup.sh test
if [ -n "$*" ]; then
    # The library that the tests load is there, or is a part that was named.
    library
    compiled
    interpreted
else
    library & lanes=$!
    compiled & lanes="$lanes $!"
    interpreted & lanes="$lanes $!"
    # shellcheck disable=SC2064,SC2086 # these lanes, a list of numbers
    trap "kill $lanes 2>/dev/null || :; exit 130" INT TERM
    # shellcheck disable=SC2086 # a list of numbers
    wait $lanes || :
fi

seconds=$(($(date +%s) - started))
awk "BEGIN { printf \"total %.2f min\n\", $seconds / 60 }"
if [ -z "$*" ]; then
    times >"$logs/times" # By this shell: a subshell knows of no lane.
    # What others did on the machine, shared by its processors, is not this run's.
    others=$((($(busy) - busy_before - $(own)) / $(getconf _NPROCESSORS_ONLN)))
    [ "$others" -ge 0 ] || others=0
    within=1
    if [ $((seconds - others)) -gt $((MINUTES * 60)) ]; then within=0; fi
    echo "limit: $MINUTES min; others kept the processors busy for $((others / 60)) min of the run"
    if [ $within -eq 0 ]; then
        echo "make test took more than its $MINUTES minutes; the longest parts:"
        sort -k 5 -n -r "$logs/counts" | head -n 4 |
            awk '{ printf "  %-12s %.1f min\n", $1, $5 / 60 }'
    fi
    echo "time $within $((1 - within)) 0 $seconds" >>"$logs/counts"
fi
awk '{ good += $2; bad += $3; left += $4 }
    END { print good + 0 " passed, " bad + 0 " failed, " left + 0 " skipped"; exit bad > 0 }' \
    "$logs/counts"
