#!/bin/sh
# Writes tests/LIST.md: every program of tests/c and tests/cpp with the first line of its comment.
set -eu
cd "$(dirname "$0")/.."

{
    echo "# The programs of tests/c and tests/cpp"
    echo
    echo "Made by \`make list\`; tests/tidy.rs compares. One program is one hazard."
    echo
    for file in tests/c/*.c tests/cpp/*.cpp; do
        [ -f "$file" ] || continue
        line=$(sed -n '1,6p' "$file" | sed 's,^[/ *]*,,; s,[ */]*$,,' | grep -m 1 . || echo "")
        echo "- \`$file\`: $line"
    done
} >tests/LIST.md
echo "tests/LIST.md: $(grep "^- " tests/LIST.md | wc -l) programs"
