"""A protocol that turns the loop itself, in its callback, as nest_asyncio lets programs do."""

import pytest
from loops import only_ringline, program

pytest.importorskip("nest_asyncio")
pytestmark = only_ringline  # asyncio tells the handler of it, and asks again.

BEGIN = """
import nest_asyncio
loop = new_loop()
nest_asyncio.apply(loop)
asyncio.set_event_loop(loop)
heard = []
loop.set_exception_handler(lambda _, context: heard.append(context))

class Nested(asyncio.Protocol):
    turns = True
    def data_received(self, data, address=None):
        heard.append(data)
        if self.turns:
            self.turns = False
            loop.run_until_complete(asyncio.sleep(0.1))
    datagram_received = data_received
    def eof_received(self):
        heard.append("end")
    def connection_lost(self, error):
        heard.append("lost")

async def later(*calls):
    for call in calls:
        await asyncio.sleep(0.03)
        call()
    await asyncio.sleep(0.2)
"""
WAYS = {
    "stream": """
async def main():
    left, right = socket.socketpair()
    await loop.create_connection(Nested, sock=left)
    await later(lambda: right.send(b"0"), lambda: right.send(b"1"), lambda: right.shutdown(1))
""",
    "held": """
async def main():
    left, right = socket.socketpair()
    transport, _ = await loop.create_connection(Nested, sock=left)
    transport.pause_reading()
    right.send(b"0")
    await asyncio.sleep(0.03)
    transport.resume_reading()
    await later(lambda: right.send(b"1"), lambda: right.shutdown(1))
""",
    "pipe": """
async def main():
    left, right = os.pipe()
    await loop.connect_read_pipe(Nested, os.fdopen(left, "rb"))
    await later(
        lambda: os.write(right, b"0"), lambda: os.write(right, b"1"), lambda: os.close(right)
    )
""",
    "datagrams": """
async def main():
    transport, _ = await loop.create_datagram_endpoint(Nested, local_addr=("127.0.0.1", 0))
    right = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    right.connect(transport.get_extra_info("sockname"))
    await later(lambda: right.send(b"0"), lambda: right.send(b"1"))
    transport.close()
    heard.append("end")
    await asyncio.sleep(0.01)
""",
}


@pytest.mark.parametrize("way", sorted(WAYS))
def test_data_while_a_callback_turns_the_loop(way: str) -> None:
    """Failure: data or an end that nobody is told, or a connection that dies of it."""
    ran = program(BEGIN + WAYS[way] + "loop.run_until_complete(main())\nprint(heard)")
    assert ran.stdout == "[b'0', b'1', 'end', 'lost']\n", ran.stdout + ran.stderr


def test_clients_while_a_factory_turns_the_loop() -> None:
    """Failure: a client that nobody serves and nobody closes."""
    text = """
class Greeting(asyncio.Protocol):
    def connection_made(self, transport):
        transport.write(b"hello")
        transport.close()

made = []
def factory():
    made.append(1)
    if len(made) == 1:
        loop.run_until_complete(asyncio.sleep(0.1))
    return Greeting()

async def one(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    heard.append(await reader.read())
    writer.close()

async def main():
    server = await loop.create_server(factory, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    first = asyncio.ensure_future(one(port))
    await asyncio.sleep(0.03)
    await asyncio.gather(first, one(port))
    server.close()

loop.run_until_complete(main())
print(heard)
"""
    ran = program(BEGIN + text)
    assert ran.stdout == "[b'hello', b'hello']\n", ran.stdout + ran.stderr
