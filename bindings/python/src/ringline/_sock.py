"""The loop's `sock_*` coroutines: try, wait in the loop's selector, try again.

Owns who waits for which descriptor. The invariants: a call takes something only when its coroutine
runs and returns it, so that a cancellation loses nothing, and no ring operation holds the socket;
several may wait for one socket.
"""

import asyncio
import os
import socket
from asyncio import base_events
from typing import Any, Awaitable, Callable, Dict, List, Optional, Sequence, Tuple

from . import _abi, _address
from ._engine import BYTES_OFFSET, Engine

_Socket = socket.socket
_AGAIN = (BlockingIOError, InterruptedError)
_AT_ONCE = int(socket.MSG_DONTWAIT)
_FAMILIES = (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX)
#: By descriptor, what wakes those that wait for it, and who they are.
_Waiting = Dict[int, Tuple[asyncio.Handle, List["asyncio.Future[None]"]]]


class SockMixin:
    """Operations on sockets that the program owns."""

    _engine: Engine
    _debug: bool
    create_future: Callable[[], "asyncio.Future[Any]"]
    _add_reader: Callable[..., asyncio.Handle]
    _remove_reader: Callable[[int], bool]
    _add_writer: Callable[..., asyncio.Handle]
    _remove_writer: Callable[[int], bool]
    _ensure_fd_no_transport: Callable[[Any], None]
    _ensure_resolved: Callable[..., Awaitable[Any]]

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        #: Who waits until a descriptor can be read, and until it can be written.
        self._sock_waiting: Tuple[_Waiting, _Waiting] = {}, {}

    # Waiting.

    def _sock_checked(self, sock: socket.socket) -> bool:
        """Refuse what asyncio refuses at once. Whether calls of the socket never wait."""
        if type(sock) is not _Socket:
            base_events._check_ssl_socket(sock)  # type: ignore[attr-defined]
        if sock.gettimeout() == 0:
            return True
        if self._debug:
            raise ValueError("the socket must be non-blocking")
        # A closed one says so.
        return sock.fileno() == -1

    async def _sock_tried(
        self, sock: socket.socket, writes: bool, call: str, *arguments: Any
    ) -> Any:
        """Call the method of that name; as long as that would block, wait until it need not."""
        # A blocking socket, which only the debug mode refuses, must not stop the loop.
        if self._sock_checked(sock):
            try:
                return getattr(sock, call)(*arguments)
            except _AGAIN:
                pass
        return await self._sock_later(sock, writes, call, *arguments)

    async def _sock_later(
        self, sock: socket.socket, writes: bool, call: str, *arguments: Any
    ) -> Any:
        """Wait, and call the method of that name, until it does not block."""
        while True:
            await self._sock_ready(sock, writes)
            try:
                return getattr(sock, call)(*arguments)
            except _AGAIN:
                pass

    async def _sock_ready(self, sock: socket.socket, writes: bool) -> None:
        """Wait until the socket can be read or written, has failed or was ended."""
        fd = sock.fileno()
        self._ensure_fd_no_transport(fd)
        future = self.create_future()
        waiting = self._sock_waiting[writes]
        add = self._add_writer if writes else self._add_reader
        # Anew for each: those before it may have waited for a file that was closed since.
        handle = add(fd, self._sock_wake, fd, writes)
        line = waiting[fd][1] if fd in waiting else []
        line.append(future)
        waiting[fd] = handle, line
        try:
            await future
        except BaseException:
            if future in line:
                line.remove(future)
                if not line:
                    self._sock_wake(fd, writes)
            raise

    def _sock_wake(self, fd: int, writes: bool) -> None:
        handle, line = self._sock_waiting[writes].pop(fd)
        # The program may have put a reader or writer of its own in its place.
        if not handle.cancelled():
            (self._remove_writer if writes else self._remove_reader)(fd)
        for future in line:
            if not future.done():
                future.set_result(None)
        line.clear()

    # Receiving.

    async def sock_recv(self, sock: socket.socket, n: int) -> bytes:
        """Receive at most `n` bytes."""
        # What can be done at once is worth no second coroutine.
        if self._sock_checked(sock):
            try:
                return sock.recv(n)
            except _AGAIN:
                pass
        data: bytes = await self._sock_later(sock, False, "recv", n)
        return data

    async def sock_recv_into(self, sock: socket.socket, buf: Any) -> int:
        """Receive into a writable buffer; how many bytes."""
        count: int = await self._sock_tried(sock, False, "recv_into", buf)
        return count

    async def sock_recvfrom(self, sock: socket.socket, bufsize: int) -> Tuple[bytes, Any]:
        """Receive a datagram; its bytes and where it came from."""
        got: Tuple[bytes, Any] = await self._sock_tried(sock, False, "recvfrom", bufsize)
        return got

    async def sock_recvfrom_into(
        self, sock: socket.socket, buf: Any, nbytes: int = 0
    ) -> Tuple[int, Any]:
        """Receive a datagram into a buffer; how many bytes, and where it came from."""
        size = nbytes or len(buf)
        got: Tuple[int, Any] = await self._sock_tried(
            sock, False, "recvfrom_into", buf, size
        )
        return got

    async def sock_recvmsg(
        self, sock: socket.socket, bufsize: int, ancbufsize: int = 0, flags: int = 0
    ) -> Tuple[bytes, List[Tuple[int, int, bytes]], int, Any]:
        """Receive bytes and ancillary data, such as descriptors (SCM_RIGHTS).

        Parameters
        ----------
        sock : socket
            A non-blocking socket.
        bufsize, ancbufsize : int
            The most bytes of data, and of ancillary data (`socket.CMSG_SPACE` of each item).
        flags : int
            Of recv(2), such as MSG_PEEK.

        Returns
        -------
        tuple
            As of `socket.recvmsg`: the data, the ancillary data as a list of (level, type, bytes),
            the flags of the message (MSG_CTRUNC: ancillary data was lost), the sender's address.

        Raises
        ------
        OSError
            What recvmsg(2) says. ValueError for a blocking socket in debug mode.
        """
        got: Tuple[bytes, List[Tuple[int, int, bytes]], int, Any] = await self._sock_tried(
            sock, False, "recvmsg", bufsize, ancbufsize, flags
        )
        return got

    async def sock_accept(self, sock: socket.socket) -> Tuple[socket.socket, Any]:
        """Accept a connection; its socket, and the peer's address."""
        connection, address = await self._sock_tried(sock, False, "accept")
        connection.setblocking(False)
        return connection, address

    # Sending.

    async def sock_sendall(self, sock: socket.socket, data: Any) -> None:
        """Send all of `data`. After a failure nobody knows how much of it arrived."""
        sent, size = 0, len(data) if type(data) is bytes else memoryview(data).nbytes
        flags: Tuple[int, ...] = ()
        if self._sock_checked(sock):
            try:
                sent = sock.send(data)
            except _AGAIN:
                pass
        else:
            flags = (_AT_ONCE,)
        if sent < size:
            with memoryview(data) as given, given.cast("B") as view:
                while sent < size:
                    sent += await self._sock_later(sock, True, "send", view[sent:], *flags)

    async def sock_sendto(self, sock: socket.socket, data: Any, address: Any) -> int:
        """Send a datagram to an address; how many bytes."""
        count: int = await self._sock_tried(sock, True, "sendto", data, address)
        return count

    async def sock_sendmsg(
        self,
        sock: socket.socket,
        buffers: Sequence[Any],
        ancdata: Sequence[Tuple[int, int, Any]] = (),
        flags: int = 0,
        address: Optional[Any] = None,
    ) -> int:
        """Send bytes and ancillary data, such as descriptors (SCM_RIGHTS), with one call.

        Parameters
        ----------
        sock : socket
            A non-blocking socket.
        buffers : sequence of bytes-like
            The data, gathered.
        ancdata : sequence of (int, int, bytes-like)
            Level, type and bytes of each item.
        flags : int
            Of send(2).
        address : optional
            Where to, of a socket that is not connected.

        Returns
        -------
        int
            How many bytes of the data were sent: of a stream maybe not all. The ancillary data
            went with the first of them, and is not to be sent again with the rest.

        Raises
        ------
        OSError
            What sendmsg(2) says. ValueError for a blocking socket in debug mode.
        """
        if sock.gettimeout() != 0:
            flags |= _AT_ONCE
        count: int = await self._sock_tried(
            sock, True, "sendmsg", buffers, ancdata, flags, address
        )
        return count

    # Connecting.

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        """Connect to an address, whose host is looked up if it is a name."""
        never_waits = self._sock_checked(sock)
        family = sock.family
        if family in (socket.AF_INET, socket.AF_INET6):
            resolved = await self._ensure_resolved(
                address, family=family, type=sock.type, proto=sock.proto, loop=self
            )
            address = resolved[0][4]
        if not never_waits and family in _FAMILIES:
            await self._sock_connect_waiting(sock.fileno(), address)
            return
        # The call: it is under way when this coroutine first waits, as programs expect.
        try:
            sock.connect(address)
        except _AGAIN:
            if family == socket.AF_UNIX:
                await self._sock_connect_queued(sock, address)
                return
            await self._sock_ready(sock, True)
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:
                raise OSError(code, f"Connect call failed {address}") from None

    async def _sock_connect_queued(self, sock: socket.socket, address: Any) -> None:
        """Wait for a listener whose queue is full: nothing that can be polled tells of its end, and
        the kernel waits for it only with a descriptor that may block."""
        fd = sock.fileno()
        self._ensure_fd_no_transport(fd)
        os.set_blocking(fd, True)
        try:
            await self._sock_connect_waiting(fd, address)
        finally:
            if sock.fileno() == fd:
                os.set_blocking(fd, False)

    async def _sock_connect_waiting(self, fd: int, address: Any) -> None:
        """Connect on the ring, which waits in the kernel."""
        self._ensure_fd_no_transport(fd)
        engine = self._engine
        future = self.create_future()

        def done(res: int, flags: int, data: int, token: int) -> None:
            if future.done():
                return
            if res < 0:
                future.set_exception(OSError(-res, f"Connect call failed {address}"))
            else:
                future.set_result(None)

        raw = _address.pack(address)
        at = id(raw) + BYTES_OFFSET
        ident = engine.submit(_abi.OP_CONNECT, fd, at, 0, len(raw), 0, done, raw)
        try:
            await future
        except asyncio.CancelledError:
            engine.finish((ident,))
            raise
        finally:
            # The exception's traceback holds this frame.
            del future
