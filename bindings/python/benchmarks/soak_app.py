"""What the soak serves: the applications of the program tests, and what is inside the server."""

import asyncio
import gc
import threading
from typing import Any

from apps import star
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


async def inside(request: Request) -> Response:
    gc.collect()
    loop: Any = asyncio.get_running_loop()
    stats = loop.stats() if hasattr(loop, "stats") else {}
    told = {"tasks": len(asyncio.all_tasks()), "threads": threading.active_count()}
    return JSONResponse({**told, "leases": stats.get("leases_out", 0)})


star.router.routes.append(Route("/inside", inside))
