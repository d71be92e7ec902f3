"""The policy, and asyncio.run of a sleep."""

import asyncio

import ringline

asyncio.set_event_loop_policy(ringline.EventLoopPolicy())


async def main() -> None:
    await asyncio.sleep(0.01)
    print(type(asyncio.get_running_loop()))
    assert isinstance(asyncio.get_running_loop(), ringline.EventLoop)


asyncio.run(main())
