"""Linux io_uring through libringline: operations, batches, buffers that stay safe.

`Ring` is the place to start::

    with ringline.Ring() as ring:
        ring.timer(0.001, user_data="tick")
        print(ring.turn(wait=1))

Constants of the C API stand here without their prefix: ``ringline.CF_FINAL``.
"""

from . import _abi
from ._abi import *  # noqa: F403
from ._abi import VERSION_MAJOR, VERSION_MINOR, VERSION_PATCH
from ._address import Address
from ._completion import Completion, Datagram, Record
from ._doctor import doctor, has, op_supported
from ._error import Error
from ._event_loop import EventLoop
from ._files import File
from ._mailbox import Mailbox
from ._message import Message
from ._names import link, listdir, mkdir, readlink, rename, rmdir, stat, symlink, unlink
from ._opening import open as open
from ._operations import Operations, Slot
from ._path import Path
from ._policy import EventLoopPolicy, install, new_event_loop, run
from ._pool import Lease, Pool
from ._region import Region
from ._ring import Batch, Ring
from ._text import TextFile
from ._worker import Connection, Server, serve

__all__ = [
    "Address",
    "Batch",
    "Completion",
    "Connection",
    "Datagram",
    "Error",
    "EventLoop",
    "File",
    "EventLoopPolicy",
    "Lease",
    "Mailbox",
    "Message",
    "Operations",
    "Path",
    "Pool",
    "Record",
    "Region",
    "Ring",
    "Server",
    "Slot",
    "TextFile",
    "doctor",
    "has",
    "install",
    "link",
    "listdir",
    "mkdir",
    "new_event_loop",
    "op_supported",
    "readlink",
    "rename",
    "rmdir",
    "stat",
    "symlink",
    "unlink",
    "run",
    "serve",
]
__all__ += _abi.__all__
__version__ = f"{VERSION_MAJOR}.{VERSION_MINOR}.{VERSION_PATCH}"
