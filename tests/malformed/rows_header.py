"""Rows 19-34: request headers, API keys and versions."""
import peer
import wire
from row import Row

LATEST = {wire.PRODUCE: 13, wire.FETCH: 18, wire.LIST_OFFSETS: 11, wire.METADATA: 13, 10: 6,
          wire.CREATE_TOPICS: 7, wire.DELETE_TOPICS: 6, wire.DELETE_RECORDS: 2,
          wire.INIT_PRODUCER_ID: 6, wire.OFFSET_FOR_LEADER_EPOCH: 4, 32: 4, 33: 2, 35: 4, 37: 3,
          44: 1, 60: 2, 75: 0}
OLDEST = {wire.FETCH: 4, wire.LIST_OFFSETS: 1, wire.CREATE_TOPICS: 2, wire.DELETE_TOPICS: 1,
          wire.OFFSET_FOR_LEADER_EPOCH: 2, 32: 1, 35: 1}


def raw(frame):
    return lambda t: t.reaction(frame)


def all_close(frames):
    """"close" when each frame closes its connection, else the first that does not."""
    def act(t):
        for what, frame in frames:
            seen = t.reaction(frame)
            if seen != "close":
                return f"{seen} for {what}"
        return "close"
    return act


def unsupported_api_versions(version):
    def act(t):
        with t.connect() as c:
            c.send(wire.request(wire.API_VERSIONS, version, b"\xff\xff\xff", tags=wire.NO_TAGS))
            reply = c.receive()
            if reply is None:
                return "close"
            r = peer.Reader(reply)
            r.take("i")
            error = r.take("h")
            ranges = r.array(lambda: (r.take("h"), r.take("h"), r.take("h")))
            if ranges != [(wire.API_VERSIONS, 0, 4)] or r.at != len(reply):
                return f"error {error} with ranges {ranges}"
            c.send(wire.api_versions())
            return f"error {error}" if c.receive() is not None else "close afterwards"
    return act


def api_versions_error(**kw):
    return lambda t: t.reaction(wire.api_versions(**kw), lambda reply: peer.word(
        [peer.Reader(reply[4:]).take("h")]))


def refused(key, version, body):
    return raw(wire.request(key, version, body, tags=wire.NO_TAGS))


def echoes(*correlations):
    def act(t):
        with t.connect() as c:
            for n in correlations:
                c.send(wire.api_versions(correlation=n))
                reply = c.receive()
                if reply is None or reply[:4] != wire.i32(n):
                    return f"correlation {n} is not echoed"
        return "ok"
    return act


def tags(*pairs, count=None):
    body = b"".join(wire.uvarint(tag) + wire.uvarint(len(v)) + v for tag, v in pairs)
    return wire.uvarint(len(pairs) if count is None else count) + body


MARKERS = (wire.compact_array([wire.i64(9) + wire.i16(0) + wire.i8(0) + wire.compact_array([])
                               + wire.i32(0) + wire.NO_TAGS]) + wire.NO_TAGS)
HOSTILE = [("bytes that are no UTF-8", b"\xff\xfe\xc3("), ("control characters", b"\0\x01\x07\r\n"),
           ("format directives", b"%s%n{}{0}"), ("terminal escapes", b"\x1b[2J\x1b]0;x\x07")]
ROWS = [
    Row(19, "unknown API keys",
        all_close([(k, wire.request(k, 0, b"")) for k in (9999, -1, -32768, 93, 4, 5, 6, 7)]),
        "close"),
    Row(20, "version -1",
        all_close([(k, wire.request(k, -1, b"")) for k in LATEST]), "close"),
    Row(20, "a version below the oldest",
        all_close([(k, wire.request(k, v - 1, b"")) for k, v in OLDEST.items()]), "close"),
    Row(21, "a version above the newest",
        all_close([(k, wire.request(k, v + 1, b"\0" * 64, tags=wire.NO_TAGS))
                   for k, v in LATEST.items()]), "close"),
    # Two-phase commit is only in this one (KIP-939).
    Row(21, "a version that is not stable yet",
        refused(wire.INIT_PRODUCER_ID, 6, wire.compact(None) + wire.i32(60000)
                + wire.i64(-1) + wire.i16(-1) + wire.i8(1) + wire.i8(0) + wire.NO_TAGS), "close"),
    Row(22, "ApiVersions v32767", unsupported_api_versions(32767), "error 35"),
    Row(22, "ApiVersions v5", unsupported_api_versions(5), "error 35"),
    Row(23, "client software name of a line feed", api_versions_error(name="\n"), "error 42"),
    Row(23, "client software name empty", api_versions_error(name=""), "error 42"),
    Row(23, "client software name with a space", api_versions_error(name="a b"), "error 42"),
    Row(23, "client software name ending in a dash", api_versions_error(name="a-"), "error 42"),
    Row(23, "client software name of 10000 letters", api_versions_error(name="a" * 10000), "ok"),
    Row(23, "client software version empty", api_versions_error(software=""), "error 42"),
    Row(24, "Vote, BrokerHeartbeat, AllocateProducerIds on the broker's listener",
        all_close([(k, wire.request(k, 0, b"\0" * 64, tags=wire.NO_TAGS)) for k in (52, 63, 67)]),
        "close"),
    Row(25, "AlterPartition, BeginQuorumEpoch, Envelope from a client",
        all_close([(k, wire.request(k, v, b"\0" * 64, tags=wire.NO_TAGS))
                   for k, v in ((56, 2), (53, 0), (58, 0))]), "close"),
    # Without an authorizer it is executed: so an administrator aborts a transaction that hangs.
    Row(25, "WriteTxnMarkers from a client", refused(27, 1, MARKERS), "ok"),
    Row(26, "client id null", raw(wire.api_versions(client=None)), "ok"),
    Row(27, "client id length -2", raw(wire.api_versions(client=wire.Raw(b"\xff\xfe"))), "ok",
        "close", "a negative length other than -1 is damage, not null"),
    Row(28, "client id of 32767 bytes", raw(wire.api_versions(client=b"c" * 32767)), "ok"),
    *[Row(29, f"client id of {what}", raw(wire.api_versions(client=value)), "ok")
      for what, value in HOSTILE],
    Row(30, "2^31-1 header tags",
        raw(wire.api_versions(tags=b"\xff\xff\xff\xff\x07")), "close"),
    Row(30, "2^32-1 header tags",
        raw(wire.api_versions(tags=b"\xff\xff\xff\xff\x0f")), "ok", "close",
        "Kafka takes the count for -1 and reads none"),
    Row(31, "a header tag of 2^31-1 bytes",
        raw(wire.api_versions(tags=b"\x01\x00\xff\xff\xff\xff\x07")), "close"),
    Row(32, "header tags 3, 3", raw(wire.api_versions(tags=tags((3, b"a"), (3, b"b")))), "ok"),
    Row(32, "header tags 5, 3", raw(wire.api_versions(tags=tags((5, b"a"), (3, b"b")))), "ok"),
    Row(32, "header tags 3, 5", raw(wire.api_versions(tags=tags((3, b"a"), (5, b"")))), "ok"),
    Row(33, "a v1 header for a flexible version",
        raw(wire.request(wire.METADATA, 9, wire.compact_array([]) + wire.i8(0) * 3 + wire.NO_TAGS,
                         tags=b"")), "close"),
    Row(34, "correlation ids repeated and negative", echoes(7, 7, -1, -2**31, 2**31 - 1), "ok"),
]
