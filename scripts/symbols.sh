#!/bin/sh
# Writes abi/symbols.txt: what libringline.so exports. A diff of this file is a change of the ABI.
set -eu
cd "$(dirname "$0")/.."

mkdir -p abi
nm -D --defined-only target/release/libringline.so | awk '{ print $3 }' | LC_ALL=C sort \
    >abi/symbols.txt
echo "abi/symbols.txt: $(wc -l <abi/symbols.txt) symbols"
