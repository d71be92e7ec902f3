"""Starlette: `uvicorn --loop ringline:new_event_loop starlette_app:app`."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route


async def root(request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello, world")


app = Starlette(routes=[Route("/", root)])
