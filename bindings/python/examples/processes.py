"""Runs a few processes at once and prints what they say, as it comes."""

import asyncio
import sys
from asyncio.subprocess import PIPE

import ringline

TEXT = "import sys, time\nfor n in range(3): print(sys.argv[1], n, flush=True); time.sleep(0.01)"


async def follow(name: str) -> int:
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", TEXT, name, stdout=PIPE)
    assert child.stdout is not None
    async for line in child.stdout:
        print(line.decode().strip())
    return await child.wait()


async def main() -> None:
    codes = await asyncio.gather(*(follow(f"process {name}") for name in "abc"))
    print(f"exit codes {codes}")


if __name__ == "__main__":
    ringline.run(main())
