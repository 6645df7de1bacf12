"""Rows 95-109: Fetch, ListOffsets, OffsetForLeaderEpoch, DeleteRecords."""
import os

import peer
import wire
from row import Row


def ten_records(t, **settings):
    topic = t.topic(**settings)
    t.must_produce(topic, wire.batch(count=10))
    return topic


def fetch_errors(reply):
    top, _, parts = peer.fetched(reply)
    return peer.word([top] + [p[0] for p in parts])


def fetched(**kw):
    """The errors of a fetch from a topic of ten records: top-level first."""
    return lambda t: t.reaction(wire.fetch(ten_records(t), **kw), fetch_errors)


def below_log_start(t):
    topic = ten_records(t)
    t.must(wire.delete_records(topic, 5))
    return t.reaction(wire.fetch(topic, 4), fetch_errors)


def bytes_fetched(**kw):
    """How many whole batches of three come back."""
    def act(t):
        topic = t.topic()
        for _ in range(3):
            t.must_produce(topic, wire.batch(count=2))
        seen = t.reaction(wire.fetch(topic, **kw), lambda r: peer.fetched(r)[2][0])
        if seen == "close":
            return seen
        error, _, records = seen
        batches = len(records or b"") // len(wire.batch(count=2))
        return f"error {error}" if error else f"{batches} batches"
    return act


def session_step(session, epoch):
    """A fetch that names a session: 1 stands for a real one's id, whose next epoch is 1."""
    def act(t):
        topic = ten_records(t)
        with t.connect() as c:
            number = 123456789
            if session == 1:
                c.send(wire.fetch(topic, session=0, epoch=0))
                number = peer.fetched(c.receive())[1]
            c.send(wire.fetch(topic, session=number, epoch=epoch))
            reply = c.receive()
            return "close" if reply is None else peer.word([peer.fetched(reply)[0]])
    return act


