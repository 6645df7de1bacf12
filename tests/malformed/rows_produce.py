"""Rows 48-71 and 81-94: Produce requests and the headers of their batches.

Rows 91 (transactional batch), 92 (two transactional producers in one request) wait for the
transaction coordinator; row 93 (its ACL) for authorization.
"""
import peer
import wire
from row import Row
from wire import batch


def sent(records, topic_settings=None, **kw):
    """The reaction to one partition's records on a fresh topic."""
    def act(t):
        topic = t.topic(**(topic_settings or {}))
        return t.produce(topic, records() if callable(records) else records, **kw)
    return act


def unacknowledged(records):
    def act(t):
        topic = t.topic()
        with t.connect() as c:
            c.send(wire.produce(topic, records, acks=0))
            c.send(wire.api_versions())
            return "close" if c.receive() is None else "ok"
    return act


def to(partition, topic=None):
    return lambda t: t.produce(topic or t.topic(), batch(), partition=partition)


def to_internal(name):
    return lambda t: t.produce(t.topic(name=name), batch())


def same_partition_twice(t):
    """The errors of the reply, and how many records the log holds afterwards."""
    topic = t.topic()
    done = t.produce(topic, [(0, batch()), (0, batch(count=2))])
    end = t.reaction(wire.list_offsets(topic, [-1]), lambda r: peer.offsets_listed(r)[0][1])
    return f"{done}, end {end}"


def then_good(records):
    """What follows one good batch is cut off silently; the offset says what was kept."""
    def act(t):
        topic = t.topic()
        done = t.produce(topic, records)
        end = t.reaction(wire.list_offsets(topic, [-1]), lambda r: peer.offsets_listed(r)[0][1])
        return f"{done}, end {end}"
    return act


def stored_time(sent_max):
    """The maximum timestamp that comes back for a batch that claims `sent_max`."""
    def act(t):
        topic = t.topic()
        t.must_produce(topic, batch(max_timestamp=sent_max))
        records = peer.fetched(t.must(wire.fetch(topic)))[2][0][2]
        stored = peer.Reader(records[35:]).take("q")
        return {wire.NOW: "overwritten", sent_max: "kept"}.get(stored, str(stored))
    return act


def sequences(*steps):
    """Sends batches of one producer: (epoch, first sequence, count); the reactions in order."""
    def act(t):
        topic, words = t.topic(), []
        pid, _ = peer.producer_id(t.must(wire.init_producer_id()))
        for epoch, sequence, count in steps:
            reply = t.must(wire.produce(topic, batch(count=count, producer_id=pid, epoch=epoch,
                                                     sequence=sequence)))
            error, offset, _ = peer.produced(reply)[0]
            words.append(f"@{offset}" if error == 0 else f"error {error}")
        return " ".join(words)
    return act


