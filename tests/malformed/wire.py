"""Kafka's bytes by hand: primitives, request frames, record batches. Knows nothing of our codec."""
import itertools
import struct
import time
import zlib

# --- primitives ---------------------------------------------------------------------------------


def i8(v): return struct.pack(">b", v)
def i16(v): return struct.pack(">h", v)
def i32(v): return struct.pack(">i", v)
def i64(v): return struct.pack(">q", v)
def u32(v): return struct.pack(">I", v)


def uvarint(v):
    out = bytearray()
    while v >= 0x80:
        out.append(v & 0x7F | 0x80)
        v >>= 7
    return bytes(out) + bytes([v])


def varint(v):  # zigzag, 64 bit
    return uvarint(((v << 1) ^ (v >> 63)) & 0xFFFFFFFFFFFFFFFF)


def string(s):
    if s is None:
        return i16(-1)
    raw = s if isinstance(s, bytes) else s.encode()
    return i16(len(raw)) + raw


def compact(s):
    if s is None:
        return b"\0"
    raw = s if isinstance(s, bytes) else s.encode()
    return uvarint(len(raw) + 1) + raw


def blob(b): return i32(-1) if b is None else i32(len(b)) + b
def array(items): return i32(len(items)) + b"".join(items)
def compact_array(items): return uvarint(len(items) + 1) + b"".join(items)


NO_TAGS = b"\0"
ZERO_ID = bytes(16)

# --- requests -----------------------------------------------------------------------------------

PRODUCE, FETCH, LIST_OFFSETS, METADATA = 0, 1, 2, 3
API_VERSIONS, CREATE_TOPICS, DELETE_TOPICS, DELETE_RECORDS = 18, 19, 20, 21
INIT_PRODUCER_ID, OFFSET_FOR_LEADER_EPOCH = 22, 23
FLEXIBLE_FROM = {PRODUCE: 9, FETCH: 12, LIST_OFFSETS: 6, METADATA: 9, API_VERSIONS: 3,
                 CREATE_TOPICS: 5, DELETE_TOPICS: 4, DELETE_RECORDS: 2, INIT_PRODUCER_ID: 2,
                 OFFSET_FOR_LEADER_EPOCH: 4}
_correlation = itertools.count(1)


def header(key, version, correlation=None, client=b"malformed", tags=None):
    """Request header v1, or v2 when the API's version is flexible."""
    if correlation is None:
        correlation = next(_correlation) & 0x7FFFFFFF
    client = client if isinstance(client, Raw) else string(client)
    if tags is None:
        tags = NO_TAGS if version >= FLEXIBLE_FROM.get(key, 99) else b""
    return i16(key) + i16(version) + i32(correlation) + bytes(client) + tags


class Raw(bytes):
    """Bytes that go out as they are, in place of an encoded field."""


def framed(payload): return i32(len(payload)) + payload
def request(key, version, body, **kw): return framed(header(key, version, **kw) + body)


def api_versions(version=3, name="malformed", software="1.0", **kw):
    body = compact(name) + compact(software) + NO_TAGS if version >= 3 else b""
    return request(API_VERSIONS, version, body, **kw)


def metadata(topics, version=4, auto_create=False, **kw):
    body = (i32(-1) if topics is None else array([string(t) for t in topics]))
    if version >= 4:
        body += i8(auto_create)
    return request(METADATA, version, body, **kw)


def create_topics(names, partitions=1, configs=(), version=4, validate_only=0):
    settings = array([string(k) + string(v) for k, v in configs])
    topics = [string(n) + i32(partitions) + i16(1) + array([]) + settings for n in names]
    return request(CREATE_TOPICS, version, array(topics) + i32(15000) + i8(validate_only))


def produce(topic, records, acks=-1, timeout=15000, version=8, partition=0, transactional=None):
    """`records`: one partition's record bytes (None for null), or a list of (partition, bytes)."""
    parts = records if isinstance(records, list) else [(partition, records)]
    body = b"" if version < 3 else string(transactional)
    body += i16(acks) + i32(timeout)
    body += array([string(topic) + array([i32(p) + blob(r) for p, r in parts])])
    return request(PRODUCE, version, body)