def many_sessions(t):
    topic, real, count = ten_records(t), 0, 1500
    with t.connect() as c:
        for _ in range(count // 100):
            c.send(wire.fetch(topic, session=0, epoch=0, partition_bytes=0) * 100)
            real += sum(peer.fetched(c.receive())[1] != 0 for _ in range(100))
    return "ok" if real <= 1000 else f"{real} sessions"


def long_wait_then_close(t):
    """A fetch that would wait 24 days; the client leaves, and nothing of it remains."""
    topic = ten_records(t)
    for _ in range(50):
        with t.connect() as c:
            c.send(wire.fetch(topic, 10, max_wait=2**31 - 1, min_bytes=1))
    with t.connect() as c:
        c.send(wire.fetch(topic, 10, max_wait=2**31 - 1, min_bytes=1))
        t.must_produce(topic, wire.batch())
        reply = c.receive()
        return "close" if reply is None else fetch_errors(reply)


def as_follower(t):
    """A client that claims to be broker 5 must not read what consumers cannot, nor move the high
    watermark."""
    return t.reaction(wire.fetch(ten_records(t), replica=5), fetch_errors)


def by_id(topic_id=None, **kw):
    def act(t):
        number = topic_id or t.topic_id(ten_records(t))
        return t.reaction(wire.fetch_by_id(number, **kw),
                          lambda r: peer.word([p[0] for p in peer.fetched_by_id(r)]))
    return act


def diverging(t):
    number = t.topic_id(ten_records(t))

    def answer(reply):
        return " ".join(f"error {e}, diverging {d}" for e, d in peer.fetched_by_id(reply))
    return t.reaction(wire.fetch_by_id(number, 12, last_epoch=0), answer)


def listed(*timestamps, **kw):
    def act(t):
        parts = t.reaction(wire.list_offsets(ten_records(t), timestamps, **kw), peer.offsets_listed)
        return parts if parts == "close" else " ".join(
            f"@{offset}" if error == 0 else f"error {error}" for error, offset in parts)
    return act


def epoch_asked(epoch, current=-1):
    def act(t):
        parts = t.reaction(wire.epoch_end(ten_records(t), epoch, current), peer.epoch_ends)
        return parts if parts == "close" else " ".join(
            f"epoch {e} end {end}" if error == 0 else f"error {error}" for error, e, end in parts)
    return act


def deleted(offset, **settings):
    return lambda t: t.reaction(wire.delete_records(ten_records(t, **settings), offset),
                                lambda r: peer.word(peer.records_deleted(r)))


def deleted_internal(t):
    topic = t.topic(name="__consumer_offsets")
    return t.reaction(wire.delete_records(topic, 0), lambda r: peer.word(peer.records_deleted(r)))


ROWS = [
    Row(95, "fetch at -1", fetched(offset=-1), "error 0,1"),
    Row(95, "fetch at -2", fetched(offset=-2), "error 0,1"),
    Row(95, "fetch past the end", fetched(offset=11), "error 0,1"),
    Row(95, "fetch at 2^63-1", fetched(offset=2**63 - 1), "error 0,1"),
    Row(95, "fetch at the end", fetched(offset=10), "ok"),
    Row(95, "fetch below the log's start", below_log_start, "error 0,1"),
    Row(96, "leader epoch newer", fetched(leader_epoch=7), "error 0,75"),
    Row(96, "leader epoch -2", fetched(leader_epoch=-2), "ok"),
    Row(97, "unknown session", session_step(0, 5), "error 70"),
    Row(98, "session epoch skipped", session_step(1, 2), "error 71"),
    Row(98, "session epoch repeated", session_step(1, 1), "ok"),
    Row(98, "session epoch -2", session_step(1, -2), "error 71"),
    Row(99, "1500 sessions", many_sessions, "ok"),
    Row(100, "max bytes 0", bytes_fetched(max_bytes=0), "1 batches"),
    Row(100, "max bytes -1", bytes_fetched(max_bytes=-1), "error -1", "1 batches",
        "no error: the least there is"),
    Row(100, "max bytes 2^31-1", bytes_fetched(max_bytes=2**31 - 1), "3 batches"),
    Row(100, "partition max bytes 0", bytes_fetched(partition_bytes=0), "1 batches"),
    Row(100, "partition max bytes -1", bytes_fetched(partition_bytes=-1), "error -1", "1 batches",
        "no error: the least there is"),
    Row(100, "partition max bytes 2^31-1", bytes_fetched(partition_bytes=2**31 - 1), "3 batches"),
    Row(100, "min bytes 2^31-1, no wait", bytes_fetched(min_bytes=2**31 - 1), "3 batches"),
    Row(101, "max wait 2^31-1", long_wait_then_close, "ok"),
    Row(101, "max wait -1", fetched(offset=10, max_wait=-1, min_bytes=1), "ok"),
    Row(102, "replica id 5 from a client", as_follower, "error 0,6", "error 31",
        "a client cannot pass for a broker"),
    Row(103, "unknown topic id", by_id(os.urandom(16)), "error 100"),
    Row(103, "zero topic id", by_id(wire.ZERO_ID), "error 100"),
    Row(103, "unknown topic name", lambda t: t.reaction(wire.fetch("no-such-topic"), fetch_errors),
        "error 0,3"),
    Row(104, "diverging last epoch", diverging, "error 0, diverging 0"),
    Row(104, "last epoch newer than any", by_id(last_epoch=9), "error 1"),
    Row(105, "one partition twice in ListOffsets", listed(-1, -2), "error 42"),
    Row(106, "ListOffsets timestamp -99", listed(-99), "error 35"),
    Row(106, "ListOffsets timestamp -3 in v5", listed(-3), "error 35"),
    Row(106, "ListOffsets timestamp -2^63", listed(-2**63), "error 35"),
    Row(106, "ListOffsets of partition 5", listed(-1, partition=5), "error 3"),
    Row(106, "ListOffsets leader epoch newer", listed(-1, leader_epoch=9), "error 75"),
    Row(107, "epoch end of a future epoch", epoch_asked(9), "epoch -1 end -1"),
    Row(107, "epoch end of epoch -1", epoch_asked(-1), "epoch -1 end -1"),
    Row(107, "epoch end, current epoch newer", epoch_asked(0, 9), "error 75"),
    Row(108, "DeleteRecords past the high watermark", deleted(11), "error 1"),
    Row(108, "DeleteRecords at -2", deleted(-2), "error 1"),
    Row(108, "DeleteRecords at -1", deleted(-1), "ok"),
    Row(109, "DeleteRecords, compacted topic", deleted(5, cleanup_policy="compact"), "error 44"),
    Row(109, "DeleteRecords, internal topic", deleted_internal, "error 17"),
]
