"""Tests that stock asyncio passes and this loop need not pass: at most 10, each with its reason.

Each is about the selector itself. None is about data, close, TLS or subprocesses. A name is
`module.Class.test`, with `*` for anything; run.py says which of them were needed by no run.
"""

EXCEPTIONS: "list[tuple[str, str]]" = []
