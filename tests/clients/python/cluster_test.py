"""Three processes form a cluster: they elect, register, serve every node's clients, and lose
nothing that was acknowledged when one of them dies."""
import contextlib
import os
import struct
import sys
import threading
import time
import unittest

import support  # noqa: F401
from cluster import Cluster
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from raw_protocol import Connection
from support import until


def admin(*nodes):
    return AdminClient({"bootstrap.servers": ",".join(node.bootstrap for node in nodes)})


def create(client, name, partitions=1, factor=3):
    topic = NewTopic(name, num_partitions=partitions, replication_factor=factor)
    client.create_topics([topic], operation_timeout=10)[name].result(20)


def leader_of(client, name, partition=0):
    topics = client.list_topics(timeout=10).topics
    if name not in topics or partition not in topics[name].partitions:
        return -1
    return topics[name].partitions[partition].leader


def in_sync(client, name, partition=0):
    topics = client.list_topics(timeout=10).topics
    return topics[name].partitions[partition].isrs if name in topics else []


class Writer:
    """Writes numbers with acks=all, one after the other, and keeps what was acknowledged."""

    def __init__(self, bootstrap, topic):
        self.acked = []
        self.topic = topic
        self.gaps = [time.monotonic()]
        self._next = 0
        self._stop = threading.Event()
        self.producer = Producer({"bootstrap.servers": bootstrap, "acks": "all", "linger.ms": 1,
                                  "enable.idempotence": True, "message.timeout.ms": 60000})
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._stop.is_set():
            number = self._next
            self._next += 1
            self.producer.produce(self.topic, str(number).encode(), partition=0,
                                  on_delivery=lambda error, m: self._delivered(error, m))
            self.producer.poll(0.002)

    def _delivered(self, error, message):
        if error is None:
            self.acked.append(int(message.value()))
            self.gaps.append(time.monotonic())

    def wait_for_more(self, count=50):
        """Until this many more are acknowledged."""
        wanted = len(self.acked) + count
        until(lambda: len(self.acked) >= wanted, f"{count} more acknowledged", 40)

    def longest_gap(self, since):
        times = [one for one in self.gaps if one >= since]
        return max((b - a for a, b in zip(times, times[1:])), default=0)

    def finish(self):
        self._stop.set()
        self._thread.join()
        self.producer.flush(60)
        return self.acked


def read_all(bootstrap, topic):
    """What is in partition 0, to its end."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "enable.auto.commit": False,
                         "group.id": "reader-" + os.urandom(4).hex(),
                         "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, 0, 0)])
    values = []
    end = time.monotonic() + 60
    while time.monotonic() < end:
        message = consumer.poll(1)
        if message is None:
            continue
        if message.error() is None:
            values.append(int(message.value()))
        elif message.error().code() == KafkaError._PARTITION_EOF:
            break
    consumer.close()
    return values


class ClusterTest(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster()
        self.addCleanup(self.cluster.close)

    def test_every_node_serves_metadata_and_creates_topics(self):
        for node in self.cluster.nodes:
            client = admin(node)
            until(lambda: len(client.list_topics(timeout=10).brokers) == 3,
                  f"node {node.number} to name all brokers")
            create(client, f"by-{node.number}", partitions=3, factor=1)
        names = {f"by-{node.number}" for node in self.cluster.nodes}
        for node in self.cluster.nodes:
            client = admin(node)
            until(lambda: names <= set(client.list_topics(timeout=10).topics),
                  f"node {node.number} to know every topic")
        ids = {admin(node).list_topics(timeout=10).cluster_id for node in self.cluster.nodes}
        self.assertEqual(len(ids), 1)

    def test_nothing_acknowledged_is_lost_when_each_node_in_turn_is_killed(self):
        client = admin(*self.cluster.nodes)
        create(client, "kept", factor=3)
        writer = Writer(self.cluster.bootstrap, "kept")
        self.addCleanup(writer.finish)
        writer.wait_for_more()
        for node in self.cluster.nodes:
            killed = time.monotonic()
            node.kill()
            writer.wait_for_more()
            gap = writer.longest_gap(killed)
            print(f"node {node.number} killed: {gap:.3f} s without an acknowledgement")
            node.start()
            writer.wait_for_more()
            until(lambda: len(in_sync(client, "kept")) == 3, f"{node.number} to be in sync again")
        acked = writer.finish()
        self.assertEqual(sorted(set(acked)), acked)
        read = read_all(self.cluster.bootstrap, "kept")
        self.assertEqual([one for one in acked if one not in set(read)], [])
        self.assertEqual(sorted(set(read)), read)

    def test_a_node_that_is_told_to_stop_hands_over_first(self):
        client = admin(*self.cluster.nodes)
        create(client, "kept", factor=3)
        writer = Writer(self.cluster.bootstrap, "kept")
        self.addCleanup(writer.finish)
        for _ in range(3):
            writer.wait_for_more()
            leader = self.cluster.node(leader_of(client, "kept"))
            told = time.monotonic()
            self.assertEqual(leader.stop(), 0)
            writer.wait_for_more()
            gap = writer.longest_gap(told)
            print(f"node {leader.number} stopped: {gap:.3f} s without an acknowledgement")
            self.assertLess(gap, 5)
            self.assertNotIn("controlled_shutdown_cut_short", leader.log())
            leader.start()
            until(lambda: len(in_sync(client, "kept")) == 3, f"{leader.number} to be in sync again")
        acked = writer.finish()
        read = set(read_all(self.cluster.bootstrap, "kept"))
        self.assertEqual([one for one in acked if one not in read], [])

    def test_all_of_it_starts_again(self):
        client = admin(*self.cluster.nodes)
        create(client, "kept", factor=3)
        writer = Writer(self.cluster.bootstrap, "kept")
        self.addCleanup(writer.finish)
        writer.wait_for_more()
        for node in self.cluster.nodes:
            node.kill()
        self.cluster.start()
        writer.wait_for_more()
        acked = writer.finish()
        read = set(read_all(self.cluster.bootstrap, "kept"))
        self.assertEqual([one for one in acked if one not in read], [])

    def test_every_node_describes_the_quorum_in_every_version(self):
        topic = b"\2\x13__cluster_metadata" + b"\2" + struct.pack(">i", 0) + b"\0" * 3
        for node in self.cluster.nodes:
            with contextlib.closing(Connection(node.bootstrap)) as connection:
                for version in (0, 1, 2):
                    answer = connection.ask(55, version, b"\0" + topic)
                    self.assertEqual(answer[:3], b"\0\0\0", f"version {version}")
                    self.assertIn(b"__cluster_metadata", answer)

    def test_more_replicas_than_brokers_are_refused(self):
        with self.assertRaises(Exception) as refused:
            create(admin(*self.cluster.nodes), "too-many", factor=4)
        self.assertEqual(refused.exception.args[0].code(), KafkaError.INVALID_REPLICATION_FACTOR)


if __name__ == "__main__":
    unittest.main()
