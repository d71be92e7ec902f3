#!/bin/sh
# Installs two Nim compilers for the tests, unattended, into a prefix of their own.
#
#   scripts/toolchain-nim.sh [new|old]...   prints the path of each compiler, one per line
#
#   new   Nim 2.2: a `nim` on PATH where it is 2.x, else Debian's package of the suite forky
#   old   Nim 1.6: a `nim` on PATH where it is 1.6, else Debian's package of the suite bookworm
#
# RINGLINE_TOOLCHAINS names the prefix (default /opt/ringline-toolchains). The packages are only
# unpacked there: nothing of the system changes, and the mirror is that of the system's own apt.
# Each tree is made as X.new and renamed when it is whole, under a lock; a second run finds its
# stamp.
set -eu

tool=toolchain-nim
remedy="install the Nim that is wanted and put it on PATH"
. "$(dirname "$0")/debian.sh"

# Whether a compiler runs and is of the version wanted.
is_version() { # compiler pattern
    version=$("$1" --version 2>/dev/null | sed -n '1s/.*Version \([0-9.]*\).*/\1/p') || return 1
    # shellcheck disable=SC2254 # the second argument is a pattern
    case $version in $2) return 0 ;; *) return 1 ;; esac
}

# Debian keeps the compiler in usr/bin or usr/lib/nim, its library and its configuration elsewhere;
# nim finds all three from where it is, laid out as its own release has them.
lay_out() { # unpacked tree
    mkdir -p "$2/bin" "$2/config"
    for program in nim nimble; do
        for place in usr/lib/nim/bin usr/bin; do
            if [ -f "$1/$place/$program" ] && [ ! -L "$1/$place/$program" ]; then
                cp "$1/$place/$program" "$2/bin/$program"
                break
            fi
        done
    done
    [ -x "$2/bin/nim" ] || fail "the package has no compiler where it is expected"
    for place in usr/lib/nim/lib usr/lib/nim; do
        if [ -f "$1/$place/system.nim" ]; then
            cp -R "$1/$place" "$2/lib"
            break
        fi
    done
    [ -f "$2/lib/system.nim" ] || fail "the package has no library where it is expected"
    cp -R "$1/etc/nim/." "$2/config/"
}

install() { # name suite pattern
    target=$prefix/nim-$1
    if [ ! -f "$target/stamp" ]; then
        need_tools apt-get dpkg-deb flock
        mkdir -p "$prefix" 2>/dev/null || fail "cannot write $prefix: set RINGLINE_TOOLCHAINS"
        exec 9>"$prefix/nim-$1.lock"
        flock 9
        if [ ! -f "$target/stamp" ]; then # another run may have made it meanwhile
            echo "$tool: installing Nim $3 into $target" >&2
            rm -rf "$target" "$target.new"
            download "$2" "$target.new/apt" nim
            dpkg-deb -x "$target.new"/apt/out/nim_*.deb "$target.new/tree"
            lay_out "$target.new/tree" "$target.new"
            rm -rf "$target.new/apt" "$target.new/tree"
            is_version "$target.new/bin/nim" "$3" ||
                fail "what $2 has is not Nim $3, or does not run"
            "$target.new/bin/nim" --version | head -n 1 >"$target.new/stamp"
            mv "$target.new" "$target"
        fi
        exec 9>&-
    fi
    echo "$target/bin/nim"
}

one() { # new|old
    case $1 in
    new) suite=forky pattern='2.*' ;;
    old) suite=bookworm pattern='1.6.*' ;;
    *) fail "which one is '$1'? Say new or old" ;;
    esac
    if own=$(command -v nim) && is_version "$own" "$pattern"; then
        echo "$own"
    else
        install "$1" "$suite" "$pattern"
    fi
}

[ $# -gt 0 ] || set -- new old
for which; do
    one "$which"
done
