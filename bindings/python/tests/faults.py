"""What tests of failures share: a loop whose ring fails as they say.

`Faults` stands between a loop and the library's turn. An operation that is to fail becomes a NOP
with that result, so that the kernel itself completes it; a turn can be kept from the kernel, or be
made and then said to have failed. Both layers turn through it.
"""

import ctypes
from typing import Any, List

from ringline import _abi, _turning
from ringline._library import quick, waiting

_TURN = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)


class _Turned:
    """The library's functions, of which one is another."""

    def __init__(self, functions: Any, turn: Any) -> None:
        self._functions, self.turn = functions, turn

    def __getattr__(self, name: str) -> Any:
        return getattr(self._functions, name)


class Faults:
    """Stands below a loop that has not run yet, until `end`.

    Attributes
    ----------
    made : int
        How many faults there were.
    """

    def __init__(self, loop: Any) -> None:
        self.engine = loop._engine
        self.made = 0
        self._ops: List[Any] = []
        self._turns: List[Any] = []
        self._call = _TURN(self._turn)
        if hasattr(self.engine, "_bind"):
            handle = self.engine._handle
            functions: List[Any] = [self._call, quick.cancel, quick.lease_release]
            others = [
                ctypes.cast(function, ctypes.c_void_p).value
                for function in functions
            ]
            self.engine._bind(quick.shared_block(handle), handle, *others)
        else:
            self._through(_Turned(quick, self._turn), _Turned(waiting, self._turn))

    @staticmethod
    def _through(quickly: Any, waitingly: Any) -> None:
        # The pure layer finds the library in its module.
        vars(_turning).update(quick=quickly, waiting=waitingly)

    def end(self) -> None:
        self._through(quick, waiting)

    def fail(self, opcode: int, error: int, times: int = 1) -> None:
        """The next operations of this kind end by an errno."""
        self._ops.append([opcode, -error, times, None])

    def shorten(self, opcode: int, length: int, times: int) -> None:
        """The next operations of this kind do at most so much."""
        self._ops.append([opcode, 0, times, length])

    def refuse(self, error: int, times: int = 1) -> None:
        """The next turns that submit something reach no kernel, and say an errno."""
        self._turns.append([error, times, False])

    def spoil(self, error: int) -> None:
        """The next turn that submits something is made, and says an errno."""
        self._turns.append([error, 1, True])

    def heal(self) -> None:
        """Nothing fails any more."""
        self._ops.clear()
        self._turns.clear()

    def _turn(self, handle: int) -> int:
        shared = _abi.Shared.from_address(quick.shared_block(handle))
        ops = (_abi.Op * shared.ops_len).from_address(shared.ops)
        for op in ops:
            self._change(op)
        turn = waiting.turn if shared.wait_min else quick.turn
        if not shared.ops_len or not self._turns:
            return int(turn(handle))
        fault = self._turns[0]
        error, fault[1], made = fault[0], fault[1] - 1, fault[2]
        if not fault[1]:
            del self._turns[0]
        self.made += 1
        if made:
            turn(handle)
        else:
            shared.op_error = -error
        return -int(error)

    def _change(self, op: Any) -> None:
        for rule in self._ops:
            opcode, res, _, length = rule
            if op.opcode != opcode or op.user_data == 0:
                continue
            if length is not None:
                # What is whole is not told of a QUIET one.
                op.len, op.ext = min(op.len, length), 0
            else:
                user_data = op.user_data
                ctypes.memset(ctypes.addressof(op), 0, ctypes.sizeof(op))
                op.fd, op.user_data = -1, user_data
                op.op_flags, op.len = _abi.NOP_INJECT_RESULT, res & 0xFFFF_FFFF
            self.made += 1
            rule[2] -= 1
            if not rule[2]:
                self._ops.remove(rule)
            return
