#!/bin/sh
# `make mutants`: takes each guard away in turn and expects a test to fail.
#
# tests/mutants/NAME.patch starts with lines of its own before the diff:
#   guard: what it protects, in a sentence
#   test: c:PROGRAM       a program of tests/c or tests/cpp has to fail (path or part of it)
#   test: rust:FILE:NAME  a Rust test has to fail; FILE is `lib` or a file of tests/
#   test: python:NAME     a test of bindings/python has to fail, with the pure layer of its loop
#   test: native:NAME     the same, with the native module as the patch makes it
#   test: swift:NAME      a test of bindings/swift has to fail
# First every test named runs without a mutant and has to pass, or its failure would say nothing.
# A mutant that does not apply, does not build, or that its test survives fails the run.
# Words on the command line select mutants by name; `--sample N` takes N of those that C programs
# and Rust tests kill, others each day.
set -eu
cd "$(dirname "$0")/.."
root=$PWD

tree=$root/target/mutants/tree
mkdir -p "$tree"
export CARGO_TARGET_DIR="$root/target/mutants/build"
# LTO changes no guard, and without it a mutant builds in a fraction of the time.
export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16

killed=0
failed=0

fresh_tree() { # as the repository is; what the builds make of it, each for itself, is beside it
    rm -rf "$tree"
    mkdir -p "$tree"
    tar -C "$root" --exclude=./target --exclude=./.git --exclude=_native.abi3.so -cf - . |
        tar -C "$tree" -xf -
    # Times are kept, so that only what a patch touches is compiled; but what the last run's last
    # patch touched has its old time again, and cargo would take the mutant's build for a fresh one.
    touch "$tree/src/lib.rs" "$tree/bindings/python/native/src/lib.rs"
}

build_mutant() { # -> libringline.so in $CARGO_TARGET_DIR/release
    RINGLINE_SO=1 cargo rustc --quiet --release --lib --features capi,tls --crate-type cdylib &&
        ln -sfn libringline.so "$CARGO_TARGET_DIR/release/libringline.so.0"
}

build_native() { # the module of the tree, into the package of the tree
    # With the last build at hand a mutant takes half the time.
    CARGO_INCREMENTAL=1 RINGLINE_NATIVE_TARGET="$CARGO_TARGET_DIR/native" scripts/build-native.sh
}

run_python() { # name pure: in the environment of scripts/python.sh, with the sources of the tree
    status=0
    RINGLINE_LIBRARY="$CARGO_TARGET_DIR/release/libringline.so" RINGLINE_PURE="$2" \
        PYTHONPATH="$tree/bindings/python/src" PYTHONDONTWRITEBYTECODE=1 \
        "$root/target/python/venv/bin/python" -m pytest --rootdir "$tree/bindings/python" \
        -c "$tree/bindings/python/pyproject.toml" "$tree/bindings/python/tests" -k "$1" || status=$?
    # 5 is pytest's word for no test of that name.
    if [ "$status" -ne 0 ] && [ "$status" -ne 5 ]; then echo "test result: FAILED"; fi
    return "$status"
}

run_swift() { # name: with the library as it is built, and the package of the tree
    mkdir -p "$tree/target"
    ln -sfn "$root/target/release" "$tree/target/release"
    status=0
    RINGLINE_SWIFT_WORK="$root/target/mutants/swift" scripts/swift.sh --filter "$1" || status=$?
    if [ "$status" -ne 0 ] && grep -q '^Test Case' "$root/target/mutants/swift/log.txt"; then
        echo "test result: FAILED"
    fi
    return "$status"
}

