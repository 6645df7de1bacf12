"""The broker under test as a raw socket sees it, and its replies boiled down to one word each."""
import os
import socket
import struct

import wire

REPLY_SECONDS = 10


class Silence(Exception):
    """Neither reply nor close within the time given."""


class Connection:
    def __init__(self, address):
        self.socket = socket.create_connection(address, timeout=REPLY_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the broker closed already; receive() tells

    def receive(self, seconds=REPLY_SECONDS):
        """One reply without its length; None when the broker closed the connection."""
        self.socket.settimeout(seconds)
        try:
            size = self._exactly(4)
            return size and self._exactly(struct.unpack(">i", size)[0])
        except TimeoutError:
            raise Silence from None

    def _exactly(self, n):
        out = bytearray()
        while len(out) < n:
            try:
                piece = self.socket.recv(min(n - len(out), 1 << 20))
            except ConnectionResetError:
                return None
            if not piece:
                return None
            out += piece
        return bytes(out)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, fmt):
        value = struct.unpack_from(">" + fmt, self.data, self.at)[0]
        self.at += struct.calcsize(">" + fmt)
        return value

    def string(self):
        n = self.take("h")
        return None if n < 0 else self.raw(n)

    def raw(self, n):
        self.at += n
        return self.data[self.at - n:self.at]

    def blob(self):
        n = self.take("i")
        return None if n < 0 else self.raw(n)

    def uvarint(self):
        value = shift = 0
        while True:
            b = self.take("B")
            value |= (b & 0x7F) << shift
            shift += 7
            if b < 0x80:
                return value

    def compact(self):
        n = self.uvarint()
        return None if n == 0 else self.raw(n - 1)

    def tags(self):
        for _ in range(self.uvarint()):
            self.uvarint()
            self.raw(self.uvarint())

    def array(self, item):
        return [item() for _ in range(self.take("i"))]

    def compact_array(self, item):
        return [item() for _ in range(self.uvarint() - 1)]


def word(errors):
    """"ok" when no error, else the errors in order: "error 3" or "error 3,87,0"."""
    return "ok" if not any(errors) else "error " + ",".join(map(str, errors))


def produced(reply, version=8):
    """[(error, base offset, log append time)] for each partition of a Produce reply v2-8."""
    r = Reader(reply)
    r.take("i")

    def partition():
        r.take("i")
        error, offset, time = r.take("h"), r.take("q"), r.take("q")
        if version >= 5:
            r.take("q")
        if version >= 8:
            r.array(lambda: (r.take("i"), r.string()))
            r.string()
        return error, offset, time

    topics = r.array(lambda: (r.string(), r.array(partition))[1])
    return [p for topic in topics for p in topic]


def fetched(reply):
    """(top-level error, session id, [(error, high watermark, records)]) of a Fetch reply v11."""
    r = Reader(reply)
    r.take("i"), r.take("i")
    error, session = r.take("h"), r.take("i")

    def partition():
        r.take("i")
        code, high = r.take("h"), r.take("q")
        r.take("q"), r.take("q")
        r.array(lambda: (r.take("q"), r.take("q")))
        r.take("i")
        return code, high, r.blob()

    topics = r.array(lambda: (r.string(), r.array(partition))[1])
    return error, session, [p for topic in topics for p in topic]


def fetched_by_id(reply):
    """[(error, diverging epoch or None)] of a Fetch reply v13."""
    r = Reader(reply)
    r.take("i"), r.tags(), r.take("i"), r.take("h"), r.take("i")

    def partition():
        r.take("i")
        code = r.take("h")
        r.take("q"), r.take("q"), r.take("q")
        r.compact_array(lambda: (r.take("q"), r.take("q"), r.tags()))
        r.take("i")
        r.compact()
        diverging = None
        for _ in range(r.uvarint()):
            tag, size = r.uvarint(), r.uvarint()
            value = Reader(r.raw(size))
            if tag == 0:
                diverging = value.take("i")
        return code, diverging

    topics = r.compact_array(lambda: (r.raw(16), r.compact_array(partition), r.tags())[1])
    return [p for topic in topics for p in topic]


def offsets_listed(reply):
    """[(error, offset)] of a ListOffsets reply v4-5."""
    r = Reader(reply)
    r.take("i"), r.take("i")

    def partition():
        r.take("i")
        error = r.take("h")
        r.take("q")
        offset = r.take("q")
        r.take("i")
        return error, offset

    topics = r.array(lambda: (r.string(), r.array(partition))[1])
    return [p for topic in topics for p in topic]


