"""An application without a framework, which says what its loop is."""

import asyncio
from typing import Any, Awaitable, Callable, Dict

Receive = Callable[[], Awaitable[Dict[str, Any]]]
Send = Callable[[Dict[str, Any]], Awaitable[None]]


async def app(scope: Dict[str, Any], receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        while True:
            what = (await receive())["type"]
            await send({"type": f"{what}.complete"})
            if what == "lifespan.shutdown":
                return
    start = {"type": "http.response.start", "status": 200, "headers": []}
    body = {"type": "http.response.body", "more_body": True}
    said = type(asyncio.get_running_loop()).__module__.encode()
    await send({**start, "headers": [(b"content-length", b"%d" % (len(said) + 4))]})
    await send({**body, "body": said})
    # A client that sends a body holds its end back until it has seen this much.
    while (await receive()).get("more_body"):
        pass
    await send({**body, "body": b" end", "more_body": False})
