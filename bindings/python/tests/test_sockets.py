"""Operations on sockets, pools and leases."""

import gc
import select
import socket
from typing import List

import pytest
from conftest import Pair, finals, one

import ringline


def test_connect_and_accept(ring: ringline.Ring) -> None:
    """Failure: a connection that is not between these two."""
    ring.socket()
    server = socket.socket(fileno=one(ring).check())
    if ringline.has("bind_listen"):
        ring.bind(server, ("127.0.0.1", 0))
        assert one(ring).check() == 0
        ring.listen(server)
        assert one(ring).check() == 0
    else:
        server.bind(("127.0.0.1", 0))
        server.listen()
    client = socket.socket()
    ring.accept(server, user_data="accepted")
    ring.connect(client, server.getsockname(), user_data="connected")
    found = {c.user_data: c.check() for c in finals(ring, 2)}
    peer = socket.socket(fileno=found["accepted"])
    with server, client, peer:
        assert peer.getpeername() == client.getsockname()
        assert not peer.get_inheritable()


def test_accept_multishot(ring: ringline.Ring) -> None:
    """Failure: fewer completions than connections, or none that is final after cancel."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = ring.accept_multishot(server)
        clients = [socket.create_connection(server.getsockname()) for _ in range(5)]
        accepted: List[int] = []
        while len(accepted) < 5:
            accepted += [c.check() for c in ring.turn(wait=1, timeout=20) if c.more]
        assert ring.cancel(number)
        assert one(ring).error.name == "ECANCELED"  # type: ignore[union-attr]
        assert not ring.cancel(number), "it is gone"
        for fd in accepted:
            socket.socket(fileno=fd).close()
        for client in clients:
            client.close()


def test_unix_and_ipv6_addresses(ring: ringline.Ring) -> None:
    """Failure: an address that is not understood, or a bad one that is no error."""
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind("\0ringline-" + str(id(ring)))
        server.listen()
        ring.connect(client, server.getsockname())
        assert one(ring).check() == 0
        for wrong in (("127.0.0.1", 65536), "x" * 108, ("nowhere.invalid", 1)):
            with pytest.raises((ValueError, OSError)):
                ring.connect(client, wrong)
    try:
        six = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        return  # a machine without IPv6
    with six, socket.socket(socket.AF_INET6) as client:
        ring.connect(client, six.getsockname())
        assert one(ring).check() == 0


def test_what_an_address_says(ring: ringline.Ring) -> None:
    """Failure: a path that ends at a zero byte, an interface by name that is not known, a name that
    is refused without saying that names are not looked up."""
    with socket.socket(socket.AF_UNIX) as path, socket.socket(socket.AF_INET6) as six:
        with pytest.raises(ValueError, match="no zero byte"):
            ring.connect(path, "/tmp/one\0two")
        with pytest.raises(OSError, match="not looked up"):
            ring.connect(six, ("localhost", 80))
        with pytest.raises(OSError, match="interface"):
            ring.connect(six, ("fe80::1%no-such-one", 80))
        packed = ringline._address.pack(("fe80::1%lo", 80))
        assert ringline._address.unpack(packed) == ("fe80::1", 80, 0, socket.if_nametoindex("lo"))
        assert ringline._address.pack(("fe80::1%7", 80)) == ringline._address.pack(
            ("fe80::1", 80, 0, 7)
        )


def test_send_and_receive(ring: ringline.Ring, pair: Pair) -> None:
    """Failure: other bytes, or a send that is not whole."""
    left, right = pair
    ring.send(left, b"one")
    buffer = bytearray(10)
    ring.recv(right, buffer)
    assert sorted(c.check() for c in finals(ring, 2)) == [3, 3]
    assert buffer[:3] == b"one"
    much = bytes(range(256)) * 8192
    ring.send_all(left, much, user_data="sent")
    got = b""
    sent = None
    while len(got) < len(much):
        for completion in ring.turn():
            sent = completion.check()
        got += right.recv(1 << 20)
    assert got == much
    assert (one(ring).check() if sent is None else sent) == len(much)
    ring.shutdown(left)
    assert one(ring).check() == 0
    assert right.recv(1) == b""


def test_zero_copy(ring: ringline.Ring) -> None:
    """Failure: the buffer let go before the notification."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        peer, _ = server.accept()
    with client, peer:
        data = bytearray(b"z" * 30000)
        ring.send_zc(client, data)
        with pytest.raises(BufferError):
            data.clear()
        got = b""
        while len(got) < 30000:
            ring.flush()
            got += peer.recv(65536)
        assert finals(ring, 1)[0].check() == 30000
        data.clear()


def test_leases(ring: ringline.Ring, pair: Pair) -> None:
    """Failure: received bytes that change, a lease that is not given back, or given back twice."""
    left, right = pair
    pool = ring.pool(4, 1024)
    ring.recv_multishot(right, pool)
    left.send(b"first")
    (completion,) = ring.turn(wait=1)
    lease = completion.lease
    assert lease is not None and completion.more
    assert (bytes(lease), len(lease), lease.view[1]) == (b"first", 5, ord("i"))
    assert pool.info().leases == 1
    lease.release()
    lease.release()
    assert pool.info().leases == 0
    for use in (lambda: lease.view[0], lambda: bytes(lease), lambda: len(lease)):
        with pytest.raises(ValueError):
            use()
    left.close()
    end = one(ring)
    assert (end.res, end.lease) == (0, None)
    pool.close()


