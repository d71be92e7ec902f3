#!/bin/sh
# Packages of another suite of Debian than the system's, whose apt never hears of it. It is read by
# scripts/toolchain-*.sh, which say their name in `tool` and in `remedy` what helps where it fails.

prefix=${RINGLINE_TOOLCHAINS:-/opt/ringline-toolchains}

fail() {
    echo "$tool: $*" >&2
    exit 1
}

# The address of Debian as this machine knows it, from either format of apt's configuration.
mirror() {
    found=$(
        for file in /etc/apt/sources.list.d/*.sources; do
            [ -f "$file" ] || continue
            awk '/^URIs:/ { for (i = 2; i <= NF; i++) if ($i ~ /\/debian\/?$/) print $i }' "$file"
        done
        for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
            [ -f "$file" ] || continue
            sed -n 's/^deb  *\(\[[^]]*\]  *\)\{0,1\}\(\([^ ]*\)\/debian\/\{0,1\}\) .*/\2/p' "$file"
        done
    )
    found=$(echo "$found" | sed '/^$/d' | head -n 1)
    [ -n "$found" ] || fail "apt of this machine names no Debian mirror: $remedy"
    echo "$found"
}

need_tools() { # command...
    for command; do
        command -v "$command" >/dev/null 2>&1 || fail "no $command here: $remedy"
    done
}

# Downloads packages of a suite into a folder, with lists, cache and state below it.
download() { # suite folder [--with-dependencies] package...
    suite=$1 folder=$2
    shift 2
    verb=download
    if [ "$1" = --with-dependencies ]; then
        # Nothing is installed as apt sees it: it fetches whatever the packages need.
        verb="install --yes --download-only"
        shift
    fi
    mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial" "$folder/parts" "$folder/out"
    keys=/usr/share/keyrings/debian-archive-keyring.gpg
    [ -f "$keys" ] || fail "no $keys: install the package debian-archive-keyring"
    echo "deb [signed-by=$keys] $(mirror) $suite main" >"$folder/sources.list"
    : >"$folder/status"
    options="-o Dir::Etc::SourceList=$folder/sources.list -o Dir::Etc::SourceParts=$folder/parts
        -o Dir::State::Lists=$folder/lists -o Dir::State::status=$folder/status
        -o Dir::Cache=$folder/cache -o Dir::Cache::archives=$folder/out
        -o APT::Sandbox::User=root -o APT::Install-Recommends=false
        -o Acquire::Languages=none -o Acquire::Retries=3"
    # shellcheck disable=SC2086 # a list of options without blanks in them
    apt-get -qq $options update >&2 || fail "apt-get update of $suite failed: is there a network?"
    # shellcheck disable=SC2086
    (cd "$folder/out" && apt-get -qq $options $verb "$@" >&2) ||
        fail "apt-get cannot download $* of $suite"
}
