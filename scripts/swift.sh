#!/bin/sh
# Tests the Swift package, or runs a command where Swift 6 is, in bindings/swift.
#
#   scripts/swift.sh [--option...]      builds it against target/release, runs its tests
#   scripts/swift.sh swift build ...    any other command there, after a first run of the tests
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

case ${1:-} in
"" | -*) ;;
*)
    inside "$@"
    exit
    ;;
esac

install_library
failed=0
inside timeout 600 swift test --disable-sandbox --disable-swift-testing \
    --scratch-path "$work/build" --cache-path "$work/cache" -Xswiftc -warnings-as-errors \
    "$@" >"$work/log.txt" 2>&1 || failed=1
cat "$work/log.txt"
# The runner says it for each suite; the last one is the sum.
line=$(grep 'Executed .* tests\{0,1\}, with' "$work/log.txt" | tail -n 1)
ran=$(echo "$line" | sed -n 's/.*Executed \([0-9]*\) tests\{0,1\},.*/\1/p')
left=$(echo "$line" | sed -n 's/.* \([0-9]*\) tests\{0,1\} skipped.*/\1/p')
bad=$(grep -c '^Test Case .* failed (' "$work/log.txt" || :)
echo "swift: $((${ran:-0} - bad - ${left:-0})) passed, $bad failed, ${left:-0} ignored"
[ "${ran:-0}" -gt 0 ] || failed=1
exit "$failed"
