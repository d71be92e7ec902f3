"""hypercorn on ringline, as the README shows it: `python -m hypercorn_main HOST:PORT`."""

import asyncio
import signal
import sys

import ringline
from apps import fast
from hypercorn.asyncio import serve
from hypercorn.config import Config


async def main() -> None:
    config = Config()
    config.bind = [sys.argv[1]]
    config.errorlog = None
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, ended.set)
    await serve(fast, config, shutdown_trigger=ended.wait)  # type: ignore[arg-type]


if __name__ == "__main__":
    ringline.run(main())
