#!/bin/sh
# Tests real programs (uvicorn, aiohttp, asyncpg, ...) on the Python loop, in an environment of
# their own.
#
#   scripts/programs.sh [pytest's arguments]
#   scripts/programs.sh --bench [arguments]    the loop beside asyncio, uvloop, rloop and rsloop
#   scripts/programs.sh --many [arguments]     uvicorn under ten thousand connections
#   scripts/programs.sh --soak [arguments]     uvicorn for ten minutes under rude clients
set -eu
cd "$(dirname "$0")/../bindings/python"

work=../../target/python
log=$work/programs.txt
needed=tests/programs/requirements.txt
python=$(../../scripts/venv.sh programs $needed -r $needed)

unset RINGLINE_LIBRARY PYTHONPATH
export PYTHONDONTWRITEBYTECODE=1
case ${1:-} in
--bench)
    shift
    # Peers that nothing but this needs; there is no build of them for every machine.
    for peer in rloop rsloop; do
        "$python" -c "import $peer" 2>/dev/null ||
            "$python" -m pip install --quiet $peer >>"$log" 2>&1 ||
            echo "bench: $peer does not install here, and is left out"
    done
    exec "$python" benchmarks/run.py "$@"
    ;;
--many | --soak)
    tool=${1#--}
    shift
    exec "$python" "benchmarks/$tool.py" "$@"
    ;;
esac
failed=0
"$python" -m pytest -W default tests/programs "$@" >"$log" 2>&1 || failed=1
cat "$log"
count() {
    sed -n "s/^\(.* \)\{0,1\}\([0-9][0-9]*\) $1\(,.*\)\{0,1\} in .*/\2/p" "$log" | tail -n 1
}
passed=$(count passed) bad=$(count failed)
broken=$(count 'errors\{0,1\}') left=$(count skipped)
bad=$((${bad:-0} + ${broken:-0}))
echo "programs: ${passed:-0} passed, $bad failed, ${left:-0} ignored"
exit "$failed"
