"""Libraries and servers that people use, on the loop."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any, Tuple

import postgres
import pytest
import served
from certificates import contexts
from loops import KIND, digest, noise, run, within
from served import HERE, free_port, serving, uvicorn, wrk

Paths = Tuple[Path, Path]
needs_wrk = pytest.mark.skipif(not shutil.which("wrk"), reason="needs wrk")


@pytest.mark.skipif(KIND != "ringline", reason="one of them says which loop it runs on")
@pytest.mark.parametrize("name", ["fastapi_app", "starlette_app"])
def test_examples(name: str) -> None:
    """Failure: the command in the example's first line does not serve."""
    port = free_port()
    command = ["uvicorn", "--loop", "ringline:new_event_loop", "--port", str(port)]
    command += ["--app-dir", str(HERE.parents[1] / "examples"), f"{name}:app"]
    with serving([*command, "--log-level", "warning"], port):
        said = urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10).read()
    assert b"world" in said
    assert name == "starlette_app" or b"ringline" in said


@needs_wrk
@pytest.mark.parametrize("app", ["plain", "fast", "star"])
@pytest.mark.parametrize("http", ["h11", "httptools"])
def test_uvicorn(app: str, http: str) -> None:
    """Failure: a request of a loaded server that is not answered, or answered wrongly."""
    with uvicorn(app, KIND, "--http", http) as port:
        url = f"http://127.0.0.1:{port}/"
        load = wrk(url)
        assert load.requests > 100 and not load.bad, load.text
        wanted = {"plain": b"ok", "fast": b'{"hello":"world"}', "star": b"hello, world"}
        assert urllib.request.urlopen(url, timeout=10).read() == wanted[app]


def test_uvicorn_bodies() -> None:
    """Failure: a large body that does not arrive whole, in or out."""
    with uvicorn("star", KIND) as port:
        url = f"http://127.0.0.1:{port}"
        data = noise(8_000_000)
        said = urllib.request.urlopen(f"{url}/upload", data=data, timeout=20).read()
        assert json.loads(said) == {"bytes": len(data)}
        got = urllib.request.urlopen(f"{url}/download", timeout=20).read()
        assert got == b"".join(bytes([step]) * 50_000 for step in range(100))


def test_uvicorn_on_tls(certificate: Paths) -> None:
    """Failure: a request over TLS that fails."""
    _, for_client = contexts(certificate)
    options = ["--ssl-certfile", str(certificate[0]), "--ssl-keyfile", str(certificate[1])]
    with uvicorn("fast", KIND, *options) as port:
        url = f"https://localhost:{port}/items/7?q=x"
        for _ in range(20):
            with urllib.request.urlopen(url, timeout=10, context=for_client) as answer:
                assert json.load(answer) == {"number": 7, "q": "x"}


@pytest.mark.skipif(KIND != "ringline", reason="about ringline alone")
@pytest.mark.parametrize("sample", sorted(path.name for path in (HERE / "samples").glob("*.py")))
def test_samples(sample: str) -> None:
    """Failure: a program that sets the policy, as is published for its kin, does not run."""
    path = HERE / "samples" / sample
    if "serves" not in path.read_text():
        said = subprocess.run([sys.executable, "-W", "ignore", str(path)], timeout=20)
        assert said.returncode == 0
        return
    port = free_port()
    with serving([f"samples.{path.stem}", str(port)], port):
        answer = urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10).read()
        assert b"world" in answer


