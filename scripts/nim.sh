#!/bin/sh
# Tests the Nim package with both compilers of scripts/toolchain-nim.sh, with orc and with arc, and
# its examples with real connections and files. Each compiler builds for debugging, for release and
# with -d:danger, each memory management too, but not each one of all: what one build shows is not
# built twice. Arguments are names of tests (globs), as unittest takes them.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
compilers=$(scripts/toolchain-nim.sh new old)
library=${RINGLINE_LIBRARY:-$root/target/release/libringline.so}
work=$root/target/nim
mkdir -p "$work"
cd bindings/nim

build() { # compiler memory mode name source
    "$1" c --hints:off --verbosity:0 "--mm:$2" "-d:$3" --threads:on --path:src \
        "-d:ringlineLibrary=$library" "--nimcache:$work/cache-$4" \
        "-o:$work/$4" "$5" >"$work/$4.build" 2>&1 ||
        { cat "$work/$4.build"; return 1; }
}

passed=0
failed=0
verdict() { # good? what
    if [ "$1" -eq 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
    [ "$1" -eq 0 ] || echo "FAILED: $2"
}

# The first one reads a file of that name, the second one writes a line and shows its completion.
readme() (
    cd "$work/readme" || return 1
    printf 'these are notes\n\n' >notes.txt
    [ "$(timeout 30 "$work/program1-1")" = "these are notes" ] || return 1
    timeout 30 "$work/program2-1" | tr '\n' ' ' >said.txt
    grep -q '^Hello world @\[(userData: 1, res: 12, ' said.txt || { cat said.txt; return 1; }
)

rm -f "$work"/readme/*
"$root/scripts/readme-programs" README.md nim "$work/readme" .nim

# Two at a time: a compiler uses one core for most of its time.
which=0
for compiler in $compilers; do
    which=$((which + 1))
    for memory in orc arc; do
        name=tests-$which-$memory
        case $which-$memory in
        1-arc) mode=danger ;;
        2-orc) mode=release ;;
        *) mode=debug ;;
        esac
        {
            rm -f "$work/$name.status"
            build "$compiler" $memory $mode "$name" tests/tall.nim
            status=0
            timeout 120 "$work/$name" "$@" >"$work/$name.log" 2>&1 || status=$?
            echo $status >"$work/$name.status"
        } &
    done
    wait
done

which=0
for compiler in $compilers; do
    which=$((which + 1))
    for memory in orc arc; do
        name=tests-$which-$memory
        status=1 # It did not build.
        if [ -f "$work/$name.status" ]; then status=$(cat "$work/$name.status"); fi
        good=$(grep -c '^ *\[OK\]' "$work/$name.log" || :)
        bad=$(grep -c '^ *\[FAILED\]' "$work/$name.log" || :)
        [ "$status" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
        [ "$bad" -eq 0 ] || cat "$work/$name.log"
        passed=$((passed + good))
        failed=$((failed + bad))
    done
    [ $# -eq 0 ] || continue
    # Published programs, the examples, those of the README as printed, and the refusal of other
    # collectors.
    memory=orc mode=release programs="$work/readme/program1.nim $work/readme/program2.nim"
    [ "$which" -eq 1 ] || memory=arc mode=danger programs=""
    for program in tests/published.nim examples/tcp_echo.nim examples/copy_file.nim $programs; do
        build "$compiler" $memory $mode "$(basename "$program" .nim)-$which" "$program" &
    done
    wait
    if [ "$which" -eq 1 ]; then
        status=0
        readme || status=1
        verdict $status "programs of the README"
    fi
    # Through a pipe: the hello of the published programs is written at offset 0.
    timeout 30 "$work/published-$which" 2>&1 | cat >"$work/published.log"
    status=0
    grep -q '^Hello world' "$work/published.log" && grep -q '^all done' "$work/published.log" ||
        status=1
    verdict $status "published programs: $(cat "$work/published.log")"
    status=0
    timeout 60 python3 -B tests/drive.py "$work/tcp_echo-$which" "$work/copy_file-$which" ||
        status=1
    verdict $status "examples"
    status=1
    if ! "$compiler" c --hints:off --mm:refc --path:src "--nimcache:$work/refc" \
        "-o:$work/refc.bin" src/nimuring.nim >"$work/refc.log" 2>&1; then
        grep -q 'ringline needs --mm:orc or --mm:arc' "$work/refc.log" && status=0
    fi
    verdict $status "refc is refused with a clear message"
done
echo "nim: $passed passed, $failed failed, 0 ignored"
[ "$failed" -eq 0 ]
