"""Tests that stock asyncio passes and this loop need not pass: at most 10, each with its reason.

Each is about the selector loop itself: about objects of its own that a test asks for by a private
name, or puts a mock in. None is about what becomes of data, of a close or of a child. A name is
`module.Class.test`, with `*` for anything; run.py says which of them were needed by no run. A
reason that begins with a version is about the tests of that version.
"""

EXCEPTIONS: "list[tuple[str, str]]" = [
    (
        "test_events.*.test_internal_fds",
        "counts the selector loop's self-pipe; skips itself for a loop that is not of that class",
    ),
    (
        "test_subprocess.*WatcherTests.test_watcher_implementation",
        "3.14: asks which class the selector loop's watcher has; here the ring waits for the pidfd",
    ),
    (
        "test_subprocess.*.test_pid_not_reaped_before_exit_published",
        "3.14: asks for the thread of that watcher; there is none here",
    ),
    (
        "test_sslproto.SslProtoHandshakeTests.test_connection_lost_when_busy",
        "3.14: a mock socket whose send() raises; here the kernel sends, by the descriptor",
    ),
    (
        "test_base_events.BaseEventLoopTests.test_create_connection_happy_eyeballs*",
        "3.15: a mock socket that nobody shall read; here the kernel receives, by the descriptor",
    ),
]
