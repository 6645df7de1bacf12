"""Rows 72-80: the records of a batch and what is compressed."""
import peer
import wire
from row import Row
from rows_produce import CORRUPT, INVALID, sent
from wire import Raw, batch, record


def packed(codec, body, **kw):
    """A batch of one record whose compressed body is given as bytes."""
    return batch(body, attributes=codec, **kw)


GOOD = record(b"a value that is long enough to be cut " * 4)
STREAMS = {"gzip": (wire.GZIP, wire.gzip_stream(GOOD)),
           "snappy": (wire.SNAPPY, wire.snappy_stream(GOOD)),
           "lz4": (wire.LZ4, wire.lz4_frame(GOOD)),
           "zstd": (wire.ZSTD, wire.zstd_frame(GOOD))}
GARBAGE = bytes((i * 37 + 11) & 0xFF for i in range(80))


def zstd_bomb():
    """80 KB that unfold to one record of 2 GiB."""
    runs = 16383
    inside = runs * (128 << 10)
    head = wire.i8(0) + wire.varint(0) + wire.varint(0) + wire.varint(-1)
    value = wire.varint(inside - 1)
    head += value
    return packed(wire.ZSTD, wire.zstd_frame(wire.varint(len(head) + inside) + head, runs=runs))


def gzip_bomb():
    """About 300 KB that unfold to one record of 300 MiB."""
    inside = 300 << 20
    head = wire.i8(0) + wire.varint(0) + wire.varint(0) + wire.varint(-1) + wire.varint(inside - 1)
    return packed(wire.GZIP, wire.gzip_zeros(wire.varint(len(head) + inside) + head, inside))


def nested(t):
    """A magic-1 wrapper whose inner message is compressed again."""
    inner = wire.old_message(1, wire.gzip_stream(wire.old_message(1)), attributes=wire.GZIP)
    return t.produce(t.topic(), wire.old_message(1, wire.gzip_stream(inner), attributes=wire.GZIP))


def good_reads_back(codec, stream):
    def act(t):
        topic = t.topic()
        done = t.produce(topic, packed(codec, stream))
        if done == "ok" and not peer.fetched(t.must(wire.fetch(topic)))[2][0][2].endswith(stream):
            return "changed"
        return done
    return act


UNEXPECTED = "error -1"
UNBOUNDED = "Kafka has no bound on what a batch unfolds to"
OVERLONG = Raw(b"\xff" * 10 + b"\x01")
# What Kafka does with one damaged record, alone and gzipped. Damage that its own reader steps over
# ("ok") would reach consumers, so here it is refused like the rest.
ONE_RECORD = [
    (72, "record length -1", record(length=-1), INVALID, "ok"),
    (72, "record length 0", record(length=0), INVALID, "ok"),
    (72, "record length beyond the end", record(length=500), INVALID, "ok"),
    (72, "record length one too small", record(length=len(record()) - 2), INVALID, "ok"),
    (72, "record length 2^31-1", record(length=2**31 - 1), INVALID, "ok"),
    (72, "record length varint too long", record(length=OVERLONG), UNEXPECTED, INVALID),
    (72, "timestamp delta varint too long", record(timestamp_delta=OVERLONG), INVALID, INVALID),
    (72, "a byte after the last header", record(tail=b"\0"), INVALID, INVALID),
    (73, "key length -2", record(key=Raw(wire.varint(-2))), "ok", "ok"),
    (73, "value length -2", record(value=Raw(wire.varint(-2))), "ok", "ok"),
    (73, "key beyond the record", record(key=Raw(wire.varint(1000) + b"k")), INVALID, INVALID),
    (73, "value length 2^31-1", record(value=Raw(wire.varint(2**31 - 1) + b"v")), INVALID, INVALID),
    (74, "header count -1", record(header_count=-1), INVALID, INVALID),
    (74, "header count 2^30", record(header_count=2**30), INVALID, INVALID),
    (74, "header count 3, one header", record(headers=[(b"a", b"b")], header_count=3), INVALID,
     INVALID),
    (74, "header key null", record(headers=[(None, b"b")]), INVALID, INVALID),
    (74, "header key length -2", record(headers=[(Raw(wire.varint(-2)), b"b")]), INVALID, INVALID),
    (74, "header value length -2", record(headers=[(b"a", Raw(wire.varint(-2)))]), "ok", "ok"),
    (74, "header value beyond the record", record(headers=[(b"a", Raw(wire.varint(99)))]), INVALID,
     INVALID),
]
ROWS = [Row(n, what, sent(batch(body)), kafka, INVALID) for n, what, body, kafka, _ in ONE_RECORD]
ROWS += [Row(n, f"{what}, gzip", sent(packed(wire.GZIP, wire.gzip_stream(body))), kafka, INVALID)
         for n, what, body, _, kafka in ONE_RECORD]
