"""A client for measurements over very many partitions: few requests, each over thousands of them.
Old versions of the messages, for they are plain."""

import contextlib
import socket
import struct
import time


def text(value):
    return struct.pack('>h', len(value)) + value.encode()


def crc32c_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82f63b78 if byte & 1 else 0)
        table.append(byte)
    return table


TABLE = crc32c_table()


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xff]
    return crc ^ 0xffffffff


def batch(value):
    """A batch (magic 2) of one record without a key."""
    record = b'\0\0\0\x01' + bytes([len(value) * 2]) + value + b'\0'
    now = int(time.time() * 1000)
    body = struct.pack('>hiqqqhii', 0, 0, now, now, -1, -1, -1, 1)
    body += bytes([len(record) * 2]) + record
    rest = struct.pack('>ib', -1, 2) + struct.pack('>I', crc32c(body)) + body
    return struct.pack('>qi', 0, len(rest)) + rest


class Client:
    def __init__(self, port, timeout=120):
        self.socket = socket.create_connection(('127.0.0.1', port), timeout=timeout)
        self.stream = self.socket.makefile('rb')
        self.correlation = 0

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.close()

    def ask(self, api, version, body):
        self.correlation += 1
        request = struct.pack('>hhi', api, version, self.correlation) + text('many') + body
        self.socket.sendall(struct.pack('>i', len(request)) + request)
        size, = struct.unpack('>i', self.stream.read(4))
        answer = self.stream.read(size)
        assert len(answer) == size, 'the connection was closed'
        return Reader(answer[4:])

    def create(self, topics, partitions, configs=()):
        body = struct.pack('>i', len(topics))
        for topic in topics:
            body += text(topic) + struct.pack('>ihii', partitions, 1, 0, len(configs))
            for name, value in configs:
                body += text(name) + text(value)
        answer = self.ask(19, 4, body + struct.pack('>ib', 120_000, 0))
        answer.int32()
        for _ in range(answer.int32()):
            name, code, message = answer.text(), answer.int16(), answer.text()
            if code:
                raise RuntimeError(f'{name}: {message} ({code})')

    def delete(self, topics):
        body = struct.pack('>i', len(topics)) + b''.join(map(text, topics))
        answer = self.ask(20, 1, body + struct.pack('>i', 120_000))
        answer.int32()
        for _ in range(answer.int32()):
            name, code = answer.text(), answer.int16()
            if code:
                raise RuntimeError(f'{name}: {code}')

    def produce(self, topics, records, acks=1):
        """One batch to each of `topics`, pairs of (name, partitions). How many were taken."""
        body = struct.pack('>hhii', -1, acks, 120_000, len(topics))
        for topic, partitions in topics:
            body += text(topic) + struct.pack('>i', len(partitions))
            for index in partitions:
                body += struct.pack('>ii', index, len(records)) + records
        answer = self.ask(0, 3, body)
        good = 0
        for _ in range(answer.int32()):
            answer.text()
            for _ in range(answer.int32()):
                _, code, _, _ = answer.unpack('>ihqq')
                good += code == 0
        return good

    def end_offsets(self, topics):
        """{(topic, partition): offset, or minus the error code}."""
        body = struct.pack('>ii', -1, len(topics))
        for topic, partitions in topics:
            body += text(topic) + struct.pack('>i', len(partitions))
            for index in partitions:
                body += struct.pack('>iq', index, -1)
        answer = self.ask(2, 1, body)
        ends = {}
        for _ in range(answer.int32()):
            topic = answer.text()
            for _ in range(answer.int32()):
                index, code, _, offset = answer.unpack('>ihqq')
                ends[topic, index] = -code if code else offset
        return ends


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def unpack(self, layout):
        values = struct.unpack_from(layout, self.data, self.at)
        self.at += struct.calcsize(layout)
        return values

    def int16(self):
        return self.unpack('>h')[0]

    def int32(self):
        return self.unpack('>i')[0]

    def text(self):
        size = self.int16()
        if size < 0:
            return None
        self.at += size
        return self.data[self.at - size:self.at].decode()
