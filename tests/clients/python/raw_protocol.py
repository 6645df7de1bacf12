"""The few requests that a test must send byte by byte, because no client would send them so."""
import socket
import struct


def text(value):
    data = value.encode()
    return struct.pack(">h", len(data)) + data


class Connection:
    """One connection; requests with the header of versions that are not flexible."""

    def __init__(self, bootstrap):
        host, port = bootstrap.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=30)
        self.correlation = 0

    def close(self):
        self.socket.close()

    def ask(self, key, version, body):
        self.correlation += 1
        frame = struct.pack(">hhi", key, version, self.correlation) + text("raw") + body
        self.socket.sendall(struct.pack(">i", len(frame)) + frame)
        size = struct.unpack(">i", self._exactly(4))[0]
        answer = self._exactly(size)
        assert struct.unpack(">i", answer[:4])[0] == self.correlation
        return answer[4:]

    def _exactly(self, size):
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise ConnectionError("closed by the broker")
            data += more
        return data

    def find_transaction_coordinator(self, transactional_id):
        """FindCoordinator v1: its error code."""
        answer = self.ask(10, 1, text(transactional_id) + b"\1")
        return struct.unpack(">ih", answer[:6])[1]

    def init_producer_id(self, transactional_id, timeout=60_000):
        """InitProducerId v1: error, producer id, epoch."""
        answer = self.ask(22, 1, text(transactional_id) + struct.pack(">i", timeout))
        return struct.unpack(">ihqh", answer)[1:]

    def add_partition_to_txn(self, transactional_id, producer, epoch, topic, index):
        """AddPartitionsToTxn v1: the error of the partition."""
        answer = self.ask(24, 1, text(transactional_id) + struct.pack(">qhi", producer, epoch, 1) +
                          text(topic) + struct.pack(">ii", 1, index))
        return struct.unpack(">h", answer[-2:])[0]

    def add_offsets_to_txn(self, transactional_id, producer, epoch, group):
        """AddOffsetsToTxn v1: the error."""
        answer = self.ask(25, 1, text(transactional_id) + struct.pack(">qh", producer, epoch) +
                          text(group))
        return struct.unpack(">ih", answer)[1]

    def end_txn(self, transactional_id, producer, epoch, commit):
        """EndTxn v1: the error."""
        answer = self.ask(26, 1, text(transactional_id) +
                          struct.pack(">qh?", producer, epoch, commit))
        return struct.unpack(">ih", answer)[1]
