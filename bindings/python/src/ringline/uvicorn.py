"""uvicorn under gunicorn, on rings: `gunicorn -k ringline.uvicorn.Worker app:app`.

Needs the package uvicorn-worker. uvicorn itself needs nothing from here:
`uvicorn --loop ringline:new_event_loop app:app`.
"""

import uvicorn  # type: ignore[import-not-found,unused-ignore]
from uvicorn_worker import UvicornWorker  # type: ignore[import-not-found,unused-ignore]

from ._policy import new_event_loop

__all__ = ["Worker"]
if not hasattr(uvicorn.Config, "get_loop_factory"):
    raise ImportError(f"ringline.uvicorn needs uvicorn 0.36 or newer, not {uvicorn.__version__}")


class Worker(UvicornWorker):  # type: ignore[misc,unused-ignore]
    """A process that serves."""

    CONFIG_KWARGS = {**UvicornWorker.CONFIG_KWARGS, "loop": "ringline:new_event_loop"}

    def init_process(self) -> None:
        """Load the application, make the loop, serve."""
        # Where no loop can be made, gunicorn ends: of a worker that fails later it makes another,
        # for ever.
        new_event_loop().close()
        super().init_process()
