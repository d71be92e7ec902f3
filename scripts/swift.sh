#!/bin/sh
# Tests the Swift package, or runs a command where Swift 6 is, in bindings/swift.
#
#   scripts/swift.sh                    builds it against target/release, and runs its tests, the
#                                       examples and the programs of its README: debug and release
#   scripts/swift.sh --option...        the tests alone, for debug, with these (--filter NAME)
#   scripts/swift.sh swift build ...    any other command there
#
# Swift is installed at need (scripts/toolchain-swift.sh). Where it has a root of its own, the
# command runs in that root, with the system's /dev, /sys and network and the project at its own
# path: these mounts are in a namespace that goes with the process. What is built lies in
# target/swift (RINGLINE_SWIFT_WORK); nothing is written elsewhere.
set -eu
cd "$(dirname "$0")/.."
project=$PWD
work=${RINGLINE_SWIFT_WORK:-$project/target/swift}
stage=$work/stage

# Installs the built library for pkg-config to find, only when it is another one: Swift builds
# everything anew when the header looks newer.
install_library() {
    built=$(cat target/release/libringline.so include/ringline.h | sha256sum)
    if [ ! -f "$stage/stamp" ] || [ "$(cat "$stage/stamp")" != "$built" ]; then
        rm -rf "$stage"
        PREFIX=$stage LIBDIR=$stage/lib DESTDIR="" scripts/install.sh --library
        echo "$built" >"$stage/stamp"
    fi
}

inside() { # command...
    root=$(scripts/toolchain-swift.sh) || return 1
    mkdir -p "$work/home" "$work/tmp"
    set -- env HOME="$work/home" TMPDIR="$work/tmp" LANG=C.UTF-8 \
        PKG_CONFIG_PATH="$stage/lib/pkgconfig" LD_LIBRARY_PATH="$stage/lib" "$@"
    if [ "$root" = / ]; then
        (cd bindings/swift && "$@")
        return
    fi
    if [ "$(id -u)" -ne 0 ] || ! unshare --mount --propagation private true 2>/dev/null; then
        echo "swift: entering $root needs root and mount namespaces (CAP_SYS_ADMIN), which this" \
            "machine does not allow: install Swift 6 and put it on PATH" >&2
        return 1
    fi
    # /proc is mounted, or swift does not find its own libraries.
    # shellcheck disable=SC2016 # these are expanded inside
    unshare --mount --propagation private /bin/sh -c '
        set -eu
        root=$1 project=$2 work=$3
        shift 3
        mkdir -p "$root$project"
        mount --rbind /dev "$root/dev"
        mount --rbind /sys "$root/sys"
        mount -t proc proc "$root/proc"
        mount --bind "$project" "$root$project"
        mkdir -p "$root$work"
        mount --bind "$work" "$root$work"
        exec chroot "$root" /bin/sh -c "cd \"\$1\" && shift && exec \"\$@\"" sh \
            "$project/bindings/swift" "$@"
    ' sh "$root" "$project" "$work" "$@"
}

install_library
case ${1:-} in
"" | -*) ;;
*)
    inside "$@"
    exit
    ;;
esac

