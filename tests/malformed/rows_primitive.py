"""Rows 35-45: lengths and primitives of a body. Row 46 has no input (schemas do not nest freely);
row 47 (not-a-number in quotas) waits for the quota APIs."""
import os

import peer
import wire
from row import Row


def raw(key, version, body):
    return lambda t: t.reaction(wire.request(key, version, body))


def bool_of_seven(t):
    """validate_only = 7 must be true: nothing is created, and a second try says so."""
    name = "m-" + os.urandom(5).hex()
    for flag in (7, 1, 0):
        seen = t.reaction(wire.create_topics([name], validate_only=flag),
                          lambda r: peer.word(peer.topics_created(r)))
        if seen != "ok":
            return f"{seen} at validate_only {flag}"
    return "ok"


def zero_id_in_metadata(t):
    body = wire.compact_array([wire.ZERO_ID + wire.compact(None) + wire.NO_TAGS])
    body += wire.i8(0) * 2 + wire.NO_TAGS

    def error(reply):
        r = peer.Reader(reply)
        r.take("i"), r.tags(), r.take("i")
        r.compact_array(lambda: (r.take("i"), r.compact(), r.take("i"), r.compact(), r.tags()))
        r.compact(), r.take("i"), r.uvarint()
        return peer.word([r.take("h")])
    return t.reaction(wire.request(wire.METADATA, 12, body), error)


def zero_id_in_delete(t):
    body = wire.compact_array([wire.compact(None) + wire.ZERO_ID + wire.NO_TAGS])
    body += wire.i32(5000) + wire.NO_TAGS

    def error(reply):
        r = peer.Reader(reply)
        r.take("i"), r.tags(), r.take("i"), r.uvarint(), r.compact(), r.raw(16)
        return peer.word([r.take("h")])
    return t.reaction(wire.request(wire.DELETE_TOPICS, 6, body), error)


def million_names(t):
    """2 MB that become a hundred in memory; the reply has an error for each name."""
    body = wire.i32(1_000_000) + bytes(2_000_000)
    return t.reaction(wire.request(wire.METADATA, 1, body), lambda r: "ok")


DELETE_TAIL = wire.i32(5000) + wire.NO_TAGS
ONE_TOPIC = wire.string("t")
PRODUCE_HEAD = (wire.string(None) + wire.i16(-1) + wire.i32(1000) + wire.i32(1) + ONE_TOPIC
                + wire.i32(1) + wire.i32(0))
FLAGS = wire.i8(0) * 3 + wire.NO_TAGS
ROWS = [
    Row(35, "array length -2, nullable", raw(wire.METADATA, 4, wire.i32(-2) + wire.i8(0)), "ok",
        "close", "a negative length other than -1 is damage, not null"),
    Row(35, "array length -2, not nullable",
        raw(wire.CREATE_TOPICS, 4, wire.i32(-2) + wire.i32(1000) + wire.i8(0)), "close"),
    Row(35, "array length -1, not nullable",
        raw(wire.CREATE_TOPICS, 4, wire.i32(-1) + wire.i32(1000) + wire.i8(0)), "close"),
    Row(36, "array length 2^31-1 with 4 bytes left",
        raw(wire.METADATA, 4, wire.i32(0x7FFFFFFF) + bytes(4)), "close"),
    Row(36, "array length 10^8 with 4 bytes left",
        raw(wire.DELETE_TOPICS, 1, wire.i32(100_000_000) + bytes(4)), "close"),
    Row(36, "compact array length 2^32-2",
        raw(wire.METADATA, 9, b"\xff\xff\xff\xff\x0f" + bytes(4)), "ok", "close",
        "Kafka takes the length for -2, hence null"),
    Row(36, "compact array length 2^31-2",
        raw(wire.METADATA, 9, b"\xff\xff\xff\xff\x07" + bytes(4)), "close"),
    Row(37, "compact array 0, not nullable",
        raw(wire.DELETE_TOPICS, 4, b"\0" + DELETE_TAIL), "close"),
    Row(38, "compact string of 32768 bytes",
        raw(wire.DELETE_TOPICS, 4, wire.compact_array([wire.compact("x" * 32768)]) + DELETE_TAIL),
        "close"),
    Row(39, "string longer than the body",
        raw(wire.DELETE_TOPICS, 1, wire.i32(1) + wire.i16(100) + b"t" + wire.i32(1000)), "close"),
    Row(39, "compact string longer than the body",
        raw(wire.DELETE_TOPICS, 4, b"\x02\x64t" + DELETE_TAIL), "close"),
    Row(39, "string length -1, not nullable",
        raw(wire.DELETE_TOPICS, 1, wire.i32(1) + wire.i16(-1) + wire.i32(1000)), "close"),
    Row(40, "records longer than the body",
        raw(wire.PRODUCE, 8, PRODUCE_HEAD + wire.i32(1000) + bytes(10)), "close"),
    Row(40, "records of 2^31-1 bytes",
        raw(wire.PRODUCE, 8, PRODUCE_HEAD + wire.i32(0x7FFFFFFF) + bytes(10)), "close"),
    Row(41, "length varint of 6 bytes",
        raw(wire.METADATA, 9, b"\x81\x80\x80\x80\x80\x01" + FLAGS), "close"),
    Row(41, "tag varint of 6 bytes",
        raw(wire.METADATA, 9, wire.compact_array([]) + wire.i8(0) * 3
            + b"\x80\x80\x80\x80\x80\x01"), "close"),
    Row(42, "varint longer than it need be",
        raw(wire.METADATA, 9, b"\x81\x00" + FLAGS), "ok"),
    Row(43, "bool 7", bool_of_seven, "ok"),
    Row(44, "zero topic id and no name in Metadata v12", zero_id_in_metadata, "error -1",
        "error 42", "Kafka fails on the null name"),
    Row(44, "zero topic id and no name in DeleteTopics v6", zero_id_in_delete, "error 42"),
    Row(44, "zero topic id in Fetch v13",
        lambda t: t.reaction(wire.fetch_by_id(wire.ZERO_ID),
                             lambda r: peer.word([p[0] for p in peer.fetched_by_id(r)])),
        "error 100"),
    Row(45, "10^6 empty topic names", million_names, "ok", "close",
        "what a request unfolds to in memory is bounded by a multiple of its bytes"),
]