def test_kept_slice_keeps_the_buffer(ring: ringline.Ring, pair: Pair) -> None:
    """Failure: a slice of a lease that was released shows what was received later."""
    left, right = pair
    pool = ring.pool(2, 64)
    ring.recv_multishot(right, pool)
    left.send(b"precious")
    (completion,) = ring.turn(wait=1)
    assert completion.lease is not None
    kept = completion.lease.view[2:]
    with completion.lease as view:
        assert len(view) == 8
    assert pool.info().leases == 1, "the slice holds it"
    for _ in range(10):
        left.send(b"########")
        with ring.turn(wait=1)[0].lease as view:  # type: ignore[union-attr]
            assert view == b"########"
    assert bytes(kept) == b"ecious"
    del kept, completion
    gc.collect()
    assert pool.info().leases == 0


def test_lease_outlives_ring_and_pool(pair: Pair) -> None:
    """Failure: a lease that was kept over the end of the ring reads freed memory, or crashes."""
    left, right = pair
    with ringline.Ring() as ring:
        pool = ring.pool(2, 64)
        ring.recv_multishot(right, pool)
        left.send(b"still here")
        (completion,) = ring.turn(wait=1)
    assert completion.lease is not None
    assert bytes(completion.lease) == b"still here"
    completion.lease.release()


def test_pool_runs_dry(ring: ringline.Ring, pair: Pair) -> None:
    """Failure: no end of the receive when all buffers are leased, or no way to go on."""
    left, right = pair
    pool = ring.pool(2, 8)
    pool.set_low_water(1)
    ring.recv_multishot(right, pool)
    left.send(b"x" * 24)
    found = finals(ring, 1)
    leases = [c.lease for c in found if c.lease is not None]
    assert len(leases) == 2
    assert [c.error.name for c in found if c.error is not None] == ["ENOBUFS"]
    low = [c for c in found if c.flags & ringline.CF_LOW_WATER]
    assert [(c.data, c.final) for c in low] == [(pool.id, False)]
    for lease in leases:
        lease.release()
    ring.recv_multishot(right, pool)
    (more,) = ring.turn(wait=1)
    assert bytes(more.lease or b"") == b"x" * 8


def test_pool_in_use_is_not_closed(ring: ringline.Ring, pair: Pair) -> None:
    """Failure: a pool destroyed under a receive."""
    pool = ring.pool(2, 64)
    ring.recv_multishot(pair[0], pool)
    with pytest.raises(ringline.Error) as caught:
        pool.close()
    assert caught.value.name == "EBUSY"


def test_datagrams(ring: ringline.Ring) -> None:
    """Failure: a payload or an address that is not the sender's."""
    with socket.socket(type=socket.SOCK_DGRAM) as a, socket.socket(type=socket.SOCK_DGRAM) as b:
        a.bind(("127.0.0.1", 0))
        b.bind(("127.0.0.1", 0))
        ring.sendmsg(a, ringline.Message(b"to b", b.getsockname()))
        room = bytearray(100)
        message = ringline.Message(room)
        ring.recvmsg(b, message)
        assert [c.check() for c in finals(ring, 2)] == [4, 4]
        assert (message.address, bytes(room[:4])) == (a.getsockname(), b"to b")
        pool = ring.pool(4, 1024)
        ring.recvmsg_multishot(b, pool)
        a.sendto(b"pooled", b.getsockname())
        (completion,) = ring.turn(wait=1)
        datagram = completion.message()
        assert (datagram.address, bytes(datagram.payload)) == (a.getsockname(), b"pooled")


def test_poll(ring: ringline.Ring, pair: Pair) -> None:
    """Failure: events that are not there, or only one of several edges."""
    left, right = pair
    ring.poll(right, select.POLLIN)
    ring.poll(right, select.POLLIN, multishot=True, user_data="many")
    left.send(b"x")
    found = ring.turn(wait=2)
    assert [c.check() & select.POLLIN for c in found] == [select.POLLIN] * 2
    left.send(b"y")
    (again,) = ring.turn(wait=1)
    assert (again.user_data, again.more) == ("many", True)
    assert ring.cancel_file(right) == 1
    assert one(ring).final


def test_second_send_all(ring: ringline.Ring, pair: Pair) -> None:
    """Failure: a second one beside the first mixes with it, or stops what is behind it."""
    left, right = pair
    much = bytes(16 << 20)
    first = ring.send_all(left, much)
    with pytest.raises(ringline.Error) as caught:
        ring.send_all(left, b"x")
    assert caught.value.name == "EBUSY"
    second = ring.batch.send_all(left, b"x")
    nop = ring.batch.nop()
    with pytest.raises(ringline.Error) as caught:
        ring.turn()
    assert (caught.value.name, caught.value.op) == ("EBUSY", second)
    assert one(ring).op == nop
    ring.cancel(first)
    assert one(ring).op == first
