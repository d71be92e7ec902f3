#!/bin/sh
# Installs the built library: the .so under its full version with the SONAME links, the .a, the
# headers and a relocatable ringline.pc. `--remove` takes exactly these files away again.
#
# DESTDIR, PREFIX (/usr/local) and LIBDIR (PREFIX/lib) come from the environment.
set -eu
cd "$(dirname "$0")/.."

prefix=${PREFIX:-/usr/local}
libdir=${LIBDIR:-$prefix/lib}
include_dir=$prefix/include
dest=${DESTDIR:-}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
major=${version%%.*}

if [ "${1:-}" = "--remove" ]; then
    rm -f "$dest$libdir/libringline.so.$version" "$dest$libdir/libringline.so.$major" \
        "$dest$libdir/libringline.so" "$dest$libdir/libringline.a" \
        "$dest$libdir/pkgconfig/ringline.pc" \
        "$dest$include_dir/ringline.h" "$dest$include_dir/ringline.hpp"
    echo "ringline removed from $dest$prefix"
    exit 0
fi

install -d "$dest$libdir/pkgconfig" "$dest$include_dir"
install -m 755 target/release/libringline.so "$dest$libdir/libringline.so.$version"
# The line tables are for those who build it; the symbol names stay for everybody's profiler.
strip --strip-debug "$dest$libdir/libringline.so.$version"
ln -sfn "libringline.so.$version" "$dest$libdir/libringline.so.$major"
ln -sfn "libringline.so.$major" "$dest$libdir/libringline.so"
install -m 644 target/release/libringline.a "$dest$libdir/libringline.a"
strip --strip-debug "$dest$libdir/libringline.a"
install -m 644 include/ringline.h "$dest$include_dir/ringline.h"
if [ -f include/ringline.hpp ]; then
    install -m 644 include/ringline.hpp "$dest$include_dir/ringline.hpp"
fi

# Paths in the .pc are relative to where it lies, so that a staged or unpacked tree just works.
up=$(realpath -m --relative-to="$libdir/pkgconfig" "$prefix")
lib=$(realpath -m --relative-to="$prefix" "$libdir")
cat >"$dest$libdir/pkgconfig/ringline.pc" <<PC
prefix=\${pcfiledir}/$up
libdir=\${prefix}/$lib
includedir=\${prefix}/include

Name: ringline
Description: Linux io_uring as one shared library
Version: $version
Libs: -L\${libdir} -lringline
Libs.private: -lgcc_s -lpthread -ldl -lm
Cflags: -I\${includedir}
PC
echo "ringline $version installed in $dest$prefix"
