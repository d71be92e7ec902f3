"""gunicorn's worker class that serves ASGI by uvicorn on ringline, as the README shows it."""

from uvicorn.workers import UvicornWorker


class Worker(UvicornWorker):
    CONFIG_KWARGS = {"loop": "ringline:new_event_loop", "http": "auto"}
