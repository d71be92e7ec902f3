"""A FastAPI app that serves on the policy's loop."""

import asyncio
import sys

import ringline
import uvicorn
from fastapi import FastAPI

asyncio.set_event_loop_policy(ringline.EventLoopPolicy())
app = FastAPI()


@app.get("/")
async def root() -> "dict[str, str]":
    assert isinstance(asyncio.get_running_loop(), ringline.EventLoop)
    return {"hello": "world"}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), loop="none", log_level="warning")