def epoch_ends(reply):
    """[(error, epoch, end offset)] of an OffsetForLeaderEpoch reply v3."""
    r = Reader(reply)
    r.take("i"), r.take("i")

    def partition():
        error = r.take("h")
        r.take("i")
        return error, r.take("i"), r.take("q")

    topics = r.array(lambda: (r.string(), r.array(partition))[1])
    return [p for topic in topics for p in topic]


def records_deleted(reply):
    """[error] of a DeleteRecords reply v1."""
    r = Reader(reply)
    r.take("i"), r.take("i")

    def partition():
        r.take("i"), r.take("q")
        return r.take("h")

    topics = r.array(lambda: (r.string(), r.array(partition))[1])
    return [error for topic in topics for error in topic]


def topics_created(reply):
    """[error] of a CreateTopics reply v2-4."""
    r = Reader(reply)
    r.take("i"), r.take("i")
    return r.array(lambda: (r.string(), r.take("h"), r.string())[1])


def metadata_topics(reply, version=4):
    """[(error, name, partitions)] of a Metadata reply v3-4."""
    r = Reader(reply)
    r.take("i"), r.take("i")
    r.array(lambda: (r.take("i"), r.string(), r.take("i"), r.string()))
    r.string(), r.take("i")

    def partition():
        r.take("h"), r.take("i"), r.take("i")
        r.array(lambda: r.take("i")), r.array(lambda: r.take("i"))

    return r.array(lambda: (r.take("h"), r.string(), r.take("b"), r.array(partition))[0:2])


def producer_id(reply):
    """(producer id, epoch) of an InitProducerId reply v1."""
    r = Reader(reply)
    r.take("i"), r.take("i"), r.take("h")
    return r.take("q"), r.take("h")


def resident_bytes(pid):
    with open(f"/proc/{pid}/status") as f:
        for line in f:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) << 10
    raise AssertionError(f"process {pid} is gone")


class Peer:
    """What a row works with: connections to the broker, topics of its own."""

    def __init__(self, bootstrap, pid, kafka=False):
        host, port = bootstrap.rsplit(":", 1)
        self.address, self.pid, self.kafka = (host, int(port)), pid, kafka

    def connect(self):
        return Connection(self.address)

    def ask(self, frame):
        """The reply to one frame on a new connection; None when it is closed instead."""
        with self.connect() as c:
            c.send(frame)
            return c.receive()

    def must(self, frame):
        reply = self.ask(frame)
        if reply is None:
            raise AssertionError("the broker closed the connection on a request of the preparation")
        return reply

    def topic(self, partitions=1, name=None, **configs):
        """Creates a topic and waits until each partition answers an offset query."""
        name = name or "m-" + os.urandom(5).hex()
        settings = [(k.replace("_", "."), v) for k, v in configs.items()]
        errors = topics_created(self.must(wire.create_topics([name], partitions, settings)))
        if errors not in ([0], [36]):
            raise AssertionError(f"creating {name}: error {errors}")
        for p in range(partitions):
            for _ in range(2000):
                if offsets_listed(self.must(wire.list_offsets(name, [-1], partition=p)))[0][0] == 0:
                    break
            else:
                raise AssertionError(f"{name}-{p} does not answer offset queries")
        return name

    def topic_id(self, name):
        """The topic's id, from Metadata v10."""
        body = wire.compact_array([wire.ZERO_ID + wire.compact(name) + wire.NO_TAGS])
        body += wire.i8(0) * 3 + wire.NO_TAGS
        r = Reader(self.must(wire.request(wire.METADATA, 10, body)))
        r.take("i"), r.tags(), r.take("i")
        r.compact_array(lambda: (r.take("i"), r.compact(), r.take("i"), r.compact(), r.tags()))
        r.compact(), r.take("i"), r.uvarint(), r.take("h"), r.compact()
        return r.raw(16)

    def produce(self, topic, records, **kw):
        """The one word for a produce of `records`: "ok", "error 87" or "close"."""
        reply = self.ask(wire.produce(topic, records, **kw))
        if reply is None:
            return "close"
        return word([p[0] for p in produced(reply, kw.get("version", 8))])

    def must_produce(self, topic, records, **kw):
        done = self.produce(topic, records, **kw)
        if done != "ok":
            raise AssertionError(f"a good batch was answered with {done}")

    def reaction(self, frame, decode=None):
        """"close", "ok" (any reply, no decoder), or what the decoder makes of the reply."""
        reply = self.ask(frame)
        return "close" if reply is None else "ok" if decode is None else decode(reply)