def fetch(topic, offset=0, version=11, partition=0, leader_epoch=-1, session=0, epoch=-1,
          max_wait=0, min_bytes=0, max_bytes=1 << 20, partition_bytes=1 << 20, replica=-1):
    topics = [] if topic is None else [string(topic) + array(
        [i32(partition) + i32(leader_epoch) + i64(offset) + i64(-1) + i32(partition_bytes)])]
    body = (i32(replica) + i32(max_wait) + i32(min_bytes) + i32(max_bytes) + i8(0) + i32(session)
            + i32(epoch) + array(topics) + array([]) + string(""))
    return request(FETCH, version, body)


def fetch_by_id(topic_id, offset=0, last_epoch=-1, leader_epoch=-1, version=13):
    part = (i32(0) + i32(leader_epoch) + i64(offset) + i32(last_epoch) + i64(-1) + i32(1 << 20)
            + NO_TAGS)
    topics = compact_array([topic_id + compact_array([part]) + NO_TAGS])
    body = (i32(-1) + i32(0) + i32(0) + i32(1 << 20) + i8(0) + i32(0) + i32(-1) + topics
            + compact_array([]) + compact("") + NO_TAGS)
    return request(FETCH, version, body)


def list_offsets(topic, timestamps, version=5, partition=0, leader_epoch=-1):
    parts = array([i32(partition) + i32(leader_epoch) + i64(t) for t in timestamps])
    body = i32(-1) + i8(0) + array([string(topic) + parts])
    return request(LIST_OFFSETS, version, body)


def epoch_end(topic, epoch, current=-1):
    part = i32(0) + i32(current) + i32(epoch)
    body = i32(-2) + array([string(topic) + array([part])])
    return request(OFFSET_FOR_LEADER_EPOCH, 3, body)


def delete_records(topic, offset):
    body = array([string(topic) + array([i32(0) + i64(offset)])]) + i32(5000)
    return request(DELETE_RECORDS, 1, body)


def init_producer_id():
    return request(INIT_PRODUCER_ID, 1, string(None) + i32(60000))


# --- record batches -----------------------------------------------------------------------------

_CRC = []
for _n in range(256):
    for _ in range(8):
        _n = _n >> 1 ^ (0x82F63B78 if _n & 1 else 0)
    _CRC.append(_n)


def crc32c(data):
    crc, table = 0xFFFFFFFF, _CRC
    for b in data:
        crc = crc >> 8 ^ table[(crc ^ b) & 0xFF]
    return crc ^ 0xFFFFFFFF


def field(data):
    """A key or value of a record: varint length and bytes, -1 for null."""
    if isinstance(data, Raw):
        return bytes(data)
    return varint(-1) if data is None else varint(len(data)) + data


def record(value=b"v", key=b"k", delta=0, timestamp_delta=0, headers=(), header_count=None,
           length=None, tail=b""):
    """`length`: replaces the true record length (int) or its encoding (Raw)."""
    body = i8(0)
    body += timestamp_delta if isinstance(timestamp_delta, Raw) else varint(timestamp_delta)
    body += varint(delta) + field(key) + field(value)
    body += varint(len(headers) if header_count is None else header_count)
    body += b"".join(field(k) + field(v) for k, v in headers) + tail
    if not isinstance(length, Raw):
        length = varint(len(body) if length is None else length)
    return bytes(length) + body


# The present: retention and the expiry of producers leave such records alone while a test runs.
NOW = int(time.time() * 1000)


def batch(body=None, count=None, base_offset=0, length=None, leader_epoch=-1, magic=2, crc=None,
          attributes=0, last_delta=None, base_timestamp=NOW, max_timestamp=None, producer_id=-1,
          epoch=-1, sequence=-1):
    """One batch; `body` is the records' bytes (default: `count` good ones). The CRC is right
    unless given."""
    if count is None:
        count = 1
    if body is None:
        body = b"".join(record(delta=i) for i in range(count))
    if last_delta is None:
        last_delta = count - 1
    if max_timestamp is None:
        max_timestamp = base_timestamp
    covered = (i16(attributes) + i32(last_delta) + i64(base_timestamp) + i64(max_timestamp)
               + i64(producer_id) + i16(epoch) + i32(sequence) + i32(count) + body)
    crc = crc32c(covered) if crc is None else crc
    after_length = i32(leader_epoch) + i8(magic) + u32(crc) + covered
    return i64(base_offset) + i32(len(after_length) if length is None else length) + after_length