# A package of its own that depends on this one as the README says, built for release: the README's
# programs as printed, and the examples.
app=$work/app
make_app() {
    rm -f "$app"/readme/*
    published=$(for name in IORing IORingUtils; do
        echo ".product(name: \"$name\", package: \"swift\"),"
    done)
    published="[$published]"
    scripts/readme-programs bindings/swift/README.md swift "$app/readme" .swift
    ours="[.product(name: \"Ringline\", package: \"swift\")]"
    {
        echo "// swift-tools-version: 6.0"
        echo "import PackageDescription"
        echo "let package = Package(name: \"app\","
        sed "s|path/to/ringline|$project|" "$app/readme/part1"
        echo ")"
        for name in readme-server tcp-echo file-copy published; do
            [ "$name" != published ] || ours=$published
            echo "package.targets.append(.executableTarget(name: \"$name\", dependencies: $ours))"
        done
    } >"$app/Package.swift.new"
    put "$app/Package.swift.new" "$app/Package.swift"
    put "$app/readme/program1.swift" "$app/Sources/app/main.swift"
    put "$app/readme/program2.swift" "$app/Sources/readme-server/main.swift"
    put "$app/readme/program3.swift" "$app/Sources/published/main.swift"
    put bindings/swift/Examples/TCPEcho/Main.swift "$app/Sources/tcp-echo/Main.swift"
    put bindings/swift/Examples/FileCopy/Main.swift "$app/Sources/file-copy/Main.swift"
}

put() { # from to: the same file stays as old as it is
    mkdir -p "$(dirname "$2")"
    cmp -s "$1" "$2" || cp "$1" "$2"
}

build() { # log command...
    log=$1
    shift
    inside timeout 900 "$@" --disable-sandbox --cache-path "$work/cache" >"$log" 2>&1
}

# With a network of its own, where that may be: the README's server listens on a port by number.
isolated() {
    if unshare --net true 2>/dev/null; then unshare --net "$@"; else "$@"; fi
}

failed=0
passed=0
bad=0
left=0

# Runs the tests that were built in a mode, and counts them.
run_tests() { # mode options...
    log=$work/$1.txt
    scratch=$work/build-$1
    mode=$1
    shift
    good=yes
    # shellcheck disable=SC2086 # a list of options
    build "$log" swift test -c "$mode" --disable-swift-testing --scratch-path "$scratch" \
        $checks "$@" || { good=""; failed=1; }
    cat "$log"
    # The runner says it for each suite; the last one is the sum.
    line=$(grep 'Executed .* tests\{0,1\}, with' "$log" | tail -n 1)
    ran=$(echo "$line" | sed -n 's/.*Executed \([0-9]*\) tests\{0,1\},.*/\1/p')
    skipped=$(echo "$line" | sed -n 's/.* \([0-9]*\) tests\{0,1\} skipped.*/\1/p')
    wrong=$(grep -c '^Test Case .* failed (' "$log" || :)
    passed=$((passed + ${ran:-0} - wrong - ${skipped:-0}))
    left=$((left + ${skipped:-0}))
    [ -n "$good" ] || [ "$wrong" -gt 0 ] || wrong=1
    bad=$((bad + wrong))
    [ "${ran:-0}" -gt 0 ] || failed=1
}

# As the manifest has no place for them that would not reach whoever depends on the package.
checks="-Xswiftc -warnings-as-errors -Xswiftc -enable-testing"
if [ "$#" -eq 0 ]; then
    make_app
    # Both at a time: a compiler uses one core for most of its time.
    build "$work/app.txt" swift build -c release --package-path "$app" \
        --scratch-path "$work/release" &
    release=$!
    # shellcheck disable=SC2086 # a list of options
    build "$work/tests.txt" swift build -c debug --build-tests --scratch-path "$work/build-debug" \
        $checks || { cat "$work/tests.txt"; failed=1; }
    wait "$release" || { cat "$work/app.txt"; failed=1; }
    export RINGLINE_EXAMPLES="$work/release/release"
    if isolated timeout 120 python3 -B bindings/swift/Tests/readme.py "$RINGLINE_EXAMPLES"; then
        passed=2
    else
        failed=1
    fi
fi
run_tests debug "$@"
if [ "$#" -eq 0 ]; then
    # The programs of the README once more, as a debug build has them; and the tests, optimized.
    build "$work/app.txt" swift build -c debug --package-path "$app" \
        --scratch-path "$work/release" ||
        { cat "$work/app.txt"; failed=1; }
    run_tests release
fi
[ "$failed" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
echo "swift: $passed passed, $bad failed, $left ignored"
exit "$failed"
