"""FastAPI: `uvicorn --loop ringline:new_event_loop fastapi_app:app`."""

import asyncio

from fastapi import FastAPI

app = FastAPI()


@app.get("/")
async def root() -> "dict[str, str]":
    return {"hello": "world", "loop": type(asyncio.get_running_loop()).__module__}
