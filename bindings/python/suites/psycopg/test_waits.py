"""psycopg's asynchronous connections, whose waits are add_reader and add_writer of the loop.

Ours, as psycopg's own tests are in no archive of the package index: what its waits are asked to do,
with intervals of zero and more, ended, cancelled and beside each other.
"""

import asyncio
import os
from typing import Any, Callable, Coroutine, List

import psycopg
import pytest
from psycopg import waiting

WHERE = f"host=127.0.0.1 port={os.environ.get('SUITES_POSTGRESQL')} user=tester dbname=postgres"
INTERVALS = (0, 0.001, 0.1, 5)


def on_a_loop(main: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Runs a test with a connection, within a time."""

    def run(interval: float) -> None:
        async def connected() -> None:
            async with await psycopg.AsyncConnection.connect(WHERE, autocommit=True) as connection:
                await asyncio.wait_for(main(connection, interval), 20)

        asyncio.run(connected())

    run.__name__, run.__doc__ = main.__name__, main.__doc__
    run = pytest.mark.parametrize("interval", INTERVALS)(run)
    return run


async def query(connection: Any, interval: float, text: str) -> List[Any]:
    """A query by the generator and the wait that psycopg itself uses."""
    connection.pgconn.send_query(text.encode())
    results = await waiting.wait_async(
        psycopg.generators.fetch_many(connection.pgconn), connection.pgconn.socket, interval
    )
    return [result.get_value(0, 0) for result in results if result.ntuples]


@on_a_loop
async def test_a_query(connection: Any, interval: float) -> None:
    assert await query(connection, interval, "select 7") == [b"7"]


@on_a_loop
async def test_a_query_that_takes_a_while(connection: Any, interval: float) -> None:
    assert await query(connection, interval, "select 8 from pg_sleep(0.2)") == [b"8"]


@on_a_loop
async def test_several_results(connection: Any, interval: float) -> None:
    found = await query(connection, interval, "select 1; select pg_sleep(0.05); select 3")
    assert [found[0], found[-1]] == [b"1", b"3"]


@on_a_loop
async def test_a_large_result(connection: Any, interval: float) -> None:
    found = await query(connection, interval, "select repeat('x', 5000000)")
    assert [len(value) for value in found] == [5_000_000]


@on_a_loop
async def test_large_parameters(connection: Any, interval: float) -> None:
    """The server reads more than its socket holds: the wait is for both directions."""
    cursor = await connection.execute("select length(%s::text)", ["y" * 8_000_000])
    assert await cursor.fetchone() == (8_000_000,)


@on_a_loop
async def test_queries_beside_each_other(connection: Any, interval: float) -> None:
    async def one(number: int) -> None:
        async with await psycopg.AsyncConnection.connect(WHERE) as other:
            for step in range(5):
                text = f"select {number * 10 + step}"
                assert await query(other, interval, text) == [str(number * 10 + step).encode()]

    await asyncio.gather(*(one(number) for number in range(8)))


@on_a_loop
async def test_a_wait_that_is_cancelled(connection: Any, interval: float) -> None:
    task = asyncio.create_task(connection.execute("select pg_sleep(10)"))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    cursor = await connection.execute("select 9")
    assert await cursor.fetchone() == (9,)


@on_a_loop
async def test_a_cancel_by_the_connection(connection: Any, interval: float) -> None:
    task = asyncio.create_task(query(connection, interval, "select pg_sleep(10)"))
    await asyncio.sleep(0.1)
    await connection.cancel_safe()
    await task


@on_a_loop
async def test_a_server_that_ends_the_connection(connection: Any, interval: float) -> None:
    async with await psycopg.AsyncConnection.connect(WHERE, autocommit=True) as other:
        task = asyncio.create_task(query(other, interval, "select pg_sleep(10)"))
        await asyncio.sleep(0.1)
        await connection.execute("select pg_terminate_backend(%s)", [other.info.backend_pid])
        try:
            await task
        except psycopg.OperationalError:
            pass
        with pytest.raises(psycopg.OperationalError):
            await other.execute("select 1")


@on_a_loop
async def test_notifications(connection: Any, interval: float) -> None:
    await connection.execute("listen here")
    async with await psycopg.AsyncConnection.connect(WHERE, autocommit=True) as other:
        for number in range(3):
            await other.execute(f"notify here, '{number}'")
    found = [each.payload async for each in connection.notifies(timeout=5, stop_after=3)]
    assert found == ["0", "1", "2"]
    assert [each async for each in connection.notifies(timeout=0)] == []


@on_a_loop
async def test_copy_both_ways(connection: Any, interval: float) -> None:
    await connection.execute("create temp table rows (number int, text text)")
    cursor = connection.cursor()
    async with cursor.copy("copy rows from stdin") as copy:
        for number in range(20_000):
            await copy.write_row((number, "z" * 50))
    async with cursor.copy("copy rows to stdout") as copy:
        assert len([row async for row in copy.rows()]) == 20_000


@on_a_loop
async def test_a_pipeline(connection: Any, interval: float) -> None:
    async with connection.pipeline():
        cursors = [await connection.execute("select %s::int", [n]) for n in range(200)]
        assert [(await cursor.fetchone())[0] for cursor in cursors] == list(range(200))
