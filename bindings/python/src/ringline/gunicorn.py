"""gunicorn's own worker for ASGI, on rings: `gunicorn -k ringline.gunicorn.Worker app:app`.

As `-k asgi`, whose setting for the loop knows asyncio and uvloop alone.
"""

from gunicorn.workers.gasgi import ASGIWorker  # type: ignore

from ._policy import install

__all__ = ["Worker"]


class Worker(ASGIWorker):  # type: ignore[misc,unused-ignore]
    """A process that serves; gunicorn 24 or newer."""

    def init_process(self) -> None:
        """Make the loop, load the application, serve."""
        install()
        self.cfg.set("asgi_loop", "asyncio")
        super().init_process()
