"""What a loop shall be like: keyword arguments, else RINGLINE_* variables, else defaults.

Owns the names, limits and defaults. A value that cannot be is an error that names the option, the
value and what it may be; nothing is rounded or ignored in silence.
"""

import os
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

_WORDS = {"1": True, "true": True, "yes": True, "on": True}
_WORDS.update({"0": False, "false": False, "no": False, "off": False, "": False})


class Config(NamedTuple):
    """The options of an event loop.

    Attributes
    ----------
    buffer_size : int
        Bytes of each receive buffer (RINGLINE_BUFFER_SIZE).
    buffer_count : int
        How many there are, a power of two (RINGLINE_BUFFER_COUNT).
    ring_size : int
        Submission entries, a power of two (RINGLINE_RING_SIZE).
    sqpoll : bool
        Let a kernel thread poll the submission queue (RINGLINE_SQPOLL); where it may not, the loop
        goes on without and logs it. The kernel thread has the rights of who made the loop, also
        after os.setuid(): make the loop afterwards.
    spin_us : int
        Microseconds to look at the completion queue before each sleep (RINGLINE_SPIN_US).
    send : str
        When a small write goes (RINGLINE_SEND): "auto", at once where nothing else is ready in the
        iteration, else at its end, with what the others write; "now", always at once, by a system
        call for each; "turn", always at the iteration's end.
    fallback : bool
        Where rings are forbidden or may lock no memory, warn and use asyncio's own loop
        (RINGLINE_FALLBACK).
    """

    buffer_size: int = 65536
    buffer_count: int = 16
    ring_size: int = 64
    sqpoll: bool = False
    spin_us: int = 0
    send: str = "auto"
    fallback: bool = False


#: Least and most of each number, and whether only powers of two will do.
_LIMITS: Dict[str, Tuple[int, int, bool]] = {
    "buffer_size": (1024, 1 << 24, False),
    "buffer_count": (1, 32768, True),
    "ring_size": (8, 32768, True),
    "spin_us": (0, 1_000_000, False),
}
_POOL_MOST = 64 << 20
#: The words that `send` may be.
SENDS = ("auto", "now", "turn")


def _number(said: str, name: str, value: Any) -> int:
    least, most, power = _LIMITS[name]
    if isinstance(value, str):
        try:
            value = int(value)
        except ValueError:
            raise ValueError(f"{said}={value!r} is not a whole number") from None
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{said}={value!r} is not a whole number")
    if not least <= value <= most:
        raise ValueError(f"{said}={value} is not in {least}..{most}")
    if power and value & (value - 1):
        raise ValueError(f"{said}={value} is not a power of two")
    return value


def _word(said: str, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{said}={value!r} is not a word: it is one of {', '.join(SENDS)}")
    if value not in SENDS:
        raise ValueError(f"{said}={value!r} is not one of {', '.join(SENDS)}")
    return value


def truth(said: str, value: Any) -> bool:
    if isinstance(value, str):
        found = _WORDS.get(value.strip().lower())
        if found is None:
            raise ValueError(f"{said}={value!r} is neither 1 nor 0")
        return found
    if not isinstance(value, (bool, int)) or value not in (0, 1):
        raise TypeError(f"{said}={value!r} is neither True nor False")
    return bool(value)


def configure(options: Dict[str, Any], environment: Optional[Dict[str, str]] = None) -> Config:
    """The options given, completed by the environment's and the defaults.

    Raises
    ------
    TypeError, ValueError
        An option that there is not, or a value that cannot be.
    """
    variables = os.environ if environment is None else environment
    unknown: List[str] = sorted(set(options) - set(Config._fields))
    if unknown:
        known = ", ".join(Config._fields)
        raise TypeError(f"an event loop has no option {unknown[0]!r}; it has {known}")
    found: Dict[str, Any] = {}
    for name in Config._fields:
        said, value = name, options.get(name)
        if value is None:
            said = f"RINGLINE_{name.upper()}"
            value = variables.get(said) or None  # An empty one is as none.
        if value is None:
            continue
        if name in _LIMITS:
            found[name] = _number(said, name, value)
        else:
            found[name] = (_word if name == "send" else truth)(said, value)
    config = Config(**found)
    if config.buffer_size * config.buffer_count > _POOL_MOST:
        raise ValueError(
            f"buffer_size={config.buffer_size} times buffer_count={config.buffer_count} is more "
            f"than {_POOL_MOST} bytes"
        )
    return config
