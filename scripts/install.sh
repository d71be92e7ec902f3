#!/bin/sh
# Installs the built library: the .so under its full version with the SONAME links, the .a, the
# headers, a relocatable ringline.pc and a relocatable CMake package. `--remove` takes exactly
# these files away again, and the folders that are only about them.
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
minor=${version#*.}
minor=${minor%%.*}

if [ "${1:-}" = "--remove" ]; then
    rm -f "$dest$libdir/libringline.so.$version" "$dest$libdir/libringline.so.$major" \
        "$dest$libdir/libringline.so" "$dest$libdir/libringline.a" \
        "$dest$libdir/pkgconfig/ringline.pc" \
        "$dest$libdir/cmake/ringline/ringlineConfig.cmake" \
        "$dest$libdir/cmake/ringline/ringlineConfigVersion.cmake" \
        "$dest$include_dir/ringline.h" "$dest$include_dir/ringline.hpp"
    for folder in cmake/ringline cmake pkgconfig; do
        # Others may have files there too.
        rmdir "$dest$libdir/$folder" 2>/dev/null || :
    done
    echo "ringline removed from $dest$prefix"
    exit 0
fi

install -d "$dest$libdir/pkgconfig" "$dest$libdir/cmake/ringline" "$dest$include_dir"
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
Libs.private: -lpthread -ldl -lm
Cflags: -I\${includedir}
PC

up=$(realpath -m --relative-to="$libdir/cmake/ringline" "$prefix")
cat >"$dest$libdir/cmake/ringline/ringlineConfig.cmake" <<CMAKE
# find_package(ringline): ringline::ringline is the shared library, ringline::static the archive.
get_filename_component(_ringline_prefix "\${CMAKE_CURRENT_LIST_DIR}/$up" ABSOLUTE)
if(NOT TARGET ringline::ringline)
  add_library(ringline::ringline SHARED IMPORTED)
  set_target_properties(ringline::ringline PROPERTIES
    IMPORTED_LOCATION "\${_ringline_prefix}/$lib/libringline.so.$version"
    IMPORTED_SONAME "libringline.so.$major"
    INTERFACE_INCLUDE_DIRECTORIES "\${_ringline_prefix}/include")
  add_library(ringline::static STATIC IMPORTED)
  set_target_properties(ringline::static PROPERTIES
    IMPORTED_LOCATION "\${_ringline_prefix}/$lib/libringline.a"
    INTERFACE_LINK_LIBRARIES "pthread;dl;m"
    INTERFACE_INCLUDE_DIRECTORIES "\${_ringline_prefix}/include")
endif()
unset(_ringline_prefix)
CMAKE
# While the version is 0.x every minor version may change the ABI.
cat >"$dest$libdir/cmake/ringline/ringlineConfigVersion.cmake" <<CMAKE
set(PACKAGE_VERSION "$version")
set(PACKAGE_VERSION_COMPATIBLE FALSE)
if(PACKAGE_FIND_VERSION VERSION_LESS_EQUAL PACKAGE_VERSION
    AND PACKAGE_FIND_VERSION_MAJOR EQUAL $major
    AND ($major GREATER 0 OR NOT DEFINED PACKAGE_FIND_VERSION_MINOR
      OR PACKAGE_FIND_VERSION_COUNT EQUAL 1 OR PACKAGE_FIND_VERSION_MINOR EQUAL $minor))
  set(PACKAGE_VERSION_COMPATIBLE TRUE)
endif()
if(PACKAGE_FIND_VERSION VERSION_EQUAL PACKAGE_VERSION)
  set(PACKAGE_VERSION_EXACT TRUE)
endif()
if(NOT CMAKE_SIZEOF_VOID_P STREQUAL "" AND NOT CMAKE_SIZEOF_VOID_P EQUAL 8)
  set(PACKAGE_VERSION_UNSUITABLE TRUE)
endif()
CMAKE
echo "ringline $version installed in $dest$prefix"
