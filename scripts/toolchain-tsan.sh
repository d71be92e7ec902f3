#!/bin/sh
# Prints the path of a Rust compiler that has the sources of its standard library, for `make tsan`:
# the one on PATH where `rustup component add rust-src` was done, else Debian's packages of Rust
# 1.85 (suite bookworm, 110 MB), unpacked below RINGLINE_TOOLCHAINS (default
# /opt/ringline-toolchains). Nothing of the system changes. The tree is made as rust.new and renamed
# when it is whole, under a lock; a second run finds its stamp.
set -eu

prefix=${RINGLINE_TOOLCHAINS:-/opt/ringline-toolchains}
target=$prefix/rust-1.85

fail() {
    echo "toolchain-tsan: $*" >&2
    exit 1
}

unpack() { # folder
    mkdir -p "$1/apt"
    cd "$1/apt"
    # The backend is a library of its own; its number is among what the compiler needs.
    llvm=$(apt-cache depends 'libstd-rust-web-1.85' | sed -n 's/.*Depends: \(libllvm[0-9]*\)$/\1/p')
    [ -n "$llvm" ] || fail "apt knows no Rust 1.85: run apt-get update, or install rust-src"
    apt-get -qq -o APT::Sandbox::User=root download "$llvm" 'rustc-web=1.85.*' \
        'rust-web-src=1.85.*' 'libstd-rust-web-dev=1.85.*' libstd-rust-web-1.85 >&2 ||
        fail "apt-get download failed: is there a network?"
    for package in *.deb; do dpkg-deb -x "$package" "$1"; done
    cd "$prefix"
    rm -rf "$1/apt"
    cat >"$1/rustc" <<'END'
#!/bin/sh
here=$(dirname "$0")/usr
for llvm in "$here"/lib/llvm-*/lib; do :; done
LD_LIBRARY_PATH=$here/lib/x86_64-linux-gnu:$llvm exec "$here/bin/rustc" "$@"
END
    chmod +x "$1/rustc"
    "$1/rustc" --version >"$1/stamp" || fail "the compiler does not run"
}

if [ -d "$(rustc --print sysroot)/lib/rustlib/src/rust/library/std" ]; then
    command -v rustc
    exit
fi
if [ ! -f "$target/stamp" ]; then
    for tool in apt-get dpkg-deb flock; do
        command -v "$tool" >/dev/null 2>&1 || fail "no $tool here: rustup component add rust-src"
    done
    mkdir -p "$prefix" 2>/dev/null || fail "cannot write $prefix: set RINGLINE_TOOLCHAINS"
    exec 9>"$target.lock"
    flock 9
    if [ ! -f "$target/stamp" ]; then # another run may have made it meanwhile
        rm -rf "$target" "$target.new"
        (unpack "$target.new")
        mv "$target.new" "$target"
    fi
    exec 9>&-
fi
echo "$target/rustc"
