"""The loop's `sock_*` coroutines, straight on the ring.

Owns the receives and sends in flight and, for a receive that was cancelled too late, the bytes it
took. The invariants: nobody gets a buffer back that the kernel may still write, and no byte is lost
to a cancellation. It never leaves a socket to the ring that a transport reads.

What runs where was measured: what can be done at once costs less as a call, since no future is made
for it and no turn taken; a receive that must wait costs less on the ring than a poll and another
call. Datagrams with addresses and accepts are polled for, so that a cancelled one took nothing.
"""

import asyncio
import errno
import os
import select
import socket
from asyncio import base_events
from typing import Any, Awaitable, Callable, Optional, Tuple
from weakref import WeakKeyDictionary

from . import _abi, _address
from ._buffers import pinned
from ._engine import BYTES_OFFSET, Engine
from ._error import Error, failure
from ._receiving import MESSAGE_ROOM
from ._transport import LATER, NO_BUFFER, SHORT

_Socket = socket.socket
_RETRY = (-errno.ECANCELED, -errno.EINTR, -errno.ENOBUFS)
_SEND_AGAIN = (-errno.ECANCELED, -errno.EINTR, -errno.EAGAIN)
_AGAIN = (BlockingIOError, InterruptedError)
_WHOLE = int(socket.MSG_WAITALL)
_STREAM = int(socket.SOCK_STREAM)
_FAMILIES = (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX)
_LONGEST = 0x7FFF_F000
#: The memory for more than this is mapped anew for each call, and costs more than a future.
_AT_ONCE = 131072
_Type: Any = _Socket.__mro__[1].type  # type: ignore[attr-defined]
#: The type of a socket without the enumeration around it, which costs more than a receive.
_type_of: Callable[[Any], int] = _Type.__get__


def _fail(future: "asyncio.Future[Any]", error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)


