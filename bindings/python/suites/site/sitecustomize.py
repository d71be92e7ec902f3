"""Puts the loop in place of asyncio's own, in the process of the tests and in each that it starts.

The variable RINGLINE_SUITES_LOOP names the loop. Each loop that is made adds a byte to the file
that RINGLINE_SUITES_COUNT names, so that a run can show on how many loops its tests ran.
"""

import importlib.util
import os
from pathlib import Path
from typing import Any

CHILD = Path(__file__).resolve().parents[2] / "asyncio_suite/child.py"


def put(name: str, count: str) -> None:
    spec = importlib.util.spec_from_file_location("ringline_suites_child", CHILD)
    assert spec is not None and spec.loader is not None
    child = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(child)
    os.environ["RINGLINE_SUITES_SAID"] = child.put_loop(name)
    import asyncio

    loop: Any = asyncio.SelectorEventLoop
    made = loop.__init__

    def counted(self: Any, *arguments: Any, **named: Any) -> None:
        made(self, *arguments, **named)
        file = os.open(count, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        os.write(file, b".")
        os.close(file)

    loop.__init__ = counted


if "RINGLINE_SUITES_LOOP" in os.environ:
    put(os.environ["RINGLINE_SUITES_LOOP"], os.environ["RINGLINE_SUITES_COUNT"])