def test_aiohttp(certificate: Paths) -> None:
    """Failure: requests, bodies, web sockets of aiohttp on both sides, plain and over TLS."""
    import aiohttp
    from aiohttp import web

    for_server, for_client = contexts(certificate)
    data = noise(3_000_000)

    async def echo(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    async def talk(request: web.Request) -> web.WebSocketResponse:
        peer = web.WebSocketResponse()
        await peer.prepare(request)
        async for message in peer:
            await peer.send_str(message.data[::-1])
        return peer

    async def main(context: Any, client: Any) -> None:
        app = web.Application(client_max_size=1 << 24)
        app.add_routes([web.post("/", echo), web.get("/talk", talk)])
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        port = runner.addresses[0][1]
        url = f"http{'s' if context else ''}://localhost:{port}/"
        connector = aiohttp.TCPConnector(ssl=client or False, family=socket.AF_INET)
        async with aiohttp.ClientSession(connector=connector) as session:

            async def one(step: int) -> None:
                part = data[: 1000 * step + 1]
                async with session.post(url, data=part) as answer:
                    assert digest(await answer.read()) == digest(part)

            await within(asyncio.gather(*(one(step) for step in range(50))))
            async with session.post(url, data=data) as answer:
                assert await within(answer.read()) == data
            async with session.ws_connect(url + "talk") as peer:
                for step in range(50):
                    await peer.send_str(f"message {step}")
                    assert await within(peer.receive_str()) == f"message {step}"[::-1]
        await runner.cleanup()
        await asyncio.sleep(0.1)

    run(main(None, None))
    run(main(for_server, for_client))


def test_websockets() -> None:
    """Failure: messages of many web sockets lost or in another order."""
    from websockets.asyncio.client import connect
    from websockets.asyncio.server import ServerConnection, serve

    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async def one(port: int, seed: int) -> None:
        async with connect(f"ws://127.0.0.1:{port}") as connection:
            for size in (1, 100, 200_000):
                data = noise(size, seed)
                await connection.send(data)
                assert await connection.recv() == data

    async def main() -> None:
        async with serve(echo, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            await within(asyncio.gather(*(one(port, seed) for seed in range(30))))

    run(main())


def test_httpx_and_anyio() -> None:
    """Failure: httpx, on anyio's sockets, against a server on the same loop."""
    import httpx

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (head := await reader.readuntil(b"\r\n\r\n")) and b"GET" in head:
            path = head.split()[1]
            length = len(path)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (length, path))
            await writer.drain()
            if b"/last" in head:
                break
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with httpx.AsyncClient(limits=httpx.Limits(max_connections=1)) as client:
            for step in range(50):
                assert (await client.get(f"{url}/{step}")).text == f"/{step}"
            assert (await client.get(f"{url}/last")).text == "/last"
        server.close()
        await asyncio.sleep(0.01)

    run(main())


def test_anyio(tmp_path: Path) -> None:
    """Failure: anyio's groups, sockets, files, processes, threads and cancel scopes."""
    import anyio

    async def main() -> None:
        async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
            port = listener.extra(anyio.abc.SocketAttribute.local_port)

            async def serve(stream: Any) -> None:
                async with stream:
                    async for part in stream:
                        await stream.send(part.upper())

            async with anyio.create_task_group() as group:
                group.start_soon(listener.serve, serve)
                async with await anyio.connect_tcp("127.0.0.1", port) as stream:
                    await stream.send(b"hello")
                    assert await stream.receive() == b"HELLO"
                    with anyio.move_on_after(0.01) as scope:
                        await stream.receive()
                    assert scope.cancel_called
                group.cancel_scope.cancel()
        said = await anyio.run_process([sys.executable, "-c", "print(1 + 1)"])
        assert said.stdout == b"2\n"
        assert await anyio.to_thread.run_sync(lambda: 42) == 42
        await anyio.Path(tmp_path / "file").write_text("text")
        assert await anyio.Path(tmp_path / "file").read_text() == "text"

    run(main())


@pytest.mark.skipif(postgres.programs() is None, reason="needs PostgreSQL")
def test_asyncpg() -> None:
    """Failure: queries, transactions, copies, notifications or cancels of asyncpg."""
    import asyncpg

    port = free_port()

    async def main(folder: str) -> None:
        pool = await asyncpg.create_pool(
            host="127.0.0.1", port=port, user="tester", database="postgres", min_size=2, max_size=5
        )
        await pool.execute("CREATE TABLE words (number int PRIMARY KEY, word text)")
        rows = [(step, f"word {step}") for step in range(2000)]
        async with pool.acquire() as connection:
            await connection.copy_records_to_table("words", records=rows)

        async def ask(number: int) -> None:
            got = await pool.fetchval("SELECT word FROM words WHERE number = $1", number)
            assert got == f"word {number}"

        await within(asyncio.gather(*(ask(number) for number in range(0, 2000, 10))))
        big = await pool.fetchval("SELECT repeat('x', 3000000)")
        assert len(big) == 3_000_000
        heard: "asyncio.Queue[str]" = asyncio.Queue()
        other = await asyncpg.connect(host=folder, port=port, user="tester", database="postgres")
        await other.add_listener("news", lambda *said: heard.put_nowait(said[3]))
        await pool.execute("SELECT pg_notify('news', 'of today')")
        assert await within(heard.get()) == "of today"
        with pytest.raises(asyncio.TimeoutError):
            await other.fetchval("SELECT pg_sleep(20)", timeout=0.1)
        assert await other.fetchval("SELECT 1") == 1
        await other.close()
        await pool.close()

    with postgres.running(port) as folder:
        run(main(folder))


def test_pipeline() -> None:
    """Failure: bytes lost in a pipeline of processes, or one that is not waited for."""

    async def main() -> None:
        data = noise(5_000_000)
        reader, writer = os.pipe()
        first = await asyncio.create_subprocess_exec(
            "cat", stdin=asyncio.subprocess.PIPE, stdout=writer
        )
        os.close(writer)
        second = await asyncio.create_subprocess_exec(
            "sha256sum", stdin=reader, stdout=asyncio.subprocess.PIPE
        )
        os.close(reader)
        assert first.stdin is not None

        async def feed() -> None:
            assert first.stdin is not None
            for place in range(0, len(data), 65536):
                first.stdin.write(data[place : place + 65536])
                await first.stdin.drain()
            first.stdin.close()

        (said, _), _ = await within(asyncio.gather(second.communicate(), feed()))
        assert said.split()[0].decode() == digest(data)
        assert (await first.wait(), await second.wait()) == (0, 0)

    run(main())
