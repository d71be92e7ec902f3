"""distributed's workers, on rings: `dask worker --worker-class ringline.distributed.Worker ...`.

Its setting `distributed.admin.event-loop` knows asyncio, tornado and uvloop alone. What it hands
to the process of a worker names a class, and that process imports the class before it makes its
loop: importing this module is `ringline.install()`.
"""

from typing import Any

from distributed import Nanny as _Nanny  # type: ignore[import-not-found,unused-ignore]
from distributed import Worker as _Worker

from ._policy import install

__all__ = ["Nanny", "Worker"]
install()


class Worker(_Worker):  # type: ignore[misc,unused-ignore]
    """A worker on a ring, in whichever process."""


class Nanny(_Nanny):  # type: ignore[misc,unused-ignore]
    """What starts such workers, for `LocalCluster(worker_class=ringline.distributed.Nanny)`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        options.setdefault("worker_class", Worker)
        super().__init__(*arguments, **options)
