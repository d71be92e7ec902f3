"""Child processes: asyncio's subprocess transport, told of exits by pidfd and the ring.

Owns the pidfd of each child that runs. The invariant: a child is waited for exactly once, and its
pidfd is closed then or with the loop. No child watcher, no thread, no SIGCHLD.
"""

import asyncio
import contextvars
import errno
import os
import select
import subprocess
import sys
from asyncio import base_subprocess
from asyncio.log import logger
from contextlib import suppress
from functools import partial
from typing import Any, Callable, Dict, Optional

from . import _abi
from ._engine import Engine


class SubprocessTransport(base_subprocess.BaseSubprocessTransport):
    """A child process and its pipes."""

    _proc: Any

    def _start(
        self,
        args: Any,
        shell: bool,
        stdin: Any,
        stdout: Any,
        stderr: Any,
        bufsize: int,
        **kwargs: Any,
    ) -> None:
        self._proc = subprocess.Popen(
            args, shell=shell, stdin=stdin, stdout=stdout, stderr=stderr,
            universal_newlines=False, bufsize=bufsize, **kwargs,
        )  # fmt: skip


class ProcessMixin:
    """What subprocess_exec and subprocess_shell ask of their loop."""

    _engine: Engine
    create_future: Callable[[], "asyncio.Future[Any]"]
    run_in_executor: Callable[..., "asyncio.Future[Any]"]
    is_running: Callable[[], bool]
    call_later: Callable[..., asyncio.TimerHandle]
    call_soon: Callable[..., asyncio.Handle]

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        #: The pidfd of each transport's child.
        self._children: Dict[Any, int] = {}

    async def _make_subprocess_transport(
        self,
        protocol: asyncio.BaseProtocol,
        args: Any,
        shell: bool,
        stdin: Any,
        stdout: Any,
        stderr: Any,
        bufsize: int,
        extra: Optional[Dict[str, Any]] = None,
        **kwargs: Any,
    ) -> SubprocessTransport:
        _check_watcher()
        waiter = self.create_future()
        make: Any = SubprocessTransport
        transport: SubprocessTransport = make(
            self, protocol, args, shell, stdin, stdout, stderr, bufsize,
            waiter=waiter, extra=extra, **kwargs,
        )  # fmt: skip
        self._await_exit(transport, waiter)
        try:
            await waiter
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException:
            transport.close()
            await transport._wait()
            raise
        return transport

    def _await_exit(
        self, transport: SubprocessTransport, connected: "asyncio.Future[Any]"
    ) -> None:
        pid = transport.get_pid()
        assert pid is not None
        # What the protocol is told of the exit, it sees where the child was started.
        context = contextvars.copy_context()
        try:
            number = os.pidfd_open(pid)
        except OSError:
            # Sandboxes may forbid it, and descriptors may be short.
            self._await_by_thread(transport, pid, context)
            return
        self._children[transport] = number
        self._poll_child(transport, pid, number, context, connected)

    def _await_by_thread(
        self, transport: SubprocessTransport, pid: int, context: contextvars.Context
    ) -> None:
        try:
            waiting = self.run_in_executor(None, os.waitid, os.P_PID, pid, _EXIT_STAYS)
        except RuntimeError:
            # No thread can be made either.
            context.run(self._await_by_looking, transport, pid)
            return
        waiting.add_done_callback(lambda future: self._exited(transport, pid), context=context)

    def _await_by_looking(self, transport: SubprocessTransport, pid: int) -> None:
        try:
            over = os.waitid(os.P_PID, pid, _EXIT_STAYS | os.WNOHANG) is not None
        except ChildProcessError:
            over = True
        if over:
            self._exited(transport, pid)
        else:
            self.call_later(_LOOK_AGAIN, self._await_by_looking, transport, pid)

    def _poll_child(
        self,
        transport: SubprocessTransport,
        pid: int,
        number: int,
        context: contextvars.Context,
        connected: "asyncio.Future[Any]",
    ) -> None:
        def done(res: int, flags: int, data: int, token: int) -> None:
            if transport not in self._children:
                return
            if res == -errno.ECANCELED:
                self._poll_child(transport, pid, number, context, connected)
                return
            os.close(self._children.pop(transport))
            if res < 0:
                # It says nothing of the child, for which the loop must not wait.
                self._await_by_thread(transport, pid, context)
            else:
                # Told an iteration later, as by asyncio's watcher, and not before its pipes are
                # read: what the child wrote last came with this at the latest, and goes first. Only
                # then is it waited for: behind that, its number may be another process's, which
                # send_signal() would hit. Its status is looked at now, as somebody who waits for
                # any child may be quicker.
                told = self._exited, transport, pid, _seen_of(pid)
                if connected.done():
                    self.call_soon(self.call_soon, *told, context=context)
                else:
                    then = partial(self.call_soon, *told, context=context)
                    connected.add_done_callback(lambda _: then())

        try:
            self._engine.submit(
                _abi.OP_POLL_ADD, number, 0, 0, 0, select.POLLIN, done, restart=True
            )
        except OSError as error:
            done(-(error.errno or errno.EAGAIN), 0, 0, 0)

    def _exited(
        self, transport: SubprocessTransport, pid: int, seen: Optional[int] = None
    ) -> None:
        """The child is over: tell its transport. `seen` is the status that it had before."""
        transport._process_exited(_status_of(transport, pid, seen))

    def close(self) -> None:
        if not self.is_running():
            children, self._children = self._children, {}
            for number in children.values():
                with suppress(OSError):
                    os.close(number)
        super().close()  # type: ignore[misc]


#: Seconds between two looks for a child's exit, where nothing better is to be had.
_LOOK_AGAIN = 0.05
_EXIT_STAYS = os.WEXITED | os.WNOWAIT


def _seen_of(pid: int) -> Optional[int]:
    """The exit status of a child that is over, which stays; None where somebody took it."""
    try:
        seen = os.waitid(os.P_PID, pid, _EXIT_STAYS | os.WNOHANG)
    except ChildProcessError:
        return None
    if seen is None:
        return None
    return seen.si_status if seen.si_code == os.CLD_EXITED else -seen.si_status


def _status_of(transport: SubprocessTransport, pid: int, seen: Optional[int]) -> int:
    """Wait for a child that is over; its exit status."""
    try:
        _, status = os.waitpid(pid, 0)
    except ChildProcessError:
        # Popen.poll(), or somebody who waits for any child, was here first.
        code: Optional[int] = transport._proc.returncode
        if code is None:
            code = seen
        if code is not None:
            return code
        logger.warning(
            "child process pid %d exit status already read: will report returncode 255", pid
        )
        return 255
    try:
        return os.waitstatus_to_exitcode(status)
    except ValueError:
        return status


def _check_watcher() -> None:
    """A program that set a child watcher which is not active is told so, as asyncio tells it; an
    active one is not needed and not asked."""
    policy: Any = vars(asyncio.events).get("_event_loop_policy")
    watcher = getattr(policy, "_watcher", None)
    if watcher is None:
        return
    with watcher as entered:
        # Which of the two is asked differs; a watcher that is not itself when entered is rare.
        asked = watcher if sys.version_info >= (3, 12) else entered
        if not asked.is_active():
            raise RuntimeError(
                "asyncio.get_child_watcher() is not activated, subprocess support is not installed."
            )