run_test() { # kind:name
    case $1 in
    c:*)
        RINGLINE_LIB_DIR="$CARGO_TARGET_DIR/release" \
            cargo test --quiet --release --test c_programs -- "${1#c:}"
        ;;
    rust:lib:*) cargo test --quiet --release --features capi,tls --lib "${1#rust:lib:}" ;;
    rust:*:*)
        file=${1#rust:}
        cargo test --quiet --release --features capi,tls --test "${file%%:*}" "${file#*:}"
        ;;
    python:*) run_python "${1#python:}" 1 ;;
    native:*) build_native && run_python "${1#native:}" 0 ;;
    swift:*) run_swift "${1#swift:}" ;;
    *)
        echo "unknown test '$1'"
        return 0
        ;;
    esac
}

judged() { # patch, applied
    if ! build_mutant >"$log" 2>&1; then
        echo "mutant $name ... FAILED: it does not build (target/mutants/$name.log)"
        return 1
    fi
    tests=$(sed -n '/^---/q; s/^test: *//p' "$1")
    if [ -z "$tests" ]; then
        echo "mutant $name ... FAILED: the patch names no test"
        return 1
    fi
    for test in $tests; do
        if run_test "$test" >"$log" 2>&1; then
            echo "mutant $name ... SURVIVED $test"
            return 1
        fi
        if ! grep -q 'test result: FAILED' "$log"; then
            echo "mutant $name ... FAILED: $test did not run (target/mutants/$name.log)"
            return 1
        fi
    done
    echo "mutant $name ... killed by $(echo "$tests" | tr '\n' ' ')"
}

mutant() { # patch
    name=$(basename "$1" .patch)
    log=$root/target/mutants/$name.log
    cd "$tree"
    if ! patch -s -p1 --fuzz=0 --dry-run <"$1" >"$log" 2>&1; then
        echo "mutant $name ... FAILED: the patch does not apply (target/mutants/$name.log)"
        return 1
    fi
    patch -s -p1 --fuzz=0 <"$1"
    verdict=0
    judged "$1" || verdict=1
    # What it touched is new once more, so that the next build takes nothing from this one.
    patch -s -R -p1 --fuzz=0 <"$1"
    return "$verdict"
}

chosen() { # the patches that the command line selects, or all
    for patch in "$root"/tests/mutants/*.patch; do
        [ -f "$patch" ] || continue
        case " $words " in "  " | *" $(basename "$patch" .patch) "*) echo "$patch" ;; esac
    done
}

without_mutant() {
    log=$root/target/mutants/none.log
    fresh_tree
    cd "$tree"
    if ! build_mutant >"$log" 2>&1; then
        echo "mutants: the library does not build without a mutant either (target/mutants/none.log)"
        exit 1
    fi
    for test in $(chosen | xargs -r sed -n '/^test: */s/^test: *//p' | sort -u); do
        if ! run_test "$test" >"$log" 2>&1 || ! grep -q '[1-9][0-9]* passed' "$log"; then
            echo "mutants: $test does not pass without a mutant either (target/mutants/none.log)"
            exit 1
        fi
    done
    cd "$root"
}

if [ "${1:-}" = --sample ]; then
    all=$(grep -lE '^test: (c|rust):' "$root"/tests/mutants/*.patch)
    count=$(echo "$all" | wc -l)
    words=$(echo "$all" | awk -v every=$((count / $2)) -v day="$(date +%-j)" \
        '(NR + day) % every == 0' | head -n "$2" | xargs -n 1 basename -s .patch | tr '\n' ' ')
else
    words="$*"
fi
if chosen | xargs -r grep -qE '^test: (python|native):' &&
    [ ! -f "$root/target/python/venv/stamp" ]; then
    # Makes the environment; the library that goes into it is built as always, not as for mutants.
    env -u CARGO_TARGET_DIR -u CARGO_PROFILE_RELEASE_LTO -u CARGO_PROFILE_RELEASE_CODEGEN_UNITS \
        scripts/python.sh -k nothing >/dev/null || :
fi
without_mutant
for patch in $(chosen); do
    if mutant "$patch"; then killed=$((killed + 1)); else failed=$((failed + 1)); fi
    cd "$root"
done
echo "mutants: $killed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$killed" -gt 0 ]