DAMAGE = "Kafka answers damage inside a compressed body with UNKNOWN_SERVER_ERROR"


def each(number, what, body_of, kafka=UNEXPECTED, ours=CORRUPT, **kw):
    """A row for each codec; `kafka` and `ours` may be a dict by codec."""
    def of(expected, name):
        return expected.get(name, UNEXPECTED) if isinstance(expected, dict) else expected
    return [Row(number, f"{name} {what}", sent(packed(codec, body_of(s), **kw)), of(kafka, name),
                of(ours, name), DAMAGE) for name, (codec, s) in STREAMS.items()]


ROWS += [
    *[Row(75, f"good {name}", good_reads_back(*stream), "ok") for name, stream in STREAMS.items()],
    *each(75, "garbage", lambda s: GARBAGE),
    *each(75, "of no bytes", lambda s: b"", {"zstd": INVALID}),
    *each(76, "cut in the middle", lambda s: s[:len(s) // 2]),
    *each(76, "cut by a byte", lambda s: s[:-1]),
    *each(76, "with count 5, one record", lambda s: s, INVALID, INVALID, count=5),
    *each(76, "with 10 bytes after it", lambda s: s + bytes(10), {"gzip": "ok", "lz4": "ok"}),
    Row(77, "zstd that unfolds to 2 GiB", sent(zstd_bomb), "ok", "error 10", UNBOUNDED),
    Row(77, "gzip that unfolds to 300 MiB", sent(gzip_bomb), "ok", "error 10", UNBOUNDED),
    Row(77, "snappy that claims 2^31-1 bytes",
        sent(packed(wire.SNAPPY, b"\x82SNAPPY\0" + wire.i32(1) * 2 + wire.i32(10)
                    + wire.uvarint(2**31 - 1) + bytes(5))), UNEXPECTED, CORRUPT, DAMAGE),
    Row(77, "snappy block of 2^31-1 bytes",
        sent(packed(wire.SNAPPY, b"\x82SNAPPY\0" + wire.i32(1) * 2 + wire.i32(2**31 - 1)
                    + bytes(9))), UNEXPECTED, CORRUPT, DAMAGE),
    Row(78, "lz4 header checksum wrong", sent(packed(wire.LZ4, wire.lz4_frame(GOOD, 0))),
        UNEXPECTED, CORRUPT, DAMAGE),
    Row(79, "zstd window of 2^31 bytes",
        sent(packed(wire.ZSTD, wire.zstd_frame(GOOD, window_log=31))), UNEXPECTED, CORRUPT, DAMAGE),
    Row(79, "zstd with a dictionary id",
        sent(packed(wire.ZSTD, wire.zstd_frame(GOOD, dictionary=b"\x07"))), UNEXPECTED, CORRUPT,
        DAMAGE),
    Row(79, "zstd behind a skippable frame",
        sent(packed(wire.ZSTD, wire.skippable_frame() + wire.zstd_frame(GOOD))), "ok"),
    Row(80, "compression inside compression, magic 1", nested, INVALID),
]
