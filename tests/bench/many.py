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
        return self.exchange(struct.pack('>hhi', api, version, self.correlation) + text('many') +
                             body)

    def exchange(self, request):
        self.socket.sendall(struct.pack('>i', len(request)) + request)
        prefix = self.stream.read(4)
        answer = self.stream.read(*struct.unpack('>i', prefix)) if len(prefix) == 4 else b''
        if not answer:
            raise ConnectionError('the connection was closed')
        return Reader(answer[4:])

    def create(self, topics, partitions, configs=(), replicas=1):
        """`replicas` -1: as many as the cluster has by default."""
        body = struct.pack('>i', len(topics))
        for topic in topics:
            body += text(topic) + struct.pack('>ihii', partitions, replicas, 0, len(configs))
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

    def metadata(self, topic=None):
        """({broker: port}, {partition: (leader, replicas, isr)}) as this broker knows them."""
        names = b'' if topic is None else text(topic)
        answer = self.ask(3, 1, struct.pack('>i', topic is not None) + names)
        brokers = {}
        for _ in range(answer.int32()):
            broker, _, brokers[broker] = answer.int32(), answer.text(), answer.int32()
            answer.text()
        answer.int32()  # a controller: Kafka names any broker
        partitions = {}
        for _ in range(answer.int32()):
            answer.int16(), answer.text(), answer.unpack('>b')
            for _ in range(answer.int32()):
                _, index, leader = answer.unpack('>hii')
                replicas, in_sync = answer.int32s(), answer.int32s()
                partitions[index] = leader, replicas, in_sync
        return brokers, partitions

    def quorum_leader(self):
        """The active controller, -1 when nobody is; None when the broker does not say."""
        topic = b'__cluster_metadata'
        request = struct.pack('>hhi', 55, 2, 1) + text('many') + b'\0\2'
        request += bytes([len(topic) + 1]) + topic + b'\2' + bytes(4) + b'\0\0\0'
        answer = self.exchange(request)
        _, code, _ = answer.unpack('>bhb')
        if code:
            return None
        answer.unpack(f'>bb{len(topic)}sb')
        _, code, _, leader = answer.unpack('>ihbi')
        return None if code else leader

    def elect_preferred(self):
        """Asks for the preferred leaders everywhere; {(topic, partition): error code}."""
        answer = self.ask(43, 0, struct.pack('>ii', -1, 30_000))
        answer.int32()
        codes = {}
        for _ in range(answer.int32()):
            topic = answer.text()
            for _ in range(answer.int32()):
                index, codes[topic, index] = answer.unpack('>ih')
                answer.text()
        return codes

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

    def int32s(self):
        return [self.int32() for _ in range(self.int32())]

    def text(self):
        size = self.int16()
        if size < 0:
            return None
        self.at += size
        return self.data[self.at - size:self.at].decode()
