"""A Starlette app that serves on the policy's loop."""

import asyncio
import sys

import ringline
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

asyncio.set_event_loop_policy(ringline.EventLoopPolicy())


async def root(request: Request) -> PlainTextResponse:
    assert isinstance(asyncio.get_running_loop(), ringline.EventLoop)
    return PlainTextResponse("hello, world")


app = Starlette(routes=[Route("/", root)])

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), loop="none", log_level="warning")
