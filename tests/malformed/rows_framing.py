"""Rows 1-18: what surrounds a request. Row 9 (plaintext on a TLS port) waits for TLS listeners."""
import socket
import struct

import peer
import wire
from row import Row


def raw(data):
    return lambda t: t.reaction(data)


def short_frames(t):
    return sorted({t.reaction(wire.i32(n) + bytes(n)) for n in range(1, 8)})[0]


def claimed_and_silent(count):
    """Sockets that claim a 100 MiB frame and fall silent; memory must follow bytes received."""
    def act(t):
        before = peer.resident_bytes(t.pid) if t.pid else 0
        connections = [t.connect() for _ in range(count(t))]
        try:
            for c in connections:
                c.send(wire.i32(100 << 20))
            with t.connect() as other:
                other.send(wire.api_versions())
                if other.receive() is None:
                    return "others are not served"
            grown = peer.resident_bytes(t.pid) - before if t.pid else 0
            if count(t) > 1 and grown > count(t) * (64 << 10):
                return f"{grown >> 10} KiB for {count(t)} sockets"
            try:
                return "close" if connections[0].receive(0.2) is None else "ok"
            except peer.Silence:
                return "silence"
        finally:
            for c in connections:
                c.socket.close()
    return act


def slowly(pieces_of):
    """A good frame sent in the pieces given, each after the one before was put on the wire."""
    def act(t):
        with t.connect() as c:
            for piece in pieces_of(wire.api_versions()):
                c.send(piece)
            return "close" if c.receive() is None else "ok"
    return act


def every_split(t):
    frame = wire.api_versions()
    with t.connect() as c:
        for at in range(1, len(frame)):
            c.send(frame[:at])
            c.send(frame[at:])
            if c.receive() is None:
                return f"close at split {at}"
    return "ok"


def pipelined(count):
    """Replies must come in the order of the requests."""
    def act(t):
        with t.connect() as c:
            c.send(b"".join(wire.api_versions(correlation=i) for i in range(count)))
            for i in range(count):
                reply = c.receive()
                if reply is None:
                    return f"close at reply {i}"
                if reply[:4] != wire.i32(i):
                    return f"reply {i} has correlation {reply[:4].hex()}"
        return "ok"
    return act


def trailing_bytes(key, version, body):
    return raw(wire.request(key, version, body + b"\x01\x02\x03"))


def half_then_fin(t):
    with t.connect() as c:
        c.send(wire.api_versions()[:10])
        c.socket.shutdown(socket.SHUT_WR)
        return "close" if c.receive() is None else "ok"


def reset_mid_reply(t):
    topic = t.topic()
    t.must_produce(topic, wire.batch(wire.record(bytes(900_000))))
    for _ in range(8):
        with t.connect() as c:
            c.send(wire.fetch(topic) * 4)
            c.socket.recv(1000)
            c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return "ok"


def reader_that_waits(t):
    """100 MB of replies asked for and not read: they must not pile up in memory."""
    topic, replies = t.topic(), 110
    t.must_produce(topic, wire.batch(wire.record(bytes(900_000))))
    before = peer.resident_bytes(t.pid) if t.pid else 0
    with t.connect() as c:
        c.send(wire.fetch(topic) * replies)
        if t.ask(wire.api_versions()) is None:
            return "others are not served"
        grown = peer.resident_bytes(t.pid) - before if t.pid else 0
        if grown > 16 << 20 and not t.kafka:
            return f"{grown >> 20} MiB held for one reader"
        for i in range(replies):
            reply = c.receive()
            if reply is None:
                return f"close at reply {i}"
            if len(reply) < 900_000:
                return f"short reply {i}"
    return "ok"


HELLO = bytes.fromhex("16030100a5010000a10303") + bytes(160)
ROWS = [
    Row(1, "size -1", raw(wire.i32(-1)), "close"),
    Row(1, "size -2^31", raw(wire.i32(-2**31)), "close"),
    Row(2, "size 0", raw(wire.i32(0)), "close"),
    Row(3, "sizes 1 to 7", short_frames, "close"),
    Row(4, "size 100 MiB + 1", raw(wire.i32((100 << 20) + 1)), "close"),
    Row(5, "size 100 MiB, then silence, many sockets",
        claimed_and_silent(lambda t: 1 if t.kafka else 400), "silence",
        note="Kafka allocates the 100 MiB at once: one socket is enough there"),
    Row(6, "size 2^31-1", raw(wire.i32(0x7FFFFFFF)), "close"),
    Row(7, "an HTTP request", raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "close"),
    Row(8, "a TLS ClientHello", raw(HELLO), "close"),
    Row(10, "size bytes one by one",
        slowly(lambda f: [f[i:i + 1] for i in range(4)] + [f[4:]]), "ok"),
    Row(11, "a frame split at every place", every_split, "ok"),
    Row(11, "a frame byte by byte", slowly(lambda f: [f[i:i + 1] for i in range(len(f))]), "ok"),
    Row(12, "two frames in one packet", pipelined(2), "ok"),
    Row(12, "1000 frames pipelined", pipelined(1000), "ok"),
    Row(13, "3 bytes after ApiVersions v0", trailing_bytes(wire.API_VERSIONS, 0, b""), "ok"),
    Row(13, "3 bytes after Metadata v4",
        trailing_bytes(wire.METADATA, 4, wire.array([]) + wire.i8(0)), "ok"),
    Row(14, "a body one byte short",
        raw(wire.request(wire.METADATA, 4, wire.array([wire.string("t")]))), "close"),
    Row(14, "no body", raw(wire.request(wire.METADATA, 4, b"")), "close"),
    Row(15, "FIN in mid-frame", half_then_fin, "close"),
    Row(16, "RST in mid-reply", reset_mid_reply, "ok"),
    Row(17, "100 MB of replies before the first is read", reader_that_waits, "ok"),
    Row(18, "20000 ApiVersions at once",
        lambda t: [pipelined(2000)(t) for _ in range(10)][-1], "ok"),
]