class SockMixin:
    """Operations on sockets that the program owns."""

    _engine: Engine
    _debug: bool
    _transports: Any
    call_later: Callable[..., asyncio.TimerHandle]
    create_future: Callable[[], "asyncio.Future[Any]"]
    _ensure_fd_no_transport: Callable[[Any], None]
    _ensure_resolved: Callable[..., Awaitable[Any]]

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        #: Bytes that cancelled receives took, by socket; None as long as there were none.
        self._sock_left: "Optional[WeakKeyDictionary[socket.socket, bytes]]" = None

    def _sock_checked(self, sock: socket.socket) -> None:
        """Refuse what asyncio refuses at once."""
        if type(sock) is not _Socket:
            base_events._check_ssl_socket(sock)  # type: ignore[attr-defined]
        if self._debug and sock.gettimeout() != 0:
            raise ValueError("the socket must be non-blocking")

    def _sock_number(self, sock: socket.socket) -> int:
        """The descriptor of a socket that no transport has."""
        number: int = sock.fileno()
        if not isinstance(number, int):
            # A stand-in for a socket, that does by itself what it is asked.
            return -1
        if number < 0:
            raise failure(-errno.EBADF)
        self._ensure_fd_no_transport(number)
        return number

    # Receiving.

    def _sock_took(self, sock: socket.socket, n: int) -> Optional[bytes]:
        """What an earlier, cancelled receive took; at most n bytes of it."""
        assert self._sock_left is not None
        left = self._sock_left.pop(sock, None)
        if left is not None and len(left) > n and _type_of(sock) == _STREAM:
            self._sock_left[sock] = left[n:]
        return left if left is None else left[:n]

    def _sock_keep(self, sock: socket.socket, data: bytes) -> None:
        if self._sock_left is None:
            self._sock_left = WeakKeyDictionary()
        self._sock_left[sock] = self._sock_left.get(sock, b"") + data

    async def sock_recv(self, sock: socket.socket, n: int) -> bytes:
        """Receive at most `n` bytes."""
        if self._debug or type(sock) is not _Socket:
            self._sock_checked(sock)
        if n <= 0:
            return sock.recv(n)
        if self._sock_left is not None:
            took = self._sock_took(sock, n)
            if took is not None:
                return took
        if sock.gettimeout() == 0 and n <= _AT_ONCE:
            try:
                return sock.recv(n)
            except _AGAIN:
                pass
        fd = self._sock_number(sock)
        if n > MESSAGE_ROOM and _type_of(sock) != _STREAM:
            # A pooled buffer may be too small for the whole datagram.
            return await self._sock_recv_own(sock, fd, n)
        try:
            pool = self._engine.messages
        except Error:
            # There is no memory for the pool: this needs less.
            return await self._sock_recv_own(sock, fd, n)
        return await self._sock_recv_pooled(sock, fd, n, pool)

    async def _sock_recv_pooled(self, sock: socket.socket, fd: int, n: int, pool: int) -> bytes:
        """A receive into a buffer of a pool."""
        engine = self._engine
        future = self.create_future()
        ident = first = 0

        def done(res: int, flags: int, data: int, token: int) -> None:
            if res > 0:
                try:
                    received = engine.received(data, res)
                except MemoryError as error:
                    _fail(future, error)
                    return
                finally:
                    engine.release(token)
                if future.done():
                    self._sock_keep(sock, received)
                else:
                    future.set_result(received)
            elif future.done():
                return
            elif res == 0:
                future.set_result(b"")
            elif res == NO_BUFFER and by_call():
                pass
            elif res in SHORT and (res != NO_BUFFER or engine.has_buffers(pool)):
                self.call_later(LATER, submit)
            elif res in _RETRY:
                submit()
            else:
                future.set_exception(failure(res))

        def by_call() -> bool:
            # The others had all buffers: once without, and then not before something comes.
            nonlocal first
            first = _abi.RECVSEND_POLL_FIRST
            if sock.gettimeout() != 0:
                return False
            try:
                future.set_result(sock.recv(min(n, _AT_ONCE)))
            except _AGAIN:
                return False
            except (OSError, MemoryError) as error:
                future.set_exception(error)
            return True

        def submit() -> None:
            # Buffers that are filled whole: what one send brought is not cut in two.
            nonlocal ident
            if not future.done():
                try:
                    ident = engine.submit(
                        _abi.OP_RECV, fd, 0, min(n, _LONGEST), 0, 0, done, None,
                        _abi.SQE_BUFFER_SELECT, first, pool, restart=True,
                    )  # fmt: skip
                except OSError as error:
                    _fail(future, error)

        submit()
        try:
            result: bytes = await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                self._sock_keep(sock, future.result())
            # What came by now is for the next receive, and must not come behind what that one gets.
            engine.finish((ident,))
            for _, *record in engine.take(ident):
                done(*record)
            raise
        except BaseException:
            engine.cancel(ident)
            raise
        return result

    async def _sock_recv_own(self, sock: socket.socket, fd: int, n: int) -> bytes:
        """A receive into memory of its own."""
        buffer = bytearray(n)
        count = await self._sock_recv_at(sock, fd, buffer)
        return bytes(memoryview(buffer)[:count])

    async def sock_recv_into(self, sock: socket.socket, buf: Any) -> int:
        """Receive into a writable buffer; how many bytes."""
        self._sock_checked(sock)
        with memoryview(buf) as view:
            size = view.nbytes
        if not size:
            return sock.recv_into(buf)
        if self._sock_left is not None:
            took = self._sock_took(sock, size)
            if took is not None:
                with memoryview(buf) as view:
                    view.cast("B")[: len(took)] = took
                return len(took)
        if sock.gettimeout() == 0:
            try:
                return sock.recv_into(buf)
            except _AGAIN:
                pass
        return await self._sock_recv_at(sock, self._sock_number(sock), buf)

    async def _sock_recv_at(self, sock: socket.socket, fd: int, buffer: Any) -> int:
        engine = self._engine
        future = self.create_future()
        pin = pinned(buffer, True)
        at, size = pin.buf, pin.len
        ident = 0
        #: Whether no operation has the buffer.
        over = True

        def done(res: int, flags: int, data: int, token: int) -> None:
            nonlocal over
            over = True
            if future.done():
                if res > 0:
                    self._sock_keep(sock, engine.received(at, res))
            elif res >= 0:
                future.set_result(res)
            elif res in SHORT:
                self.call_later(LATER, submit)
            elif res in _RETRY:
                submit()
            else:
                future.set_exception(failure(res))

        def submit() -> None:
            nonlocal ident, over
            if not future.done():
                try:
                    ident = engine.submit(
                        _abi.OP_RECV, fd, at, size, 0, 0, done, (pin, buffer), restart=True
                    )
                    over = False
                except OSError as error:
                    _fail(future, error)

        submit()
        try:
            count: int = await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                self._sock_keep(sock, engine.received(at, future.result()))
            # The buffer is the caller's again when this returns: the kernel must be through.
            engine.finish((ident,))
            for _, *record in engine.take(ident):
                done(*record)
            raise
        except BaseException:
            engine.cancel(ident)
            raise
        finally:
            # Else the operation's own reference keeps the buffer until its last completion.
            if over:
                pin.release()
        return count

    async def sock_recvfrom(self, sock: socket.socket, bufsize: int) -> Tuple[bytes, Any]:
        """Receive a datagram; its bytes and where it came from."""
        got: Tuple[bytes, Any] = await self._sock_polled(
            sock, select.POLLIN, lambda: sock.recvfrom(bufsize)
        )
        return got

    async def sock_recvfrom_into(
        self, sock: socket.socket, buf: Any, nbytes: int = 0
    ) -> Tuple[int, Any]:
        """Receive a datagram into a buffer; how many bytes, and where it came from."""
        size = nbytes or len(buf)
        got: Tuple[int, Any] = await self._sock_polled(
            sock, select.POLLIN, lambda: sock.recvfrom_into(buf, size)
        )
        return got

    async def sock_accept(self, sock: socket.socket) -> Tuple[socket.socket, Any]:
        """Accept a connection; its socket, and the peer's address."""
        connection, address = await self._sock_polled(sock, select.POLLIN, lambda: sock.accept())
        connection.setblocking(False)
        return connection, address

    async def _sock_polled(
        self, sock: socket.socket, mask: int, call: Callable[[], Any]
    ) -> Any:
        """Call; as long as that would block, wait until it need not."""
        self._sock_checked(sock)
        # A blocking socket, which only the debug mode refuses, must not stop the loop.
        must_wait = sock.gettimeout() != 0
        while True:
            if not must_wait:
                try:
                    return call()
                except _AGAIN:
                    pass
            must_wait = False
            await self._sock_ready(self._sock_number(sock), mask)

    async def _sock_ready(self, fd: int, mask: int) -> None:
        engine = self._engine
        future = self.create_future()

        ident = 0

        def done(res: int, flags: int, data: int, token: int) -> None:
            if future.done():
                return
            if res in _RETRY:
                submit()
            elif res < 0:
                future.set_exception(failure(res))
            else:
                future.set_result(None)

        def submit() -> None:
            nonlocal ident
            try:
                ident = engine.submit(_abi.OP_POLL_ADD, fd, 0, 0, 0, mask, done, restart=True)
            except OSError as error:
                _fail(future, error)

        submit()
        try:
            await future
        except asyncio.CancelledError:
            engine.cancel(ident)
            raise

    # Sending.

    async def sock_sendall(self, sock: socket.socket, data: Any) -> None:
        """Send all of `data`. After a failure nobody knows how much of it arrived."""
        if self._debug or type(sock) is not _Socket:
            self._sock_checked(sock)
        sent, size = 0, len(data) if type(data) is bytes else memoryview(data).nbytes
        if sock.gettimeout() == 0:
            try:
                sent = sock.send(data)
            except _AGAIN:
                pass
        while sent < size:
            sent += await self._sock_send(self._sock_number(sock), data, sent)

    async def _sock_send(self, fd: int, data: Any, start: int) -> int:
        engine = self._engine
        future = self.create_future()
        keep, address, size = data, id(data) + BYTES_OFFSET, 0
        if type(data) is bytes:
            size = len(data)
        else:
            keep = pinned(data, False)
            address, size = keep.buf, keep.len

        def done(res: int, flags: int, data: int, token: int) -> None:
            if future.done():
                return
            if res >= 0 or res in _SEND_AGAIN:
                future.set_result(max(res, 0))
            else:
                future.set_exception(failure(res))

        size = min(size - start, _LONGEST)
        ident = engine.submit(_abi.OP_SEND, fd, address + start, size, 0, _WHOLE, done, keep)
        try:
            count: int = await future
        except asyncio.CancelledError:
            # What was passed may be changed by the caller from here on.
            engine.finish((ident,))
            raise
        return count

    async def sock_sendto(self, sock: socket.socket, data: Any, address: Any) -> int:
        """Send a datagram to an address; how many bytes."""
        count: int = await self._sock_polled(
            sock, select.POLLOUT, lambda: sock.sendto(data, address)
        )
        return count

    # Connecting.

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        """Connect to an address, whose host is looked up if it is a name."""
        self._sock_checked(sock)
        fd = self._sock_number(sock)
        family = sock.family
        if family in (socket.AF_INET, socket.AF_INET6):
            resolved = await self._ensure_resolved(
                address, family=family, type=sock.type, proto=sock.proto, loop=self
            )
            address = resolved[0][4]
        if sock.gettimeout() != 0 and family in _FAMILIES:
            await self._sock_connect(fd, address, _address.pack(address))
            return
        # The call: it is under way when this coroutine first waits, as programs expect.
        try:
            sock.connect(address)
        except _AGAIN:
            if family == socket.AF_UNIX:
                # The listener's queue is full, which no poll tells the end of, and the kernel
                # waits for it only with a descriptor that may block.
                os.set_blocking(fd, True)
                try:
                    await self._sock_connect(fd, address, _address.pack(address))
                finally:
                    if sock.fileno() == fd:
                        os.set_blocking(fd, False)
                return
            await self._sock_ready(fd, select.POLLOUT)
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:
                raise OSError(code, f"Connect call failed {address}") from None

    async def _sock_connect(self, fd: int, address: Any, raw: bytes) -> None:
        engine = self._engine
        future = self.create_future()

        def done(res: int, flags: int, data: int, token: int) -> None:
            if future.done():
                return
            if res < 0:
                future.set_exception(OSError(-res, f"Connect call failed {address}"))
            else:
                future.set_result(None)

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
