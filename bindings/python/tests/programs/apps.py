"""The web applications that the tests serve: plain ASGI, Starlette, FastAPI."""

from typing import Any, Awaitable, Callable, Dict

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

fast = FastAPI()


@fast.get("/")
async def hello() -> Dict[str, str]:
    return {"hello": "world"}


@fast.get("/items/{number}")
async def item(number: int, q: str = "") -> Dict[str, Any]:
    return {"number": number, "q": q}


@fast.post("/echo")
async def echo_json(body: Dict[str, Any]) -> Dict[str, Any]:
    return body


async def home(request: Request) -> Response:
    return PlainTextResponse("hello, world")


async def upload(request: Request) -> Response:
    count = 0
    async for part in request.stream():
        count += len(part)
    return JSONResponse({"bytes": count})


async def download(request: Request) -> Response:
    async def parts() -> Any:
        for step in range(100):
            yield bytes([step]) * 50_000

    return StreamingResponse(parts())


star = Starlette(
    routes=[
        Route("/", home),
        Route("/upload", upload, methods=["POST"]),
        Route("/download", download),
    ]
)


async def plain(
    scope: Dict[str, Any],
    receive: Callable[[], Awaitable[Any]],
    send: Callable[[Any], Awaitable[None]],
) -> None:
    assert scope["type"] == "http"
    headers = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})
