"""Copies a file on the event loop, which does other things meanwhile: loop_copy.py FROM TO."""

import asyncio
import sys

import ringline


async def copy(source: str, target: str) -> int:
    count = 0
    async with ringline.open(source) as reads, ringline.open(target, "wb") as writes:
        async for part in reads.chunks():
            count += await writes.write(part)
        await writes.fsync()
    return count


async def main() -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    ticker = asyncio.ensure_future(tick())
    count = await copy(sys.argv[1], sys.argv[2])
    ticker.cancel()
    print(f"{count} bytes")
    print(f"{ticks} steps of something else", file=sys.stderr)


if __name__ == "__main__":
    ringline.run(main())
