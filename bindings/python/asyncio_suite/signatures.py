"""Whether asyncio and this package can call each other, in this interpreter.

Run by run.py with each interpreter, and by tests/test_loop_signatures.py. Prints a line for each
difference, and at the end how many functions were looked at; exits with 1 where there was one.
Which functions are overridden is seen from the classes, so that none is forgotten; what is called
of asyncio's private functions stands in CALLED.
"""

import inspect
import sys
from asyncio import base_events, base_subprocess, futures, selector_events, sslproto, unix_events
from typing import Any, Iterator, List, Tuple

import ringline
from ringline import _datagram, _pipe, _process, _stream, _tls

_Base: Any = base_events
_Selecting: Any = selector_events
_Unix: Any = unix_events
_futures: Any = futures
#: Ours, and what it takes the place of.
PLACES: List[Tuple[Any, Any]] = [
    (ringline.EventLoop, _Unix._UnixSelectorEventLoop),
    (_stream.SocketTransport, _Selecting._SelectorSocketTransport),
    (_datagram.DatagramTransport, _Selecting._SelectorDatagramTransport),
    (_pipe.ReadPipeTransport, _Unix._UnixReadPipeTransport),
    (_pipe.WritePipeTransport, _Unix._UnixWritePipeTransport),
    (_process.SubprocessTransport, base_subprocess.BaseSubprocessTransport),
    (_tls.TlsProtocol, sslproto.SSLProtocol),
]
#: What is called, and the parameters of it that are known, of all versions together.
CALLED: List[Tuple[Any, str]] = [
    (base_events.Server._attach, "transport"),
    (base_events.Server._detach, "transport"),
    (_Base._check_ssl_socket, "sock"),
    (_futures._set_result_unless_cancelled, "fut result"),
    (
        sslproto.SSLProtocol.__init__,
        "loop app_protocol sslcontext waiter server_side server_hostname call_connection_made"
        " ssl_handshake_timeout ssl_shutdown_timeout",
    ),
    (
        base_subprocess.BaseSubprocessTransport.__init__,
        "loop protocol args shell stdin stdout stderr bufsize waiter extra kwargs",
    ),
    (
        _Unix._UnixSelectorEventLoop.create_unix_server,
        "protocol_factory path sock backlog ssl ssl_handshake_timeout ssl_shutdown_timeout"
        " start_serving cleanup_socket",
    ),
]


def own_functions(kind: Any) -> Iterator[Tuple[str, Any]]:
    """The functions that this package's classes bring, by name. Those of the native layer have no
    signature; a function of Python stands behind each."""
    for base in kind.__mro__:
        if base.__module__.startswith("ringline"):
            for name, found in vars(base).items():
                if inspect.isfunction(found) and not name.startswith("__"):
                    yield name, found


def refused(ours: Any, theirs: Any) -> str:
    """Why `ours` cannot be called as `theirs` can, by position or by name; else nothing."""
    parameters = list(inspect.signature(theirs).parameters.values())
    by_position, by_name = [], {}
    for each in parameters:
        if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD):
            by_position.append(each)
        elif each.kind is each.KEYWORD_ONLY:
            by_name[each.name] = None
    required = [each for each in by_position if each.default is each.empty]
    names = {each.name: None for each in by_position[len(required) :]}
    accepts = inspect.signature(ours)
    try:
        accepts.bind(*by_position, **by_name)
        accepts.bind(*required, **names, **by_name)
    except TypeError as error:
        return f"{accepts} cannot be called as {inspect.signature(theirs)}: {error}"
    return ""


def differences() -> Iterator[Tuple[str, str]]:
    """What was looked at, and what is wrong with it or nothing."""
    for kind, theirs in PLACES:
        for name, ours in own_functions(kind):
            their = getattr(theirs, name, None)
            if inspect.isfunction(their) and their is not ours:
                yield f"{ours.__module__}: {ours.__qualname__}", refused(ours, their)
    stubs, selecting = PLACES[0][1].__mro__[2], PLACES[0][1]
    for name, stub in vars(stubs).items():
        if inspect.isfunction(stub) and getattr(selecting, name) is not stub:
            missing = getattr(ringline.EventLoop, name) is stub
            yield name, "the selector loop has its own, and this package's loop not" * missing
    for called, known in CALLED:
        new = set(inspect.signature(called).parameters) - {"self", *known.split()}
        yield called.__qualname__, f"has parameters that are not known: {sorted(new)}" * bool(new)


def main() -> int:
    looked, bad = 0, 0
    for name, wrong in differences():
        looked += 1
        bad += bool(wrong)
        if wrong:
            print(f"{name} {wrong}")
    print(f"signatures: {looked - bad} as asyncio's, {bad} not")
    return 1 if bad or not looked else 0


if __name__ == "__main__":
    sys.exit(main())
