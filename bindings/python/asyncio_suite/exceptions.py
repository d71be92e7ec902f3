"""Tests that stock asyncio passes and this loop need not pass: at most 10, each with its reason.

Each is about the selector itself. None is about data, close, TLS or subprocesses. A name is
`module.Class.test`, with `*` for anything; run.py says which of them were needed by no run.
"""

EXCEPTIONS: "list[tuple[str, str]]" = [
    (
        "test_events.*.test_internal_fds",
        "counts the selector loop's self-pipe; skips itself for a loop that is not of that class",
    ),
]
