#!/bin/sh
# Installs what was built: the .so under its full version with the SONAME links, the .a, the
# headers, a relocatable ringline.pc, a relocatable CMake package, and the `ringline` command.
#
#   --remove     takes exactly these files away again, and the folders that are only about them
#   --library    without the command
#   --shared     without the archive
#
# DESTDIR, PREFIX (/usr/local) and LIBDIR (PREFIX/lib) come from the environment, and where the
# built things lie: RINGLINE_LIB_DIR (target/release), RINGLINE_COMMAND (target/fast/ringline).
set -eu
cd "$(dirname "$0")/.."

prefix=${PREFIX:-/usr/local}
libdir=${LIBDIR:-$prefix/lib}
include_dir=$prefix/include
dest=${DESTDIR:-}
built=${RINGLINE_LIB_DIR:-target/release}
command=${RINGLINE_COMMAND:-target/fast/ringline}
archive=yes
remove=""
for option; do
    case $option in
    --remove) remove=yes ;;
    --library) command="" ;;
    --shared) archive="" ;;
    *) echo "install: unknown option $option" >&2 && exit 2 ;;
    esac
done
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
major=${version%%.*}
minor=${version#*.}
minor=${minor%%.*}

if [ -n "$remove" ]; then
    rm -f "$dest$prefix/bin/ringline" \
        "$dest$libdir/libringline.so.$version" "$dest$libdir/libringline.so.$major" \
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

for file in "$built/libringline.so" ${archive:+"$built/libringline.a"} ${command:+"$command"}; do
    if [ ! -f "$file" ]; then
        echo "install: $file is missing: run make lib command first" >&2
        exit 1
    fi
done
install -d "$dest$libdir/pkgconfig" "$dest$libdir/cmake/ringline" "$dest$include_dir"
if [ -n "$command" ]; then
    install -d "$dest$prefix/bin"
    install -m 755 "$command" "$dest$prefix/bin/ringline"
    strip --strip-debug "$dest$prefix/bin/ringline"
fi
install -m 755 "$built/libringline.so" "$dest$libdir/libringline.so.$version"
# The line tables are for those who build it; the symbol names stay for everybody's profiler.
strip --strip-debug "$dest$libdir/libringline.so.$version"
ln -sfn "libringline.so.$version" "$dest$libdir/libringline.so.$major"
ln -sfn "libringline.so.$major" "$dest$libdir/libringline.so"
if [ -n "$archive" ]; then
    install -m 644 "$built/libringline.a" "$dest$libdir/libringline.a"
    strip --strip-debug "$dest$libdir/libringline.a"
fi
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
  if(EXISTS "\${_ringline_prefix}/$lib/libringline.a")
    add_library(ringline::static STATIC IMPORTED)
    set_target_properties(ringline::static PROPERTIES
      IMPORTED_LOCATION "\${_ringline_prefix}/$lib/libringline.a"
      INTERFACE_LINK_LIBRARIES "pthread;dl;m"
      INTERFACE_INCLUDE_DIRECTORIES "\${_ringline_prefix}/include")
  endif()
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
# Where neither pkg-config nor the loader looks by themselves, say what makes them.
case $prefix:$libdir in
/usr:/usr/lib* | /usr/local:/usr/local/lib)
    echo "run ldconfig as root once, so that programs find it"
    ;;
*)
    echo "to use it: export PKG_CONFIG_PATH=$libdir/pkgconfig LD_LIBRARY_PATH=$libdir" ;;
esac