def flip(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


def records(count):
    return b"".join(wire.record(delta=i) for i in range(count))


def crc_of_zero():
    """A batch whose right CRC is 0: four bytes of a value are solved for it, bit by bit."""
    def crc_with(n):
        return wire.crc32c(batch(wire.record(wire.u32(n)))[21:])
    base = crc_with(0)
    rows = [(crc_with(1 << i) ^ base, 1 << i) for i in range(32)]
    value, target = 0, base
    for bit in reversed(range(32)):
        pivot = next(r for r in rows if r[0] >> bit & 1)
        rows = [(r[0] ^ pivot[0], r[1] ^ pivot[1]) if r[0] >> bit & 1 else r
                for r in rows if r is not pivot]
        if target >> bit & 1:
            target, value = target ^ pivot[0], value ^ pivot[1]
    good = batch(wire.record(wire.u32(value)))
    assert good[17:21] == bytes(4), "the solved CRC is not 0"
    return good


MIXED = [(0, batch(producer_id=5001, epoch=0, sequence=0)),
         (1, batch(producer_id=5002, epoch=0, sequence=0))]
INVALID, CORRUPT = "error 87", "error 2"
DAY = 86_400_000
ROWS = [
    Row(48, "acks 2", sent(batch(), acks=2), "error 21"),
    Row(48, "acks -2", sent(batch(), acks=-2), "error 21"),
    Row(49, "acks 0 and a good batch", unacknowledged(batch()), "ok"),
    Row(49, "acks 0 and a bad CRC", unacknowledged(batch(crc=1)), "close"),
    Row(50, "timeout -1", sent(batch(), timeout=-1), "ok"),
    Row(50, "timeout -2^31", sent(batch(), timeout=-2**31), "ok"),
    Row(51, "unknown topic", to(0, "no-such-topic"), "error 3"),
    Row(51, "unknown partition", to(7), "error 3"),
    Row(51, "partition -1", to(-1), "error 3"),
    Row(51, "partition 2^31-1", to(0x7FFFFFFF), "error 3"),
    Row(51, "topic name with a slash", to(0, "../../etc/passwd"), "error 3"),
    Row(52, "to __consumer_offsets", to_internal("__consumer_offsets"), "error 17"),
    Row(52, "to __transaction_state", to_internal("__transaction_state"), "error 17"),
    Row(53, "one partition twice in a request", same_partition_twice, "ok, end 2",
        "error 0,42, end 1",
        "Kafka appends the last and forgets the first"),
    Row(54, "records null", sent(None), "silence", INVALID, "Kafka fails and never answers"),
    Row(54, "records empty", sent(b""), INVALID),
    Row(55, "two batches", sent(batch() + batch()), INVALID),
    Row(56, "magic 0", sent(wire.old_message(0)), INVALID),
    Row(56, "magic 1", sent(wire.old_message(1)), INVALID),
    Row(56, "magic 0 in the place of 2", sent(batch(magic=0)), INVALID),
    *[Row(57, f"magic {m}", sent(batch(magic=m)), CORRUPT) for m in (3, 127, -1)],
    Row(58, "CRC one bit off", sent(lambda: flip(batch(), 18)), CORRUPT),
    Row(58, "a record byte changed", sent(lambda: flip(batch(), 67)), CORRUPT),
    Row(59, "CRC 0 that is not the right one", sent(batch(crc=0)), CORRUPT),
    Row(59, "CRC 0 that is right", lambda t: t.produce(t.topic(), crc_of_zero()), "ok"),
    Row(60, "batch length 48", sent(batch(length=48)), CORRUPT),
    Row(60, "batch length 0", sent(batch(length=0)), CORRUPT),
    Row(60, "batch length -1", sent(batch(length=-1)), CORRUPT),
    Row(60, "batch length beyond the bytes", sent(batch(length=5000)), INVALID),
    Row(60, "batch length 2^31-1", sent(batch(length=0x7FFFFFFF)), "error -1", INVALID,
        "the sum overflows there"),
    Row(60, "11 bytes", sent(batch()[:11]), INVALID),
    Row(60, "60 bytes", sent(batch()[:60]), INVALID),
    Row(61, "a partial batch after a good one", then_good(batch() + batch()[:-3]), "ok, end 1"),
    Row(61, "10 bytes after a good one", then_good(batch() + bytes(10)), "ok, end 1"),
    Row(62, "base offset 5", sent(batch(base_offset=5)), INVALID),
    Row(62, "base offset -1", sent(batch(base_offset=-1)), INVALID),
    Row(63, "last offset delta too large", sent(batch(last_delta=5)), INVALID),
    Row(63, "last offset delta too small", sent(batch(count=3, last_delta=1)), INVALID),
    Row(63, "last offset delta -1", sent(batch(last_delta=-1)), INVALID),
    Row(64, "count 0", sent(batch(b"", count=0)), INVALID),
    Row(64, "count -1", sent(batch(wire.record(), count=-1)), INVALID),
    Row(64, "count 2^31-1",
        sent(batch(wire.record(), count=2**31 - 1, last_delta=2**31 - 2)), INVALID),
    Row(65, "count 5, 4 records", sent(batch(records(4), count=5)), INVALID),
    Row(65, "count 5, 6 records", sent(batch(records(6), count=5)), INVALID),
    *[Row(66, f"offset deltas {a}, {b}",
          sent(batch(wire.record(delta=a) + wire.record(delta=b), count=2)), "ok", INVALID,
          "Kafka stores what its consumers read as offsets that do not exist")
      for a, b in ((0, 2), (1, 0), (0, 0), (-1, 0))],
    Row(66, "offset deltas 0, 2, gzip",
        sent(lambda: batch(wire.gzip_stream(wire.record() + wire.record(delta=2)), count=2,
                           attributes=wire.GZIP)), "error -1", INVALID,
        "Kafka means to renumber them and fails"),
    Row(67, "control batch", sent(batch(attributes=0x20)), INVALID),
    Row(68, "transactional bit without a producer id", sent(batch(attributes=0x10)), "error 53"),
    Row(69, "producer id without a sequence", sent(batch(producer_id=5000, epoch=0)), INVALID),
    Row(70, "attribute bits 7 to 15", sent(batch(attributes=0x7F80)), "ok"),
    *[Row(70, f"codec {c}", sent(batch(attributes=c)), "error -1", "error 76",
          "an error that says what is wrong") for c in (5, 6, 7)],
    Row(71, "zstd in Produce v3",
        sent(lambda: batch(wire.zstd_frame(wire.record()), attributes=wire.ZSTD), version=3),
        "error 76"),
    Row(81, "a batch over max.message.bytes",
        sent(batch(wire.record(bytes(3000))), {"max_message_bytes": "2000"}), "error 10"),
    Row(81, "a batch over the default of 1 MiB",
        sent(lambda: batch(wire.record(bytes(1_100_000)))), "error 10"),
    Row(82, "a batch over segment.bytes",
        sent(lambda: batch(wire.record(bytes(1_100_000))),
             {"segment_bytes": "1048576", "max_message_bytes": "5000000"}), "error 18"),
    Row(83, "null key, compacted topic",
        sent(batch(wire.record(key=None)), {"cleanup_policy": "compact"}), INVALID),
    Row(83, "null key among good ones, compacted topic",
        sent(batch(wire.record() + wire.record(key=None, delta=1), count=2),
             {"cleanup_policy": "compact,delete"}), INVALID),
    Row(84, "timestamp ten years ahead", sent(batch(base_timestamp=wire.NOW + 3650 * DAY)),
        "error 32"),
    Row(84, "timestamp -1", sent(batch(base_timestamp=-1)), "ok"),
    Row(84, "timestamp -2^63", sent(batch(base_timestamp=-2**63)), "error 32"),
    Row(84, "timestamp too old for the topic",
        sent(batch(base_timestamp=wire.NOW - DAY), {"message_timestamp_before_max_ms": "1000"}),
        "error 32"),
    Row(85, "maximum timestamp below the first", stored_time(wire.NOW - 5000), "overwritten"),
    Row(85, "maximum timestamp above all", stored_time(wire.NOW + 5000), "overwritten"),
    Row(84, "log-append-time bit set by the producer", sent(batch(attributes=8)), "ok"),
    Row(84, "log-append-time bit set by the producer, topic of log append time",
        sent(batch(attributes=8), {"message_timestamp_type": "LogAppendTime"}), "error 32"),
    Row(86, "sequence gap", sequences((0, 0, 2), (0, 3, 1), (0, 2, 1)), "@0 error 45 @2"),
    Row(87, "the fifth last batch again",
        sequences((0, 0, 1), (0, 1, 1), (0, 2, 1), (0, 3, 1), (0, 4, 1), (0, 0, 1), (0, 4, 1)),
        "@0 @1 @2 @3 @4 @0 @4"),
    Row(88, "the sixth last batch again",
        sequences(*[(0, i, 1) for i in range(6)], (0, 0, 1), (0, 6, 1)),
        "@0 @1 @2 @3 @4 @5 error 45 @6"),
    Row(88, "a duplicate with another end", sequences((0, 0, 2), (0, 0, 1)), "@0 error 45"),
    Row(89, "epoch lower", sequences((1, 0, 1), (0, 0, 1)), "@0 error 47"),
    Row(90, "epoch higher, sequence not 0", sequences((0, 0, 1), (1, 5, 1), (1, 0, 1)),
        "@0 error 45 @1"),
    Row(92, "two producers in one request",
        lambda t: t.produce(t.topic(partitions=2), MIXED), "ok",
        note="only transactional producers must not be mixed"),
    Row(94, "sequence wraps from 2^31-1 to 0",
        sequences((0, 2**31 - 2, 2), (0, 0, 1)), "@0 @2"),
    Row(94, "sequence wraps inside a batch",
        sequences((0, 2**31 - 1, 3), (0, 2, 1)), "@0 @3"),
]