def old_message(magic, value=b"v", attributes=0, timestamp=NOW):
    """A message of magic 0 or 1."""
    rest = i8(magic) + i8(attributes) + (i64(timestamp) if magic == 1 else b"")
    rest += blob(b"k") + blob(value)
    message = u32(zlib.crc32(rest)) + rest
    return i64(0) + i32(len(message)) + message


# --- compressed bodies --------------------------------------------------------------------------

GZIP, SNAPPY, LZ4, ZSTD = 1, 2, 3, 4


def gzip_stream(data):
    c = zlib.compressobj(6, zlib.DEFLATED, 31)
    return c.compress(data) + c.flush()


def gzip_zeros(prefix, zeros):
    """A gzip member of `prefix` followed by that many zero bytes, made in small pieces."""
    c = zlib.compressobj(9, zlib.DEFLATED, 31)
    out, piece = [c.compress(prefix)], bytes(1 << 20)
    for _ in range(zeros >> 20):
        out.append(c.compress(piece))
    return b"".join(out) + c.compress(bytes(zeros & 0xFFFFF)) + c.flush()


def snappy_block(data):
    """One raw snappy block that holds `data` as literals."""
    out = uvarint(len(data))
    for at in range(0, len(data), 60):
        piece = data[at:at + 60]
        out += bytes([len(piece) - 1 << 2]) + piece
    return out


def snappy_stream(data):
    """The framing that Kafka's Java clients write around snappy."""
    block = snappy_block(data)
    return b"\x82SNAPPY\0" + i32(1) + i32(1) + i32(len(block)) + block


def _rotl(v, n): return (v << n | v >> 32 - n) & 0xFFFFFFFF


def xxh32_short(data):
    """xxHash32, seed 0, of fewer than 16 bytes."""
    p2, p3, p4, p5 = 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1
    p1 = 0x9E3779B1
    h, at = p5 + len(data) & 0xFFFFFFFF, 0
    while at + 4 <= len(data):
        h = _rotl(h + int.from_bytes(data[at:at + 4], "little") * p3 & 0xFFFFFFFF, 17) * p4
        h, at = h & 0xFFFFFFFF, at + 4
    for b in data[at:]:
        h = _rotl(h + b * p5 & 0xFFFFFFFF, 11) * p1 & 0xFFFFFFFF
    h = (h ^ h >> 15) * p2 & 0xFFFFFFFF
    h = (h ^ h >> 13) * p3 & 0xFFFFFFFF
    return h ^ h >> 16


def lz4_frame(data, header_checksum=None):
    """An LZ4 frame of one stored block (version 1, independent blocks, 64 KiB maximum)."""
    descriptor = bytes([0x60, 0x40])
    check = xxh32_short(descriptor) >> 8 & 0xFF if header_checksum is None else header_checksum
    return (b"\x04\x22\x4d\x18" + descriptor + bytes([check])
            + struct.pack("<I", 0x80000000 | len(data)) + data + bytes(4))


def zstd_frame(data, window_log=None, dictionary=None, runs=0):
    """A zstd frame of one raw block, then `runs` blocks of 128 KiB of one repeated zero byte."""
    flag = {None: 0, 1: 1, 4: 3}[dictionary and len(dictionary)]
    out = b"\x28\xb5\x2f\xfd"
    if window_log is None:
        window_log = 17
    out += bytes([flag]) + bytes([window_log - 10 << 3]) + (dictionary or b"")
    out += struct.pack("<I", len(data) << 3 | (0 if runs else 1))[:3] + data
    run = struct.pack("<I", (128 << 10) << 3 | 2)[:3] + b"\0"
    last = struct.pack("<I", (128 << 10) << 3 | 3)[:3] + b"\0"
    return out + run * max(0, runs - 1) + (last if runs else b"")


def skippable_frame(size=16):
    return struct.pack("<II", 0x184D2A50, size) + bytes(size)
