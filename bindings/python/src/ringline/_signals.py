"""Signals: handlers of the loop, and Ctrl-C while it waits.

Owns the handlers by number and, while the loop runs in the main thread, the wake-up descriptor: a
signal that comes just before the loop waits must not wait with it. The invariant: a loop that is
closed leaves no handler of its own behind.
"""

import asyncio
import signal
import threading
import warnings
from asyncio import unix_events
from typing import Any, Callable, Dict

_Unix: Any = unix_events._UnixSelectorEventLoop


class SignalMixin:
    """add_signal_handler and remove_signal_handler."""

    _csock: Any
    _make_self_pipe: Callable[[], None]
    is_running: Callable[[], bool]
    is_closed: Callable[[], bool]

    _process_self_data = _Unix._process_self_data
    _handle_signal = _Unix._handle_signal
    _check_signal = _Unix._check_signal
    remove_signal_handler = _Unix.remove_signal_handler

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._signal_handlers: Dict[int, asyncio.Handle] = {}

    def add_signal_handler(self, sig: int, callback: Callable[..., object], *args: Any) -> None:
        """Call `callback` in the loop whenever the signal comes; in the main thread only."""
        if not self.is_closed():
            self._make_self_pipe()
        _Unix.add_signal_handler(self, sig, callback, *args)

    def run_forever(self) -> None:
        if (
            threading.current_thread() is not threading.main_thread()
            or self.is_running()
            or self.is_closed()
        ):
            super().run_forever()  # type: ignore[misc]
            return
        self._make_self_pipe()
        try:
            old = signal.set_wakeup_fd(self._csock.fileno())
        except ValueError:
            # Another interpreter's main thread, where no signal is handled.
            super().run_forever()  # type: ignore[misc]
            return
        if old not in (-1, self._csock.fileno()):
            # Somebody else wants to hear of signals; the wait ends by EINTR all the same.
            signal.set_wakeup_fd(old)
        try:
            super().run_forever()  # type: ignore[misc]
        finally:
            if not self._signal_handlers and old == -1:
                signal.set_wakeup_fd(-1)

    def close(self) -> None:
        if not self.is_running() and self._signal_handlers:
            if unix_events.sys.is_finalizing():  # type: ignore[attr-defined]
                warnings.warn(
                    f"Closing the loop {self!r} on interpreter shutdown stage, skipping signal"
                    " handlers removal",
                    ResourceWarning,
                    source=self,
                )
                self._signal_handlers.clear()
            else:
                for sig in list(self._signal_handlers):
                    self.remove_signal_handler(sig)
        super().close()  # type: ignore[misc]
