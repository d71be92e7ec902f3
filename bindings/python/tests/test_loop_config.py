"""How a program gets the loop: options, variables, policy, install, run, fallback."""

import asyncio
import gc
import json
import os
import subprocess
import sys
import warnings
from typing import Any, Dict

import pytest
from loops import only_ringline, program

import ringline
from ringline._config import Config, configure

pytestmark = only_ringline

DOCTOR = "python -m ringline doctor"
#: Has the kernel refuse io_uring_setup and its kin, as containers' seccomp filters do.
FORBID = """
import ctypes, struct
libc = ctypes.CDLL(None, use_errno=True)
code = [(0x20, 0, 0, 0), (0x35, 0, 2, 425), (0x25, 1, 0, 427), (0x06, 0, 0, 0x00050001)]
code += [(0x06, 0, 0, 0x7fff0000)]
room = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in code))
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]
filter = Program(len(code), ctypes.addressof(room))
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.byref(filter), 0, 0) == 0
"""


@pytest.mark.parametrize(
    "options",
    [
        {"buffer_size": 3},
        {"buffer_size": "many"},
        {"buffer_count": 0},
        {"buffer_count": 3},
        {"buffer_count": 1.5},
        {"ring_size": 1 << 20},
        {"ring_size": True},
        {"spin_us": -1},
        {"sqpoll": "maybe"},
        {"fallback": 2},
        {"send": "later"},
        {"send": True},
        {"bufer_size": 65536},
    ],
)
def test_wrong_options(options: Dict[str, Any]) -> None:
    """Failure: a value that cannot be and is taken, or an error that does not name it."""
    (name,) = options
    for make in (ringline.new_event_loop, ringline.EventLoopPolicy, ringline.install):
        with pytest.raises((TypeError, ValueError)) as caught:
            make(**options)
        assert name in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BUFFER_SIZE", "64k"),
        ("BUFFER_COUNT", "7"),
        ("RING_SIZE", "-8"),
        ("SPIN_US", "soon"),
        ("SQPOLL", "perhaps"),
        ("FALLBACK", "2"),
        ("SEND", "soon"),
    ],
)
def test_wrong_variables(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Failure: a variable that is wrong and ignored in silence."""
    monkeypatch.setenv(f"RINGLINE_{name}", value)
    with pytest.raises(ValueError) as caught:
        ringline.new_event_loop()
    assert f"RINGLINE_{name}" in str(caught.value) and value in str(caught.value)


@pytest.mark.parametrize("name", Config._fields)
def test_an_empty_variable_is_as_none(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Failure: a variable that a script or a container's file leaves empty stops the program."""
    monkeypatch.setenv(f"RINGLINE_{name.upper()}", "")
    assert configure({}) == Config()


def test_options_have_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failure: an option or a variable that changes nothing, or the wrong one of both wins."""
    monkeypatch.setenv("RINGLINE_BUFFER_COUNT", "8")
    monkeypatch.setenv("RINGLINE_BUFFER_SIZE", "8192")
    loop = ringline.new_event_loop(buffer_size=4096)
    assert isinstance(loop, ringline.EventLoop)
    info = loop.ring_info()
    assert (info["buffer_size"], info["buffer_count"]) == (4096, 8)
    loop.close()


def test_flags_have_names() -> None:
    """Failure: flags of which nobody knows what they are, or that are no numbers any more."""
    loop: Any = ringline.new_event_loop()
    info = loop.ring_info()
    loop.close()
    features, setup = info["features"], info["setup_flags"]
    assert features & ringline.FEATURE_POOL and "POOL" in repr(features)
    assert "SINGLE_ISSUER" in repr(setup) and setup & 1 << 12
    for name in ("features", "disabled", "setup_flags"):
        assert json.loads(json.dumps(info))[name] == int(info[name]) == info[name]


def test_run() -> None:
    """Failure: run that uses another loop, or that does not give the result."""

    async def main() -> str:
        assert isinstance(asyncio.get_running_loop(), ringline.EventLoop)
        assert asyncio.get_running_loop().get_debug()
        return "result"

    assert ringline.run(main(), debug=True, buffer_count=2) == "result"


def test_install_and_policy() -> None:
    """Failure: asyncio that goes on with its own loop."""
    policy = "asyncio.set_event_loop_policy(ringline.EventLoopPolicy())"
    for switch in ("ringline.install()", policy):
        text = f"""
import warnings; warnings.simplefilter("ignore")
{switch}
async def main():
    print(isinstance(asyncio.get_running_loop(), ringline.EventLoop))
asyncio.run(main())
print(isinstance(asyncio.new_event_loop(), ringline.EventLoop))
"""
        said = program(text)
        assert said.stdout == "True\nTrue\n", said.stderr


#: Each says what thread has which loop when `install` comes, and whether that is too late.
COMINGS = {
    "nothing": ("ringline.install()", False),
    "asyncio.run that is over": ("asyncio.run(asyncio.sleep(0)); ringline.install()", False),
    "a loop that is set": ("asyncio.set_event_loop(stock()); ringline.install()", True),
    "a closed one": (
        "loop = stock(); asyncio.set_event_loop(loop); loop.close(); ringline.install()",
        False,
    ),
    "a loop that runs": ("stock().run_until_complete(installs())", True),
    "one in another thread": (
        "threading.Thread(target=stock().run_forever, daemon=True).start(); ringline.install()",
        False,
    ),
    "in the thread of the loop": (
        "thread = threading.Thread(target=stock().run_until_complete, args=[installs()])\n"
        "thread.start(); thread.join()",
        True,
    ),
    "ours that runs": ("ringline.run(installs())", False),
    "ours that is set": ("asyncio.set_event_loop(new_loop()); ringline.install()", False),
    "installed before": (
        "ringline.install(); asyncio.set_event_loop(new_loop()); ringline.install()",
        False,
    ),
}


@pytest.mark.parametrize("coming", COMINGS)
def test_install_too_late(coming: str) -> None:
    """Failure: an install() that does nothing for this thread and does not say so, or a warning
    where it does all that it should."""
    text, late = COMINGS[coming]
    said = program(f"""
import gc, warnings
stock = asyncio.SelectorEventLoop
async def installs():
    ringline.install()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", ResourceWarning)
{"".join(f"    {line}" + chr(10) for line in text.split(chr(10)))}
for each in caught:
    print(each.category.__name__, each.filename, each.message)
print(isinstance(asyncio.new_event_loop(), ringline.EventLoop), flush=True)
os._exit(0)
""")
    *warned, ours = said.stdout.splitlines()
    assert ours == "True", said.stderr
    assert len(warned) == late, warned
    assert all(line.startswith("RuntimeWarning <string> ringline.install()") for line in warned)
    assert all("too late" in line and "--loop ringline:" in line for line in warned)


def test_forbidden() -> None:
    """Failure: where rings are forbidden, an error that names neither cause nor remedy."""
    said = program(FORBID + "ringline.new_event_loop()")
    assert said.returncode == 1
    last = said.stderr.strip().split("\n")[-1]
    assert "io_uring" in said.stderr and "seccomp" in said.stderr, last
    assert f"`{DOCTOR}`" in last
    again = f"import subprocess; subprocess.run([sys.executable, *{DOCTOR.split()[1:]}])"
    assert "remedy" in program(FORBID + again).stdout


#: As FORBID, of one call alone.
FORBID_ONE = FORBID.replace("(0x35, 0, 2, 425), (0x25, 1, 0, 427)", "(0x15, 0, 1, NUMBER)")


@pytest.mark.parametrize(("number", "name"), [(426, "io_uring_enter"), (427, "io_uring_register")])
def test_one_call_is_forbidden(number: int, name: str) -> None:
    """Failure: where one call of io_uring is forbidden, a loop that is made and cannot run, a
    fallback that is not taken, or an error that names another call."""
    forbid = FORBID_ONE.replace("NUMBER", str(number))
    said = program(forbid + "ringline.new_event_loop()")
    assert said.returncode == 1
    last = said.stderr.strip().split("\n")[-1]
    assert f"{name}(2) is forbidden" in last and "seccomp" in last, said.stderr
    make = "loop = ringline.new_event_loop(fallback=True)\n"
    run = "print(loop.run_until_complete(asyncio.sleep(0, 'slept')))\n"
    assert program(forbid + make + run).stdout == "slept\n"
    if name == "io_uring_enter":
        # The filter comes when the loop is there.
        late = "loop = ringline.new_event_loop()\n" + forbid
        said = program(late + "loop.run_until_complete(asyncio.sleep(0.01))")
        assert f"{name}(2) is forbidden" in said.stderr, said.stderr


@pytest.mark.parametrize("how", ["argument", "variable", "install", "policy"])
def test_fallback(how: str) -> None:
    """Failure: fallback that does not warn, or does not work, where rings are forbidden."""
    switch = {
        "argument": "loop = ringline.new_event_loop(fallback=True)",
        "variable": "os.environ['RINGLINE_FALLBACK'] = '1'; loop = ringline.new_event_loop()",
        "install": "ringline.install(fallback=True); loop = asyncio.new_event_loop()",
        "policy": "asyncio.set_event_loop_policy(ringline.EventLoopPolicy(fallback=True));"
        " loop = asyncio.new_event_loop()",
    }[how]
    text = f"""
{FORBID}
{switch}
assert not isinstance(loop, ringline.EventLoop)
print(loop.run_until_complete(asyncio.sleep(0.001, "slept")))
loop.close()
"""
    said = program(text)
    assert said.stdout == "slept\n", said.stderr
    assert "RuntimeWarning: no io_uring here" in said.stderr


def test_fallback_is_not_taken_where_rings_work() -> None:
    """Failure: fallback that gives asyncio's loop though a ring can be made."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loop = ringline.new_event_loop(fallback=True)
    assert isinstance(loop, ringline.EventLoop)
    loop.close()


def test_free_threaded_python_is_refused() -> None:
    """Failure: a native module that is silently not there, on a Python without its lock."""
    text = 'import sys; sys.abiflags = "t"; import ringline; print(ringline._layer.loaded)'
    for pure, said in (("0", "RINGLINE_PURE=1"), ("1", "None")):
        env = {**os.environ, "RINGLINE_PURE": pure}
        ran = subprocess.run(
            [sys.executable, "-c", text], env=env, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert said in ran.stdout and (ran.returncode == 0) == (pure == "1"), ran.stdout



def test_run_within_a_loop() -> None:
    """Failure: a run within a loop makes another one, and leaves a coroutine of its own behind."""

    async def main() -> None:
        inner = asyncio.sleep(0)
        with warnings.catch_warnings(), pytest.raises(RuntimeError, match="running event loop"):
            warnings.simplefilter("error")
            ringline.run(inner)
        gc.collect()
        inner.close()

    ringline.run(main())


def test_pure_is_forced() -> None:
    """Failure: RINGLINE_PURE=1 that loads the native module all the same."""
    text = "import sys, ringline; ringline.new_event_loop().close();"
    text += "print('ringline._native' in sys.modules)"
    env = {**os.environ, "RINGLINE_PURE": "1"}
    said = subprocess.run([sys.executable, "-c", text], stdout=subprocess.PIPE, env=env, check=True)
    assert said.stdout == b"False\n"


def test_sqpoll_steps_down_or_works() -> None:
    """Failure: a loop with sqpoll that does not run."""

    async def main() -> int:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, lambda: 42)

    assert ringline.run(main(), sqpoll=True) == 42


def test_spin() -> None:
    """Failure: a loop that spins and misses a wake."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for _ in range(100):
            assert await loop.run_in_executor(None, lambda: 42) == 42
            await asyncio.sleep(0.0001)

    ringline.run(main(), spin_us=50)
