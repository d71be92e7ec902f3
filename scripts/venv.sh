#!/bin/sh
# Makes an environment for Python below target/python, once, and installs the package of this tree
# into it as a user gets it, each time. What it needs comes from the index that pip is configured
# for. Prints the path of its interpreter.
#
#   scripts/venv.sh NAME FILE [pip's arguments]    made anew when FILE or the interpreter changes
set -eu
name=$1 depends=$2
shift 2
package=$(cd "$(dirname "$0")/../bindings/python" && pwd)
work=$(cd "$package/../.." && pwd)/target/python/$name
python=$work/bin/python
wanted="$(python3 -VV) $(cat "$depends")"
if [ ! -f "$work/stamp" ] || [ "$(cat "$work/stamp")" != "$wanted" ]; then
    rm -rf "$work"
    python3 -m venv "$work"
    "$python" -m pip install --quiet 'setuptools>=77' "$@" >&2
    printf '%s\n' "$wanted" >"$work/stamp"
fi
"$python" -m pip install --quiet --no-build-isolation --no-deps --force-reinstall "$package" >&2
echo "$python"
