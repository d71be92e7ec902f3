#!/bin/sh
# Installs CPythons with their test package for CPython's own tests of asyncio, unattended, into a
# prefix of their own.
#
#   scripts/toolchain-python.sh 3.14|3.15...   prints the path of each interpreter, one per line
#
# They are Debian's packages of the suite forky (27 MB to fetch, 110 MB on the disk, each),
# unpacked with all they need, the C library too, below RINGLINE_TOOLCHAINS (default
# /opt/ringline-toolchains): nothing of the system changes, and no root is entered. Each tree is
# made as X.new and renamed when it is whole, under a lock; a second run finds its stamp.
set -eu

tool=toolchain-python
remedy="put a CPython with its package test.test_asyncio on PATH"
. "$(dirname "$0")/debian.sh"

# The interpreter is newer than the system's C library: its own loads it. So does a script in its
# place, by which the interpreter calls itself, its children and its environments.
lay_out() { # tree place version
    bin=$1/usr/bin
    for loader in "$1"/usr/lib/*-linux-gnu/ld-linux-*.so.*; do :; done
    [ -f "$loader" ] || fail "the package libc6 has no loader where it is expected"
    libraries=$2${loader#"$1"}
    mv "$bin/python$3" "$bin/python$3.bin"
    cat >"$bin/python$3" <<END
#!/bin/sh
exec $libraries --library-path ${libraries%/*} --argv0 "\$0" $2/usr/bin/python$3.bin "\$@"
END
    chmod +x "$bin/python$3"
    # Debian's ensurepip takes the wheels from where the package puts them.
    sed -i "s|/usr/share/python-wheels|$2/usr/share/python-wheels|" \
        "$1/usr/lib/python$3"/_sysconfig*
}

install() { # version
    place=$prefix/python-$1
    if [ ! -f "$place/stamp" ]; then
        need_tools apt-get dpkg-deb flock
        mkdir -p "$prefix" 2>/dev/null || fail "cannot write $prefix: set RINGLINE_TOOLCHAINS"
        exec 9>"$place.lock"
        flock 9
        if [ ! -f "$place/stamp" ]; then # another run may have made it meanwhile
            echo "$tool: installing CPython $1 into $place" >&2
            rm -rf "$place" "$place.new"
            download forky "$place.new/apt" --with-dependencies "python$1-venv" \
                "libpython$1-testsuite"
            for package in "$place.new"/apt/out/*.deb; do dpkg-deb -x "$package" "$place.new"; done
            rm -rf "$place.new/apt" "$place.new/usr/share/doc"
            lay_out "$place.new" "$place" "$1"
            mv "$place.new" "$place"
            "$place/usr/bin/python$1" -c 'import ctypes, ssl, test.test_asyncio' ||
                fail "what forky has of Python $1 does not run"
            "$place/usr/bin/python$1" --version >"$place/stamp"
        fi
        exec 9>&-
    fi
    echo "$place/usr/bin/python$1"
}

[ $# -gt 0 ] || fail "which version? 3.14 or 3.15"
for version; do
    case $version in
    3.14 | 3.15) install "$version" ;;
    *) fail "there is no '$version' here, but 3.14 and 3.15" ;;
    esac
done
