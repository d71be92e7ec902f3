#!/bin/sh
# Installs Swift 6 for the tests, unattended, into a root of its own, and prints that root.
#
#   scripts/toolchain-swift.sh    "/" where a `swift` of version 6 or newer is on PATH
#
# The root is a Debian trixie with the package swiftlang (2.5 GB, about two minutes), made by
# mmdebstrap below RINGLINE_TOOLCHAINS (default /opt/ringline-toolchains) from the mirror of the
# system's own apt; scripts/swift.sh runs commands in it. It is made as swift.new and renamed when
# it is whole, under a lock; a second run finds its stamp. Nothing of the system changes but that
# mmdebstrap is installed.
set -eu

tool=toolchain-swift
remedy="install Swift 6 and put it on PATH"
. "$(dirname "$0")/debian.sh"
root=$prefix/swift

# Whether `swift` on PATH is new enough for the package.
own_swift() {
    major=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\)\..*/\1/p')
    [ "${major:-0}" -ge 6 ]
}

# mmdebstrap comes from the system's own suite; it is a script of one file and a few modules.
need_mmdebstrap() {
    command -v mmdebstrap >/dev/null 2>&1 && return
    command -v apt-get >/dev/null 2>&1 || fail "no apt-get here: $remedy"
    export DEBIAN_FRONTEND=noninteractive
    # Others may be installing: where their locks are taken, apt and dpkg fail at once unless told
    # to wait.
    wait="-o DPkg::Lock::Timeout=600 -o Acquire::Retries=3"
    # shellcheck disable=SC2086 # a list of options
    flock "$prefix/apt.lock" apt-get $wait update -qq >&2 || :
    # shellcheck disable=SC2086
    flock "$prefix/apt.lock" apt-get $wait install -y -qq --no-install-recommends mmdebstrap >&2 ||
        fail "mmdebstrap: no package"
}

if command -v swift >/dev/null 2>&1 && own_swift; then
    echo /
    exit 0
fi
if [ ! -f "$root/stamp" ]; then
    [ "$(id -u)" -eq 0 ] ||
        fail "making and entering a root needs root: $remedy"
    need_tools flock unshare chroot
    mkdir -p "$prefix" 2>/dev/null || fail "cannot write $prefix: set RINGLINE_TOOLCHAINS"
    free=$(df -Pk "$prefix" | awk 'NR == 2 { print int($4 / 1024) }')
    [ "$free" -ge 4000 ] ||
        fail "$prefix has $free MB left, 4000 are needed: set RINGLINE_TOOLCHAINS"
    exec 9>"$root.lock"
    flock 9
    if [ ! -f "$root/stamp" ]; then # another run may have made it meanwhile
        source=$(mirror)
        need_mmdebstrap
        echo "$tool: installing Swift 6 into $root" >&2
        rm -rf "$root" "$root.new"
        mmdebstrap --quiet --variant=apt \
            --aptopt='Acquire::Languages "none"' --aptopt='Acquire::Retries "3"' \
            --aptopt='APT::Install-Recommends "false"' --dpkgopt='path-exclude=/usr/share/doc/*' \
            --dpkgopt='path-exclude=/usr/share/man/*' \
            --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt=force-unsafe-io \
            --include=swiftlang,libc6-dev,pkgconf,git,ca-certificates \
            trixie "$root.new" "$source" >&2 || {
            rm -rf "$root.new"
            fail "mmdebstrap of trixie failed: is there a network?"
        }
        rm -rf "$root.new"/var/cache/apt/archives/*.deb "$root.new"/var/lib/apt/lists/*
        # Links of the package are absolute: only from inside do they lead anywhere.
        chroot "$root.new" /bin/sh -c 'test -x /usr/bin/swift' || fail "no usr/bin/swift in there"
        date -u +%Y-%m-%d >"$root.new/stamp"
        mv "$root.new" "$root"
    fi
    exec 9>&-
fi
echo "$root"
