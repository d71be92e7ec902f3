#!/bin/sh
# Tests the Python package as a user gets it: pip builds and installs it into an environment below
# target/, mypy reads it and what uses it, pytest runs the tests.
#
# Arguments go to pytest.
set -eu
cd "$(dirname "$0")/../bindings/python"

work=../../target/python
log=$work/log.txt
python=$(../../scripts/venv.sh venv pyproject.toml pytest mypy nest_asyncio)

# What is tested is what was installed: not the sources, and not a library that lies elsewhere.
unset RINGLINE_LIBRARY PYTHONPATH
export PYTHONDONTWRITEBYTECODE=1
failed=0
"$python" -m mypy --cache-dir "$work/mypy" || failed=1
# The same loop without its native module, beside it: both wait more than they work.
RINGLINE_PURE=1 "$python" -m pytest tests/test_loop_*.py "$@" >"$log.pure" 2>&1 & pure=$!
"$python" -m pytest "$@" >"$log" 2>&1 || failed=1
wait $pure || failed=1
cat "$log" "$log.pure"
count() {
    sed -n "s/^\(.* \)\{0,1\}\([0-9][0-9]*\) $1\(,.*\)\{0,1\} in .*/\2/p" "$log" "$log.pure" |
        awk '{ n += $1 } END { print n + 0 }'
}
passed=$(count passed) bad=$(count failed)
broken=$(count 'errors\{0,1\}') left=$(count skipped)
bad=$((${bad:-0} + ${broken:-0}))
echo "python: ${passed:-0} passed, $bad failed, ${left:-0} ignored"
exit "$failed"
