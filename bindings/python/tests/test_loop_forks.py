"""Loops and fork(): one that ran stays its process's, one that has not goes along."""

from loops import only_ringline, program


@only_ringline
def test_fork() -> None:
    """Failure: a child that uses its parent's loop and is not told, or harms the parent."""
    text = """
loop = new_loop()
async def main():
    child = os.fork()
    if child == 0:
        code = 4
        try:
            asyncio._set_running_loop(None)
            loop._thread_id = None
            loop.run_until_complete(asyncio.sleep(0.01))
        except Exception as error:
            code = 0 if "fork" in str(error) else 5
            if code:
                print(repr(error), file=sys.stderr)
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0, "the child failed"
    await asyncio.sleep(0.01)
    print("the parent goes on")
loop.run_until_complete(main())
loop.close()
"""
    said = program(text)
    assert (said.returncode, said.stdout) == (0, "the parent goes on\n"), said.stderr


def test_fork_before_the_first_run() -> None:
    """Failure: a loop that was made before a fork and not run yet, as servers do that load their
    application once, does not run in the child, or has lost what it was told; or its parent's."""
    text = """
loop = new_loop()
seen = []
loop.call_soon(seen.append, "soon")
loop.call_later(0.01, seen.append, "later")
loop.call_at(loop.time() + 0.02, seen.append, "at")
task = loop.create_task(asyncio.sleep(0.001, "task"))
waits = asyncio.Event()
async def serve(reader, writer):
    writer.write((await reader.readexactly(5)).upper())
    await writer.drain()
    writer.close()
async def main():
    reading, writing = os.pipe()
    loop.add_reader(reading, waits.set)
    os.write(writing, b"x")
    await waits.wait()
    loop.remove_reader(reading)
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    for each in range(3):
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"hello")
        assert await reader.read() == b"HELLO"
        writer.close()
    server.close()
    told = loop.create_future()
    threading.Thread(target=loop.call_soon_threadsafe, args=(told.set_result, "thread")).start()
    return [await told, await loop.run_in_executor(None, str, 5), await task]
def whole():
    assert loop.run_until_complete(main()) == ["thread", "5", "task"]
    loop.run_until_complete(asyncio.sleep(0.05))
    assert seen == ["soon", "later", "at"], seen
    loop.close()
for _ in range(2):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            whole()
            code = 0
        except BaseException as error:
            print(repr(error), file=sys.stderr)
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0, "a child failed"
whole()
print("all")
"""
    said = program(text)
    assert (said.returncode, said.stdout) == (0, "all\n"), said.stderr


def test_readers_from_before_a_fork() -> None:
    """Failure: readers that a loop that has not run had before a fork are lost in the child, or in
    the parent."""
    text = """
loop = new_loop()
left, right = socket.socketpair()
left.setblocking(False)
loop.add_reader(left, loop.stop)
child = os.fork()
if child == 0:
    code = 1
    try:
        right.send(b"x")
        loop.run_forever()
        code = 0
    finally:
        os._exit(code)
assert os.waitpid(child, 0)[1] == 0
loop.run_forever()
loop.remove_reader(left)
loop.close()
print("both")
"""
    said = program(text, limit=20)
    assert (said.returncode, said.stdout) == (0, "both\n"), said.stderr


@only_ringline
def test_fork_with_operations_in_flight() -> None:
    """Failure: a loop that has not run, of which the parent's kernel has something, goes on in the
    child without it."""
    text = """
from ringline import _abi
loop = new_loop()
reading, writing = os.pipe()
loop._engine.submit(_abi.OP_POLL_ADD, reading, 0, 0, 0, 1, lambda *_: loop.stop())
loop._engine.fetch(0)
child = os.fork()
if child == 0:
    code = 1
    try:
        loop.run_until_complete(asyncio.sleep(0.01))
    except RuntimeError as error:
        code = 0 if "before fork()" in str(error) else 2
    finally:
        os._exit(code)
assert os.waitpid(child, 0)[1] == 0
os.write(writing, b"x")
loop.run_forever()
loop.close()
print("told")
"""
    said = program(text, limit=20)
    assert (said.returncode, said.stdout) == (0, "told\n"), said.stderr


def test_new_loop_after_a_fork() -> None:
    """Failure: a forked child that cannot make a loop of its own."""
    text = """
async def main():
    await asyncio.sleep(0.001)
loop = new_loop()
loop.run_until_complete(main())
child = os.fork()
if child == 0:
    code = 1
    try:
        fresh = new_loop()
        fresh.run_until_complete(main())
        fresh.close()
        code = 0
    finally:
        os._exit(code)
assert os.waitpid(child, 0)[1] == 0
loop.run_until_complete(main())
loop.close()
print("both")
"""
    said = program(text)
    assert said.stdout == "both\n", said.stderr
