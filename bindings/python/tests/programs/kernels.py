"""Starts Jupyter kernels, all at once, and prints what each answers as a line of JSON:
`python kernels.py COUNT`."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict, List

from jupyter_client.manager import KernelManager

CODE = """
import asyncio
await asyncio.sleep(0.001)
import ringline._layer
print(type(asyncio.get_running_loop()).__module__, ringline._layer.loaded is not None)
"""
LIMIT = 20


def ask(_: int) -> List[Any]:
    manager = KernelManager()
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    said: List[str] = []

    def hear(message: Dict[str, Any]) -> None:
        said.append(message["content"].get("text", ""))

    try:
        client.wait_for_ready(timeout=LIMIT)
        reply = client.execute_interactive(CODE, timeout=LIMIT, output_hook=hear)
        return [reply["content"]["status"], "".join(said)]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=False)


if __name__ == "__main__":
    count = int(sys.argv[1])
    with ThreadPoolExecutor(count) as pool:
        print(json.dumps(list(pool.map(ask, range(count)))))
