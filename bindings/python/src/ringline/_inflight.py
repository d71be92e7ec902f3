"""What operations in flight hold."""

from typing import Dict, List

from . import _buffers
from ._region import Region


class Entry:
    """An operation in flight."""

    __slots__ = ("user_data", "keep", "token", "mail")

    def __init__(self, user_data: object, keep: object) -> None:
        self.user_data = user_data
        self.keep = keep
        #: Its token on the ring; 0 = it waits in the batch, or came by mail.
        self.token = 0
        #: Its id in the mailbox it came by.
        self.mail = 0


class Inflight(Dict[int, Entry]):
    """By id; lives as long as the kernel may touch what is in it, which may be beyond the ring."""

    regions: List[Region]
    open: bool

    def gone(self, abandoned: int) -> None:
        """The ring is freed, with so many operations that the kernel did not let go."""
        if abandoned:
            _buffers.abandoned.extend([list(self.values()), self.regions])
        self.clear()
        self.regions = []
